// CondConv (Yang et al. 2019, arXiv 1904.04971), equation 1: each sample mixes the
// kernels of n experts and convolves once:
//   y = (sum_i a_i W_i) * x,  a = sigmoid(mean(x) R).
// Chosen work: one convolution instead of n.
//
// x [samples, c, height, width], r [c, n], kernels [n, c', c, 3, 3].
// Result: [samples, c', height, width].
#window = affine_map<(n, j, y, x, c, p, q) -> (n, c, y + p, x + q)>
#filter = affine_map<(n, j, y, x, c, p, q) -> (n, j, c, p, q)>
#channel = affine_map<(n, j, y, x, c, p, q) -> (n, j, y, x)>
!matrix = tensor<?x?xf32>
!images = tensor<?x?x?x?xf32>
!kernels = tensor<?x?x?x3x3xf32>
!routing = !condcomp.routing<?x?, f32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @sigmoid(!matrix) -> !matrix
func.func private @pool_mean(!images) -> !matrix
func.func private @everyone(!matrix) -> tensor<?x?xi1>

func.func @condconv(%x: !images, %r: !matrix, %kernels: !kernels) -> !images {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : !images
  %c = tensor.dim %x, %c1 : !images
  %height = tensor.dim %x, %c2 : !images
  %width = tensor.dim %x, %c3 : !images
  %channels = tensor.dim %kernels, %c1 : !kernels

  %mean = func.call @pool_mean(%x) : (!images) -> !matrix
  %logits = func.call @linear(%mean, %r) : (!matrix, !matrix) -> !matrix
  %a = func.call @sigmoid(%logits) : (!matrix) -> !matrix
  %all = func.call @everyone(%a) : (!matrix) -> tensor<?x?xi1>
  %mixture = condcomp.from_mask %all weights(%a : !matrix) : tensor<?x?xi1> -> !routing
  %ke = tensor.empty(%n, %channels, %c) : !kernels
  %kz = linalg.fill ins(%f0 : f32) outs(%ke : !kernels) -> !kernels
  %mixed = condcomp.mix %mixture from modules(%kernels : !kernels) outs(%kz : !kernels)
      : !routing

  %padded = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %f0 : f32
  } : !images to !images
  %ye = tensor.empty(%n, %channels, %height, %width) : !images
  %yz = linalg.fill ins(%f0 : f32) outs(%ye : !images) -> !images
  %y = linalg.generic {indexing_maps = [#window, #filter, #channel],
      iterator_types = ["parallel", "parallel", "parallel", "parallel",
                        "reduction", "reduction", "reduction"]}
      ins(%padded, %mixed : !images, !kernels) outs(%yz : !images) {
  ^bb0(%xi: f32, %wi: f32, %sum: f32):
    %product = arith.mulf %xi, %wi : f32
    %s = arith.addf %sum, %product : f32
    linalg.yield %s : f32
  } -> !images
  return %y : !images
}
