// Mixture of attention heads (Zhang et al. 2022, arXiv 2210.05144), equations 4 to 8:
// a token chooses 8 heads; each has a query and an output projection of its own, keys
// and values are shared by all:
//   y_t = sum over the top 8 of w_i * (softmax(x_t Wq_i K^T / sqrt(c)) V) Wo_i,
// w the chosen probabilities of the router's softmax, divided by their sum.
// Chosen work: 8 heads per token, in queries, attention and outputs.
//
// x [samples, tokens, d], router [d, heads], q [heads, d, c], k and v [d, c],
// o [heads, c, d], c = 128. Result: [samples, tokens, d].
#query = affine_map<(n, t, i, s, c) -> (n, t, i, c)>
#key = affine_map<(n, t, i, s, c) -> (n, s, c)>
#score = affine_map<(n, t, i, s, c) -> (n, t, i, s)>
#share = affine_map<(n, t, i, c, s) -> (n, t, i, s)>
#value = affine_map<(n, t, i, c, s) -> (n, s, c)>
#mixed = affine_map<(n, t, i, c, s) -> (n, t, i, c)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!scores = tensor<?x?x8x?xf32>
!queries = tensor<?x?x8x128xf32>
!query = tensor<?x128xf32>
!routing = !condcomp.routing<?x?x?, f32, exactly 8>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @linear_3d(!stack, !matrix) -> !stack
func.func private @zeros_like_3d(!stack) -> !stack

func.func @moa(%x: !stack, %router: !matrix, %q: !stack, %k: !matrix, %v: !matrix,
               %o: !stack) -> !stack {
  %logits = func.call @linear_3d(%x, %router) : (!stack, !matrix) -> !stack
  %e = func.call @zeros_like_3d(%logits) : (!stack) -> !stack
  %p = linalg.softmax dimension(2) ins(%logits : !stack) outs(%e : !stack) -> !stack
  %chosen = condcomp.top_k %p, 8 : !stack -> !routing
  %weighed = condcomp.normalize sum %chosen : !routing

  // A query per chosen head, and what it reads.
  %queries = condcomp.apply %weighed : !routing rows(%x : !stack) params(%q : !stack)
      combine(none) weights(none) {
  ^bb0(%rows: !matrix, %w: !matrix):
    %out = func.call @linear(%rows, %w) : (!matrix, !matrix) -> !matrix
    %c128 = tensor.cast %out : !matrix to !query
    condcomp.yield %c128 : !query
  } -> !queries
  %keys = func.call @linear_3d(%x, %k) : (!stack, !matrix) -> !stack
  %values = func.call @linear_3d(%x, %v) : (!stack, !matrix) -> !stack
  %read = func.call @attend(%queries, %keys, %values) : (!queries, !stack, !stack) -> !queries

  %zeros = func.call @zeros_like_3d(%x) : (!stack) -> !stack
  %y = condcomp.apply %weighed : !routing entries(%read : !queries) params(%o : !stack)
      outs(%zeros : !stack) combine(sum) {
  ^bb0(%entries: !query, %w: !matrix):
    %any = tensor.cast %entries : !query to !matrix
    %out = func.call @linear(%any, %w) : (!matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !stack
  return %y : !stack
}

// softmax(q k^T / sqrt(128)) v; sample n, tokens t (asks) and s (answers), choice i.
func.func private @attend(%q: !queries, %k: !stack, %v: !stack) -> !queries {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f0 = arith.constant 0.0 : f32
  %scale = arith.constant 0.08838834764831845 : f32
  %n = tensor.dim %k, %c0 : !stack
  %t = tensor.dim %k, %c1 : !stack
  %e = tensor.empty(%n, %t, %t) : !scores
  %z = linalg.fill ins(%f0 : f32) outs(%e : !scores) -> !scores
  %dots = linalg.generic {indexing_maps = [#query, #key, #score],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : !queries, !stack) outs(%z : !scores) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %ab = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %ab : f32
    linalg.yield %s : f32
  } -> !scores
  %scaled = linalg.map ins(%dots : !scores) outs(%e : !scores) (%a: f32, %old: f32) {
    %s = arith.mulf %a, %scale : f32
    linalg.yield %s : f32
  }
  %shares = linalg.softmax dimension(3) ins(%scaled : !scores) outs(%e : !scores) -> !scores
  %re = tensor.empty(%n, %t) : !queries
  %rz = linalg.fill ins(%f0 : f32) outs(%re : !queries) -> !queries
  %read = linalg.generic {indexing_maps = [#share, #value, #mixed],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%shares, %v : !scores, !stack) outs(%rz : !queries) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %ab = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %ab : f32
    linalg.yield %s : f32
  } -> !queries
  return %read : !queries
}
