// DynamicViT (Rao et al. 2021, arXiv 2106.02034), sections 3.2 and 3.4: before each
// stage a small network scores the tokens of an image, and the stage goes on with the
// class token and the rho N, rho^2 N, rho^3 N best, in their order (inference; in
// training attention is masked).
// Chosen work: a stage's tokens.
// Left out: one block stands for a stage's three; the scores look at a token alone,
// not at the mean of all tokens as well.
//
// x [images, 1 + tokens, d], qkvo [4, 4, d, d], up [4, d, hidden], down [4, hidden, d],
// score0 [3, d, p], score1 [3, p, 1], heads, kept [3].
// Result: [images, 1 + kept[2], d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!kept = !condcomp.routing<?x?, f32, exactly ?>

func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix
func.func private @fold(!stack) -> !matrix
func.func private @block(!stack, !stack, !matrix, !matrix, index, i1) -> !stack

func.func @dynamic_vit(%x: !stack, %qkvo: tensor<?x?x?x?xf32>, %up: !stack, %down: !stack,
    %score0: !stack, %score1: !stack, %heads: index, %kept: tensor<?xindex>) -> !stack {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %false = arith.constant false
  %n = tensor.dim %x, %c0 : !stack
  %d = tensor.dim %x, %c2 : !stack
  %hidden = tensor.dim %up, %c2 : !stack
  %p = tensor.dim %score0, %c2 : !stack
  %one = tensor.dim %score1, %c2 : !stack
  %stages = tensor.dim %up, %c0 : !stack
  %y = scf.for %i = %c0 to %stages step %c1 iter_args(%h = %x) -> !stack {
    %prunes = arith.cmpi ugt, %i, %c0 : index
    %pruned = scf.if %prunes -> !stack {
      %stage = arith.subi %i, %c1 : index
      %s0 = tensor.extract_slice %score0[%stage, 0, 0] [1, %d, %p] [1, 1, 1] : !stack to !matrix
      %s1 = tensor.extract_slice %score1[%stage, 0, 0] [1, %p, %one] [1, 1, 1] : !stack to !matrix
      %k = tensor.extract %kept[%stage] : tensor<?xindex>
      %less = func.call @prune(%h, %s0, %s1, %k) : (!stack, !matrix, !matrix, index) -> !stack
      scf.yield %less : !stack
    } else {
      scf.yield %h : !stack
    }
    %w = tensor.extract_slice %qkvo[%i, 0, 0, 0] [1, 4, %d, %d] [1, 1, 1, 1]
        : tensor<?x?x?x?xf32> to tensor<4x?x?xf32>
    %w_any = tensor.cast %w : tensor<4x?x?xf32> to !stack
    %u = tensor.extract_slice %up[%i, 0, 0] [1, %d, %hidden] [1, 1, 1] : !stack to !matrix
    %v = tensor.extract_slice %down[%i, 0, 0] [1, %hidden, %d] [1, 1, 1] : !stack to !matrix
    %next = func.call @block(%pruned, %w_any, %u, %v, %heads, %false)
        : (!stack, !stack, !matrix, !matrix, index, i1) -> !stack
    scf.yield %next : !stack
  }
  return %y : !stack
}

// The class token and the k best others of each image.
func.func private @prune(%x: !stack, %s0: !matrix, %s1: !matrix, %k: index) -> !stack {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %x, %c0 : !stack
  %all = tensor.dim %x, %c1 : !stack
  %d = tensor.dim %x, %c2 : !stack
  %others = arith.subi %all, %c1 : index
  %class = tensor.extract_slice %x[0, 0, 0] [%n, 1, %d] [1, 1, 1] : !stack to tensor<?x1x?xf32>
  %class_any = tensor.cast %class : tensor<?x1x?xf32> to !stack
  %tokens = tensor.extract_slice %x[0, 1, 0] [%n, %others, %d] [1, 1, 1] : !stack to !stack
  %flat = func.call @fold(%tokens) : (!stack) -> !matrix
  %column = func.call @ffn(%flat, %s0, %s1) : (!matrix, !matrix, !matrix) -> !matrix
  %vector = tensor.collapse_shape %column [[0, 1]] : !matrix into tensor<?xf32>
  %scores = tensor.expand_shape %vector [[0, 1]] output_shape [%n, %others]
      : tensor<?xf32> into !matrix
  %best = condcomp.top_k %scores, %k : !matrix -> !kept
  %kept = condcomp.select %best from pairs(%tokens : !stack) : !kept -> !stack
  %y = tensor.concat dim(1) %class_any, %kept : (!stack, !stack) -> !stack
  return %y : !stack
}
