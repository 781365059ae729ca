// Switch Transformers (Fedus et al. 2021, arXiv 2101.03961), equations 1 to 3:
//   y = x + p_i(x) E_i(x), i the best expert of the router's softmax p,
// and an expert takes tokens in their order up to its capacity,
//   capacity factor * tokens / experts (rounded down),
// tokens beyond it are dropped: they pass through the residual alone.
// Chosen work: 1 expert per token less what is dropped.
//
// x [tokens, d], router [d, experts], up [experts, d, hidden],
// down [experts, hidden, d], the capacity. Result: [tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @softmax(!matrix) -> !matrix
func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix

func.func @switch(%x: !matrix, %router: !matrix, %up: !stack, %down: !stack,
                  %capacity: index) -> !matrix {
  %logits = func.call @linear(%x, %router) : (!matrix, !matrix) -> !matrix
  %p = func.call @softmax(%logits) : (!matrix) -> !matrix
  %best = condcomp.top_k %p, 1 : !matrix -> !condcomp.routing<?x?, f32, exactly 1>
  %kept = condcomp.capacity %best, %capacity order(arrival)
      : !condcomp.routing<?x?, f32, exactly 1> -> !condcomp.routing<?x?, f32, at_most 1>

  %y = condcomp.apply %kept : !condcomp.routing<?x?, f32, at_most 1> rows(%x : !matrix)
      params(%up, %down : !stack, !stack) outs(%x : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %u: !matrix, %d: !matrix):
    %out = func.call @ffn(%rows, %u, %d) : (!matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}
