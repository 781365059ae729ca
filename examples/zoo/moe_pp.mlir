// MoE++ (Jin et al. 2024, arXiv 2410.07348), equations 2 to 5: among the experts are
// some that cost nothing: a zero expert (discards the token), a copy expert (passes it
// on) and a constant one; a token takes the 2 best of all, weighed by the softmax:
//   zero(x) = 0,  copy(x) = x,  constant(x) = a x + b v,  [a, b] = softmax(x W).
// Chosen work: feed-forward experts, at most 2 per token.
// Left out: gates that add the layer before's scores.
//
// x [tokens, d], router [d, 3 + experts], the last ones feed-forwards, constant [d, 2],
// v [d], gate and up [experts, d, hidden], down [experts, hidden, d].
// Results: [tokens, d], how many tokens each expert got, [3 + experts].
#row = affine_map<(t, c) -> (t, c)>
#first = affine_map<(t, c) -> (t, 0)>
#second = affine_map<(t, c) -> (t, 1)>
#vector = affine_map<(t, c) -> (c)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!all = !condcomp.routing<?x?, f32, exactly 2>
!free = !condcomp.routing<?x3, f32, at_most 2>
!ffns = !condcomp.routing<?x?, f32, at_most 2>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @softmax(!matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix
func.func private @swiglu(!matrix, !matrix, !matrix, !matrix) -> !matrix

func.func @moe_pp(%x: !matrix, %router: !matrix, %constant: !matrix, %v: tensor<?xf32>,
    %gate: !stack, %up: !stack, %down: !stack) -> (!matrix, tensor<?xindex>) {
  %c0 = arith.constant 0 : index
  %experts = tensor.dim %gate, %c0 : !stack
  %logits = func.call @linear(%x, %router) : (!matrix, !matrix) -> !matrix
  %p = func.call @softmax(%logits) : (!matrix) -> !matrix
  %chosen = condcomp.top_k %logits, 2 : !matrix -> !all
  %weighed = condcomp.reweight %chosen dense(%p : !matrix) : !all
  %sizes = condcomp.module_sizes %weighed : !all -> tensor<?xindex>
  %free = condcomp.slice_modules %weighed [0, 3] : !all -> !free
  %ffns = condcomp.slice_modules %weighed [3, %experts] : !all -> !ffns

  %zeros = func.call @zeros_like(%x) : (!matrix) -> !matrix
  %cheap = condcomp.apply %free : !free rows(%x : !matrix) outs(%zeros : !matrix) combine(sum) {
  ^bb0(%rows: !matrix):
    %zero = func.call @zeros_like(%rows) : (!matrix) -> !matrix
    condcomp.yield %zero : !matrix
  }, {
  ^bb0(%rows: !matrix):
    condcomp.yield %rows : !matrix
  }, {
  ^bb0(%rows: !matrix):
    %ab_logits = func.call @linear(%rows, %constant) : (!matrix, !matrix) -> !matrix
    %ab = func.call @softmax(%ab_logits) : (!matrix) -> !matrix
    %e = func.call @zeros_like(%rows) : (!matrix) -> !matrix
    %mixed = linalg.generic {indexing_maps = [#row, #first, #second, #vector, #row],
                             iterator_types = ["parallel", "parallel"]}
        ins(%rows, %ab, %ab, %v : !matrix, !matrix, !matrix, tensor<?xf32>)
        outs(%e : !matrix) {
    ^bb1(%xi: f32, %a: f32, %b: f32, %vi: f32, %o: f32):
      %ax = arith.mulf %a, %xi : f32
      %bv = arith.mulf %b, %vi : f32
      %s = arith.addf %ax, %bv : f32
      linalg.yield %s : f32
    } -> !matrix
    condcomp.yield %mixed : !matrix
  } -> !matrix
  %y = condcomp.apply %ffns : !ffns rows(%x : !matrix)
      params(%gate, %up, %down : !stack, !stack, !stack) outs(%cheap : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %g: !matrix, %u: !matrix, %d: !matrix):
    %out = func.call @swiglu(%rows, %g, %u, %d)
        : (!matrix, !matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y, %sizes : !matrix, tensor<?xindex>
}
