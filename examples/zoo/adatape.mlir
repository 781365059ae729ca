// AdaTape (Xue et al. 2023, arXiv 2301.13195), section 3 and the released code: an image
// appends as many tokens as it wants. Adaptive tape reading takes step after step
//   the k tokens of a learned bank that are most like the query q and not yet taken,
//   w = softmax of their q . b / sqrt(d), tape token = sum w b, the next query,
// until the largest w of all steps sum to the threshold, or for `limit` steps. Tokens and
// tape attend to each other; the tape has a feed-forward layer of its own.
// Chosen work: the steps, and the tape tokens, of each image.
// Left out: one encoder layer stands for all; norms have no gains.
//
// x [images, tokens, d], bank [m, d], k, limit, threshold, qkvo [4, d, d], up [d, hidden],
// down [hidden, d], tape_up and tape_down the same for the tape, heads. Results: tokens
// and tape [images, tokens + limit, d], and the step at which each image had enough (the
// limit if it had not).
#row = affine_map<(n, i) -> (n)>
#each = affine_map<(n, i) -> (n, i)>
#slot = affine_map<(n, t, c) -> (n, t, c)>
#token = affine_map<(n, t, c) -> (n, c)>
#all = affine_map<(n, c, t) -> (n, t, c)>
#sum = affine_map<(n, c, t) -> (n, c)>
!vector = tensor<?xf32>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!mask = tensor<?x?xi1>
!taken = !condcomp.routing<?x?, f32, exactly ?>
!present = !condcomp.routing<?x?, f32>
!image_of = !condcomp.routing<?x?, f32, exactly 1>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @rms_norm(!matrix) -> !matrix
func.func private @rms_norm_3d(!stack) -> !stack
func.func private @zeros_like(!matrix) -> !matrix
func.func private @add(!matrix, !matrix) -> !matrix
func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix
func.func private @attend(!stack, !stack, index, i1) -> !stack

