// RUN: cc-opt %s --condcomp-fuse-elementwise --canonicalize --cse | FileCheck %s

// CHECK: #[[OUT:.+]] = affine_map<(d0, d1, d2, d3) -> (d1, d0, d2)>

#id = affine_map<(i, j) -> (i, j)>
#columns = affine_map<(i, j) -> (j)>
#rows = affine_map<(i, j) -> (i)>

// A transposed weight is read transposed.
// CHECK-LABEL: func.func @transposed_weight(
// CHECK-NOT:     linalg.transpose
// CHECK:         linalg.generic
// CHECK-SAME:      "reduction"
// CHECK-NOT:     linalg.generic
func.func @transposed_weight(%x: tensor<8x16xf32>, %w: tensor<32x16xf32>,
                             %y: tensor<8x32xf32>) -> tensor<8x32xf32> {
  %e = tensor.empty() : tensor<16x32xf32>
  %t = linalg.transpose ins(%w : tensor<32x16xf32>)
      outs(%e : tensor<16x32xf32>) permutation = [1, 0]
  %r = linalg.matmul ins(%x, %t : tensor<8x16xf32>, tensor<16x32xf32>)
      outs(%y : tensor<8x32xf32>) -> tensor<8x32xf32>
  return %r : tensor<8x32xf32>
}

// An activation stays out of a contraction: it would be computed once per
// column of the result.
// CHECK-LABEL: func.func @activation_then_matmul(
// CHECK:         linalg.generic
// CHECK:           math.tanh
// CHECK:         linalg.generic
// CHECK-NOT:       math.tanh
// CHECK:           arith.mulf
func.func @activation_then_matmul(%x: tensor<8x16xf32>, %w: tensor<16x32xf32>,
                                  %y: tensor<8x32xf32>) -> tensor<8x32xf32> {
  %e = tensor.empty() : tensor<8x16xf32>
  %a = linalg.tanh ins(%x : tensor<8x16xf32>) outs(%e : tensor<8x16xf32>)
      -> tensor<8x16xf32>
  %r = linalg.matmul ins(%a, %w : tensor<8x16xf32>, tensor<16x32xf32>)
      outs(%y : tensor<8x32xf32>) -> tensor<8x32xf32>
  return %r : tensor<8x32xf32>
}

