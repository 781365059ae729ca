// Granite 3.0 mixtures of experts, after PowerMoE (Shen et al. 2024,
// arXiv 2408.13359), as in the released code:
//   y = x + 0.22 * sum over the top 8 of softmax(the top 8 of x router)_i SwiGLU_i(x),
// gate and up in one matrix [gate, up], whose product is cut in two.
// Chosen work: 8 of 40 experts per token.
// Left out: the norm in front.
//
// x [tokens, d], router [d, experts], gate_up [experts, d, 2 hidden],
// down [experts, hidden, d]. Result: [tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32, exactly 8>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @silu(!matrix) -> !matrix
func.func private @mul(!matrix, !matrix) -> !matrix
func.func private @empty_like(!matrix) -> !matrix

func.func @granite(%x: !matrix, %router: !matrix, %gate_up: !stack, %down: !stack)
    -> !matrix {
  %c0 = arith.constant 0 : index
  %multiplier = arith.constant 0.22 : f32
  %logits = func.call @linear(%x, %router) : (!matrix, !matrix) -> !matrix
  %chosen = condcomp.top_k %logits, 8 : !matrix -> !routing
  %soft = condcomp.normalize softmax %chosen : !routing
  %weighed = condcomp.scale %soft, %multiplier : !routing

  %y = condcomp.apply %weighed : !routing rows(%x : !matrix)
      params(%gate_up, %down : !stack, !stack) outs(%x : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %gu: !matrix, %d: !matrix):
    %both = func.call @linear(%rows, %gu) : (!matrix, !matrix) -> !matrix
    %n = tensor.dim %both, %c0 : !matrix
    %hidden = tensor.dim %d, %c0 : !matrix
    %g = tensor.extract_slice %both[0, 0] [%n, %hidden] [1, 1] : !matrix to !matrix
    %u = tensor.extract_slice %both[0, %hidden] [%n, %hidden] [1, 1] : !matrix to !matrix
    %a = func.call @silu(%g) : (!matrix) -> !matrix
    %h = func.call @mul(%a, %u) : (!matrix, !matrix) -> !matrix
    %out = func.call @linear(%h, %d) : (!matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}
