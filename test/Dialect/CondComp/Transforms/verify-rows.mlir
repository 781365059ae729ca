// RUN: cc-opt %s -condcomp-verify-rows | FileCheck %s

// What a row-wise body may do. Nothing is changed; no error is the result.

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>

// An expert with a bias, on bf16 rows.
// CHECK-LABEL: func @expert
func.func @expert(%r: !condcomp.routing<?x4, f32, exactly 2>,
    %x: tensor<?x8xbf16>, %w: tensor<4x8x8xbf16>, %b: tensor<4x8xbf16>,
    %o: tensor<?x8xbf16>) -> tensor<?x8xbf16> {
  %y = condcomp.apply %r : !condcomp.routing<?x4, f32, exactly 2>
      rows(%x : tensor<?x8xbf16>)
      params(%w, %b : tensor<4x8x8xbf16>, tensor<4x8xbf16>)
      outs(%o : tensor<?x8xbf16>) {
  ^bb0(%xe: tensor<?x8xbf16>, %we: tensor<8x8xbf16>, %be: tensor<8xbf16>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %xe, %c0 : tensor<?x8xbf16>
    %e = tensor.empty(%n) : tensor<?x8xbf16>
    %bias = linalg.broadcast ins(%be : tensor<8xbf16>)
      outs(%e : tensor<?x8xbf16>) dimensions = [0]
    %h = linalg.matmul ins(%xe, %we : tensor<?x8xbf16>, tensor<8x8xbf16>)
      outs(%bias : tensor<?x8xbf16>) -> tensor<?x8xbf16>
    %f0 = arith.constant 0.0 : bf16
    %max = linalg.map { arith.maximumf } ins(%h, %h : tensor<?x8xbf16>, tensor<?x8xbf16>)
      outs(%e : tensor<?x8xbf16>)
    %t = arith.addf %max, %h : tensor<?x8xbf16>
    condcomp.yield %t : tensor<?x8xbf16>
  } -> tensor<?x8xbf16>
  return %y : tensor<?x8xbf16>
}

// Softmax, a reduction over columns, a transpose with the rows in the middle
// and back, slices and padding of columns, a concatenation of columns.
// CHECK-LABEL: func @columns
func.func @columns(%x: tensor<?x6x4xf32>) -> (tensor<?x4xf32>, tensor<?xi32>) {
  %y, %l = condcomp.cascade rows(%x : tensor<?x6x4xf32>) {
  ^bb0(%h: tensor<?x6x4xf32>):
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %n = tensor.dim %h, %c0 : tensor<?x6x4xf32>
    %e = tensor.empty(%n) : tensor<?x6x4xf32>
    %s = linalg.softmax dimension(1) ins(%h : tensor<?x6x4xf32>)
      outs(%e : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
    %et = tensor.empty(%n) : tensor<6x?x4xf32>
    %t = linalg.transpose ins(%s : tensor<?x6x4xf32>)
      outs(%et : tensor<6x?x4xf32>) permutation = [1, 0, 2]
    %half = tensor.extract_slice %t[2, 0, 0] [3, %n, 4] [1, 1, 1]
      : tensor<6x?x4xf32> to tensor<3x?x4xf32>
    %one = tensor.extract_slice %t[0, 0, 0] [1, %n, 4] [1, 1, 1]
      : tensor<6x?x4xf32> to tensor<?x4xf32>
    %in = tensor.insert_slice %one into %half[1, 0, 0] [1, %n, 4] [1, 1, 1]
      : tensor<?x4xf32> into tensor<3x?x4xf32>
    %pad = tensor.pad %in low[0, 0, 1] high[2, 0, 0] {
    ^bb0(%i: index, %j: index, %k: index):
      tensor.yield %f0 : f32
    } : tensor<3x?x4xf32> to tensor<5x?x5xf32>
    %cat = tensor.concat dim(2) %pad, %pad
      : (tensor<5x?x5xf32>, tensor<5x?x5xf32>) -> tensor<5x?x10xf32>
    %er = tensor.empty(%n) : tensor<?x4xf32>
    %z = linalg.fill ins(%f0 : f32) outs(%er : tensor<?x4xf32>) -> tensor<?x4xf32>
    %red = linalg.reduce { arith.addf } ins(%t : tensor<6x?x4xf32>)
      outs(%z : tensor<?x4xf32>) dimensions = [0]
    condcomp.yield %red : tensor<?x4xf32>
  } -> tensor<?x4xf32>, tensor<?xi32>
  return %y, %l : tensor<?x4xf32>, tensor<?xi32>
}

// Rows folded outside and inside of other dims, of run-time size too.
// CHECK-LABEL: func @folds
func.func @folds(%r: !condcomp.routing<?x4, f32, exactly 2>,
    %x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %y = condcomp.apply %r : !condcomp.routing<?x4, f32, exactly 2>
      rows(%x : tensor<?x?x4xf32>) outs(%x : tensor<?x?x4xf32>) {
  ^bb0(%h: tensor<?x?x4xf32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %b = tensor.dim %h, %c0 : tensor<?x?x4xf32>
    %s = tensor.dim %h, %c1 : tensor<?x?x4xf32>
    %flat = tensor.collapse_shape %h [[0, 1], [2]]
      : tensor<?x?x4xf32> into tensor<?x4xf32>
    %back = tensor.expand_shape %flat [[0, 1], [2]] output_shape [%b, %s, 4]
      : tensor<?x4xf32> into tensor<?x?x4xf32>
    %et = tensor.empty(%s, %b) : tensor<?x?x4xf32>
    %t = linalg.transpose ins(%back : tensor<?x?x4xf32>)
      outs(%et : tensor<?x?x4xf32>) permutation = [1, 0, 2]
    // Tokens outside of rows.
    %inner = tensor.collapse_shape %t [[0, 1, 2]]
      : tensor<?x?x4xf32> into tensor<?xf32>
    %bs = arith.muli %s, %b : index
    %split = tensor.expand_shape %inner [[0, 1]] output_shape [%bs, 4]
      : tensor<?xf32> into tensor<?x4xf32>
    %shape = tensor.from_elements %s, %b : tensor<2xindex>
    %n = arith.divui %bs, %s : index
    %three = tensor.expand_shape %split [[0, 1], [2]] output_shape [%s, %n, 4]
      : tensor<?x4xf32> into tensor<?x?x4xf32>
    %c4 = arith.constant 4 : index
    %dims = tensor.from_elements %s, %b, %c4 : tensor<3xindex>
    %again = tensor.reshape %inner(%dims)
      : (tensor<?xf32>, tensor<3xindex>) -> tensor<?x?x4xf32>
    %sum = arith.addf %three, %again : tensor<?x?x4xf32>
    %eb = tensor.empty(%b, %s) : tensor<?x?x4xf32>
    %u = linalg.transpose ins(%sum : tensor<?x?x4xf32>)
      outs(%eb : tensor<?x?x4xf32>) permutation = [1, 0, 2]
    condcomp.yield %u : tensor<?x?x4xf32>
  } -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// A per-column index, a table read at row data, a size-1 dim broadcast by a
// run-time test of the extent.
// CHECK-LABEL: func @payloads
func.func @payloads(%x: tensor<?x8xi32>, %table: tensor<100xf32>)
    -> (tensor<?x8xf32>, tensor<?xi32>) {
  %y, %l = condcomp.cascade rows(%x : tensor<?x8xi32>) {
  ^bb0(%h: tensor<?x8xi32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xi32>
    %e = tensor.empty(%n) : tensor<?x8xf32>
    %t = linalg.generic {indexing_maps = [#id],
        iterator_types = ["parallel", "parallel"]} outs(%e : tensor<?x8xf32>) {
    ^bb0(%out: f32):
      %i = linalg.index 0 : index
      %j = linalg.index 1 : index
      %single = arith.cmpi eq, %n, %c1 : index
      %at = arith.select %single, %c0, %i : index
      %v = tensor.extract %h[%at, %j] : tensor<?x8xi32>
      %k = arith.index_cast %v : i32 to index
      %w = tensor.extract %table[%k] : tensor<100xf32>
      %jf = arith.index_cast %j : index to i32
      %p = arith.sitofp %jf : i32 to f32
      %s = arith.addf %w, %p : f32
      linalg.yield %s : f32
    } -> tensor<?x8xf32>
    condcomp.yield %t : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return %y, %l : tensor<?x8xf32>, tensor<?xi32>
}

// Captured and state tensors, read and written at ids.
// CHECK-LABEL: func @ids
func.func @ids(%x: tensor<?x8xf32>, %cache: tensor<?x8xf32>,
    %positions: tensor<?x8xf32>)
    -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>) {
  %y, %s, %l = condcomp.cascade rows(%x : tensor<?x8xf32>)
      state(%cache : tensor<?x8xf32>) with_ids {
  ^bb0(%h: tensor<?x8xf32>, %state: tensor<?x8xf32>, %ids: tensor<?xindex>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %at = tensor.expand_shape %ids [[0, 1]] output_shape [%n, 1]
      : tensor<?xindex> into tensor<?x1xindex>
    %old = tensor.gather %state[%at] gather_dims([0])
      : (tensor<?x8xf32>, tensor<?x1xindex>) -> tensor<?x8xf32>
    %p = tensor.gather %positions[%at] gather_dims([0])
      : (tensor<?x8xf32>, tensor<?x1xindex>) -> tensor<?x8xf32>
    %a = arith.addf %old, %p : tensor<?x8xf32>
    %sum = linalg.generic {indexing_maps = [#id, #row, #id],
        iterator_types = ["parallel", "parallel"]}
        ins(%a, %ids : tensor<?x8xf32>, tensor<?xindex>)
        outs(%h : tensor<?x8xf32>) {
    ^bb0(%in: f32, %id: index, %out: f32):
      %j = linalg.index 1 : index
      %v = tensor.extract %state[%id, %j] : tensor<?x8xf32>
      %add = arith.addf %in, %v : f32
      linalg.yield %add : f32
    } -> tensor<?x8xf32>
    %new = tensor.scatter %sum into %state[%at] scatter_dims([0]) unique
      : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x1xindex>) -> tensor<?x8xf32>
    condcomp.yield %sum, %new : tensor<?x8xf32>, tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>
  return %y, %s, %l : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?xi32>
}

// Loops over other dims, a branch on a captured flag.
// CHECK-LABEL: func @control
func.func @control(%x: tensor<?x8xf32>, %steps: index, %flag: i1)
    -> (tensor<?x8xf32>, tensor<?xi32>) {
  %y, %l = condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %f0 = arith.constant 0.0 : f32
    %z = tensor.splat %f0[%n] : tensor<?x8xf32>
    %acc = scf.for %i = %c0 to %steps step %c1 iter_args(%a = %z)
        -> tensor<?x8xf32> {
      %b = arith.addf %a, %h : tensor<?x8xf32>
      scf.yield %b : tensor<?x8xf32>
    }
    %r = scf.if %flag -> tensor<?x8xf32> {
      scf.yield %acc : tensor<?x8xf32>
    } else {
      scf.yield %z : tensor<?x8xf32>
    }
    %w:2 = scf.while (%a = %r, %i = %c0) : (tensor<?x8xf32>, index)
        -> (tensor<?x8xf32>, index) {
      %go = arith.cmpi ult, %i, %steps : index
      scf.condition(%go) %a, %i : tensor<?x8xf32>, index
    } do {
    ^bb0(%a: tensor<?x8xf32>, %i: index):
      %b = math.tanh %a : tensor<?x8xf32>
      %next = arith.addi %i, %c1 : index
      scf.yield %b, %next : tensor<?x8xf32>, index
    }
    // Holds for every number of rows.
    %ok = arith.cmpi sge, %n, %c0 : index
    cf.assert %ok, "sizes are not negative"
    condcomp.yield %w#0 : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return %y, %l : tensor<?x8xf32>, tensor<?xi32>
}

// Conditional ops in conditional bodies.
// CHECK-LABEL: func @nested
func.func @nested(%x: tensor<?x8xf32>, %gate: tensor<8x4xf32>,
    %w: tensor<4x8x8xf32>) -> (tensor<?x8xf32>, tensor<?xi32>) {
  %y, %l = condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %es = tensor.empty(%n) : tensor<?x4xf32>
    %zs = linalg.fill ins(%f0 : f32) outs(%es : tensor<?x4xf32>) -> tensor<?x4xf32>
    %scores = linalg.matmul ins(%h, %gate : tensor<?x8xf32>, tensor<8x4xf32>)
      outs(%zs : tensor<?x4xf32>) -> tensor<?x4xf32>
    %r = condcomp.top_k %scores, 2 : tensor<?x4xf32>
      -> !condcomp.routing<?x4, f32, exactly 2>
    %nr = condcomp.normalize softmax %r : !condcomp.routing<?x4, f32, exactly 2>
    %z = tensor.splat %f0[%n] : tensor<?x8xf32>
    %moe = condcomp.apply %nr : !condcomp.routing<?x4, f32, exactly 2>
        rows(%h : tensor<?x8xf32>) params(%w : tensor<4x8x8xf32>)
        outs(%z : tensor<?x8xf32>) with_ids {
    ^bb0(%xe: tensor<?x8xf32>, %we: tensor<8x8xf32>, %ids: tensor<?xindex>):
      %m = tensor.dim %xe, %c0 : tensor<?x8xf32>
      %at = tensor.expand_shape %ids [[0, 1]] output_shape [%m, 1]
        : tensor<?xindex> into tensor<?x1xindex>
      // The outer body's rows, at the rows' own ids.
      %own = tensor.gather %h[%at] gather_dims([0])
        : (tensor<?x8xf32>, tensor<?x1xindex>) -> tensor<?x8xf32>
      %p = linalg.matmul ins(%own, %we : tensor<?x8xf32>, tensor<8x8xf32>)
        outs(%xe : tensor<?x8xf32>) -> tensor<?x8xf32>
      condcomp.yield %p : tensor<?x8xf32>
    } -> tensor<?x8xf32>
    %inner, %left = condcomp.cascade rows(%moe : tensor<?x8xf32>) {
    ^bb0(%g: tensor<?x8xf32>):
      %c = condcomp.confidence max_prob %g : tensor<?x8xf32> -> tensor<?xf32>
      %k = tensor.dim %g, %c0 : tensor<?x8xf32>
      %ed = tensor.empty(%k) : tensor<?xi1>
      %done = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>,
          affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
          ins(%c : tensor<?xf32>) outs(%ed : tensor<?xi1>) {
      ^bb0(%in: f32, %out: i1):
        %sure = arith.cmpf ogt, %in, %f0 : f32
        linalg.yield %sure : i1
      } -> tensor<?xi1>
      condcomp.exit %done : tensor<?xi1> results(%g : tensor<?x8xf32>)
        carry(%g : tensor<?x8xf32>)
    }, {
    ^bb0(%g: tensor<?x8xf32>):
      condcomp.yield %g : tensor<?x8xf32>
    } -> tensor<?x8xf32>, tensor<?xi32>
    condcomp.yield %inner : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return %y, %l : tensor<?x8xf32>, tensor<?xi32>
}

// Token pruning in a stage: the rows are batch dims of the routing, so tokens of
// a sample may compete, and a body may mix them.
// CHECK-LABEL: func @tokens
func.func @tokens(%x: tensor<?x16x8xf32>, %saliency: tensor<?x16xf32>)
    -> (tensor<?x4x8xf32>, tensor<?xi32>) {
  %y, %l = condcomp.cascade
      rows(%x, %saliency : tensor<?x16x8xf32>, tensor<?x16xf32>) {
  ^bb0(%h: tensor<?x16x8xf32>, %s: tensor<?x16xf32>):
    %r = condcomp.top_k %s, 4 : tensor<?x16xf32>
      -> !condcomp.routing<?x16, f32, exactly 4>
    %kept = condcomp.select %r from pairs(%h : tensor<?x16x8xf32>)
      : !condcomp.routing<?x16, f32, exactly 4> -> tensor<?x4x8xf32>
    %scores = tensor.collapse_shape %kept [[0], [1], [2]]
      : tensor<?x4x8xf32> into tensor<?x4x8xf32>
    %t = condcomp.top_k %scores, 1 : tensor<?x4x8xf32>
      -> !condcomp.routing<?x4x8, f32, exactly 1>
    %c = condcomp.capacity %t, 2 order(arrival)
      : !condcomp.routing<?x4x8, f32, exactly 1>
      -> !condcomp.routing<?x4x8, f32, at_most 1, per_module at_most 2>
    %sizes = condcomp.module_sizes %c
      : !condcomp.routing<?x4x8, f32, at_most 1, per_module at_most 2>
      -> tensor<?x8xindex>
    %e = condcomp.apply %c
        : !condcomp.routing<?x4x8, f32, at_most 1, per_module at_most 2>
        rows(%kept : tensor<?x4x8xf32>) outs(%kept : tensor<?x4x8xf32>)
        scope(group) {
    ^bb0(%g: tensor<?x8xf32>):
      %c0 = arith.constant 0 : index
      %n = tensor.dim %g, %c0 : tensor<?x8xf32>
      %f0 = arith.constant 0.0 : f32
      %ea = tensor.empty(%n, %n) : tensor<?x?xf32>
      %z = linalg.fill ins(%f0 : f32) outs(%ea : tensor<?x?xf32>) -> tensor<?x?xf32>
      %a = linalg.generic {indexing_maps = [
          affine_map<(d0, d1, d2) -> (d0, d2)>,
          affine_map<(d0, d1, d2) -> (d1, d2)>,
          affine_map<(d0, d1, d2) -> (d0, d1)>],
          iterator_types = ["parallel", "parallel", "reduction"]}
          ins(%g, %g : tensor<?x8xf32>, tensor<?x8xf32>)
          outs(%z : tensor<?x?xf32>) {
      ^bb0(%p: f32, %q: f32, %out: f32):
        %m = arith.mulf %p, %q : f32
        %sum = arith.addf %out, %m : f32
        linalg.yield %sum : f32
      } -> tensor<?x?xf32>
      %mix = linalg.matmul ins(%a, %g : tensor<?x?xf32>, tensor<?x8xf32>)
        outs(%g : tensor<?x8xf32>) -> tensor<?x8xf32>
      condcomp.yield %mix : tensor<?x8xf32>
    } -> tensor<?x4x8xf32>
    condcomp.yield %e : tensor<?x4x8xf32>
  } -> tensor<?x4x8xf32>, tensor<?xi32>
  return %y, %l : tensor<?x4x8xf32>, tensor<?xi32>
}

// Packed entries of rows, computed on and combined again.
// CHECK-LABEL: func @packed
func.func @packed(%x: tensor<?x8xf32>, %gate: tensor<?x4xf32>, %tau: f32)
    -> (tensor<?x8xf32>, tensor<?xi32>) {
  %y, %l = condcomp.cascade rows(%x, %gate : tensor<?x8xf32>, tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x8xf32>, %s: tensor<?x4xf32>):
    %r = condcomp.threshold %s, %tau : tensor<?x4xf32>, f32
      -> !condcomp.routing<?x4, f32>
    %e = condcomp.select %r from rows(%h : tensor<?x8xf32>)
      : !condcomp.routing<?x4, f32> -> tensor<?x8xf32>
    %w = condcomp.weights %r : !condcomp.routing<?x4, f32> -> tensor<?xf32>
    %count = condcomp.num_entries %r : !condcomp.routing<?x4, f32>
    %init = tensor.empty(%count) : tensor<?x8xf32>
    %scaled = linalg.generic {indexing_maps = [#id, #row, #id],
        iterator_types = ["parallel", "parallel"]}
        ins(%e, %w : tensor<?x8xf32>, tensor<?xf32>)
        outs(%init : tensor<?x8xf32>) {
    ^bb0(%in: f32, %weight: f32, %out: f32):
      %m = arith.mulf %in, %weight : f32
      linalg.yield %m : f32
    } -> tensor<?x8xf32>
    %c = condcomp.combine sum %r entries(%scaled : tensor<?x8xf32>)
      outs(%h : tensor<?x8xf32>) : !condcomp.routing<?x4, f32>
    condcomp.yield %c : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return %y, %l : tensor<?x8xf32>, tensor<?xi32>
}

// A function analyzed for rows in one argument, then in both.
// CHECK-LABEL: func @calls
func.func private @add(%a: tensor<?x8xf32>, %b: tensor<8xf32>) -> tensor<?x8xf32> {
  %0 = linalg.generic {indexing_maps = [#column, #id],
      iterator_types = ["parallel", "parallel"]} ins(%b : tensor<8xf32>)
      outs(%a : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %in, %out : f32
    linalg.yield %s : f32
  } -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
func.func @calls(%x: tensor<?x8xf32>, %b: tensor<8xf32>)
    -> (tensor<?x8xf32>, tensor<?xi32>) {
  %y, %l = condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %0 = func.call @add(%h, %b) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    %1 = func.call @add(%0, %b) : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
    condcomp.yield %1 : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return %y, %l : tensor<?x8xf32>, tensor<?xi32>
}

// Routings with other modules, mixed weights, and pooling and matching within a
// row: its batch dim is the rows.
// CHECK-LABEL: func @products
func.func @products(%x: tensor<?x6x4xf32>, %w: tensor<11x4xf32>, %f: f32, %n: index)
    -> (tensor<?x4x4xf32>, tensor<?xi32>) {
  %y, %l = condcomp.cascade rows(%x : tensor<?x6x4xf32>) {
  ^bb0(%h: tensor<?x6x4xf32>):
    %c0 = arith.constant 0 : index
    %rows = tensor.dim %h, %c0 : tensor<?x6x4xf32>
    %first = tensor.extract_slice %h[0, 0, 0] [%rows, 1, 4] [1, 1, 1]
      : tensor<?x6x4xf32> to tensor<?x4xf32>
    %r = condcomp.top_k %first, 2 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 2>
    %s = condcomp.scale %r, %f : !condcomp.routing<?x4, f32, exactly 2>
    %c = condcomp.complement %s : !condcomp.routing<?x4, f32, exactly 2>
      -> !condcomp.routing<?x4, f32, exactly 2>
    %p = condcomp.slice_modules %c [1, 3] : !condcomp.routing<?x4, f32, exactly 2>
      -> !condcomp.routing<?x3, f32, at_most 2>
    %all = condcomp.concat_modules %s, %p, %c : !condcomp.routing<?x4, f32, exactly 2>,
        !condcomp.routing<?x3, f32, at_most 2>, !condcomp.routing<?x4, f32, exactly 2>
      -> !condcomp.routing<?x11, f32, at_most 6>
    %e = tensor.empty(%rows) : tensor<?x4xf32>
    %f0 = arith.constant 0.0 : f32
    %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
    %mixed = condcomp.mix %all from modules(%w : tensor<11x4xf32>)
      outs(%z : tensor<?x4xf32>) : !condcomp.routing<?x11, f32, at_most 6>
    // Six tokens become four, in each row.
    %scores = tensor.extract_slice %h[0, 0, 0] [%rows, 3, 3] [1, 1, 1]
      : tensor<?x6x4xf32> to tensor<?x3x3xf32>
    %m = condcomp.match_tokens %scores, 2 : tensor<?x3x3xf32>
      -> !condcomp.routing<?x6x4, f32, exactly 1>
    %eo = tensor.empty(%rows) : tensor<?x4x4xf32>
    %zo = linalg.fill ins(%f0 : f32) outs(%eo : tensor<?x4x4xf32>) -> tensor<?x4x4xf32>
    %pooled = condcomp.pool mean %m from rows(%h : tensor<?x6x4xf32>)
      outs(%zo : tensor<?x4x4xf32>) : !condcomp.routing<?x6x4, f32, exactly 1>
    %t = condcomp.mix %m from modules(%pooled : tensor<?x4x4xf32>)
      outs(%h : tensor<?x6x4xf32>) : !condcomp.routing<?x6x4, f32, exactly 1>
    %again = condcomp.pool sum %m from rows(%t : tensor<?x6x4xf32>)
      outs(%pooled : tensor<?x4x4xf32>) : !condcomp.routing<?x6x4, f32, exactly 1>
    condcomp.yield %again : tensor<?x4x4xf32>
  } -> tensor<?x4x4xf32>, tensor<?xi32>
  return %y, %l : tensor<?x4x4xf32>, tensor<?xi32>
}

// Choices within a row: draws by the rows' ids, groups, nuclei. Rows of a batch
// dim do not meet those that modules choose from.
// CHECK-LABEL: func @choices
func.func @choices(%x: tensor<?x8xf32>, %t: tensor<?x5x8xf32>, %p: f32, %key: i64)
    -> (tensor<?x8xf32>, tensor<?x5x8xf32>, tensor<?xi32>) {
  %y:3 = condcomp.cascade rows(%x, %t : tensor<?x8xf32>, tensor<?x5x8xf32>) with_ids {
  ^bb0(%h: tensor<?x8xf32>, %u: tensor<?x5x8xf32>, %ids: tensor<?xindex>):
    %l = condcomp.limit_groups %h groups(4) keep(2) fill(%p) : tensor<?x8xf32>
    %n = condcomp.top_p %l, %p : tensor<?x8xf32>, f32 -> !condcomp.routing<?x8, f32>
    %d = condcomp.to_dense %n : !condcomp.routing<?x8, f32> -> tensor<?x8xf32>
    %s = condcomp.sample %d, 2 key(%key) ids(%ids : tensor<?xindex>) : tensor<?x8xf32>
      -> !condcomp.routing<?x8, f32, exactly 2>
    %e = condcomp.to_dense %s : !condcomp.routing<?x8, f32, exactly 2> -> tensor<?x8xf32>
    %c = condcomp.expert_choice %u, 2 : tensor<?x5x8xf32>
      -> !condcomp.routing<?x5x8, f32, per_module exactly 2>
    %f = condcomp.to_dense %c : !condcomp.routing<?x5x8, f32, per_module exactly 2>
      -> tensor<?x5x8xf32>
    condcomp.yield %e, %f : tensor<?x8xf32>, tensor<?x5x8xf32>
  } -> tensor<?x8xf32>, tensor<?x5x8xf32>, tensor<?xi32>
  return %y#0, %y#1, %y#2 : tensor<?x8xf32>, tensor<?x5x8xf32>, tensor<?xi32>
}
