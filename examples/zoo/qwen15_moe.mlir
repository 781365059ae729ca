// Qwen1.5-MoE-A2.7B and Qwen2-57B-A14B (Qwen team 2024, arXiv 2407.10671), section
// 2.2.2, as in the released code:
//   y = sum over the top 4 of p_i SwiGLU_i(x) + sigmoid(x g) SwiGLU_shared(x),
// p = softmax(x router), not renormalized: a shared expert for all tokens, gated.
// Chosen work: 4 of 60 experts per token.
//
// x [tokens, d], router [d, experts], gate and up [experts, d, hidden],
// down [experts, hidden, d], shared_* the shared expert's, shared_weight g [d, 1].
// Result: [tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32, exactly 4>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @softmax(!matrix) -> !matrix
func.func private @sigmoid(!matrix) -> !matrix
func.func private @empty_like(!matrix) -> !matrix
func.func private @swiglu(!matrix, !matrix, !matrix, !matrix) -> !matrix

func.func @qwen15_moe(%x: !matrix, %router: !matrix, %gate: !stack, %up: !stack,
                      %down: !stack, %shared_gate: !matrix, %shared_up: !matrix,
                      %shared_down: !matrix, %shared_weight: !matrix) -> !matrix {
  %logits = func.call @linear(%x, %router) : (!matrix, !matrix) -> !matrix
  %p = func.call @softmax(%logits) : (!matrix) -> !matrix
  %chosen = condcomp.top_k %logits, 4 : !matrix -> !routing
  %weighed = condcomp.reweight %chosen dense(%p : !matrix) : !routing

  %shared = func.call @swiglu(%x, %shared_gate, %shared_up, %shared_down)
      : (!matrix, !matrix, !matrix, !matrix) -> !matrix
  %g = func.call @linear(%x, %shared_weight) : (!matrix, !matrix) -> !matrix
  %s = func.call @sigmoid(%g) : (!matrix) -> !matrix
  %e = func.call @empty_like(%x) : (!matrix) -> !matrix
  %gated = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, 0)>,
                       affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%shared, %s : !matrix, !matrix) outs(%e : !matrix) {
  ^bb0(%value: f32, %weight: f32, %o: f32):
    %product = arith.mulf %value, %weight : f32
    linalg.yield %product : f32
  } -> !matrix
  %y = condcomp.apply %weighed : !routing rows(%x : !matrix)
      params(%gate, %up, %down : !stack, !stack, !stack) outs(%gated : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %a: !matrix, %u: !matrix, %d: !matrix):
    %out = func.call @swiglu(%rows, %a, %u, %d)
        : (!matrix, !matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}
