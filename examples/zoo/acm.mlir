// Adaptive computation modules (Wojcik et al. 2023, arXiv 2312.10193), equation 1: a
// feed-forward is split into learners, each refining the sum of those before; a token
// runs the first k(x) of them, as many as a small gate network says:
//   y = sum over n < k(x) of h_n(x),  k(x) = argmax gate(x), from 0 to their number.
// Chosen work: k(x) learners of a token.
//
// x [tokens, d], gate [d, g], [g, learners + 1], up [learners, d, hidden],
// down [learners, hidden, d]. Result: [tokens, d].
#pair = affine_map<(token, learner) -> (token, learner)>
#token = affine_map<(token, learner) -> (token, 0)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!choice = !condcomp.routing<?x?, f32, exactly 1>
!prefix = !condcomp.routing<?x?, f32>

func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix

func.func @acm(%x: !matrix, %gate0: !matrix, %gate1: !matrix, %up: !stack, %down: !stack)
    -> !matrix {
  %c0 = arith.constant 0 : index
  %tokens = tensor.dim %x, %c0 : !matrix
  %learners = tensor.dim %up, %c0 : !stack

  // A choice of a width, as a mask of the learners below it.
  %scores = func.call @ffn(%x, %gate0, %gate1) : (!matrix, !matrix, !matrix) -> !matrix
  %choice = condcomp.top_k %scores, 1 : !matrix -> !choice
  %width = condcomp.indices %choice : !choice -> tensor<?x1xindex>
  %e = tensor.empty(%tokens, %learners) : tensor<?x?xi1>
  %below = linalg.generic {indexing_maps = [#token, #pair],
                           iterator_types = ["parallel", "parallel"]}
      ins(%width : tensor<?x1xindex>) outs(%e : tensor<?x?xi1>) {
  ^bb0(%k: index, %o: i1):
    %learner = linalg.index 1 : index
    %runs = arith.cmpi ult, %learner, %k : index
    linalg.yield %runs : i1
  } -> tensor<?x?xi1>
  %prefix = condcomp.from_mask %below : tensor<?x?xi1> -> !prefix

  %zeros = func.call @zeros_like(%x) : (!matrix) -> !matrix
  %y = condcomp.apply %prefix : !prefix rows(%x : !matrix) params(%up, %down : !stack, !stack)
      outs(%zeros : !matrix) combine(sum) weights(none) {
  ^bb0(%rows: !matrix, %u: !matrix, %d: !matrix):
    %out = func.call @ffn(%rows, %u, %d) : (!matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}
