// Deja Vu (Liu et al. 2023, arXiv 2310.17157), section 3.2 and algorithm 1: of a
// feed-forward's ReLU neurons a token needs few; a low-rank predictor says which:
//   y = sum over the k neurons j with the largest (x P0 P1)_j of relu(x . up_j) down_j.
// Chosen work: k of the neurons per token, by rows of both matrices.
//
// x [tokens, d], predictor [d, rank], [rank, neurons], up [neurons, d],
// down [neurons, d], k. Result: [tokens, d].
#row = affine_map<(t, j, c) -> (t, c)>
#rows = affine_map<(t, j, c) -> (t, j, c)>
#neuron = affine_map<(t, j, c) -> (t, j)>
#sum_neuron = affine_map<(t, c, j) -> (t, j)>
#sum_rows = affine_map<(t, c, j) -> (t, j, c)>
#sum = affine_map<(t, c, j) -> (t, c)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32, exactly ?>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix
func.func private @relu(!matrix) -> !matrix

func.func @deja_vu(%x: !matrix, %predictor0: !matrix, %predictor1: !matrix, %up: !matrix,
                   %down: !matrix, %k: index) -> !matrix {
  %low = func.call @linear(%x, %predictor0) : (!matrix, !matrix) -> !matrix
  %scores = func.call @linear(%low, %predictor1) : (!matrix, !matrix) -> !matrix
  %active = condcomp.top_k %scores, %k : !matrix -> !routing
  %ups = condcomp.select %active from modules(%up : !matrix) : !routing -> !stack
  %downs = condcomp.select %active from modules(%down : !matrix) : !routing -> !stack

  %weights = condcomp.weights %active : !routing -> !matrix
  %hz = func.call @zeros_like(%weights) : (!matrix) -> !matrix
  %h = linalg.generic {indexing_maps = [#row, #rows, #neuron],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %ups : !matrix, !stack) outs(%hz : !matrix) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %ab = arith.mulf %a, %b : f32
    %s = arith.addf %sum, %ab : f32
    linalg.yield %s : f32
  } -> !matrix
  %a = func.call @relu(%h) : (!matrix) -> !matrix
  %yz = func.call @zeros_like(%x) : (!matrix) -> !matrix
  %y = linalg.generic {indexing_maps = [#sum_neuron, #sum_rows, #sum],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%a, %downs : !matrix, !stack) outs(%yz : !matrix) {
  ^bb0(%ai: f32, %b: f32, %sum: f32):
    %ab = arith.mulf %ai, %b : f32
    %s = arith.addf %sum, %ab : f32
    linalg.yield %s : f32
  } -> !matrix
  return %y : !matrix
}
