// RUN: cc-opt %s -canonicalize | FileCheck %s

// Entries put back where they came from.
// CHECK-LABEL: func @restore_selected
// CHECK-SAME: %[[X:[^:]*]]: tensor<4x8x3xf32>
// CHECK-NEXT: return %[[X]]
func.func @restore_selected(%r: !condcomp.routing<4x8, f32, exactly 2>,
    %x: tensor<4x8x3xf32>) -> tensor<4x8x3xf32> {
  %e = condcomp.select %r from pairs(%x : tensor<4x8x3xf32>)
    : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4x2x3xf32>
  %0 = condcomp.restore replace %r entries(%e : tensor<4x2x3xf32>)
    outs(%x : tensor<4x8x3xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return %0 : tensor<4x8x3xf32>
}

// Into another tensor, or added, they change it.
// CHECK-LABEL: func @restore_elsewhere
// CHECK: condcomp.restore replace
// CHECK: condcomp.restore sum
func.func @restore_elsewhere(%r: !condcomp.routing<4x8, f32, exactly 2>,
    %x: tensor<4x8x3xf32>, %o: tensor<4x8x3xf32>)
    -> (tensor<4x8x3xf32>, tensor<4x8x3xf32>) {
  %e = condcomp.select %r from pairs(%x : tensor<4x8x3xf32>)
    : !condcomp.routing<4x8, f32, exactly 2> -> tensor<4x2x3xf32>
  %0 = condcomp.restore replace %r entries(%e : tensor<4x2x3xf32>)
    outs(%o : tensor<4x8x3xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  %1 = condcomp.restore sum %r entries(%e : tensor<4x2x3xf32>)
    outs(%x : tensor<4x8x3xf32>) : !condcomp.routing<4x8, f32, exactly 2>
  return %0, %1 : tensor<4x8x3xf32>, tensor<4x8x3xf32>
}
