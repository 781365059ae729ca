// A-ViT (Yin et al. 2021, arXiv 2112.07658), equations 4 to 9: a token of an image halts
// when its halting probabilities sum to 1; later layers run without it:
//   h = sigmoid(gamma t_0 + beta),  t the token after the layer, t_0 its first value,
//   p = h before the token halts, 1 - the sum of the layers before when it does,
//   result = sum over layers of p t.
// Here one layer, with what it takes from the layer before and hands to the next.
// Chosen work: the tokens that have not halted; each image has its own number of them.
// Left out: the last layer, where all tokens halt.
//
// x [images, tokens, d], sum [images, tokens] of the probabilities so far, result
// [images, tokens, d] so far, qkvo [4, d, d], up [d, hidden], down [hidden, d], heads,
// gamma, beta. Results: x, sum and result after the layer.
#token = affine_map<(n, t) -> (n, t)>
#each = affine_map<(n, t, c) -> (n, t, c)>
#each_token = affine_map<(n, t, c) -> (n, t)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!live = !condcomp.routing<?x?, f32>
!image_of = !condcomp.routing<?x?, f32, exactly 1>

func.func private @block(!stack, !stack, !matrix, !matrix, index, i1) -> !stack
func.func private @zeros_like(!matrix) -> !matrix

func.func @a_vit(%x: !stack, %sum: !matrix, %result: !stack, %qkvo: !stack, %up: !matrix,
                 %down: !matrix, %heads: index, %gamma: f32, %beta: f32)
    -> (!stack, !matrix, !stack) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f0 = arith.constant 0.0 : f32
  %f1 = arith.constant 1.0 : f32
  %halted = arith.constant 0.99 : f32
  %n = tensor.dim %x, %c0 : !stack
  %t = tensor.dim %x, %c1 : !stack
  %me = tensor.empty(%n, %t) : tensor<?x?xi1>
  %mask = linalg.map ins(%sum : !matrix) outs(%me : tensor<?x?xi1>) (%s: f32, %o: i1) {
    %less = arith.cmpf olt, %s, %halted : f32
    linalg.yield %less : i1
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
    %p = arith.divf %f1, %below : f32
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
  return %next, %new_sum, %new_result : !stack, !matrix, !stack
}
