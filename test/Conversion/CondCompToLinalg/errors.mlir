// RUN: cc-opt %s --condcomp-to-linalg --split-input-file --verify-diagnostics

func.func @no_form(%s: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error @below {{has no form yet; run condcomp-choose-form first}}
  %r = condcomp.top_k %s, 2 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 2>
  %d = condcomp.to_dense %r : !condcomp.routing<?x4, f32, exactly 2> -> tensor<?x4xf32>
  return %d : tensor<?x4xf32>
}

// -----

// expected-error @below {{has no form yet; run condcomp-choose-form first}}
func.func private @in_signature(!condcomp.routing<?x4, f32>)

// -----

func.func @cascade_without_form(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?xi32>) {
  // expected-error @below {{has no form yet; run condcomp-choose-form first}}
  %y, %at = condcomp.cascade rows(%x : tensor<?x4xf32>) {
  ^bb0(%h: tensor<?x4xf32>):
    condcomp.yield %h : tensor<?x4xf32>
  } -> tensor<?x4xf32>, tensor<?xi32>
  return %y, %at : tensor<?x4xf32>, tensor<?xi32>
}
