// MSDNet (Huang et al. 2017, arXiv 1703.09844), sections 4 and 5: layers work at two
// scales at once, each on all features of its scale so far,
//   fine_i   = [fine_(i-1),   f(fine_(i-1))],
//   coarse_i = [coarse_(i-1), g(fine_(i-1)), h(coarse_(i-1))],
// f and h convolutions, g one with stride 2, and behind each layer a classifier looks at
// the coarse features. A sample leaves at the first exit i with max_c p_c >= theta_i
// (budgeted batch classification: theta follows from the budget), and all leave at exit
// `budget` (anytime prediction).
// Chosen work: the layers up to a sample's exit.
// Left out: bottlenecks and the classifiers' convolutions; batch norms are folded into
// the convolutions.
//
// x [samples, c, height, width]; stem [c0, c, 3, 3], down [c1, c0, 3, 3]; f [3, grow,
// fine, 3, 3], g and h [3, grow, .., 3, 3] for the most channels that there are, of which
// layer i takes the first; biases b0, b1, bf, bg, bh; class [3, coarse h/2 w/2,
// 10]; theta [3], budget. Results: logits [samples, 10], and the exit of each.
!vector = tensor<?xf32>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!images = tensor<?x?x?x?xf32>
!kernel = tensor<?x?x3x3xf32>
!kernels = tensor<?x?x?x3x3xf32>
!logits = tensor<?x10xf32>
!done = tensor<?xi1>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @conv3x3(!images, !kernel, !vector) -> !images
func.func private @relu_4d(!images) -> !images

func.func @msdnet(%x: !images, %stem: !kernel, %b0: !vector, %down: !kernel, %b1: !vector,
    %f: !kernels, %bf: !matrix, %g: !kernels, %bg: !matrix, %h: !kernels, %bh: !matrix,
    %class: !stack, %theta: !vector, %budget: index) -> (!logits, tensor<?xi32>) {
  %l0 = arith.constant 0 : index
  %l1 = arith.constant 1 : index
  %l2 = arith.constant 2 : index
  %y, %left_at = condcomp.cascade rows(%x : !images) {
  ^bb0(%images: !images):
    %stem_x = func.call @conv3x3(%images, %stem, %b0)
        : (!images, !kernel, !vector) -> !images
    %fine = func.call @relu_4d(%stem_x) : (!images) -> !images
    %down_x = func.call @conv3x3_down(%fine, %down, %b1)
        : (!images, !kernel, !vector) -> !images
    %coarse = func.call @relu_4d(%down_x) : (!images) -> !images
    %fine0, %coarse0 = func.call @layer(%fine, %coarse, %l0, %f, %bf, %g, %bg, %h, %bh)
        : (!images, !images, index, !kernels, !matrix, !kernels, !matrix, !kernels, !matrix)
        -> (!images, !images)
    %y0, %done0 = func.call @exit(%coarse0, %l0, %class, %theta, %budget)
        : (!images, index, !stack, !vector, index) -> (!logits, !done)
    condcomp.exit %done0 : !done results(%y0 : !logits)
        carry(%fine0, %coarse0 : !images, !images)
  }, {
  ^bb0(%fine0: !images, %coarse0: !images):
    %fine1, %coarse1 = func.call @layer(%fine0, %coarse0, %l1, %f, %bf, %g, %bg, %h, %bh)
        : (!images, !images, index, !kernels, !matrix, !kernels, !matrix, !kernels, !matrix)
        -> (!images, !images)
    %y1, %done1 = func.call @exit(%coarse1, %l1, %class, %theta, %budget)
        : (!images, index, !stack, !vector, index) -> (!logits, !done)
    condcomp.exit %done1 : !done results(%y1 : !logits)
        carry(%fine1, %coarse1 : !images, !images)
  }, {
  ^bb0(%fine1: !images, %coarse1: !images):
    %fine2, %coarse2 = func.call @layer(%fine1, %coarse1, %l2, %f, %bf, %g, %bg, %h, %bh)
        : (!images, !images, index, !kernels, !matrix, !kernels, !matrix, !kernels, !matrix)
        -> (!images, !images)
    %y2, %done2 = func.call @exit(%coarse2, %l2, %class, %theta, %budget)
        : (!images, index, !stack, !vector, index) -> (!logits, !done)
    condcomp.yield %y2 : !logits
  } -> !logits, tensor<?xi32>
  return %y, %left_at : !logits, tensor<?xi32>
}

