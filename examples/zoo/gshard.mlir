// GShard (Lepikhin et al. 2020, arXiv 2006.16668), algorithm 1: groups of tokens
// share experts; a token goes to the 2 best of the router's softmax, weighed by these
// two probabilities divided by their sum. In every group an expert has `capacity`
// places: first choices take them in token order, second choices after all first ones.
// Chosen work: 2 experts per token less what is over capacity.
// Left out: second experts are dispatched always, not at random.
//
// x [groups, tokens, d], router [d, experts], up [experts, d, hidden],
// down [experts, hidden, d], the capacity. Result: [groups, tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!top2 = !condcomp.routing<?x?x?, f32, exactly 2>
!kept = !condcomp.routing<?x?x?, f32, at_most 2>

func.func private @linear_3d(!stack, !matrix) -> !stack
func.func private @zeros_like_3d(!stack) -> !stack
func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix

func.func @gshard(%x: !stack, %router: !matrix, %up: !stack, %down: !stack,
                  %capacity: index) -> !stack {
  %logits = func.call @linear_3d(%x, %router) : (!stack, !matrix) -> !stack
  %e = func.call @zeros_like_3d(%logits) : (!stack) -> !stack
  %p = linalg.softmax dimension(2) ins(%logits : !stack) outs(%e : !stack) -> !stack

  %two = condcomp.top_k %p, 2 : !stack -> !top2
  %weighed = condcomp.normalize sum %two : !top2
  %kept = condcomp.capacity %weighed, %capacity order(rank) : !top2 -> !kept

  %zeros = func.call @zeros_like_3d(%x) : (!stack) -> !stack
  %y = condcomp.apply %kept : !kept rows(%x : !stack)
      params(%up, %down : !stack, !stack) outs(%zeros : !stack) combine(sum) {
  ^bb0(%rows: !matrix, %u: !matrix, %d: !matrix):
    %out = func.call @ffn(%rows, %u, %d) : (!matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !stack
  return %y : !stack
}
