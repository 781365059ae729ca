// Feature boosting and suppression (Gao et al. 2018, arXiv 1810.05331), equations 2 to
// 7: a convolution computes, of each sample, the k output channels that a small
// predictor finds most salient, scaled by their saliency; the others are zero:
//   y = wta_k(g) * relu(conv(x)),  g = relu(mean|x| w + b).
// Chosen work: k of the output channels per sample, each with its own filters.
// Left out: the batch norm between convolution and scaling.
//
// x [samples, c, height, width], w [c, c'], b [c'], filters [c', c, 3, 3], k.
// Result: [samples, c', height, width].
#window = affine_map<(n, j, y, x, c, p, q) -> (n, c, y + p, x + q)>
#filter = affine_map<(n, j, y, x, c, p, q) -> (n, j, c, p, q)>
#channel = affine_map<(n, j, y, x, c, p, q) -> (n, j, y, x)>
#pixel = affine_map<(n, j, y, x) -> (n, j, y, x)>
#weight = affine_map<(n, j, y, x) -> (n, j)>
!matrix = tensor<?x?xf32>
!images = tensor<?x?x?x?xf32>
!filters = tensor<?x?x?x3x3xf32>
!routing = !condcomp.routing<?x?, f32, exactly ?>

func.func private @linear_bias(!matrix, !matrix, tensor<?xf32>) -> !matrix
func.func private @relu(!matrix) -> !matrix
func.func private @pool_mean(!images) -> !matrix

func.func @fbs(%x: !images, %w: !matrix, %b: tensor<?xf32>, %kernel: tensor<?x?x3x3xf32>,
               %k: index) -> !images {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : !images
  %height = tensor.dim %x, %c2 : !images
  %width = tensor.dim %x, %c3 : !images
  %channels = tensor.dim %kernel, %c0 : tensor<?x?x3x3xf32>

  // Saliency. The input comes out of a ReLU: |x| = x.
  %mean = func.call @pool_mean(%x) : (!images) -> !matrix
  %linear = func.call @linear_bias(%mean, %w, %b) : (!matrix, !matrix, tensor<?xf32>) -> !matrix
  %g = func.call @relu(%linear) : (!matrix) -> !matrix
  %salient = condcomp.top_k %g, %k : !matrix -> !routing

  // A sample's filters, and its convolution with them.
  %filters = condcomp.select %salient from modules(%kernel : tensor<?x?x3x3xf32>)
      : !routing -> !filters
  %padded = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %f0 : f32
  } : !images to !images
  %ye = tensor.empty(%n, %k, %height, %width) : !images
  %yz = linalg.fill ins(%f0 : f32) outs(%ye : !images) -> !images
  %conv = linalg.generic {indexing_maps = [#window, #filter, #channel],
      iterator_types = ["parallel", "parallel", "parallel", "parallel",
                        "reduction", "reduction", "reduction"]}
      ins(%padded, %filters : !images, !filters) outs(%yz : !images) {
  ^bb0(%xi: f32, %wi: f32, %sum: f32):
    %product = arith.mulf %xi, %wi : f32
    %s = arith.addf %sum, %product : f32
    linalg.yield %s : f32
  } -> !images
  %weights = condcomp.weights %salient : !routing -> !matrix
  %boosted = linalg.generic {indexing_maps = [#pixel, #weight, #pixel],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%conv, %weights : !images, !matrix) outs(%ye : !images) {
  ^bb0(%v: f32, %gain: f32, %o: f32):
    %r = arith.maximumf %v, %f0 : f32
    %scaled = arith.mulf %r, %gain : f32
    linalg.yield %scaled : f32
  } -> !images

  %e = tensor.empty(%n, %channels, %height, %width) : !images
  %zeros = linalg.fill ins(%f0 : f32) outs(%e : !images) -> !images
  %y = condcomp.restore replace %salient entries(%boosted : !images) outs(%zeros : !images)
      : !routing
  return %y : !images
}
