// Expert choice (Zhou et al. 2022, arXiv 2202.09368), section 3.2:
//   S = softmax(x router), every expert takes its c best tokens by S,
//   c = capacity factor * tokens / experts, y = sum over a token's experts of S_i E_i(x).
// Loads are equal by construction; a token may have many experts or none.
// Chosen work: c of all tokens per expert.
// Left out: the bound on a token's experts of section 3.3; GELU is ReLU here.
//
// x [tokens, d], router [d, experts], up [experts, d, hidden],
// down [experts, hidden, d], c. Result: [tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32, per_module exactly ?>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @softmax(!matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix
func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix

func.func @expert_choice(%x: !matrix, %router: !matrix, %up: !stack, %down: !stack,
                         %c: index) -> !matrix {
  %logits = func.call @linear(%x, %router) : (!matrix, !matrix) -> !matrix
  %s = func.call @softmax(%logits) : (!matrix) -> !matrix
  %chosen = condcomp.expert_choice %s, %c : !matrix -> !routing

  %zeros = func.call @zeros_like(%x) : (!matrix) -> !matrix
  %y = condcomp.apply %chosen : !routing rows(%x : !matrix)
      params(%up, %down : !stack, !stack) outs(%zeros : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %u: !matrix, %d: !matrix):
    %out = func.call @ffn(%rows, %u, %d) : (!matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}