// The classifier behind layer i: logits, and who leaves.
func.func private @exit(%coarse: !images, %i: index, %class: !stack, %theta: !vector,
    %budget: index) -> (!logits, !done) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %flat = tensor.collapse_shape %coarse [[0], [1, 2, 3]] : !images into !matrix
  %features = tensor.dim %flat, %c1 : !matrix
  %w = tensor.extract_slice %class[%i, 0, 0] [1, %features, 10] [1, 1, 1]
      : !stack to tensor<?x10xf32>
  %w_any = tensor.cast %w : tensor<?x10xf32> to !matrix
  %any = func.call @linear(%flat, %w_any) : (!matrix, !matrix) -> !matrix
  %logits = tensor.cast %any : !matrix to !logits
  %sure = condcomp.confidence max_prob %logits : !logits -> !vector
  %enough = tensor.extract %theta[%i] : !vector
  %next = arith.addi %i, %c1 : index
  %spent = arith.cmpi uge, %next, %budget : index
  %n = tensor.dim %sure, %c0 : !vector
  %e = tensor.empty(%n) : !done
  %done = linalg.map ins(%sure : !vector) outs(%e : !done) (%s: f32, %o: i1) {
    %passes = arith.cmpf oge, %s, %enough : f32
    %leaves = arith.ori %passes, %spent : i1
    linalg.yield %leaves : i1
  }
  return %logits, %done : !logits, !done
}

// Layer i: both scales with the features that it adds.
func.func private @layer(%fine: !images, %coarse: !images, %i: index, %f: !kernels,
    %bf: !matrix, %g: !kernels, %bg: !matrix, %h: !kernels, %bh: !matrix)
    -> (!images, !images) {
  %kf, %vf = func.call @kernel(%f, %bf, %i, %fine)
      : (!kernels, !matrix, index, !images) -> (!kernel, !vector)
  %kg, %vg = func.call @kernel(%g, %bg, %i, %fine)
      : (!kernels, !matrix, index, !images) -> (!kernel, !vector)
  %kh, %vh = func.call @kernel(%h, %bh, %i, %coarse)
      : (!kernels, !matrix, index, !images) -> (!kernel, !vector)
  %zf = func.call @conv3x3(%fine, %kf, %vf) : (!images, !kernel, !vector) -> !images
  %zg = func.call @conv3x3_down(%fine, %kg, %vg) : (!images, !kernel, !vector) -> !images
  %zh = func.call @conv3x3(%coarse, %kh, %vh) : (!images, !kernel, !vector) -> !images
  %yf = func.call @relu_4d(%zf) : (!images) -> !images
  %yg = func.call @relu_4d(%zg) : (!images) -> !images
  %yh = func.call @relu_4d(%zh) : (!images) -> !images
  %fine1 = tensor.concat dim(1) %fine, %yf : (!images, !images) -> !images
  %coarse1 = tensor.concat dim(1) %coarse, %yg, %yh : (!images, !images, !images) -> !images
  return %fine1, %coarse1 : !images, !images
}

// Kernel i and its bias, for the channels of x.
func.func private @kernel(%k: !kernels, %b: !matrix, %i: index, %x: !images)
    -> (!kernel, !vector) {
  %c1 = arith.constant 1 : index
  %grow = tensor.dim %k, %c1 : !kernels
  %channels = tensor.dim %x, %c1 : !images
  %ki = tensor.extract_slice %k[%i, 0, 0, 0, 0] [1, %grow, %channels, 3, 3] [1, 1, 1, 1, 1]
      : !kernels to !kernel
  %bi = tensor.extract_slice %b[%i, 0] [1, %grow] [1, 1] : !matrix to !vector
  return %ki, %bi : !kernel, !vector
}

// As @conv3x3, at every second pixel of every second line.
func.func private @conv3x3_down(%x: !images, %k: !kernel, %b: !vector) -> !images {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : !images
  %height = tensor.dim %x, %c2 : !images
  %width = tensor.dim %x, %c3 : !images
  %channels = tensor.dim %k, %c0 : !kernel
  %half_height = arith.ceildivui %height, %c2 : index
  %half_width = arith.ceildivui %width, %c2 : index
  %padded = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %f0 : f32
  } : !images to !images
  %e = tensor.empty(%n, %channels, %half_height, %half_width) : !images
  %z = linalg.broadcast ins(%b : !vector) outs(%e : !images) dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw {strides = dense<2> : tensor<2xi64>}
      ins(%padded, %k : !images, !kernel) outs(%z : !images) -> !images
  return %y : !images
}
