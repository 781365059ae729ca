// RUN: cc-opt %s -canonicalize -allow-unregistered-dialect \
// RUN:   -split-input-file | FileCheck %s

// What no body reads is not gathered, but for one operand that counts the rows.
// CHECK-LABEL: func @unused
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x8xf32>, %[[Y:[^:]*]]: tensor<?x4xf32>
// CHECK: condcomp.apply %{{.*}} : !condcomp.routing<?x2, f32, exactly 1>
// CHECK-SAME: rows(%[[X]] : tensor<?x8xf32>) params(%{{.*}} : tensor<2x3xf32>)
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x8xf32>, %[[P:.*]]: tensor<3xf32>):
func.func @unused(%r: !condcomp.routing<?x2, f32, exactly 1>,
    %x: tensor<?x8xf32>, %y: tensor<?x4xf32>, %z: tensor<?x3xf32>,
    %w: tensor<2x3xf32>, %v: tensor<2xf32>) -> tensor<?x3xf32> {
  %0 = condcomp.apply %r : !condcomp.routing<?x2, f32, exactly 1>
      rows(%x, %y : tensor<?x8xf32>, tensor<?x4xf32>)
      params(%w, %v : tensor<2x3xf32>, tensor<2xf32>)
      outs(%z : tensor<?x3xf32>) {
  ^bb0(%a: tensor<?x8xf32>, %b: tensor<?x4xf32>, %p: tensor<3xf32>,
       %q: tensor<f32>):
    %g = "test.make"(%p) : (tensor<3xf32>) -> tensor<?x3xf32>
    condcomp.yield %g : tensor<?x3xf32>
  } -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

// Both operands are read, by one body each.
// CHECK-LABEL: func @each_by_one_body
// CHECK: rows(%{{.*}}, %{{.*}} : tensor<?x3xf32>, tensor<?x3xf32>)
func.func @each_by_one_body(%r: !condcomp.routing<?x2, f32, exactly 1>,
    %x: tensor<?x3xf32>, %y: tensor<?x3xf32>, %o: tensor<?x3xf32>)
    -> tensor<?x3xf32> {
  %0 = condcomp.apply %r : !condcomp.routing<?x2, f32, exactly 1>
      rows(%x, %y : tensor<?x3xf32>, tensor<?x3xf32>)
      outs(%o : tensor<?x3xf32>) {
  ^bb0(%a: tensor<?x3xf32>, %b: tensor<?x3xf32>):
    condcomp.yield %a : tensor<?x3xf32>
  }, {
  ^bb0(%a: tensor<?x3xf32>, %b: tensor<?x3xf32>):
    condcomp.yield %b : tensor<?x3xf32>
  } -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

// The operand that weights multiply stays, read or not.
// CHECK-LABEL: func @weighted
// CHECK: rows(%{{.*}}, %{{.*}} : tensor<?x3xi32>, tensor<?x3xf32>)
func.func @weighted(%r: !condcomp.routing<?x2, f32, exactly 1>,
    %x: tensor<?x3xi32>, %y: tensor<?x3xf32>, %o: tensor<?x3xi32>)
    -> tensor<?x3xi32> {
  %0 = condcomp.apply %r : !condcomp.routing<?x2, f32, exactly 1>
      rows(%x, %y : tensor<?x3xi32>, tensor<?x3xf32>)
      outs(%o : tensor<?x3xi32>) weights(input) {
  ^bb0(%a: tensor<?x3xi32>, %b: tensor<?x3xf32>):
    condcomp.yield %a : tensor<?x3xi32>
  } -> tensor<?x3xi32>
  return %0 : tensor<?x3xi32>
}
