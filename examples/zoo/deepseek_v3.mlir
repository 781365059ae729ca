// DeepSeek-V3 (DeepSeek-AI 2024, arXiv 2412.19437), equations 12 to 16 and section
// 2.1.2, as in the released code: s = sigmoid(x router); experts are chosen by
// s + bias, 8 of those in the 4 best of 8 groups (a group's score: its two best),
// and weighed by s over its sum over the 8, times 2.5; a shared expert is added.
// Chosen work: 8 of 256 experts per token.
//
// x [tokens, d], router [d, experts], bias [experts], gate and up
// [experts, d, hidden], down [experts, hidden, d], shared_* the shared expert's, the
// score of experts in other groups: minus infinity; 0 in older code, which differs
// where a biased score is below it. Result: [tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32, exactly 8>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @sigmoid(!matrix) -> !matrix
func.func private @add_row(!matrix, tensor<?xf32>) -> !matrix
func.func private @swiglu(!matrix, !matrix, !matrix, !matrix) -> !matrix

func.func @deepseek_v3(%x: !matrix, %router: !matrix, %bias: tensor<?xf32>,
                       %gate: !stack, %up: !stack, %down: !stack,
                       %shared_gate: !matrix, %shared_up: !matrix,
                       %shared_down: !matrix, %other_groups: f32) -> !matrix {
  %factor = arith.constant 2.5 : f32
  %logits = func.call @linear(%x, %router) : (!matrix, !matrix) -> !matrix
  %s = func.call @sigmoid(%logits) : (!matrix) -> !matrix
  %biased = func.call @add_row(%s, %bias) : (!matrix, tensor<?xf32>) -> !matrix
  %limited = condcomp.limit_groups %biased groups(8) keep(4) sum_of(2)
      fill(%other_groups) : !matrix
  %chosen = condcomp.top_k %limited, 8 : !matrix -> !routing
  %by_s = condcomp.reweight %chosen dense(%s : !matrix) : !routing
  %normal = condcomp.normalize sum %by_s : !routing
  %weighed = condcomp.scale %normal, %factor : !routing

  %shared = func.call @swiglu(%x, %shared_gate, %shared_up, %shared_down)
      : (!matrix, !matrix, !matrix, !matrix) -> !matrix
  %y = condcomp.apply %weighed : !routing rows(%x : !matrix)
      params(%gate, %up, %down : !stack, !stack, !stack) outs(%shared : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %g: !matrix, %u: !matrix, %d: !matrix):
    %out = func.call @swiglu(%rows, %g, %u, %d)
        : (!matrix, !matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}
