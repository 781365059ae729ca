// A-ViT (Yin et al. 2021, arXiv 2112.07658), equations 4 to 9: a token of an image halts
// when its halting probabilities sum to 1; later layers run without it:
//   h = sigmoid(gamma t_0 + beta),  t the token after the layer, t_0 its first value;
//   h = 1 in the last layer,
//   p = h before the token halts, 1 - the sum of the layers before when it does,
//   result = sum over layers of p t.
// Chosen work: the layers that each token runs; each image has its own number of tokens.
//
// x [images, tokens, d], qkvo [layers, 4, d, d], up [layers, d, hidden], down [layers,
// hidden, d], heads, gamma, beta. Results: [images, tokens, d], and how many layers each
// token ran.
#token = affine_map<(n, t) -> (n, t)>
#each = affine_map<(n, t, c) -> (n, t, c)>
#each_token = affine_map<(n, t, c) -> (n, t)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!weights = tensor<?x?x?x?xf32>
!counts = tensor<?x?xi32>
!live = !condcomp.routing<?x?, f32>
!image_of = !condcomp.routing<?x?, f32, exactly 1>

func.func private @block(!stack, !stack, !matrix, !matrix, index, i1) -> !stack
func.func private @zeros_like(!matrix) -> !matrix
func.func private @zeros_like_3d(!stack) -> !stack

func.func @a_vit(%x: !stack, %qkvo: !weights, %up: !stack, %down: !stack, %heads: index,
                 %gamma: f32, %beta: f32) -> (!stack, !counts) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %none = arith.constant 0 : i32
  %n = tensor.dim %x, %c0 : !stack
  %t = tensor.dim %x, %c1 : !stack
  %d = tensor.dim %x, %c2 : !stack
  %layers = tensor.dim %up, %c0 : !stack
  %hidden = tensor.dim %up, %c2 : !stack
  %last = arith.subi %layers, %c1 : index
  %sum0 = tensor.splat %f0[%n, %t] : !matrix
  %ran0 = tensor.splat %none[%n, %t] : !counts
  %result0 = func.call @zeros_like_3d(%x) : (!stack) -> !stack
  %y:4 = scf.for %i = %c0 to %layers step %c1
      iter_args(%h = %x, %sum = %sum0, %result = %result0, %ran = %ran0)
      -> (!stack, !matrix, !stack, !counts) {
    %w = tensor.extract_slice %qkvo[%i, 0, 0, 0] [1, 4, %d, %d] [1, 1, 1, 1]
        : !weights to tensor<4x?x?xf32>
    %w_any = tensor.cast %w : tensor<4x?x?xf32> to !stack
    %u = tensor.extract_slice %up[%i, 0, 0] [1, %d, %hidden] [1, 1, 1] : !stack to !matrix
    %v = tensor.extract_slice %down[%i, 0, 0] [1, %hidden, %d] [1, 1, 1] : !stack to !matrix
    %is_last = arith.cmpi eq, %i, %last : index
    %next:4 = func.call @layer(%h, %sum, %result, %ran, %w_any, %u, %v, %heads, %gamma,
                               %beta, %is_last)
        : (!stack, !matrix, !stack, !counts, !stack, !matrix, !matrix, index, f32, f32, i1)
        -> (!stack, !matrix, !stack, !counts)
    scf.yield %next#0, %next#1, %next#2, %next#3 : !stack, !matrix, !stack, !counts
  }
  return %y#2, %y#3 : !stack, !counts
}

