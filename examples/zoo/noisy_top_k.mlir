// Sparsely-gated mixture of experts (Shazeer et al. 2017, arXiv 1701.06538),
// equations 2 to 5:
//   H = x Wg + noise * softplus(x Wn),  G = softmax(the top 4 of H),
//   y = sum over these of G_i E_i(x).
// Chosen work: 4 of 256 experts per token.
// Left out: the hierarchical gate. Noise is standard normal, an argument.
//
// x [tokens, d], gate and noise_gate [d, experts], noise [tokens, experts],
// up [experts, d, hidden], down [experts, hidden, d]. Result: [tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32, exactly 4>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @empty_like(!matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix
func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix

func.func @noisy_top_k(%x: !matrix, %gate: !matrix, %noise_gate: !matrix,
                       %noise: !matrix, %up: !stack, %down: !stack) -> !matrix {
  %clean = func.call @linear(%x, %gate) : (!matrix, !matrix) -> !matrix
  %spread = func.call @linear(%x, %noise_gate) : (!matrix, !matrix) -> !matrix
  %e = func.call @empty_like(%clean) : (!matrix) -> !matrix
  %h = linalg.map ins(%clean, %spread, %noise : !matrix, !matrix, !matrix)
      outs(%e : !matrix) (%c: f32, %s: f32, %n: f32, %o: f32) {
    // softplus(s) = max(s, 0) + log(1 + exp(-|s|))
    %f0 = arith.constant 0.0 : f32
    %size = math.absf %s : f32
    %minus = arith.negf %size : f32
    %exp = math.exp %minus : f32
    %log = math.log1p %exp : f32
    %positive = arith.maximumf %s, %f0 : f32
    %softplus = arith.addf %positive, %log : f32
    %scaled = arith.mulf %n, %softplus : f32
    %noisy = arith.addf %c, %scaled : f32
    linalg.yield %noisy : f32
  }
  %chosen = condcomp.top_k %h, 4 : !matrix -> !routing
  %weighed = condcomp.normalize softmax %chosen : !routing

  %zeros = func.call @zeros_like(%x) : (!matrix) -> !matrix
  %y = condcomp.apply %weighed : !routing rows(%x : !matrix)
      params(%up, %down : !stack, !stack) outs(%zeros : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %u: !matrix, %d: !matrix):
    %out = func.call @ffn(%rows, %u, %d) : (!matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}
