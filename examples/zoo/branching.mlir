// Differentiable branching (Scardapane et al. 2020, "Differentiable branching in deep
// networks for fast inference", ICASSP; as in the survey, arXiv 2403.07965):
// exits are trained together with how sure they are. Exit i answers y_i with a
// confidence gamma_i = sigmoid(h_i v_i); in training the answers are mixed,
//   y~_i = gamma_i y_i + (1 - gamma_i) y~_(i+1),
// which is the soft form; afterwards a row leaves at the first exit with
// gamma_i >= theta.
// Chosen work: the layers up to a row's exit.
//
// x [rows, d], w [3, d, d], class [3, d, classes], v [2, d, 1], theta.
// Result: [rows, classes].
!vector = tensor<?xf32>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!done = tensor<?xi1>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @relu(!matrix) -> !matrix
func.func private @sigmoid(!matrix) -> !matrix

func.func @branching(%x: !matrix, %w: !stack, %class: !stack, %v: !stack, %theta: f32)
    -> !matrix {
  %l0 = arith.constant 0 : index
  %l1 = arith.constant 1 : index
  %l2 = arith.constant 2 : index
  %rows = tensor.dim %x, %l0 : !matrix
  %classes = tensor.dim %class, %l2 : !stack
  %none = tensor.empty(%rows, %classes) : !matrix
  %y, %left_at = condcomp.cascade rows(%x : !matrix) outs(%none : !matrix) {
  ^bb0(%x0: !matrix):
    %h0, %y0 = func.call @layer(%x0, %l0, %w, %class)
        : (!matrix, index, !stack, !stack) -> (!matrix, !matrix)
    %sure0, %done0 = func.call @sure(%h0, %l0, %v, %theta)
        : (!matrix, index, !stack, f32) -> (!vector, !done)
    condcomp.exit %done0 : !done results(%y0 : !matrix) carry(%h0 : !matrix)
        soft(%sure0 : !vector)
  }, {
  ^bb0(%x1: !matrix):
    %h1, %y1 = func.call @layer(%x1, %l1, %w, %class)
        : (!matrix, index, !stack, !stack) -> (!matrix, !matrix)
    %sure1, %done1 = func.call @sure(%h1, %l1, %v, %theta)
        : (!matrix, index, !stack, f32) -> (!vector, !done)
    condcomp.exit %done1 : !done results(%y1 : !matrix) carry(%h1 : !matrix)
        soft(%sure1 : !vector)
  }, {
  ^bb0(%x2: !matrix):
    %h2, %y2 = func.call @layer(%x2, %l2, %w, %class)
        : (!matrix, index, !stack, !stack) -> (!matrix, !matrix)
    condcomp.yield %y2 : !matrix
  } -> !matrix, tensor<?xi32>
  return %y : !matrix
}

// Layer i and its classifier.
func.func private @layer(%x: !matrix, %i: index, %w: !stack, %class: !stack)
    -> (!matrix, !matrix) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %d = tensor.dim %w, %c1 : !stack
  %classes = tensor.dim %class, %c2 : !stack
  %wi = tensor.extract_slice %w[%i, 0, 0] [1, %d, %d] [1, 1, 1] : !stack to !matrix
  %ci = tensor.extract_slice %class[%i, 0, 0] [1, %d, %classes] [1, 1, 1]
      : !stack to !matrix
  %xw = func.call @linear(%x, %wi) : (!matrix, !matrix) -> !matrix
  %h = func.call @relu(%xw) : (!matrix) -> !matrix
  %y = func.call @linear(%h, %ci) : (!matrix, !matrix) -> !matrix
  return %h, %y : !matrix, !matrix
}

// gamma_i, and whether it is enough.
func.func private @sure(%h: !matrix, %i: index, %v: !stack, %theta: f32)
    -> (!vector, !done) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %d = tensor.dim %v, %c1 : !stack
  %column_i = tensor.extract_slice %v[%i, 0, 0] [1, %d, 1] [1, 1, 1]
      : !stack to tensor<?x1xf32>
  %vi = tensor.cast %column_i : tensor<?x1xf32> to !matrix
  %logit = func.call @linear(%h, %vi) : (!matrix, !matrix) -> !matrix
  %gamma = func.call @sigmoid(%logit) : (!matrix) -> !matrix
  %n = tensor.dim %gamma, %c0 : !matrix
  %column = tensor.extract_slice %gamma[0, 0] [%n, 1] [1, 1] : !matrix to !vector
  %e = tensor.empty(%n) : !done
  %done = linalg.map ins(%column : !vector) outs(%e : !done) (%g: f32, %o: i1) {
    %enough = arith.cmpf oge, %g, %theta : f32
    linalg.yield %enough : i1
  }
  return %column, %done : !vector, !done
}
