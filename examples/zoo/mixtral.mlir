// Mixtral of Experts (Jiang et al. 2024, arXiv 2401.04088), section 2.1:
//   y = sum_i softmax(top2(x router))_i * SwiGLU_i(x).
// Chosen work: 2 of 8 experts per token.
//
// x [tokens, d], router [d, experts], gate and up [experts, d, hidden],
// down [experts, hidden, d]. Result: [tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32, exactly 2>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix
func.func private @swiglu(!matrix, !matrix, !matrix, !matrix) -> !matrix

func.func @mixtral(%x: !matrix, %router: !matrix, %gate: !stack, %up: !stack,
                   %down: !stack) -> !matrix {
  %logits = func.call @linear(%x, %router) : (!matrix, !matrix) -> !matrix
  %chosen = condcomp.top_k %logits, 2 : !matrix -> !routing
  %weighed = condcomp.normalize softmax %chosen : !routing

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
