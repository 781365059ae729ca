// Hash layers (Roller et al. 2021, arXiv 2106.04426), equation 2: a token's expert is
// a fixed hash of its id in the vocabulary, here a table drawn once at random:
//   y = x + E_hash(id)(x).
// Chosen work: 1 expert per token.
//
// x [tokens, d], ids [tokens], table [vocabulary], up [experts, d, hidden],
// down [experts, hidden, d]. Result: [tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32, exactly 1>

func.func private @ffn(!matrix, !matrix, !matrix) -> !matrix

func.func @hash_layer(%x: !matrix, %ids: tensor<?xi64>, %table: tensor<?xi64>, %up: !stack,
                      %down: !stack) -> !matrix {
  %c0 = arith.constant 0 : index
  %experts = tensor.dim %up, %c0 : !stack
  %tokens = tensor.dim %x, %c0 : !matrix
  %e = tensor.empty(%tokens) : tensor<?x1xi64>
  %hash = linalg.generic {
      indexing_maps = [affine_map<(token, i) -> (token)>, affine_map<(token, i) -> (token, i)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%ids : tensor<?xi64>) outs(%e : tensor<?x1xi64>) {
  ^bb0(%id: i64, %o: i64):
    %at = arith.index_cast %id : i64 to index
    %expert = tensor.extract %table[%at] : tensor<?xi64>
    linalg.yield %expert : i64
  } -> tensor<?x1xi64>
  %routing = condcomp.assign %hash modules(%experts) : tensor<?x1xi64> -> !routing

  %y = condcomp.apply %routing : !routing rows(%x : !matrix)
      params(%up, %down : !stack, !stack) outs(%x : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %u: !matrix, %d: !matrix):
    %out = func.call @ffn(%rows, %u, %d) : (!matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}
