// RUN: cc-opt %s --condcomp-split-prepack | FileCheck %s

// What constants determine moves out; what also needs other arguments stays, and so
// does what needs no argument at all. The bias is handed on.
// CHECK: func.func @f$prepack(%[[W:.*]]: tensor<8x4xf32>, %[[B:.*]]: tensor<4xf32>) -> (tensor<4xf32>, tensor<4x8xf32>) {
// CHECK: %[[E:.*]] = tensor.empty() : tensor<4x8xf32>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[W]] {{.*}} outs(%[[E]]
// CHECK: return %[[B]], %[[T]]

// CHECK: func.func @f(%[[X:.*]]: tensor<?x4xf32>, %[[PB:.*]]: tensor<4xf32>, %[[PT:.*]]: tensor<4x8xf32>) -> tensor<?x8xf32> {
// CHECK-NOT: linalg.transpose
// CHECK: tensor.dim %[[X]]
// CHECK: linalg.broadcast ins(%[[PB]]
// CHECK: linalg.matmul ins(%{{.*}}, %[[PT]]
func.func @f(%w: tensor<8x4xf32> {condcomp.constant}, %x: tensor<?x4xf32>,
             %b: tensor<4xf32> {condcomp.constant}) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %et = tensor.empty() : tensor<4x8xf32>
  %t = linalg.transpose ins(%w : tensor<8x4xf32>) outs(%et : tensor<4x8xf32>) permutation = [1, 0]
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %ex = tensor.empty(%n) : tensor<?x4xf32>
  %bias = linalg.broadcast ins(%b : tensor<4xf32>) outs(%ex : tensor<?x4xf32>) dimensions = [0]
  %e = tensor.empty(%n) : tensor<?x8xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.matmul ins(%bias, %t : tensor<?x4xf32>, tensor<4x8xf32>)
    outs(%z : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// A size of a constant is one, too; checks stay where the call is.
// CHECK: func.func @size$prepack(%{{.*}}: tensor<?xf32>) -> index
// CHECK: tensor.dim
// CHECK: func.func @size(%[[K:.*]]: index, %[[N:.*]]: index) {
// CHECK: %[[OK:.*]] = arith.cmpi ult, %[[K]], %[[N]]
// CHECK: condcomp.check %[[OK]]
func.func @size(%k: index, %w: tensor<?xf32> {condcomp.constant}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %w, %c0 : tensor<?xf32>
  %ok = arith.cmpi ult, %k, %n : index
  condcomp.check %ok, "{0} is not below {1}"(%k, %n) : index, index
  return
}

// Nothing is constant.
// CHECK-NOT: @plain$prepack
// CHECK: func.func @plain
func.func @plain(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
