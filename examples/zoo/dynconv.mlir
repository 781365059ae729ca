// Dynamic convolutions (Verelst and Tuytelaars 2020, arXiv 1912.03203), section 3: a
// small network marks the positions of an image at which a residual block runs:
//   y = x + m * F(x),  F = 1x1 up to h channels, depthwise 3x3, 1x1 down (MobileNetV2),
// the first 1x1 also at the neighbours of a marked position, which the 3x3 reads.
// Chosen work: both 1x1 convolutions; the depthwise one is a tenth of a block's work.
//
// x [images, height, width, c], mask_w [c, 1], tau, up [c, h], depthwise [3, 3, h],
// down [h, c]. Results: [images, height, width, c], the mask [images height width, 1].
#pixel = affine_map<(n, y, x, c, p, q) -> (n, y + p, x + q, c)>
#tap = affine_map<(n, y, x, c, p, q) -> (p, q, c)>
#sum = affine_map<(n, y, x, c, p, q) -> (n, y, x, c)>
#mark = affine_map<(n, y, x, p, q) -> (n, y + p, x + q)>
#offset = affine_map<(n, y, x, p, q) -> (p, q)>
#dilated = affine_map<(n, y, x, p, q) -> (n, y, x)>
!matrix = tensor<?x?xf32>
!images = tensor<?x?x?x?xf32>
!marks = tensor<?x1xi1>
!routing = !condcomp.routing<?x1, f32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @relu(!matrix) -> !matrix

func.func @dynconv(%x: !images, %mask_w: !matrix, %tau: f32, %up: !matrix,
                   %depthwise: tensor<3x3x?xf32>, %down: !matrix) -> (!images, !marks) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : !images
  %height = tensor.dim %x, %c1 : !images
  %width = tensor.dim %x, %c2 : !images
  %h = tensor.dim %up, %c1 : !matrix
  %pixels = tensor.collapse_shape %x [[0, 1, 2], [3]] : !images into !matrix
  %count = tensor.dim %pixels, %c0 : !matrix

  // Rows are positions, the one module is the block.
  %score_any = func.call @linear(%pixels, %mask_w) : (!matrix, !matrix) -> !matrix
  %score = tensor.cast %score_any : !matrix to tensor<?x1xf32>
  %marked = condcomp.threshold %score, %tau : tensor<?x1xf32>, f32 -> !routing
  %mask = condcomp.to_mask %marked : !routing -> !marks
  %dilated = func.call @dilate(%mask, %n, %height, %width)
      : (!marks, index, index, index) -> !marks
  %near = condcomp.from_mask %dilated : !marks -> !routing

  %ue = tensor.empty(%count, %h) : !matrix
  %uz = linalg.fill ins(%f0 : f32) outs(%ue : !matrix) -> !matrix
  %u = condcomp.apply %near : !routing rows(%pixels : !matrix) outs(%uz : !matrix)
      combine(replace) weights(none) {
  ^bb0(%rows: !matrix):
    %r0 = func.call @linear(%rows, %up) : (!matrix, !matrix) -> !matrix
    %r1 = func.call @relu(%r0) : (!matrix) -> !matrix
    condcomp.yield %r1 : !matrix
  } -> !matrix

  %image = tensor.expand_shape %u [[0, 1, 2], [3]] output_shape [%n, %height, %width, %h]
      : !matrix into !images
  %padded = tensor.pad %image low[0, 1, 1, 0] high[0, 1, 1, 0] {
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %f0 : f32
  } : !images to !images
  %de = tensor.empty(%n, %height, %width, %h) : !images
  %dz = linalg.fill ins(%f0 : f32) outs(%de : !images) -> !images
  %d = linalg.generic {indexing_maps = [#pixel, #tap, #sum],
      iterator_types = ["parallel", "parallel", "parallel", "parallel",
                        "reduction", "reduction"]}
      ins(%padded, %depthwise : !images, tensor<3x3x?xf32>) outs(%dz : !images) {
  ^bb0(%xi: f32, %wi: f32, %s: f32):
    %product = arith.mulf %xi, %wi : f32
    %r = arith.addf %s, %product : f32
    linalg.yield %r : f32
  } -> !images

  %d_rows = tensor.collapse_shape %d [[0, 1, 2], [3]] : !images into !matrix
  %y = condcomp.apply %marked : !routing rows(%d_rows : !matrix) outs(%pixels : !matrix)
      combine(sum) weights(none) {
  ^bb0(%rows: !matrix):
    %r0 = func.call @relu(%rows) : (!matrix) -> !matrix
    %r1 = func.call @linear(%r0, %down) : (!matrix, !matrix) -> !matrix
    condcomp.yield %r1 : !matrix
  } -> !matrix
  %c = tensor.dim %pixels, %c1 : !matrix
  %result = tensor.expand_shape %y [[0, 1, 2], [3]] output_shape [%n, %height, %width, %c]
      : !matrix into !images
  return %result, %mask : !images, !marks
}

// Positions with a marked one among their nine neighbours.
func.func private @dilate(%mask: !marks, %n: index, %height: index, %width: index) -> !marks {
  %false = arith.constant false
  %flat = tensor.collapse_shape %mask [[0, 1]] : !marks into tensor<?xi1>
  %image = tensor.expand_shape %flat [[0, 1, 2]] output_shape [%n, %height, %width]
      : tensor<?xi1> into tensor<?x?x?xi1>
  %padded = tensor.pad %image low[0, 1, 1] high[0, 1, 1] {
  ^bb0(%i0: index, %i1: index, %i2: index):
    tensor.yield %false : i1
  } : tensor<?x?x?xi1> to tensor<?x?x?xi1>
  %window = tensor.empty() : tensor<3x3xi1>
  %e = tensor.empty(%n, %height, %width) : tensor<?x?x?xi1>
  %z = linalg.fill ins(%false : i1) outs(%e : tensor<?x?x?xi1>) -> tensor<?x?x?xi1>
  %any = linalg.generic {indexing_maps = [#mark, #offset, #dilated],
      iterator_types = ["parallel", "parallel", "parallel", "reduction", "reduction"]}
      ins(%padded, %window : tensor<?x?x?xi1>, tensor<3x3xi1>) outs(%z : tensor<?x?x?xi1>) {
  ^bb0(%m: i1, %w: i1, %o: i1):
    %r = arith.ori %o, %m : i1
    linalg.yield %r : i1
  } -> tensor<?x?x?xi1>
  %all = tensor.collapse_shape %any [[0, 1, 2]] : tensor<?x?x?xi1> into tensor<?xi1>
  %total = arith.muli %n, %height : index
  %count = arith.muli %total, %width : index
  %y = tensor.expand_shape %all [[0, 1]] output_shape [%count, 1] : tensor<?xi1> into !marks
  return %y : !marks
}
