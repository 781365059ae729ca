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

// A dim that there is none of, which is no error before it runs: an index like
// any other.
// CHECK-LABEL: func.func @no_such_dim(
// CHECK: condcomp.check %{{.*}}, "linalg.exp: argument 0 has size {0} in dim 0, expected {1}"
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

// In a body, sizes are those of the op's operands: checked once, in front of it. How
// many rows there are, nobody knows before.
// CHECK-LABEL: func.func @body(
// CHECK-NOT: condcomp.check
// CHECK: condcomp.check %{{.*}}, "linalg.matmul: argument 2 has size {0} in dim 1, expected {1}, the size of argument 1 in dim 1"
// CHECK-NOT: condcomp.check
// CHECK: condcomp.apply
// CHECK-NOT: condcomp.check
func.func @body(%r: !condcomp.routing<?x4, f32>, %x: tensor<?x?xf32>, %w: tensor<4x?x8xf32>, %o: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %y = condcomp.apply %r : !condcomp.routing<?x4, f32> rows(%x : tensor<?x?xf32>)
      params(%w : tensor<4x?x8xf32>) outs(%o : tensor<?x8xf32>) {
  ^bb0(%xe: tensor<?x?xf32>, %we: tensor<?x8xf32>):
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %n = tensor.dim %xe, %c0 : tensor<?x?xf32>
    %e = tensor.empty(%n) : tensor<?x8xf32>
    %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
    %m = linalg.matmul ins(%xe, %we : tensor<?x?xf32>, tensor<?x8xf32>)
        outs(%z : tensor<?x8xf32>) -> tensor<?x8xf32>
    condcomp.yield %m : tensor<?x8xf32>
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// What a stage carries has the sizes it came with.
// CHECK-LABEL: func.func @stages(
// CHECK: condcomp.check %{{.*}}, "linalg.generic: argument 1 has size {0} in dim 0, expected {1}, the size of argument 0 in dim 1"
// CHECK-NOT: condcomp.check
// CHECK: condcomp.cascade
func.func @stages(%x: tensor<?x?xf32>, %bias: tensor<?xf32>, %done: tensor<?xi1>) -> (tensor<?x?xf32>, tensor<?xi32>) {
  %y, %at = condcomp.cascade rows(%x, %done : tensor<?x?xf32>, tensor<?xi1>) outs(%x : tensor<?x?xf32>) {
  ^bb0(%h: tensor<?x?xf32>, %d: tensor<?xi1>):
    condcomp.exit %d : tensor<?xi1> results(%h : tensor<?x?xf32>) carry(%h : tensor<?x?xf32>)
  }, {
  ^bb0(%h: tensor<?x?xf32>):
    %z = linalg.generic {indexing_maps = [affine_map<(m, n) -> (m, n)>, affine_map<(m, n) -> (n)>,
        affine_map<(m, n) -> (m, n)>], iterator_types = ["parallel", "parallel"]}
        ins(%h, %bias : tensor<?x?xf32>, tensor<?xf32>) outs(%h : tensor<?x?xf32>) {
    ^bb1(%a: f32, %b: f32, %o: f32):
      %s = arith.addf %a, %b : f32
      linalg.yield %s : f32
    } -> tensor<?x?xf32>
    condcomp.yield %z : tensor<?x?xf32>
  } -> tensor<?x?xf32>, tensor<?xi32>
  return %y, %at : tensor<?x?xf32>, tensor<?xi32>
}

// Behind reshapes: a dim by itself keeps its size, a collapsed one is a product.
// CHECK-LABEL: func.func @reshaped(
// CHECK: condcomp.check %{{.*}}, "linalg.matvec: argument 1 has size {0} in dim 0, expected {1}, the size of argument 0 in dim 2"
// CHECK: %[[PRODUCT:.*]] = arith.muli
// CHECK: condcomp.check %{{.*}}, "linalg.matvec: argument 2 has size {0} in dim 0, expected {1}"(%{{.*}}, %[[PRODUCT]])
// CHECK-NOT: condcomp.check
func.func @reshaped(%x: tensor<?x?x?xf32>, %v: tensor<?xf32>, %o: tensor<?xf32>) -> tensor<?xf32> {
  %rows = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x?xf32> into tensor<?x?xf32>
  %y = linalg.matvec ins(%rows, %v : tensor<?x?xf32>, tensor<?xf32>) outs(%o : tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// Casts, concatenations, and parts that do not make the whole.
// CHECK-LABEL: func.func @shapes(
// CHECK: condcomp.check %{{.*}}, "tensor.cast: argument 0 has size {0} in dim 1, expected {1}"
// CHECK: condcomp.check %{{.*}}, "tensor.concat: argument 1 has size {0} in dim 0, expected {1}, the size of argument 0 in dim 0"
// CHECK: condcomp.check %{{.*}}, "tensor.expand_shape: argument 1 has size {0} in dim 0, expected {1}"
// CHECK-NOT: condcomp.check
func.func @shapes(%x: tensor<?x?xf32>, %y: tensor<?x4xf32>, %n: index) -> (tensor<?x8xf32>, tensor<?x2x4xf32>) {
  %c = tensor.cast %x : tensor<?x?xf32> to tensor<?x4xf32>
  %both = tensor.concat dim(1) %c, %y : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  %e = tensor.expand_shape %y [[0, 1], [2]] output_shape [%n, 2, 4] : tensor<?x4xf32> into tensor<?x2x4xf32>
  return %both, %e : tensor<?x8xf32>, tensor<?x2x4xf32>
}

// Taken apart as it was put together: nothing to check.
// CHECK-LABEL: func.func @and_back(
// CHECK-NOT: condcomp.check
// CHECK: return
func.func @and_back(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?x4xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?x4xf32>
  %rows = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x4xf32> into tensor<?x4xf32>
  %e = tensor.expand_shape %rows [[0, 1], [2]] output_shape [%m, %n, 4] : tensor<?x4xf32> into tensor<?x?x4xf32>
  return %e : tensor<?x?x4xf32>
}
