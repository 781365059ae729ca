// Learned token pruning (Kim et al. 2021, arXiv 2107.00910), equations 2 to 4: after
// a block's attention a token's importance is the mean of what all tokens, over all
// heads, give it; tokens below the layer's threshold are dropped. How many are left
// differs between sentences: the next block runs on packed tokens, a sentence at a time.
//   s(x_i) = 1 / (heads * n) sum_h sum_j A_h(x_j, x_i) >= theta.
// Chosen work: the second block of the tokens that are left.
// Left out: padding; two blocks stand for the model's twelve.
//
// x [sentences, tokens, d], q and k [d, d] of the first block's attention,
// qkvo [4, d, d], up [d, hidden] and down [hidden, d] of the second block, heads, theta.
// Result: [sentences, tokens, d], dropped tokens as they were.
#pair = affine_map<(n, i, h, j) -> (n, i)>
#share = affine_map<(n, i, h, j) -> (n, h, j, i)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!shares = tensor<?x?x?x?xf32>
!live = !condcomp.routing<?x?, f32>
!groups = !condcomp.routing<?x?, f32, exactly 1>

func.func private @linear_3d(!stack, !matrix) -> !stack
func.func private @attention_shares(!stack, !stack, index, i1) -> !shares
func.func private @block(!stack, !stack, !matrix, !matrix, index, i1) -> !stack

func.func @ltp(%x: !stack, %q: !matrix, %k: !matrix, %qkvo: !stack, %up: !matrix,
               %down: !matrix, %heads: index, %theta: f32) -> !stack {
  %false = arith.constant false
  %qs = func.call @linear_3d(%x, %q) : (!stack, !matrix) -> !stack
  %ks = func.call @linear_3d(%x, %k) : (!stack, !matrix) -> !stack
  %shares = func.call @attention_shares(%qs, %ks, %heads, %false)
      : (!stack, !stack, index, i1) -> !shares
  %importance = func.call @received(%shares) : (!shares) -> !matrix

  // Rows are sentences, modules their token positions.
  %live = condcomp.threshold %importance, %theta : !matrix, f32 -> !live
  %packed = condcomp.select %live from pairs(%x : !stack) : !live -> !matrix
  %offsets = condcomp.row_offsets %live : !live -> tensor<?xindex>

  // Rows are packed tokens, modules sentences.
  %sentence = condcomp.from_offsets %offsets : tensor<?xindex> -> !groups
  %next = condcomp.apply %sentence : !groups rows(%packed : !matrix) outs(%packed : !matrix)
      combine(replace) weights(none) scope(group) {
  ^bb0(%tokens: !matrix):
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = tensor.dim %tokens, %c0 : !matrix
    %d = tensor.dim %tokens, %c1 : !matrix
    %one = tensor.expand_shape %tokens [[0, 1], [2]] output_shape [%c1, %n, %d]
        : !matrix into !stack
    %out = func.call @block(%one, %qkvo, %up, %down, %heads, %false)
        : (!stack, !stack, !matrix, !matrix, index, i1) -> !stack
    %flat = tensor.collapse_shape %out [[0, 1], [2]] : !stack into !matrix
    condcomp.yield %flat : !matrix
  } -> !matrix
  %y = condcomp.restore replace %live entries(%next : !matrix) outs(%x : !stack) : !live
  return %y : !stack
}

// The mean share that token i is given.
func.func private @received(%shares: !shares) -> !matrix {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %shares, %c0 : !shares
  %heads = tensor.dim %shares, %c1 : !shares
  %t = tensor.dim %shares, %c2 : !shares
  %terms = arith.muli %heads, %t : index
  %terms_i = arith.index_cast %terms : index to i64
  %count = arith.sitofp %terms_i : i64 to f32
  %e = tensor.empty(%n, %t) : !matrix
  %z = linalg.fill ins(%f0 : f32) outs(%e : !matrix) -> !matrix
  %sum = linalg.generic {indexing_maps = [#share, #pair],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%shares : !shares) outs(%z : !matrix) {
  ^bb0(%a: f32, %s: f32):
    %r = arith.addf %s, %a : f32
    linalg.yield %r : f32
  } -> !matrix
  %mean = linalg.map ins(%sum : !matrix) outs(%e : !matrix) (%s: f32, %o: f32) {
    %m = arith.divf %s, %count : f32
    linalg.yield %m : f32
  }
  return %mean : !matrix
}
