// RUN: cc-opt %s --condcomp-erase-traces | FileCheck %s

// CHECK-LABEL: func @body
// CHECK-NOT: condcomp.trace
// CHECK: condcomp.yield
// CHECK: return
func.func @body(%s: tensor<?x4xf32>, %x: tensor<?x8xf32>, %o: tensor<?x8xf32>)
    -> tensor<?x8xf32> {
  %r = condcomp.top_k %s, 2 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 2>
  condcomp.trace %r "outer" : !condcomp.routing<?x4, f32, exactly 2>
  %y = condcomp.apply %r : !condcomp.routing<?x4, f32, exactly 2>
      rows(%x : tensor<?x8xf32>) outs(%o : tensor<?x8xf32>) with_ids {
  ^bb0(%h: tensor<?x8xf32>, %ids: tensor<?xindex>):
    %i = condcomp.top_k %h, 1 : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, exactly 1>
    condcomp.trace %i "inner" ids(%ids : tensor<?xindex>)
      : !condcomp.routing<?x8, f32, exactly 1>
    condcomp.yield %h : tensor<?x8xf32>
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
