// MixLoRA (Li et al. 2024, arXiv 2404.15159), equations 5 to 7: the experts are one
// frozen SwiGLU feed-forward, each with low-rank adapters of its own at all three
// matrices; a token goes to 2 of 8, weighed by the softmax of the chosen logits:
//   E_i(x) = (silu(x W1 + x A1_i B1_i) * (x W3 + x A3_i B3_i)) W2 + ... A2_i B2_i.
// x W1 and x W3 are computed once per token, before experts are chosen.
// Chosen work: the adapters and W2 of 2 experts per token.
//
// x [tokens, d], router [d, experts], w1 and w3 [d, hidden], w2 [hidden, d],
// a1 and a3 [experts, d, rank], b1 and b3 [experts, rank, hidden],
// a2 [experts, hidden, rank], b2 [experts, rank, d]; the adapters' scale is in B.
// Result: [tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32, exactly 2>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @add(!matrix, !matrix) -> !matrix
func.func private @silu(!matrix) -> !matrix
func.func private @mul(!matrix, !matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix

func.func @mixlora(%x: !matrix, %router: !matrix, %w1: !matrix, %w3: !matrix, %w2: !matrix,
    %a1: !stack, %b1: !stack, %a3: !stack, %b3: !stack, %a2: !stack, %b2: !stack) -> !matrix {
  %logits = func.call @linear(%x, %router) : (!matrix, !matrix) -> !matrix
  %chosen = condcomp.top_k %logits, 2 : !matrix -> !routing
  %weighed = condcomp.normalize softmax %chosen : !routing

  %xw1 = func.call @linear(%x, %w1) : (!matrix, !matrix) -> !matrix
  %xw3 = func.call @linear(%x, %w3) : (!matrix, !matrix) -> !matrix
  %zeros = func.call @zeros_like(%x) : (!matrix) -> !matrix
  %y = condcomp.apply %weighed : !routing rows(%x, %xw1, %xw3 : !matrix, !matrix, !matrix)
      params(%a1, %b1, %a3, %b3, %a2, %b2 : !stack, !stack, !stack, !stack, !stack, !stack)
      outs(%zeros : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %base1: !matrix, %base3: !matrix, %a1e: !matrix, %b1e: !matrix,
       %a3e: !matrix, %b3e: !matrix, %a2e: !matrix, %b2e: !matrix):
    %gate = func.call @adapt(%base1, %rows, %a1e, %b1e)
        : (!matrix, !matrix, !matrix, !matrix) -> !matrix
    %up = func.call @adapt(%base3, %rows, %a3e, %b3e)
        : (!matrix, !matrix, !matrix, !matrix) -> !matrix
    %silu = func.call @silu(%gate) : (!matrix) -> !matrix
    %h = func.call @mul(%silu, %up) : (!matrix, !matrix) -> !matrix
    %base2 = func.call @linear(%h, %w2) : (!matrix, !matrix) -> !matrix
    %out = func.call @adapt(%base2, %h, %a2e, %b2e)
        : (!matrix, !matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}

// base + x a b
func.func private @adapt(%base: !matrix, %x: !matrix, %a: !matrix, %b: !matrix) -> !matrix {
  %xa = func.call @linear(%x, %a) : (!matrix, !matrix) -> !matrix
  %xab = func.call @linear(%xa, %b) : (!matrix, !matrix) -> !matrix
  %y = func.call @add(%base, %xab) : (!matrix, !matrix) -> !matrix
  return %y : !matrix
}
