// RUN: cc-opt %s --condcomp-refine-shapes --split-input-file | FileCheck %s

// A constant among the sizes makes the type static, and so on down the line.

// CHECK-LABEL: func.func @chain(
// CHECK-SAME:      %[[X:.*]]: tensor<?x8xf32>, %[[N:.*]]: index)
// CHECK:         %[[E:.*]] = tensor.expand_shape %[[X]] {{\[\[}}0, 1], [2]]
// CHECK-SAME:      output_shape [%[[N]], 7, 8]
// CHECK-SAME:      : tensor<?x8xf32> into tensor<?x7x8xf32>
// CHECK:         tensor.empty({{.*}}) : tensor<?x7xf32>
// CHECK:         linalg.softmax dimension(1) ins({{.*}} : tensor<?x7xf32>)
func.func @chain(%x: tensor<?x8xf32>, %n: index) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c7 = arith.constant 7 : index
  %f0 = arith.constant 0.0 : f32
  %e = tensor.expand_shape %x [[0, 1], [2]] output_shape [%n, %c7, 8]
      : tensor<?x8xf32> into tensor<?x?x8xf32>
  %d0 = tensor.dim %e, %c0 : tensor<?x?x8xf32>
  %d1 = tensor.dim %e, %c1 : tensor<?x?x8xf32>
  %empty = tensor.empty(%d0, %d1) : tensor<?x?xf32>
  %zero = linalg.fill ins(%f0 : f32) outs(%empty : tensor<?x?xf32>)
      -> tensor<?x?xf32>
  %sum = linalg.reduce {arith.addf} ins(%e : tensor<?x?x8xf32>)
      outs(%zero : tensor<?x?xf32>) dimensions = [2]
  %p = linalg.softmax dimension(1) ins(%sum : tensor<?x?xf32>)
      outs(%empty : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}

// -----

// A dynamic dim cannot be expanded to static ones only, nor by a size below 0.

// CHECK-LABEL: func.func @stays(
// CHECK-COUNT-2: into tensor<?x?xf32>
func.func @stays(%x: tensor<?xf32>, %n: index)
    -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %c2 = arith.constant 2 : index
  %c7 = arith.constant 7 : index
  %minus = arith.constant -1 : index
  %a = tensor.expand_shape %x [[0, 1]] output_shape [%c2, %c7]
      : tensor<?xf32> into tensor<?x?xf32>
  %b = tensor.expand_shape %x [[0, 1]] output_shape [%n, %minus]
      : tensor<?xf32> into tensor<?x?xf32>
  return %a, %b : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

// Heads of an attention, as view(n, tokens, heads, -1) gives them and as they go
// back: the run-time size is that of the source.

// CHECK-LABEL: func.func @heads(
// CHECK-SAME:      %[[X:.*]]: tensor<?x9x32xf32>
// CHECK-NOT:     tensor.reshape
// CHECK:         %[[N:.*]] = tensor.dim %[[X]]
// CHECK:         %[[E:.*]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1], [2, 3]]
// CHECK-SAME:      output_shape [%[[N]], 9, 4, 8]
// CHECK:         tensor.collapse_shape %{{.*}} {{\[\[}}0], [1], [2, 3]]
// CHECK-SAME:      : tensor<?x9x4x8xf32> into tensor<?x9x32xf32>
func.func @heads(%x: tensor<?x9x32xf32>, %s: tensor<4xi64>, %t: tensor<3xi64>)
    -> tensor<?x9x32xf32> {
  %h = tensor.reshape %x(%s) : (tensor<?x9x32xf32>, tensor<4xi64>) -> tensor<?x9x4x8xf32>
  %e = math.exp %h : tensor<?x9x4x8xf32>
  %y = tensor.reshape %e(%t) : (tensor<?x9x4x8xf32>, tensor<3xi64>) -> tensor<?x9x32xf32>
  return %y : tensor<?x9x32xf32>
}

// -----

// Another leading size, an open dim elsewhere, no groups of dims that fit.

// CHECK-LABEL: func.func @other_reshapes(
// CHECK-COUNT-3: tensor.reshape
func.func @other_reshapes(%x: tensor<?x9x32xf32>, %y: tensor<9x?xf32>, %s: tensor<2xi64>,
    %t: tensor<3xi64>) -> (tensor<?x32xf32>, tensor<9x?x2xf32>, tensor<?x12x24xf32>) {
  %a = tensor.reshape %x(%s) : (tensor<?x9x32xf32>, tensor<2xi64>) -> tensor<?x32xf32>
  %b = tensor.reshape %y(%t) : (tensor<9x?xf32>, tensor<3xi64>) -> tensor<9x?x2xf32>
  %c = tensor.reshape %x(%t) : (tensor<?x9x32xf32>, tensor<3xi64>) -> tensor<?x12x24xf32>
  return %a, %b, %c : tensor<?x32xf32>, tensor<9x?x2xf32>, tensor<?x12x24xf32>
}
