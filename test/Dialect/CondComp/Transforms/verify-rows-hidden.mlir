// RUN: cc-opt %s -split-input-file -verify-diagnostics -condcomp-verify-rows

// Ways to mix rows that are not seen at the op alone.

// R1: each row against all others, read in a payload.
func.func @a(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %e = tensor.empty(%n, %n) : tensor<?x?xf32>
    %g = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel","parallel"]} outs(%e : tensor<?x?xf32>) {
    ^bb0(%o: f32):
      %i = linalg.index 0 : index
      %j = linalg.index 1 : index
      %a = tensor.extract %h[%i, %c0] : tensor<?x8xf32>
      // expected-error @below {{'tensor.extract' op R1: meets each row with all others: rows are in loop 0 and in loop 1}}
      %b = tensor.extract %h[%j, %c0] : tensor<?x8xf32>
      %s = arith.addf %a, %b : f32
      linalg.yield %s : f32
    } -> tensor<?x?xf32>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R3: a routing that all rows share, applied to rows by position.
func.func @b(%x: tensor<?x8xf32>, %r: !condcomp.routing<?x2, f32, exactly 1>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'condcomp.apply' op R3: reads a tensor that all rows share at the position of the row, along its dim 0}}
    %y = condcomp.apply %r : !condcomp.routing<?x2, f32, exactly 1> rows(%h : tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) {
    ^bb0(%g: tensor<?x8xf32>):
      condcomp.yield %g : tensor<?x8xf32>
    } -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R3: a nested body hands all rows of the outer body to a function.
