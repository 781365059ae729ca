// RUN: cc-opt %s --condcomp-update-in-place | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
#rows = affine_map<(i, j) -> (i)>

// CHECK-LABEL: func.func @after_matmul(
// CHECK:         %[[Y:.+]] = linalg.matmul
// CHECK:         linalg.generic
// CHECK-SAME:      ins(%{{[^,]*}} : tensor<4xf32>) outs(%[[Y]]
// CHECK-NEXT:    ^bb0(%[[BIAS:.+]]: f32, %[[OUT:.+]]: f32):
// CHECK-NEXT:      arith.addf %[[OUT]], %[[BIAS]]
func.func @after_matmul(%a: tensor<4x8xf32>, %b: tensor<8x4xf32>,
                        %c: tensor<4x4xf32>, %bias: tensor<4xf32>)
    -> tensor<4x4xf32> {
  %y = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x4xf32>)
      outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  %e = tensor.empty() : tensor<4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #rows, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%y, %bias : tensor<4x4xf32>, tensor<4xf32>)
      outs(%e : tensor<4x4xf32>) {
  ^bb0(%u: f32, %v: f32, %o: f32):
    %0 = arith.addf %u, %v : f32
    linalg.yield %0 : f32
  } -> tensor<4x4xf32>
  return %r : tensor<4x4xf32>
}

// Read before, by a reduction, and never again: as in a softmax.
// CHECK-LABEL: func.func @read_before(
// CHECK:         %[[Y:.+]] = linalg.matmul
// CHECK:         linalg.reduce
// CHECK:         linalg.generic {{.*}} outs(%[[Y]]
func.func @read_before(%a: tensor<4x4xf32>, %c: tensor<4x4xf32>,
                       %s: tensor<4xf32>) -> tensor<4x4xf32> {
  %y = linalg.matmul ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>)
      outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  %m = linalg.reduce ins(%y : tensor<4x4xf32>) outs(%s : tensor<4xf32>)
      dimensions = [1]
      (%u: f32, %o: f32) {
        %0 = arith.maximumf %u, %o : f32
        linalg.yield %0 : f32
      }
  %e = tensor.empty() : tensor<4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #rows, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%y, %m : tensor<4x4xf32>, tensor<4xf32>)
      outs(%e : tensor<4x4xf32>) {
  ^bb0(%u: f32, %v: f32, %o: f32):
    %0 = arith.subf %u, %v : f32
    linalg.yield %0 : f32
  } -> tensor<4x4xf32>
  return %r : tensor<4x4xf32>
}

// The caller's argument and a value that is read again are not written over.
// CHECK-LABEL: func.func @still_needed(
// CHECK:         %[[E:.+]] = tensor.empty
// CHECK:         linalg.exp {{.*}} outs(%[[E]]
// CHECK:         linalg.generic {{.*}} outs(%[[E]]
// CHECK:         linalg.generic {{.*}} outs(%[[E]]
func.func @still_needed(%a: tensor<4x4xf32>)
    -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) {
  %e = tensor.empty() : tensor<4x4xf32>
  %y = linalg.exp ins(%a : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>)
      -> tensor<4x4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%u: f32, %o: f32):
    %0 = arith.negf %u : f32
    linalg.yield %0 : f32
  } -> tensor<4x4xf32>
  %s = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%u: f32, %o: f32):
    %0 = arith.negf %u : f32
    linalg.yield %0 : f32
  } -> tensor<4x4xf32>
  return %y, %r, %s : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>
}

// Through a reshape, as that to the heads of an attention.
// CHECK-LABEL: func.func @reshaped(
// CHECK:         %[[Y:.+]] = linalg.matmul
// CHECK:         %[[H:.+]] = tensor.expand_shape %[[Y]]
// CHECK:         linalg.generic {{.*}} ins(%{{.+}} : tensor<2x2xf32>) outs(%[[H]] :
func.func @reshaped(%a: tensor<4x4xf32>, %c: tensor<4x4xf32>, %b: tensor<2x2xf32>)
    -> tensor<4x2x2xf32> {
  %y = linalg.matmul ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>)
      outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  %h = tensor.expand_shape %y [[0], [1, 2]] output_shape [4, 2, 2]
      : tensor<4x4xf32> into tensor<4x2x2xf32>
  %e = tensor.empty() : tensor<4x2x2xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>,
                                        affine_map<(i, j, k) -> (j, k)>,
                                        affine_map<(i, j, k) -> (i, j, k)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%h, %b : tensor<4x2x2xf32>, tensor<2x2xf32>)
      outs(%e : tensor<4x2x2xf32>) {
  ^bb0(%u: f32, %v: f32, %o: f32):
    %0 = arith.addf %u, %v : f32
    linalg.yield %0 : f32
  } -> tensor<4x2x2xf32>
  return %r : tensor<4x2x2xf32>
}

// What was reshaped is read again.
// CHECK-LABEL: func.func @reshaped_and_needed(
// CHECK:         %[[E:.+]] = tensor.empty
// CHECK:         linalg.generic {{.*}} outs(%[[E]]
func.func @reshaped_and_needed(%a: tensor<4x4xf32>, %c: tensor<4x4xf32>)
    -> (tensor<4x2x2xf32>, tensor<4x4xf32>) {
  %y = linalg.matmul ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>)
      outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  %h = tensor.expand_shape %y [[0], [1, 2]] output_shape [4, 2, 2]
      : tensor<4x4xf32> into tensor<4x2x2xf32>
  %e = tensor.empty() : tensor<4x2x2xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (i, j, k)>,
                                        affine_map<(i, j, k) -> (i, j, k)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%h : tensor<4x2x2xf32>) outs(%e : tensor<4x2x2xf32>) {
  ^bb0(%u: f32, %o: f32):
    %0 = arith.negf %u : f32
    linalg.yield %0 : f32
  } -> tensor<4x2x2xf32>
  return %r, %y : tensor<4x2x2xf32>, tensor<4x4xf32>
}

// Read transposed: an element would be written before it is read.
// CHECK-LABEL: func.func @transposed(
// CHECK:         %[[E:.+]] = tensor.empty
// CHECK:         linalg.generic {{.*}} outs(%[[E]]
func.func @transposed(%a: tensor<4x4xf32>, %c: tensor<4x4xf32>)
    -> tensor<4x4xf32> {
  %y = linalg.matmul ins(%a, %a : tensor<4x4xf32>, tensor<4x4xf32>)
      outs(%c : tensor<4x4xf32>) -> tensor<4x4xf32>
  %e = tensor.empty() : tensor<4x4xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (j, i)>, #id],
                       iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<4x4xf32>) outs(%e : tensor<4x4xf32>) {
  ^bb0(%u: f32, %o: f32):
    linalg.yield %u : f32
  } -> tensor<4x4xf32>
  return %r : tensor<4x4xf32>
}
