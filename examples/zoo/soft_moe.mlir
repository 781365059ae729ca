// Soft MoE (Puigcerver et al. 2023, arXiv 2308.00951), equations 1 to 3: every slot
// reads a weighted mean of all tokens of an image, an expert runs on its slots, and
// every token reads a weighted mean of all slots' outputs:
//   slots = D^T x,  y = C experts(slots),
// D the softmax of x phi over tokens, C that over slots.
// Chosen work: an expert runs on its slots, not on all tokens.
//
// x [images, tokens, d], phi [d, slots], expert of each slot [images, slots, 1],
// up [experts, d, hidden], down [experts, hidden, d]. Result: [images, tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!soft = !condcomp.routing<?x?x?, f32>
!fixed = !condcomp.routing<?x?x?, f32, exactly 1>

func.func private @linear_3d(!stack, !matrix) -> !stack
func.func private @zeros_like_3d(!stack) -> !stack
func.func private @everyone_3d(!stack) -> tensor<?x?x?xi1>
func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix

func.func @soft_moe(%x: !stack, %phi: !matrix, %expert: tensor<?x?x1xi64>, %up: !stack,
                    %down: !stack) -> !stack {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %images = tensor.dim %x, %c0 : !stack
  %d = tensor.dim %x, %c2 : !stack
  %slots = tensor.dim %phi, %c1 : !matrix
  %experts = tensor.dim %up, %c0 : !stack
  %logits = func.call @linear_3d(%x, %phi) : (!stack, !matrix) -> !stack
  %e = func.call @zeros_like_3d(%logits) : (!stack) -> !stack
  %d_weights = linalg.softmax dimension(1) ins(%logits : !stack) outs(%e : !stack) -> !stack
  %c_weights = linalg.softmax dimension(2) ins(%logits : !stack) outs(%e : !stack) -> !stack
  %all = func.call @everyone_3d(%logits) : (!stack) -> tensor<?x?x?xi1>
  %dispatch = condcomp.from_mask %all weights(%d_weights : !stack) : tensor<?x?x?xi1> -> !soft
  %combine = condcomp.from_mask %all weights(%c_weights : !stack) : tensor<?x?x?xi1> -> !soft

  // Rows are tokens, modules slots.
  %se = tensor.empty(%images, %slots, %d) : !stack
  %sz = linalg.fill ins(%f0 : f32) outs(%se : !stack) -> !stack
  %in = condcomp.pool sum %dispatch from rows(%x : !stack) outs(%sz : !stack) : !soft

  // Rows are slots, modules experts.
  %fixed = condcomp.assign %expert modules(%experts) : tensor<?x?x1xi64> -> !fixed
  %out = condcomp.apply %fixed : !fixed rows(%in : !stack) params(%up, %down : !stack, !stack)
      outs(%sz : !stack) combine(replace) weights(none) {
  ^bb0(%rows: !matrix, %u: !matrix, %v: !matrix):
    %h = func.call @ffn(%rows, %u, %v) : (!matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %h : !matrix
  } -> !stack

  %zeros = func.call @zeros_like_3d(%x) : (!stack) -> !stack
  %y = condcomp.mix %combine from modules(%out : !stack) outs(%zeros : !stack) : !soft
  return %y : !stack
}
