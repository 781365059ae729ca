// RUN: cc-opt %s --pass-pipeline='builtin.module(func.func(condcomp-check-argument-sizes))' | FileCheck %s

// The sizes that a matmul sums over; the others make the result.
// CHECK-LABEL: func.func @matmul(
// CHECK-SAME: %[[A:.+]]: tensor<?x?xf32>, %[[B:.+]]: tensor<?x?xf32>)
// CHECK: linalg.fill
// CHECK: %[[ACTUAL:.+]] = tensor.dim %[[B]], %c0
// CHECK: %[[WANTED:.+]] = tensor.dim %[[A]], %c1
// CHECK: %[[EQUAL:.+]] = arith.cmpi eq, %[[ACTUAL]], %[[WANTED]]
// CHECK: condcomp.check %[[EQUAL]], "linalg.matmul: argument 1 has size {0} in dim 0, expected {1}, the size of argument 0 in dim 1"(%[[ACTUAL]], %[[WANTED]]) : index, index
// CHECK-NOT: condcomp.check
// CHECK: linalg.matmul
func.func @matmul(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %a, %c0 : tensor<?x?xf32>
  %n = tensor.dim %b, %c1 : tensor<?x?xf32>
  %empty = tensor.empty(%m, %n) : tensor<?x?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>)
      outs(%init : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// A constant, through a cast; once, although two ops want it.
// CHECK-LABEL: func.func @constant(
// CHECK: condcomp.check %{{.*}}, "linalg.add: argument 0 has size {0} in dim 0, expected {1}"
// CHECK-NOT: condcomp.check
// CHECK: return
func.func @constant(%a: tensor<?xf32>, %b: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c = tensor.cast %a : tensor<?xf32> to tensor<?xf32>
  %y = linalg.add ins(%c, %b : tensor<?xf32>, tensor<4xf32>) outs(%b : tensor<4xf32>) -> tensor<4xf32>
  %z = linalg.mul ins(%c, %b : tensor<?xf32>, tensor<4xf32>) outs(%b : tensor<4xf32>) -> tensor<4xf32>
  return %y, %z : tensor<4xf32>, tensor<4xf32>
}

// An op that may not run; a private function.
// CHECK-LABEL: func.func @conditional(
// CHECK-NOT: condcomp.check
func.func @conditional(%a: tensor<?xf32>, %b: tensor<?xf32>, %if: i1) -> tensor<?xf32> {
  %y = scf.if %if -> tensor<?xf32> {
    %z = linalg.add ins(%a, %b : tensor<?xf32>, tensor<?xf32>) outs(%a : tensor<?xf32>) -> tensor<?xf32>
    scf.yield %z : tensor<?xf32>
  } else {
    scf.yield %a : tensor<?xf32>
  }
  return %y : tensor<?xf32>
}
func.func private @private(%a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  %z = linalg.add ins(%a, %b : tensor<?xf32>, tensor<?xf32>) outs(%a : tensor<?xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}

// A dim that there is none of, which is no error before it runs.
// CHECK-LABEL: func.func @no_such_dim(
// CHECK-NOT: condcomp.check
func.func @no_such_dim(%a: tensor<?xf32>) -> tensor<?xf32> {
  %c7 = arith.constant 7 : index
  %n = tensor.dim %a, %c7 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %y = linalg.exp ins(%a : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// Windows stay within the image: 2 (h - 1) + (p - 1) + 1 lines at most, if there is
// a result. The channels are compared as any other size.
// CHECK-LABEL: func.func @windows(
// CHECK: condcomp.check %{{.*}}, "linalg.conv_2d_nchw_fchw: argument 1 has size {0} in dim 1, expected {1}, the size of argument 0 in dim 1"
// CHECK-DAG: %[[WANTED:.+]] = arith.subi %{{.*}}, %c2
// CHECK: condcomp.check %{{.*}}, "linalg.conv_2d_nchw_fchw: argument 0 has size {0} in dim 2, its windows reach over {1}"
// CHECK: condcomp.check %{{.*}}, "linalg.conv_2d_nchw_fchw: argument 0 has size {0} in dim 3, its windows reach over {1}"
// CHECK-NOT: condcomp.check
// CHECK: linalg.conv_2d_nchw_fchw
func.func @windows(%x: tensor<?x?x?x?xf32>, %w: tensor<8x?x3x3xf32>, %o: tensor<?x8x?x?xf32>) -> tensor<?x8x?x?xf32> {
  %y = linalg.conv_2d_nchw_fchw {strides = dense<2> : tensor<2xi64>}
      ins(%x, %w : tensor<?x?x?x?xf32>, tensor<8x?x3x3xf32>) outs(%o : tensor<?x8x?x?xf32>) -> tensor<?x8x?x?xf32>
  return %y : tensor<?x8x?x?xf32>
}
