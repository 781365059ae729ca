// RUN: cc-opt %s --inline | FileCheck %s

// Helper functions are inlined into bodies and stages, gates and all.

func.func private @gate(%x: tensor<?x4xf32>) -> !condcomp.routing<?x4, f32, exactly 1> {
  %r = condcomp.top_k %x, 1
      : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 1>
  return %r : !condcomp.routing<?x4, f32, exactly 1>
}

func.func private @twice(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = linalg.add ins(%x, %x : tensor<?x4xf32>, tensor<?x4xf32>)
      outs(%x : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @stages(
// CHECK-NOT:     call
// CHECK:         condcomp.cascade
// CHECK:           linalg.add
// CHECK:           condcomp.top_k
// CHECK:           condcomp.apply
// CHECK:             linalg.add
// CHECK-NOT:     call
func.func @stages(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?xi32>) {
  %y:2 = condcomp.cascade rows(%x : tensor<?x4xf32>) {
  ^bb0(%a: tensor<?x4xf32>):
    %b = func.call @twice(%a) : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %r = func.call @gate(%b)
        : (tensor<?x4xf32>) -> !condcomp.routing<?x4, f32, exactly 1>
    %c = condcomp.apply %r : !condcomp.routing<?x4, f32, exactly 1>
        rows(%b : tensor<?x4xf32>) outs(%a : tensor<?x4xf32>) {
    ^bb0(%m: tensor<?x4xf32>):
      %n = func.call @twice(%m) : (tensor<?x4xf32>) -> tensor<?x4xf32>
      condcomp.yield %n : tensor<?x4xf32>
    } -> tensor<?x4xf32>
    condcomp.yield %c : tensor<?x4xf32>
  } -> tensor<?x4xf32>, tensor<?xi32>
  return %y#0, %y#1 : tensor<?x4xf32>, tensor<?xi32>
}
