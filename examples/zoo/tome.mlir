// ToMe (Bolya et al. 2022, arXiv 2210.09461), section 3 and appendix D: between attention
// and feed-forward a block merges the r most similar pairs of tokens. Tokens alternate
// between sets a and b; similarity is the cosine of the attention's keys, averaged over
// the heads; the r tokens of a with the most similar partner in b join it:
//   x = sum of size x over merged tokens / sum of size,  size = sum of size.
// Attention counts a token as often as it has size: softmax(q k / sqrt(c) + log size) v.
// The class token, the first one of a, is never merged.
// Chosen work: tokens - r tokens in the feed-forward, and in the blocks that follow.
//
// x [images, tokens, d], size [images, tokens], qkvo [4, d, d], up [d, hidden],
// down [hidden, d], heads, r. Results: [images, tokens - r, d], its sizes
// [images, tokens - r]; what is left of a first, then b.
#each = affine_map<(n, t, c) -> (n, t, c)>
#token = affine_map<(n, t, c) -> (n, t)>
#head = affine_map<(n, t, c, h) -> (n, t, h, c)>
#no_head = affine_map<(n, t, c, h) -> (n, t, c)>
#a_side = affine_map<(n, a, b, c) -> (n, a, c)>
#b_side = affine_map<(n, a, b, c) -> (n, b, c)>
#a_b = affine_map<(n, a, b, c) -> (n, a, b)>
#pair = affine_map<(n, a, b) -> (n, a, b)>
#qt = affine_map<(n, h, t, s, c) -> (n, t, h, c)>
#ks = affine_map<(n, h, t, s, c) -> (n, s, h, c)>
#ts = affine_map<(n, h, t, s, c) -> (n, h, t, s)>
#scores = affine_map<(n, h, t, s) -> (n, h, t, s)>
#sized = affine_map<(n, h, t, s) -> (n, s)>
#shares = affine_map<(n, t, h, c, s) -> (n, h, t, s)>
#vs = affine_map<(n, t, h, c, s) -> (n, s, h, c)>
#read = affine_map<(n, t, h, c, s) -> (n, t, h, c)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!heads = tensor<?x?x?x?xf32>
!merge = !condcomp.routing<?x?x?, f32, exactly 1>

func.func private @linear_3d(!stack, !matrix) -> !stack
func.func private @rms_norm_3d(!stack) -> !stack
func.func private @zeros_like_3d(!stack) -> !stack
func.func private @add_3d(!stack, !stack) -> !stack
func.func private @fold(!stack) -> !matrix
func.func private @unfold(!matrix, index, index) -> !stack
func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix

// softmax(q k^T / sqrt(c) + log size) v, per head.
func.func private @proportional_attention(%q: !heads, %k: !heads, %v: !heads,
                                          %size: !matrix) -> !heads {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %q, %c0 : !heads
  %t = tensor.dim %q, %c1 : !heads
  %h = tensor.dim %q, %c2 : !heads
  %c = tensor.dim %q, %c3 : !heads
  %ci = arith.index_cast %c : index to i64
  %cf = arith.sitofp %ci : i64 to f32
  %scale = math.rsqrt %cf : f32
  %e = tensor.empty(%n, %h, %t, %t) : !heads
  %z = linalg.fill ins(%f0 : f32) outs(%e : !heads) -> !heads
  %dots = linalg.generic {indexing_maps = [#qt, #ks, #ts],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : !heads, !heads) outs(%z : !heads) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %ab = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %ab : f32
    linalg.yield %s : f32
  } -> !heads
  %scores = linalg.generic {indexing_maps = [#scores, #sized, #scores],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%dots, %size : !heads, !matrix) outs(%e : !heads) {
  ^bb0(%dot: f32, %s: f32, %o: f32):
    %scaled = arith.mulf %dot, %scale : f32
    %log = math.log %s : f32
    %score = arith.addf %scaled, %log : f32
    linalg.yield %score : f32
  } -> !heads
  %shares = linalg.softmax dimension(3) ins(%scores : !heads) outs(%e : !heads) -> !heads
  %re = tensor.empty(%n, %t, %h, %c) : !heads
  %rz = linalg.fill ins(%f0 : f32) outs(%re : !heads) -> !heads
  %read = linalg.generic {indexing_maps = [#shares, #vs, #read],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%shares, %v : !heads, !heads) outs(%rz : !heads) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %ab = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %ab : f32
    linalg.yield %s : f32
  } -> !heads
  return %read : !heads
}

// The cosine of every token of a, the even ones, with every one of b, and -infinity
// for the class token.
func.func private @similarity(%k: !heads) -> !stack {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %f0 = arith.constant 0.0 : f32
  %minus_infinity = arith.constant 0xFF800000 : f32
  %n = tensor.dim %k, %c0 : !heads
  %t = tensor.dim %k, %c1 : !heads
  %h = tensor.dim %k, %c2 : !heads
  %c = tensor.dim %k, %c3 : !heads
  // The cosine is the same for the sum over the heads.
  %me = tensor.empty(%n, %t, %c) : !stack
  %mz = linalg.fill ins(%f0 : f32) outs(%me : !stack) -> !stack
  %metric = linalg.generic {indexing_maps = [#head, #no_head],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%k : !heads) outs(%mz : !stack) {
  ^bb0(%x: f32, %sum: f32):
    %s = arith.addf %sum, %x : f32
    linalg.yield %s : f32
  } -> !stack
  %le = tensor.empty(%n, %t) : !matrix
  %lz = linalg.fill ins(%f0 : f32) outs(%le : !matrix) -> !matrix
  %squares = linalg.reduce ins(%metric : !stack) outs(%lz : !matrix) dimensions = [2]
      (%x: f32, %sum: f32) {
    %xx = arith.mulf %x, %x : f32
    %s = arith.addf %sum, %xx : f32
    linalg.yield %s : f32
  }
  %unit = linalg.generic {indexing_maps = [#each, #token, #each],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%metric, %squares : !stack, !matrix) outs(%me : !stack) {
  ^bb0(%x: f32, %s: f32, %o: f32):
    %root = math.sqrt %s : f32
    %u = arith.divf %x, %root : f32
    linalg.yield %u : f32
  } -> !stack
  %ups = arith.addi %t, %c1 : index
  %na = arith.divui %ups, %c2 : index
  %nb = arith.divui %t, %c2 : index
  %a = tensor.extract_slice %unit[0, 0, 0] [%n, %na, %c] [1, 2, 1] : !stack to !stack
  %b = tensor.extract_slice %unit[0, 1, 0] [%n, %nb, %c] [1, 2, 1] : !stack to !stack
  %de = tensor.empty(%n, %na, %nb) : !stack
  %dz = linalg.fill ins(%f0 : f32) outs(%de : !stack) -> !stack
  %dots = linalg.generic {indexing_maps = [#a_side, #b_side, #a_b],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%a, %b : !stack, !stack) outs(%dz : !stack) {
  ^bb0(%x: f32, %y: f32, %sum: f32):
    %xy = arith.mulf %x, %y : f32
    %s = arith.addf %sum, %xy : f32
    linalg.yield %s : f32
  } -> !stack
  %scores = linalg.generic {indexing_maps = [#pair, #pair],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%dots : !stack) outs(%de : !stack) {
  ^bb0(%dot: f32, %o: f32):
    %token = linalg.index 1 : index
    %is_class = arith.cmpi eq, %token, %c0 : index
    %s = arith.select %is_class, %minus_infinity, %dot : f32
    linalg.yield %s : f32
  } -> !stack
  return %scores : !stack
}

// The tokens of a, then those of b: the order of match_tokens.
func.func private @a_then_b(%x: !stack) -> !stack {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %x, %c0 : !stack
  %t = tensor.dim %x, %c1 : !stack
  %d = tensor.dim %x, %c2 : !stack
  %ups = arith.addi %t, %c1 : index
  %na = arith.divui %ups, %c2 : index
  %nb = arith.divui %t, %c2 : index
  %a = tensor.extract_slice %x[0, 0, 0] [%n, %na, %d] [1, 2, 1] : !stack to !stack
  %b = tensor.extract_slice %x[0, 1, 0] [%n, %nb, %d] [1, 2, 1] : !stack to !stack
  %y = tensor.concat dim(1) %a, %b : (!stack, !stack) -> !stack
  return %y : !stack
}

func.func @tome(%x: !stack, %size: !matrix, %qkvo: !stack, %up: !matrix, %down: !matrix,
                %heads: index, %r: index) -> (!stack, !matrix) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : !stack
  %t = tensor.dim %x, %c1 : !stack
  %d = tensor.dim %x, %c2 : !stack
  %c = arith.divui %d, %heads : index
  %wq = tensor.extract_slice %qkvo[0, 0, 0] [1, %d, %d] [1, 1, 1] : !stack to !matrix
  %wk = tensor.extract_slice %qkvo[1, 0, 0] [1, %d, %d] [1, 1, 1] : !stack to !matrix
  %wv = tensor.extract_slice %qkvo[2, 0, 0] [1, %d, %d] [1, 1, 1] : !stack to !matrix
  %wo = tensor.extract_slice %qkvo[3, 0, 0] [1, %d, %d] [1, 1, 1] : !stack to !matrix
  %normed = func.call @rms_norm_3d(%x) : (!stack) -> !stack
  %q3 = func.call @linear_3d(%normed, %wq) : (!stack, !matrix) -> !stack
  %k3 = func.call @linear_3d(%normed, %wk) : (!stack, !matrix) -> !stack
  %v3 = func.call @linear_3d(%normed, %wv) : (!stack, !matrix) -> !stack
  %q = tensor.expand_shape %q3 [[0], [1], [2, 3]] output_shape [%n, %t, %heads, %c]
      : !stack into !heads
  %k = tensor.expand_shape %k3 [[0], [1], [2, 3]] output_shape [%n, %t, %heads, %c]
      : !stack into !heads
  %v = tensor.expand_shape %v3 [[0], [1], [2, 3]] output_shape [%n, %t, %heads, %c]
      : !stack into !heads
  %read4 = func.call @proportional_attention(%q, %k, %v, %size)
      : (!heads, !heads, !heads, !matrix) -> !heads
  %read = tensor.collapse_shape %read4 [[0], [1], [2, 3]] : !heads into !stack
  %out = func.call @linear_3d(%read, %wo) : (!stack, !matrix) -> !stack
  %h = func.call @add_3d(%x, %out) : (!stack, !stack) -> !stack

  // Merge: sums of sized tokens and of sizes.
  %scores = func.call @similarity(%k) : (!heads) -> !stack
  %merge = condcomp.match_tokens %scores, %r : !stack -> !merge
  %left = arith.subi %t, %r : index
  %size3 = tensor.expand_shape %size [[0], [1, 2]] output_shape [%n, %t, 1]
      : !matrix into tensor<?x?x1xf32>
  %sizes_in = tensor.cast %size3 : tensor<?x?x1xf32> to !stack
  %sizes = func.call @a_then_b(%sizes_in) : (!stack) -> !stack
  %tokens = func.call @a_then_b(%h) : (!stack) -> !stack
  %se = func.call @zeros_like_3d(%tokens) : (!stack) -> !stack
  %flat_sizes = tensor.collapse_shape %sizes [[0], [1, 2]] : !stack into !matrix
  %sized = linalg.generic {indexing_maps = [#each, #token, #each],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%tokens, %flat_sizes : !stack, !matrix) outs(%se : !stack) {
  ^bb0(%xi: f32, %s: f32, %o: f32):
    %y = arith.mulf %xi, %s : f32
    linalg.yield %y : f32
  } -> !stack
  %pe = tensor.empty(%n, %left, %d) : !stack
  %pz = linalg.fill ins(%f0 : f32) outs(%pe : !stack) -> !stack
  %sums = condcomp.pool sum %merge from rows(%sized : !stack) outs(%pz : !stack) : !merge
  %ze = tensor.empty(%n, %left) : !matrix
  %zz = linalg.fill ins(%f0 : f32) outs(%ze : !matrix) -> !matrix
  %new_size = condcomp.pool sum %merge from rows(%flat_sizes : !matrix)
      outs(%zz : !matrix) : !merge
  %merged = linalg.generic {indexing_maps = [#each, #token, #each],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%sums, %new_size : !stack, !matrix) outs(%pe : !stack) {
  ^bb0(%xi: f32, %s: f32, %o: f32):
    %y = arith.divf %xi, %s : f32
    linalg.yield %y : f32
  } -> !stack

  %normed_m = func.call @rms_norm_3d(%merged) : (!stack) -> !stack
  %rows = func.call @fold(%normed_m) : (!stack) -> !matrix
  %f = func.call @ffn(%rows, %up, %down) : (!matrix, !matrix, !matrix) -> !matrix
  %f3 = func.call @unfold(%f, %n, %left) : (!matrix, index, index) -> !stack
  %y = func.call @add_3d(%merged, %f3) : (!stack, !stack) -> !stack
  return %y, %new_size : !stack, !matrix
}