// A layer: tokens, sums of halting probabilities, result and layers run after it.
func.func private @layer(%x: !stack, %sum: !matrix, %result: !stack, %ran: !counts,
    %qkvo: !stack, %up: !matrix, %down: !matrix, %heads: index, %gamma: f32, %beta: f32,
    %is_last: i1) -> (!stack, !matrix, !stack, !counts) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f1 = arith.constant 1.0 : f32
  %halted = arith.constant 0.99 : f32
  %one_more = arith.constant 1 : i32
  %n = tensor.dim %x, %c0 : !stack
  %t = tensor.dim %x, %c1 : !stack
  %me = tensor.empty(%n, %t) : tensor<?x?xi1>
  %mask = linalg.map ins(%sum : !matrix) outs(%me : tensor<?x?xi1>) (%s: f32, %o: i1) {
    %less = arith.cmpf olt, %s, %halted : f32
    linalg.yield %less : i1
  }
  %ran_next = linalg.map ins(%mask, %ran : tensor<?x?xi1>, !counts) outs(%ran : !counts)
      (%runs: i1, %count: i32, %o: i32) {
    %plus = arith.addi %count, %one_more : i32
    %after = arith.select %runs, %plus, %count : i32
    linalg.yield %after : i32
  }
  %live = condcomp.from_mask %mask : tensor<?x?xi1> -> !live
  %packed = condcomp.select %live from pairs(%x : !stack) : !live -> !matrix

  // Rows are tokens that run, modules the images that they are from.
  %offsets = condcomp.row_offsets %live : !live -> tensor<?xindex>
  %image_of = condcomp.from_offsets %offsets : tensor<?xindex> -> !image_of
  %zeros = func.call @zeros_like(%packed) : (!matrix) -> !matrix
  %y = condcomp.apply %image_of : !image_of rows(%packed : !matrix)
      outs(%zeros : !matrix) combine(sum) weights(none) scope(group) {
  ^bb0(%rows: !matrix):
    %count = tensor.dim %rows, %c0 : !matrix
    %d = tensor.dim %rows, %c1 : !matrix
    %one = tensor.expand_shape %rows [[0, 1], [2]] output_shape [1, %count, %d]
        : !matrix into tensor<1x?x?xf32>
    %any = tensor.cast %one : tensor<1x?x?xf32> to !stack
    %free = arith.constant false
    %out = func.call @block(%any, %qkvo, %up, %down, %heads, %free)
        : (!stack, !stack, !matrix, !matrix, index, i1) -> !stack
    %flat = tensor.collapse_shape %out [[0, 1], [2]] : !stack into !matrix
    condcomp.yield %flat : !matrix
  } -> !matrix
  %next = condcomp.restore replace %live entries(%y : !matrix) outs(%x : !stack) : !live

  // Halting probabilities; tokens that have halted before have a share of 0.
  %first = tensor.extract_slice %next[0, 0, 0] [%n, %t, 1] [1, 1, 1] : !stack to !matrix
  %he = tensor.empty(%n, %t) : !matrix
  %h = linalg.map ins(%first : !matrix) outs(%he : !matrix) (%v: f32, %o: f32) {
    %scaled = arith.mulf %v, %gamma : f32
    %shifted = arith.addf %scaled, %beta : f32
    %minus = arith.negf %shifted : f32
    %exp = math.exp %minus : f32
    %below = arith.addf %exp, %f1 : f32
    %q = arith.divf %f1, %below : f32
    %p = arith.select %is_last, %f1, %q : f32
    linalg.yield %p : f32
  }
  %new_sum = linalg.generic {indexing_maps = [#token, #token, #token],
                             iterator_types = ["parallel", "parallel"]}
      ins(%sum, %h : !matrix, !matrix) outs(%he : !matrix) {
  ^bb0(%s: f32, %p: f32, %o: f32):
    %runs = arith.cmpf olt, %s, %halted : f32
    %more = arith.addf %s, %p : f32
    %after = arith.select %runs, %more, %s : f32
    linalg.yield %after : f32
  } -> !matrix
  %share = linalg.generic {indexing_maps = [#token, #token, #token, #token],
                           iterator_types = ["parallel", "parallel"]}
      ins(%sum, %h, %new_sum : !matrix, !matrix, !matrix) outs(%he : !matrix) {
  ^bb0(%s: f32, %p: f32, %after: f32, %o: f32):
    %goes_on = arith.cmpf olt, %after, %halted : f32
    %rest = arith.subf %f1, %s : f32
    %part = arith.select %goes_on, %p, %rest : f32
    linalg.yield %part : f32
  } -> !matrix
  %new_result = linalg.generic {indexing_maps = [#each, #each_token, #each_token, #each],
                                iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%next, %share, %sum : !stack, !matrix, !matrix) outs(%result : !stack) {
  ^bb0(%v: f32, %p: f32, %s: f32, %before: f32):
    %runs = arith.cmpf olt, %s, %halted : f32
    %pv = arith.mulf %p, %v : f32
    %more = arith.addf %before, %pv : f32
    %after = arith.select %runs, %more, %before : f32
    linalg.yield %after : f32
  } -> !stack
  return %next, %new_sum, %new_result, %ran_next : !stack, !matrix, !stack, !counts
}
