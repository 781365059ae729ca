// RUN: cc-opt %s --condcomp-protect-arguments | FileCheck %s

// CHECK-LABEL: func.func @f(
// CHECK-SAME: %{{.*}}: tensor<4xf32> {bufferization.writable = false}, %{{.*}}: f32, %{{.*}}: tensor<4xf32> {bufferization.writable = true})
func.func @f(%a: tensor<4xf32>, %s: f32, %donated: tensor<4xf32> {bufferization.writable = true}) {
  return
}

// CHECK-LABEL: func.func private @g(
// CHECK-SAME: %{{.*}}: tensor<4xf32>)
func.func private @g(%a: tensor<4xf32>) {
  return
}
