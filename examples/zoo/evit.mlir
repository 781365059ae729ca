// EViT (Liang et al. 2022, arXiv 2202.07800), section 3: of each image the k tokens
// that the class token attends to most are kept, in their order; the others are fused
// into one, weighed by this attention a (the mean over heads):
//   x_fused = sum over i not kept of a_i x_i,
// and the next block runs on [class, kept, fused].
// Chosen work: the next block on 1 + k + 1 tokens of an image.
// Left out: two blocks stand for the model's twelve.
//
// x [images, 1 + tokens, d], q and k [d, d] of the first block's attention,
// qkvo [4, d, d], up [d, hidden] and down [hidden, d] of the second block, heads, how
// many are kept. Result: [images, 1 + kept + 1, d].
#from_class = affine_map<(n, i, h) -> (n, h, i)>
#image_token = affine_map<(n, i, h) -> (n, i)>
#token = affine_map<(n, c, i) -> (n, i)>
#feature = affine_map<(n, c, i) -> (n, i, c)>
#fused = affine_map<(n, c, i) -> (n, c)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!shares = tensor<?x?x?x?xf32>
!kept = !condcomp.routing<?x?, f32, exactly ?>

func.func private @linear_3d(!stack, !matrix) -> !stack
func.func private @attention_shares(!stack, !stack, index, i1) -> !shares
func.func private @block(!stack, !stack, !matrix, !matrix, index, i1) -> !stack

func.func @evit(%x: !stack, %q: !matrix, %k: !matrix, %qkvo: !stack, %up: !matrix,
                %down: !matrix, %heads: index, %kept: index) -> !stack {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %false = arith.constant false
  %n = tensor.dim %x, %c0 : !stack
  %all = tensor.dim %x, %c1 : !stack
  %d = tensor.dim %x, %c2 : !stack
  %tokens = arith.subi %all, %c1 : index
  %class = tensor.extract_slice %x[0, 0, 0] [%n, 1, %d] [1, 1, 1] : !stack to tensor<?x1x?xf32>
  %others = tensor.extract_slice %x[0, 1, 0] [%n, %tokens, %d] [1, 1, 1] : !stack to !stack

  // Only the class token asks.
  %class_any = tensor.cast %class : tensor<?x1x?xf32> to !stack
  %qs = func.call @linear_3d(%class_any, %q) : (!stack, !matrix) -> !stack
  %ks = func.call @linear_3d(%x, %k) : (!stack, !matrix) -> !stack
  %shares = func.call @attention_shares(%qs, %ks, %heads, %false)
      : (!stack, !stack, index, i1) -> !shares
  %a = func.call @head_mean(%shares, %tokens) : (!shares, index) -> !matrix

  %chosen = condcomp.top_k %a, %kept : !matrix -> !kept
  %kept_tokens = condcomp.select %chosen from pairs(%others : !stack) : !kept -> !stack
  %mask = condcomp.to_mask %chosen : !kept -> tensor<?x?xi1>
  %fused = func.call @fuse(%mask, %a, %others) : (tensor<?x?xi1>, !matrix, !stack) -> !stack
  %next = tensor.concat dim(1) %class_any, %kept_tokens, %fused
      : (!stack, !stack, !stack) -> !stack
  %y = func.call @block(%next, %qkvo, %up, %down, %heads, %false)
      : (!stack, !stack, !matrix, !matrix, index, i1) -> !stack
  return %y : !stack
}

// What the class token gives each other token, [images, heads, 1, 1 + tokens] over heads.
func.func private @head_mean(%shares: !shares, %tokens: index) -> !matrix {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %shares, %c0 : !shares
  %heads = tensor.dim %shares, %c1 : !shares
  %heads_i = arith.index_cast %heads : index to i64
  %count = arith.sitofp %heads_i : i64 to f32
  %given = tensor.extract_slice %shares[0, 0, 0, 1] [%n, %heads, 1, %tokens] [1, 1, 1, 1]
      : !shares to !stack
  %e = tensor.empty(%n, %tokens) : !matrix
  %z = linalg.fill ins(%f0 : f32) outs(%e : !matrix) -> !matrix
  %a = linalg.generic {indexing_maps = [#from_class, #image_token],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%given : !stack) outs(%z : !matrix) {
  ^bb0(%share: f32, %sum: f32):
    %part = arith.divf %share, %count : f32
    %s = arith.addf %sum, %part : f32
    linalg.yield %s : f32
  } -> !matrix
  return %a : !matrix
}

// The sum of a x over tokens that are not in the mask: [images, 1, d].
func.func private @fuse(%mask: tensor<?x?xi1>, %a: !matrix, %x: !stack) -> !stack {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : !stack
  %d = tensor.dim %x, %c2 : !stack
  %e = tensor.empty(%n, %d) : !matrix
  %z = linalg.fill ins(%f0 : f32) outs(%e : !matrix) -> !matrix
  %sum = linalg.generic {indexing_maps = [#token, #token, #feature, #fused],
                         iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%mask, %a, %x : tensor<?x?xi1>, !matrix, !stack) outs(%z : !matrix) {
  ^bb0(%kept: i1, %ai: f32, %xi: f32, %s: f32):
    %ax = arith.mulf %ai, %xi : f32
    %part = arith.select %kept, %f0, %ax : f32
    %r = arith.addf %s, %part : f32
    linalg.yield %r : f32
  } -> !matrix
  %y = tensor.expand_shape %sum [[0, 1], [2]] output_shape [%n, %c1, %d] : !matrix into !stack
  return %y : !stack
}
