// SkipNet (Wang et al. 2018, arXiv 1711.09485), equation 1: a gate before each
// residual block says for each sample whether the block runs:
//   x' = G(x) F(x) + (1 - G(x)) x,  G in {0, 1},
// here the feed-forward gate: G(x) = relu(mean(x) g0) g1 >= 0, F a block with its
// residual, relu(x + conv(relu(conv(x)))), batch norms folded into the convolutions.
// Chosen work: the blocks that a sample does not skip.
//
// x [samples, c, height, width], gate0 [blocks, c, g], gate1 [blocks, g, 1],
// k0 and k1 [blocks, c, c, 3, 3], b0 and b1 [blocks, c].
// Results: [samples, c, height, width], and which blocks ran, [samples, blocks].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!images = tensor<?x?x?x?xf32>
!kernel = tensor<?x?x3x3xf32>
!kernels = tensor<?x?x?x3x3xf32>
!routing = !condcomp.routing<?x1, f32>

func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix
func.func private @conv3x3(!images, !kernel, tensor<?xf32>) -> !images
func.func private @relu_4d(!images) -> !images
func.func private @add_4d(!images, !images) -> !images
func.func private @pool_mean(!images) -> !matrix

func.func @skipnet(%x: !images, %gate0: !stack, %gate1: !stack, %k0: !kernels, %b0: !matrix,
                   %k1: !kernels, %b1: !matrix) -> (!images, tensor<?x?xi1>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %samples = tensor.dim %x, %c0 : !images
  %c = tensor.dim %x, %c1 : !images
  %g = tensor.dim %gate0, %c2 : !stack
  %blocks = tensor.dim %k0, %c0 : !kernels
  %none = tensor.empty(%samples, %blocks) : tensor<?x?xi1>
  %y, %all_ran = scf.for %i = %c0 to %blocks step %c1 iter_args(%h = %x, %ran = %none)
      -> (!images, tensor<?x?xi1>) {
    // The gate.
    %g0 = tensor.extract_slice %gate0[%i, 0, 0] [1, %c, %g] [1, 1, 1] : !stack to !matrix
    %g1 = tensor.extract_slice %gate1[%i, 0, 0] [1, %g, 1] [1, 1, 1] : !stack to tensor<?x1xf32>
    %g1_any = tensor.cast %g1 : tensor<?x1xf32> to !matrix
    %mean = func.call @pool_mean(%h) : (!images) -> !matrix
    %score_any = func.call @ffn(%mean, %g0, %g1_any) : (!matrix, !matrix, !matrix) -> !matrix
    %score = tensor.cast %score_any : !matrix to tensor<?x1xf32>
    %runs = condcomp.threshold %score, %f0 : tensor<?x1xf32>, f32 -> !routing
    %mask = condcomp.to_mask %runs : !routing -> tensor<?x1xi1>
    %ran_next = tensor.insert_slice %mask into %ran[0, %i] [%samples, 1] [1, 1]
        : tensor<?x1xi1> into tensor<?x?xi1>

    // The block, on the samples that run it.
    %ki = tensor.extract_slice %k0[%i, 0, 0, 0, 0] [1, %c, %c, 3, 3] [1, 1, 1, 1, 1]
        : !kernels to !kernel
    %kj = tensor.extract_slice %k1[%i, 0, 0, 0, 0] [1, %c, %c, 3, 3] [1, 1, 1, 1, 1]
        : !kernels to !kernel
    %bi = tensor.extract_slice %b0[%i, 0] [1, %c] [1, 1] : !matrix to tensor<?xf32>
    %bj = tensor.extract_slice %b1[%i, 0] [1, %c] [1, 1] : !matrix to tensor<?xf32>
    %next = condcomp.apply %runs : !routing rows(%h : !images) outs(%h : !images)
        combine(replace) weights(none) {
    ^bb0(%rows: !images):
      %h0 = func.call @conv3x3(%rows, %ki, %bi) : (!images, !kernel, tensor<?xf32>) -> !images
      %h1 = func.call @relu_4d(%h0) : (!images) -> !images
      %h2 = func.call @conv3x3(%h1, %kj, %bj) : (!images, !kernel, tensor<?xf32>) -> !images
      %h3 = func.call @add_4d(%rows, %h2) : (!images, !images) -> !images
      %out = func.call @relu_4d(%h3) : (!images) -> !images
      condcomp.yield %out : !images
    } -> !images
    scf.yield %next, %ran_next : !images, tensor<?x?xi1>
  }
  return %y, %all_ran : !images, tensor<?x?xi1>
}
