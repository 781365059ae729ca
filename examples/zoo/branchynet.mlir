// BranchyNet (Teerapittayanon et al. 2017, arXiv 1709.01686), algorithm 1, B-LeNet: a
// branch behind the first convolution predicts; a sample whose prediction y has an
// entropy below T leaves there, the others run the rest of the network:
//   exit if -sum_c y_c log y_c < T,  y = softmax(branch(x)).
// Chosen work: the main network behind the branch.
//
// x [samples, c, height, width]; w0 [c0, c, 3, 3] and v0 [c0] the convolution that both
// share; bw [cb, c0, 3, 3], bv [cb], bf [cb h/4 w/4, classes] the branch; w1 [c1, c0, 3, 3],
// v1, w2 [c2, c1, 3, 3], v2, f0 [c2 h/8 w/8, hidden], f1 [hidden, classes] the rest; T.
// Results: logits [samples, classes], and where a sample left (0: the branch).
!vector = tensor<?xf32>
!matrix = tensor<?x?xf32>
!images = tensor<?x?x?x?xf32>
!kernel = tensor<?x?x3x3xf32>
!some = tensor<?x10xf32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix
func.func private @relu(!matrix) -> !matrix
func.func private @conv3x3(!images, !kernel, !vector) -> !images
func.func private @relu_4d(!images) -> !images

func.func @branchynet(%x: !images, %w0: !kernel, %v0: !vector, %bw: !kernel, %bv: !vector,
    %bf: !matrix, %w1: !kernel, %v1: !vector, %w2: !kernel, %v2: !vector, %f0: !matrix,
    %f1: !matrix, %t: f32) -> (!some, tensor<?xi32>) {
  %c0 = arith.constant 0 : index
  %y, %left_at = condcomp.cascade rows(%x : !images) {
  ^bb0(%images: !images):
    %h = func.call @conv_pool(%images, %w0, %v0) : (!images, !kernel, !vector) -> !images
    %b = func.call @conv_pool(%h, %bw, %bv) : (!images, !kernel, !vector) -> !images
    %b_flat = tensor.collapse_shape %b [[0], [1, 2, 3]] : !images into !matrix
    %logits = func.call @linear(%b_flat, %bf) : (!matrix, !matrix) -> !matrix
    %entropy = condcomp.confidence entropy %logits : !matrix -> !vector
    %n = tensor.dim %entropy, %c0 : !vector
    %e = tensor.empty(%n) : tensor<?xi1>
    %sure = linalg.map ins(%entropy : !vector) outs(%e : tensor<?xi1>) (%s: f32, %o: i1) {
      %below = arith.cmpf olt, %s, %t : f32
      linalg.yield %below : i1
    }
    %early = tensor.cast %logits : !matrix to !some
    condcomp.exit %sure : tensor<?xi1> results(%early : !some) carry(%h : !images)
  }, {
  ^bb0(%h: !images):
    %h1 = func.call @conv_pool(%h, %w1, %v1) : (!images, !kernel, !vector) -> !images
    %h2 = func.call @conv_pool(%h1, %w2, %v2) : (!images, !kernel, !vector) -> !images
    %flat = tensor.collapse_shape %h2 [[0], [1, 2, 3]] : !images into !matrix
    %logits = func.call @ffn(%flat, %f0, %f1) : (!matrix, !matrix, !matrix) -> !matrix
    %late = tensor.cast %logits : !matrix to !some
    condcomp.yield %late : !some
  } -> !some, tensor<?xi32>
  return %y, %left_at : !some, tensor<?xi32>
}

// Convolution, relu, and the largest of each 2x2 square.
func.func private @conv_pool(%x: !images, %k: !kernel, %b: !vector) -> !images {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %f0 = arith.constant 0.0 : f32
  %conv = func.call @conv3x3(%x, %k, %b) : (!images, !kernel, !vector) -> !images
  %h = func.call @relu_4d(%conv) : (!images) -> !images
  %n = tensor.dim %h, %c0 : !images
  %channels = tensor.dim %h, %c1 : !images
  %height = tensor.dim %h, %c2 : !images
  %width = tensor.dim %h, %c3 : !images
  %half_height = arith.divui %height, %c2 : index
  %half_width = arith.divui %width, %c2 : index
  %e = tensor.empty(%n, %channels, %half_height, %half_width) : !images
  // relu leaves nothing below zero.
  %z = linalg.fill ins(%f0 : f32) outs(%e : !images) -> !images
  %square = tensor.empty() : tensor<2x2xf32>
  %y = linalg.pooling_nchw_max {strides = dense<2> : tensor<2xi64>}
      ins(%h, %square : !images, tensor<2x2xf32>) outs(%z : !images) -> !images
  return %y : !images
}
