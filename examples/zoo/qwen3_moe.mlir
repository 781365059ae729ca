// Qwen3-MoE (Qwen team 2025, arXiv 2505.09388), section 2, as in the released code:
//   y = sum over the top 8 of p_i / (their sum) * SwiGLU_i(x), p = softmax(x router).
// Chosen work: 8 of 128 experts per token.
//
// x [tokens, d], router [d, experts], gate and up [experts, d, hidden],
// down [experts, hidden, d]. Result: [tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32, exactly 8>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @softmax(!matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix
func.func private @swiglu(!matrix, !matrix, !matrix, !matrix) -> !matrix

func.func @qwen3_moe(%x: !matrix, %router: !matrix, %gate: !stack, %up: !stack,
                     %down: !stack) -> !matrix {
  %logits = func.call @linear(%x, %router) : (!matrix, !matrix) -> !matrix
  %p = func.call @softmax(%logits) : (!matrix) -> !matrix
  %chosen = condcomp.top_k %logits, 8 : !matrix -> !routing
  %by_p = condcomp.reweight %chosen dense(%p : !matrix) : !routing
  %weighed = condcomp.normalize sum %by_p : !routing

  %zeros = func.call @zeros_like(%x) : (!matrix) -> !matrix
  %y = condcomp.apply %weighed : !routing rows(%x : !matrix)
      params(%gate, %up, %down : !stack, !stack, !stack) outs(%zeros : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %g: !matrix, %u: !matrix, %d: !matrix):
    %out = func.call @swiglu(%rows, %g, %u, %d)
        : (!matrix, !matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}