func.func @adatape(%x: !stack, %bank: !matrix, %k: index, %limit: index, %threshold: f32,
    %qkvo: !stack, %up: !matrix, %down: !matrix, %tape_up: !matrix, %tape_down: !matrix,
    %heads: index) -> (!stack, tensor<?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %minus_infinity = arith.constant 0xFF800000 : f32
  %free = arith.constant false
  %images = tensor.dim %x, %c0 : !stack
  %tokens = tensor.dim %x, %c1 : !stack
  %d = tensor.dim %x, %c2 : !stack
  %m = tensor.dim %bank, %c0 : !matrix
  %di = arith.index_cast %d : index to i64
  %df = arith.sitofp %di : i64 to f32
  %scale = math.rsqrt %df : f32

  // The first query is the sum of the tokens; the norm makes the mean of it.
  %qe = tensor.empty(%images, %d) : !matrix
  %qz = linalg.fill ins(%f0 : f32) outs(%qe : !matrix) -> !matrix
  %total = linalg.generic {indexing_maps = [#all, #sum],
                           iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : !stack) outs(%qz : !matrix) {
  ^bb0(%v: f32, %s: f32):
    %r = arith.addf %s, %v : f32
    linalg.yield %r : f32
  } -> !matrix
  %q0 = func.call @rms_norm(%total) : (!matrix) -> !matrix
  %b = func.call @rms_norm(%bank) : (!matrix) -> !matrix
  %bte = tensor.empty(%d, %m) : !matrix
  %bt = linalg.transpose ins(%b : !matrix) outs(%bte : !matrix) permutation = [1, 0]

  %sum0 = tensor.splat %f0[%images] : !vector
  %used0 = tensor.splat %f0[%images, %m] : !matrix
  %tape0 = tensor.splat %f0[%images, %limit, %d] : !stack
  %tape, %left_at = condcomp.iterate steps(%limit)
      rows(%q0, %sum0, %used0, %tape0 : !matrix, !vector, !matrix, !stack)
      outs(%tape0 : !stack) with_step {
  ^bb0(%q: !matrix, %sum: !vector, %used: !matrix, %so_far: !stack, %step: index):
    %dots = func.call @linear(%q, %bt) : (!matrix, !matrix) -> !matrix
    %scores = func.call @add(%dots, %used) : (!matrix, !matrix) -> !matrix
    %best = condcomp.top_k %scores, %k : !matrix -> !taken
    %scaled = condcomp.scale %best, %scale : !taken
    %weighed = condcomp.normalize softmax %scaled : !taken
    %zeros = func.call @zeros_like(%q) : (!matrix) -> !matrix
    %token = condcomp.mix %weighed from modules(%b : !matrix) outs(%zeros : !matrix) : !taken

    %written = linalg.generic {indexing_maps = [#token, #slot],
                               iterator_types = ["parallel", "parallel", "parallel"]}
        ins(%token : !matrix) outs(%so_far : !stack) {
    ^bb1(%new: f32, %old: f32):
      %t = linalg.index 1 : index
      %now = arith.cmpi eq, %t, %step : index
      %v = arith.select %now, %new, %old : f32
      linalg.yield %v : f32
    } -> !stack
    %mask = condcomp.to_mask %weighed : !taken -> !mask
    %used1 = linalg.map ins(%mask, %used : !mask, !matrix) outs(%used : !matrix)
        (%is: i1, %before: f32, %o: f32) {
      %v = arith.select %is, %minus_infinity, %before : f32
      linalg.yield %v : f32
    }

    // What the largest of the weights adds to the sum.
    %w = condcomp.weights %weighed : !taken -> !matrix
    %n = tensor.dim %sum, %c0 : !vector
    %le = tensor.empty(%n) : !vector
    %lz = linalg.fill ins(%f0 : f32) outs(%le : !vector) -> !vector
    %largest = linalg.reduce ins(%w : !matrix) outs(%lz : !vector) dimensions = [1]
        (%wi: f32, %most: f32) {
      %r = arith.maximumf %wi, %most : f32
      linalg.yield %r : f32
    }
    %sum1 = linalg.add ins(%sum, %largest : !vector, !vector) outs(%le : !vector) -> !vector
    %e = tensor.empty(%n) : tensor<?xi1>
    %enough = linalg.map ins(%sum1 : !vector) outs(%e : tensor<?xi1>) (%s: f32, %o: i1) {
      %passes = arith.cmpf oge, %s, %threshold : f32
      linalg.yield %passes : i1
    }
    condcomp.exit %enough : tensor<?xi1> results(%written : !stack)
        carry(%token, %sum1, %used1, %written : !matrix, !vector, !matrix, !stack)
  } -> !stack, tensor<?xi32>

  // Rows are images, modules the places of all tokens and of the tape; then rows are the
  // tokens that are there, modules the images that they are from.
  %all = tensor.concat dim(1) %x, %tape : (!stack, !stack) -> !stack
  %places = arith.addi %tokens, %limit : index
  %me = tensor.empty(%images, %places) : !mask
  %there = linalg.generic {indexing_maps = [#row, #each],
                           iterator_types = ["parallel", "parallel"]}
      ins(%left_at : tensor<?xi32>) outs(%me : !mask) {
  ^bb0(%last: i32, %o: i1):
    %place = linalg.index 1 : index
    %last_step = arith.index_cast %last : i32 to index
    %end = arith.addi %tokens, %last_step : index
    %is = arith.cmpi ule, %place, %end : index
    linalg.yield %is : i1
  } -> !mask
  %present = condcomp.from_mask %there : !mask -> !present
  %packed = condcomp.select %present from pairs(%all : !stack) : !present -> !matrix
  %offsets = condcomp.row_offsets %present : !present -> tensor<?xindex>
  %image_of = condcomp.from_offsets %offsets : tensor<?xindex> -> !image_of
  %y = condcomp.apply %image_of : !image_of rows(%packed : !matrix) outs(%packed : !matrix)
      combine(replace) weights(none) scope(group) {
  ^bb0(%rows: !matrix):
    %count = tensor.dim %rows, %c0 : !matrix
    %one = tensor.expand_shape %rows [[0, 1], [2]] output_shape [%c1, %count, %d]
        : !matrix into !stack
    %h = func.call @attend(%one, %qkvo, %heads, %free) : (!stack, !stack, index, i1) -> !stack
    %normed = func.call @rms_norm_3d(%h) : (!stack) -> !stack
    %flat = tensor.collapse_shape %normed [[0, 1], [2]] : !stack into !matrix
    // Some of the rows of an image are its tokens, if it has any.
    %own = arith.minui %tokens, %count : index
    %appended = arith.subi %count, %own : index
    %a = tensor.extract_slice %flat[0, 0] [%own, %d] [1, 1] : !matrix to !matrix
    %t = tensor.extract_slice %flat[%own, 0] [%appended, %d] [1, 1] : !matrix to !matrix
    %fa = func.call @ffn(%a, %up, %down) : (!matrix, !matrix, !matrix) -> !matrix
    %ft = func.call @ffn(%t, %tape_up, %tape_down) : (!matrix, !matrix, !matrix) -> !matrix
    %f = tensor.concat dim(0) %fa, %ft : (!matrix, !matrix) -> !matrix
    %h_flat = tensor.collapse_shape %h [[0, 1], [2]] : !stack into !matrix
    %out = func.call @add(%h_flat, %f) : (!matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  %result = condcomp.restore replace %present entries(%y : !matrix) outs(%all : !stack)
      : !present
  return %result, %left_at : !stack, tensor<?xi32>
}