// A reduction that uses each element once takes its producer in.
// CHECK-LABEL: func.func @sum_of_squares(
// CHECK-COUNT-1: linalg.generic
// CHECK:           arith.mulf
// CHECK:           arith.addf
func.func @sum_of_squares(%x: tensor<8x16xf32>, %s: tensor<8xf32>)
    -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8x16xf32>
  %q = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<8x16xf32>) outs(%e : tensor<8x16xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.mulf %a, %a : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  %r = linalg.generic {indexing_maps = [#id, #rows],
                       iterator_types = ["parallel", "reduction"]}
      ins(%q : tensor<8x16xf32>) outs(%s : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  return %r : tensor<8xf32>
}

// exp has two consumers and is computed once.
// CHECK-LABEL: func.func @two_consumers(
// CHECK-COUNT-1: math.exp
// CHECK-NOT:     math.exp
// CHECK:         return
func.func @two_consumers(%x: tensor<8x16xf32>, %s: tensor<8xf32>)
    -> (tensor<8xf32>, tensor<8x16xf32>) {
  %e = tensor.empty() : tensor<8x16xf32>
  %q = linalg.exp ins(%x : tensor<8x16xf32>) outs(%e : tensor<8x16xf32>)
      -> tensor<8x16xf32>
  %r = linalg.reduce ins(%q : tensor<8x16xf32>) outs(%s : tensor<8xf32>)
      dimensions = [1]
      (%a: f32, %o: f32) {
        %0 = arith.addf %a, %o : f32
        linalg.yield %0 : f32
      }
  %n = linalg.negf ins(%q : tensor<8x16xf32>) outs(%e : tensor<8x16xf32>)
      -> tensor<8x16xf32>
  return %r, %n : tensor<8xf32>, tensor<8x16xf32>
}

// One value per row is not computed again for each column.
// CHECK-LABEL: func.func @per_row(
// CHECK:         linalg.generic
// CHECK-SAME:      iterator_types = ["parallel"]
// CHECK:           math.rsqrt
// CHECK:         linalg.generic
// CHECK-NOT:       math.rsqrt
// CHECK:         return
func.func @per_row(%x: tensor<8x16xf32>, %s: tensor<8xf32>)
    -> tensor<8x16xf32> {
  %e = tensor.empty() : tensor<8xf32>
  %q = linalg.rsqrt ins(%s : tensor<8xf32>) outs(%e : tensor<8xf32>)
      -> tensor<8xf32>
  %f = tensor.empty() : tensor<8x16xf32>
  %r = linalg.generic {indexing_maps = [#id, #rows, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%x, %q : tensor<8x16xf32>, tensor<8xf32>)
      outs(%f : tensor<8x16xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<8x16xf32>
  return %r : tensor<8x16xf32>
}

// A reshape between an elementwise op and its consumer is no obstacle.
// CHECK-LABEL: func.func @across_reshape(
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @across_reshape(%x: tensor<8x16xf32>) -> tensor<2x4x16xf32> {
  %e = tensor.empty() : tensor<8x16xf32>
  %q = linalg.exp ins(%x : tensor<8x16xf32>) outs(%e : tensor<8x16xf32>)
      -> tensor<8x16xf32>
  %s = tensor.expand_shape %q [[0, 1], [2]] output_shape [2, 4, 16]
      : tensor<8x16xf32> into tensor<2x4x16xf32>
  %f = tensor.empty() : tensor<2x4x16xf32>
  %n = linalg.negf ins(%s : tensor<2x4x16xf32>) outs(%f : tensor<2x4x16xf32>)
      -> tensor<2x4x16xf32>
  return %n : tensor<2x4x16xf32>
}

// Attention heads beside each other: reading them in place would take rows and
// terms apart, so the copy stays.
// CHECK-LABEL: func.func @heads_to_rows(
// CHECK:         linalg.generic
// CHECK-SAME:      iterator_types = ["parallel", "parallel", "parallel", "parallel"]
// CHECK:         linalg.generic
// CHECK-SAME:      "reduction", "reduction"
func.func @heads_to_rows(%x: tensor<2x3x5x4xf32>, %w: tensor<12x7xf32>,
                         %y: tensor<10x7xf32>) -> tensor<10x7xf32> {
  %e = tensor.empty() : tensor<2x5x3x4xf32>
  %t = linalg.transpose ins(%x : tensor<2x3x5x4xf32>)
      outs(%e : tensor<2x5x3x4xf32>) permutation = [0, 2, 1, 3]
  %c = tensor.collapse_shape %t [[0, 1], [2, 3]]
      : tensor<2x5x3x4xf32> into tensor<10x12xf32>
  %r = linalg.matmul ins(%c, %w : tensor<10x12xf32>, tensor<12x7xf32>)
      outs(%y : tensor<10x7xf32>) -> tensor<10x7xf32>
  return %r : tensor<10x7xf32>
}

// The result of a contraction is stored transposed.
// CHECK-LABEL: func.func @transposed_result(
// CHECK:         tensor.empty() : tensor<3x2x4xf32>
// CHECK:         linalg.generic
// CHECK-SAME:      #[[OUT]]], iterator_types
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @transposed_result(%x: tensor<2x3x5xf32>, %w: tensor<2x5x4xf32>)
    -> tensor<3x2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x3x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3x4xf32>)
      -> tensor<2x3x4xf32>
  %r = linalg.batch_matmul ins(%x, %w : tensor<2x3x5xf32>, tensor<2x5x4xf32>)
      outs(%f : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %g = tensor.empty() : tensor<3x2x4xf32>
  %t = linalg.transpose ins(%r : tensor<2x3x4xf32>)
      outs(%g : tensor<3x2x4xf32>) permutation = [1, 0, 2]
  return %t : tensor<3x2x4xf32>
}

// Not the heads of an attention: their columns are those of one matrix, and rows
// of all samples are walked as one loop.
// CHECK-LABEL: func.func @transposed_heads(
// CHECK:         linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
// CHECK-SAME:      outs(%{{.*}} : tensor<2x3x5x4xf32>)
// CHECK:         linalg.generic {{.*}} ins(%{{.*}} : tensor<2x3x5x4xf32>) outs(%{{.*}} : tensor<2x5x3x4xf32>)
func.func @transposed_heads(%x: tensor<2x3x6xf32>, %w: tensor<6x5x4xf32>)
    -> tensor<2x5x3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x3x5x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(b, t, h, d, k) -> (b, t, k)>,
                                        affine_map<(b, t, h, d, k) -> (k, h, d)>,
                                        affine_map<(b, t, h, d, k) -> (b, t, h, d)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel",
                                         "reduction"]}
      ins(%x, %w : tensor<2x3x6xf32>, tensor<6x5x4xf32>)
      outs(%z : tensor<2x3x5x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<2x3x5x4xf32>
  %f = tensor.empty() : tensor<2x5x3x4xf32>
  %t = linalg.transpose ins(%r : tensor<2x3x5x4xf32>)
      outs(%f : tensor<2x5x3x4xf32>) permutation = [0, 2, 1, 3]
  return %t : tensor<2x5x3x4xf32>
}

// A chain over sizes that are not known: each op begins with the result before, whose
// sizes are those of the argument.
// CHECK-LABEL: func.func @dynamic_chain(
// CHECK:         linalg.generic
// CHECK:           arith.addf
// CHECK-NEXT:      arith.mulf
// CHECK-NEXT:      math.exp
// CHECK-NOT:     linalg.generic
// CHECK:         return
func.func @dynamic_chain(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %a = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x?xf32>) outs(%x : tensor<?x?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.addf %in, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?x?xf32>
  %b = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<?x?xf32>) outs(%a : tensor<?x?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = arith.mulf %in, %in : f32
    linalg.yield %0 : f32
  } -> tensor<?x?xf32>
  %c = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%b : tensor<?x?xf32>) outs(%b : tensor<?x?xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.exp %in : f32
    linalg.yield %0 : f32
  } -> tensor<?x?xf32>
  return %c : tensor<?x?xf32>
}