func.func private @sum(%a: tensor<?x8xf32>, %b: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // expected-error @below {{'linalg.generic' op R3: reads a tensor of all rows other than at the rows' own ids}}
  %s = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel","parallel","reduction"]} ins(%a : tensor<?x8xf32>) outs(%b : tensor<?x8xf32>) {
  ^bb0(%i: f32, %o: f32):
    %t = arith.addf %i, %o : f32
    linalg.yield %t : f32
  } -> tensor<?x8xf32>
  return %s : tensor<?x8xf32>
}
func.func @c(%x: tensor<?x8xf32>, %s: tensor<?x2xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x, %s : tensor<?x8xf32>, tensor<?x2xf32>) {
  ^bb0(%h: tensor<?x8xf32>, %q: tensor<?x2xf32>):
    %r = condcomp.top_k %q, 1 : tensor<?x2xf32> -> !condcomp.routing<?x2, f32, exactly 1>
    %y = condcomp.apply %r : !condcomp.routing<?x2, f32, exactly 1> rows(%h : tensor<?x8xf32>) outs(%h : tensor<?x8xf32>) {
    ^bb0(%g: tensor<?x8xf32>):
      // expected-note @below {{called from here}}
      %z = func.call @sum(%h, %g) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
      condcomp.yield %z : tensor<?x8xf32>
    } -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: entries of two routings.
func.func @d(%x: tensor<?x8xf32>, %t: f32) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %r = condcomp.threshold %h, %t : tensor<?x8xf32>, f32 -> !condcomp.routing<?x8, f32>
    %m = arith.negf %h : tensor<?x8xf32>
    %q = condcomp.threshold %m, %t : tensor<?x8xf32>, f32 -> !condcomp.routing<?x8, f32>
    %a = condcomp.weights %r : !condcomp.routing<?x8, f32> -> tensor<?xf32>
    %b = condcomp.weights %q : !condcomp.routing<?x8, f32> -> tensor<?xf32>
    // expected-error @below {{'arith.addf' op R1: meets rows of one operand with other rows of another: they are in different dims or folded differently}}
    %s = arith.addf %a, %b : tensor<?xf32>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: a reduction over ids.
func.func @g(%x: tensor<?x8xf32>, %t: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) with_ids {
  ^bb0(%h: tensor<?x8xf32>, %ids: tensor<?xindex>):
    %z = arith.constant dense<0> : tensor<index>
    // expected-error @below {{'linalg.reduce' op R1: reduces over the rows: loop 0 runs over them}}
    %m = linalg.reduce { arith.maxui } ins(%ids : tensor<?xindex>) outs(%z : tensor<index>) dimensions = [0]
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R2: the number of rows through a branch.
func.func @h(%x: tensor<?x8xf32>, %p: i1) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    // expected-error @below {{'scf.if' op R2: makes data of the number or the position of rows}}
    %k = scf.if %p -> index { scf.yield %n : index } else { scf.yield %c0 : index }
    %i = arith.index_cast %k : index to i32
    %f = arith.sitofp %i : i32 to f32
    %y = linalg.fill ins(%f : f32) outs(%h : tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R4: a tensor that repeats a value over the rows, twice as long.
func.func @i(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %f1 = arith.constant 1.0 : f32
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %g = tensor.generate %n { ^bb0(%a: index): tensor.yield %f1 : f32 } : tensor<?xf32>
    %cat = tensor.collapse_shape %h [[0, 1]] : tensor<?x8xf32> into tensor<?xf32>
    %p = tensor.pad %g low[0] high[0] { ^bb0(%a: index): tensor.yield %f1 : f32 } : tensor<?xf32> to tensor<?xf32>
    // expected-error @below {{'tensor.concat' op R4: concatenates along dim 0, which holds the rows}}
    %cc = tensor.concat dim(0) %p, %p : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %d = tensor.dim %cc, %c0 : tensor<?xf32>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R4: rows in the middle of what was inside of them.
func.func @j(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %f = tensor.collapse_shape %h [[0, 1]] : tensor<?x8xf32> into tensor<?xf32>
    // expected-error @below {{'tensor.expand_shape' op R4: splits the rows or mixes them with another dim: after it, no dim holds every row as a whole}}
    %e = tensor.expand_shape %f [[0, 1, 2]] output_shape [4, %n, 2] : tensor<?xf32> into tensor<4x?x2xf32>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: a bias repeated for each row and folded as [rows·8] meets [8·rows].
func.func @k(%x: tensor<?x8xf32>, %b: tensor<8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %h, %c0 : tensor<?x8xf32>
    %e = tensor.empty(%n) : tensor<?x8xf32>
    %bb = linalg.broadcast ins(%b : tensor<8xf32>) outs(%e : tensor<?x8xf32>) dimensions = [0]
    %f = tensor.collapse_shape %bb [[0, 1]] : tensor<?x8xf32> into tensor<?xf32>
    %et = tensor.empty(%n) : tensor<8x?xf32>
    %t = linalg.transpose ins(%h : tensor<?x8xf32>) outs(%et : tensor<8x?xf32>) permutation = [1, 0]
    %g = tensor.collapse_shape %t [[0, 1]] : tensor<8x?xf32> into tensor<?xf32>
    // expected-error @below {{'arith.addf' op R1: meets rows of one operand with other rows of another: they are in different dims or folded differently}}
    %s = arith.addf %f, %g : tensor<?xf32>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R1: a loop until the first row is done.
func.func @l(%x: tensor<?x8xf32>) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %y = scf.while (%a = %h) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
      // expected-error @below {{'tensor.extract' op R1: reads rows at positions other than their own}}
      %v = tensor.extract %a[%c0, %c0] : tensor<?x8xf32>
      %go = arith.cmpf ogt, %v, %f0 : f32
      scf.condition(%go) %a : tensor<?x8xf32>
    } do {
    ^bb0(%a: tensor<?x8xf32>):
      scf.yield %a : tensor<?x8xf32>
    }
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R6: a function with several blocks.
func.func private @mb(%a: tensor<?x8xf32>, %c: i1) -> tensor<?x8xf32> {
  cf.cond_br %c, ^bb1, ^bb2
^bb1:
  return %a : tensor<?x8xf32>
^bb2:
  return %a : tensor<?x8xf32>
}
func.func @m(%x: tensor<?x8xf32>, %c: i1) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'func.call' op R6: has a region with 3 blocks, which the row analysis does not follow}}
    %y = func.call @mb(%h, %c) : (tensor<?x8xf32>, i1) -> tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}

// -----

// R6: rows of unknown rank.
func.func @o(%x: tensor<?x8xf32>, %f: f32) {
  // expected-note @below {{in region 0 of this 'condcomp.cascade', which must treat its rows independently}}
  condcomp.cascade rows(%x : tensor<?x8xf32>) {
  ^bb0(%h: tensor<?x8xf32>):
    // expected-error @below {{'tensor.cast' op R6: is not known to the row analysis, which can't tell whether it mixes rows}}
    %u = tensor.cast %h : tensor<?x8xf32> to tensor<*xf32>
    %y = tensor.cast %u : tensor<*xf32> to tensor<?x8xf32>
    condcomp.yield %y : tensor<?x8xf32>
  } -> tensor<?x8xf32>, tensor<?xi32>
  return
}
