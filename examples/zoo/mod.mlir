// Mixture-of-Depths (Raposo et al. 2024, arXiv 2404.02258), equation 1: of every
// sequence a block takes the tokens with the largest router weights r = x w; the
// others pass by:
//   x'_t = r_t f(x~)_t + x_t  if t is chosen,  x_t  if not,
// f being the block's attention and feed-forward, among chosen tokens only, causal.
// Chosen work: 1 in 8 tokens of a sequence.
//
// x [sequences, tokens, d], router [d, 1], qkvo [4, d, d], up [d, hidden],
// down [hidden, d], heads, k. Result: [sequences, tokens, d].
#token = affine_map<(n, t, c) -> (n, t)>
#each = affine_map<(n, t, c) -> (n, t, c)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32, exactly ?>

func.func private @linear_3d(!stack, !matrix) -> !stack
func.func private @zeros_like_3d(!stack) -> !stack
func.func private @block(!stack, !stack, !matrix, !matrix, index, i1) -> !stack

func.func @mod(%x: !stack, %router: !matrix, %qkvo: !stack, %up: !matrix, %down: !matrix,
               %heads: index, %k: index) -> !stack {
  // Rows are sequences, modules their token positions.
  %r3 = func.call @linear_3d(%x, %router) : (!stack, !matrix) -> !stack
  %r = tensor.collapse_shape %r3 [[0], [1, 2]] : !stack into !matrix
  %chosen = condcomp.top_k %r, %k : !matrix -> !routing
  %tokens = condcomp.select %chosen from pairs(%x : !stack) : !routing -> !stack

  %causal = arith.constant true
  %y = func.call @block(%tokens, %qkvo, %up, %down, %heads, %causal)
      : (!stack, !stack, !matrix, !matrix, index, i1) -> !stack
  // The block adds its input: f(x) = y - x.
  %weights = condcomp.weights %chosen : !routing -> !matrix
  %e = func.call @zeros_like_3d(%tokens) : (!stack) -> !stack
  %update = linalg.generic {indexing_maps = [#each, #each, #token, #each],
                            iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%y, %tokens, %weights : !stack, !stack, !matrix) outs(%e : !stack) {
  ^bb0(%yi: f32, %xi: f32, %w: f32, %o: f32):
    %f = arith.subf %yi, %xi : f32
    %u = arith.mulf %w, %f : f32
    linalg.yield %u : f32
  } -> !stack
  %result = condcomp.restore sum %chosen entries(%update : !stack) outs(%x : !stack)
      : !routing
  return %result : !stack
}
