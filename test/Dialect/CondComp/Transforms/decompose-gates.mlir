// RUN: cc-opt %s --condcomp-decompose-gates | FileCheck %s

// condcomp's own gates are what others decompose to: they stay, in bodies too.
// Gates that do decompose: examples/out_of_tree_gate, test/Examples/out_of_tree_test.py.

// CHECK-LABEL: func.func @own
// CHECK:         condcomp.top_k %{{.*}}, 2
// CHECK:         condcomp.apply
// CHECK:           condcomp.threshold
func.func @own(%x: tensor<?x4xf32>, %scores: tensor<?x3xf32>, %tau: f32) -> tensor<?x4xf32> {
  %r = condcomp.top_k %scores, 2 : tensor<?x3xf32> -> !condcomp.routing<?x3, f32, exactly 2>
  %y = condcomp.apply %r : !condcomp.routing<?x3, f32, exactly 2> rows(%x : tensor<?x4xf32>)
      outs(%x : tensor<?x4xf32>) combine(sum) {
  ^bb0(%xe: tensor<?x4xf32>):
    %inner = condcomp.threshold %xe, %tau : tensor<?x4xf32>, f32 -> !condcomp.routing<?x4, f32>
    %d = condcomp.to_dense %inner : !condcomp.routing<?x4, f32> -> tensor<?x4xf32>
    condcomp.yield %d : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
