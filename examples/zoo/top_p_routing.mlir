// Top-p routing (Huang et al. 2024, arXiv 2403.07652), equations 3 to 5:
//   y = sum over S of p_i SwiGLU_i(x), p = softmax(x router), S the fewest best
// experts whose probabilities reach the threshold: harder tokens take more.
// Chosen work: the experts of S, of 16.
//
// x [tokens, d], router [d, experts], gate and up [experts, d, hidden],
// down [experts, hidden, d], the threshold. Result: [tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @softmax(!matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix
func.func private @swiglu(!matrix, !matrix, !matrix, !matrix) -> !matrix

func.func @top_p_routing(%x: !matrix, %router: !matrix, %gate: !stack, %up: !stack,
                         %down: !stack, %threshold: f32) -> !matrix {
  %logits = func.call @linear(%x, %router) : (!matrix, !matrix) -> !matrix
  %p = func.call @softmax(%logits) : (!matrix) -> !matrix
  %chosen = condcomp.top_p %p, %threshold : !matrix, f32 -> !routing

  %zeros = func.call @zeros_like(%x) : (!matrix) -> !matrix
  %y = condcomp.apply %chosen : !routing rows(%x : !matrix)
      params(%gate, %up, %down : !stack, !stack, !stack) outs(%zeros : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %g: !matrix, %u: !matrix, %d: !matrix):
    %out = func.call @swiglu(%rows, %g, %u, %d)
        : (!matrix, !matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}
