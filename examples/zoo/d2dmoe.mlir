// Dense to dynamic-k mixture of experts (Szatkowski et al. 2024, arXiv 2310.04361),
// equation 6: MoEfication (Zhang et al. 2021, arXiv 2110.01786) splits a trained ReLU
// feed-forward into experts of neurons; a small network with one hidden layer predicts
// the norm of each expert's output, and a token runs the experts predicted to have at
// least tau times the norm of its largest:
//   y = sum over {i : n_i >= tau max n} of E_i(x), n = |predictor(x)|.
// Chosen work: as many experts as a token needs.
//
// x [tokens, d], predictor [d, p], [p, experts], up [experts, d, hidden],
// up_bias [experts, hidden], down [experts, hidden, d], tau. Result: [tokens, d].
#row = affine_map<(token, expert) -> (token)>
#pair = affine_map<(token, expert) -> (token, expert)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @linear_bias(!matrix, !matrix, tensor<?xf32>) -> !matrix
func.func private @relu(!matrix) -> !matrix
func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix
func.func private @empty_like(!matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix

func.func @d2dmoe(%x: !matrix, %predictor0: !matrix, %predictor1: !matrix, %up: !stack,
                  %up_bias: !matrix, %down: !stack, %tau: f32) -> !matrix {
  %norms = func.call @ffn(%x, %predictor0, %predictor1)
      : (!matrix, !matrix, !matrix) -> !matrix
  %scores = func.call @of_largest(%norms) : (!matrix) -> !matrix
  %routing = condcomp.threshold %scores, %tau : !matrix, f32 -> !routing

  %zeros = func.call @zeros_like(%x) : (!matrix) -> !matrix
  %y = condcomp.apply %routing : !routing rows(%x : !matrix)
      params(%up, %up_bias, %down : !stack, !matrix, !stack) outs(%zeros : !matrix)
      combine(sum) weights(none) {
  ^bb0(%rows: !matrix, %u: !matrix, %b: tensor<?xf32>, %d: !matrix):
    %h = func.call @linear_bias(%rows, %u, %b) : (!matrix, !matrix, tensor<?xf32>) -> !matrix
    %a = func.call @relu(%h) : (!matrix) -> !matrix
    %out = func.call @linear(%a, %d) : (!matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}

// |n| as a share of the largest of its row.
func.func private @of_largest(%norms: !matrix) -> !matrix {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %tokens = tensor.dim %norms, %c0 : !matrix
  %le = tensor.empty(%tokens) : tensor<?xf32>
  %lz = linalg.fill ins(%f0 : f32) outs(%le : tensor<?xf32>) -> tensor<?xf32>
  %largest = linalg.reduce ins(%norms : !matrix) outs(%lz : tensor<?xf32>) dimensions = [1]
      (%n: f32, %m: f32) {
    %size = math.absf %n : f32
    %max = arith.maximumf %size, %m : f32
    linalg.yield %max : f32
  }
  %e = func.call @empty_like(%norms) : (!matrix) -> !matrix
  %scores = linalg.generic {indexing_maps = [#pair, #row, #pair],
                            iterator_types = ["parallel", "parallel"]}
      ins(%norms, %largest : !matrix, tensor<?xf32>) outs(%e : !matrix) {
  ^bb0(%n: f32, %m: f32, %o: f32):
    %size = math.absf %n : f32
    %s = arith.divf %size, %m : f32
    linalg.yield %s : f32
  } -> !matrix
  return %scores : !matrix
}
