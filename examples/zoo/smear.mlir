// SMEAR (Muqeeth et al. 2023, arXiv 2306.03745), section 3: a sequence does not choose
// experts, it mixes their parameters by the router's softmax and runs the mixture once:
//   y = f(x, sum_i p_i W_i),  p = softmax(mean_t(x) router).
// Chosen work: one expert's feed-forward instead of all of them.
//
// x [sequences, tokens, d], router [d, experts], up [experts, d, hidden],
// down [experts, hidden, d]. Result: [sequences, tokens, d].
#token = affine_map<(n, c, t) -> (n, t, c)>
#mean = affine_map<(n, c, t) -> (n, c)>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @softmax(!matrix) -> !matrix
func.func private @everyone(!matrix) -> tensor<?x?xi1>
func.func private @batch_matmul(!stack, !stack) -> !stack
func.func private @relu_3d(!stack) -> !stack

func.func @smear(%x: !stack, %router: !matrix, %up: !stack, %down: !stack) -> !stack {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : !stack
  %tokens = tensor.dim %x, %c1 : !stack
  %d = tensor.dim %x, %c2 : !stack
  %hidden = tensor.dim %up, %c2 : !stack

  // The mean over a sequence's tokens.
  %tokens_i = arith.index_cast %tokens : index to i64
  %count = arith.sitofp %tokens_i : i64 to f32
  %me = tensor.empty(%n, %d) : !matrix
  %mz = linalg.fill ins(%f0 : f32) outs(%me : !matrix) -> !matrix
  %mean = linalg.generic {indexing_maps = [#token, #mean],
                          iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : !stack) outs(%mz : !matrix) {
  ^bb0(%xi: f32, %sum: f32):
    %part = arith.divf %xi, %count : f32
    %s = arith.addf %sum, %part : f32
    linalg.yield %s : f32
  } -> !matrix

  // Every sequence uses every expert's parameters, weighed.
  %logits = func.call @linear(%mean, %router) : (!matrix, !matrix) -> !matrix
  %p = func.call @softmax(%logits) : (!matrix) -> !matrix
  %all = func.call @everyone(%p) : (!matrix) -> tensor<?x?xi1>
  %mixture = condcomp.from_mask %all weights(%p : !matrix) : tensor<?x?xi1> -> !routing
  %ue = tensor.empty(%n, %d, %hidden) : !stack
  %uz = linalg.fill ins(%f0 : f32) outs(%ue : !stack) -> !stack
  %u = condcomp.mix %mixture from modules(%up : !stack) outs(%uz : !stack) : !routing
  %de = tensor.empty(%n, %hidden, %d) : !stack
  %dz = linalg.fill ins(%f0 : f32) outs(%de : !stack) -> !stack
  %v = condcomp.mix %mixture from modules(%down : !stack) outs(%dz : !stack) : !routing

  %h = func.call @batch_matmul(%x, %u) : (!stack, !stack) -> !stack
  %a = func.call @relu_3d(%h) : (!stack) -> !stack
  %y = func.call @batch_matmul(%a, %v) : (!stack, !stack) -> !stack
  return %y : !stack
}
