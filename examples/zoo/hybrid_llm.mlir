// Hybrid LLM (Ding et al. 2024, arXiv 2404.14618), section 3: a router scores each
// query, and those expected to be answered well enough by a small model go there, the
// others to the large one:
//   small if score(x) >= tau, else large.
// Chosen work: one of two models per query.
// Left out: a gated feed-forward stands for each model.
//
// x [queries, d], router [d, 1], tau, gate, up [d, hidden] and down [hidden, d] of the
// small and the large model. Results: [queries, d], the model of each query.
!matrix = tensor<?x?xf32>
!choice = !condcomp.routing<?x2, f32, exactly 1>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @swiglu(!matrix, !matrix, !matrix, !matrix) -> !matrix

func.func @hybrid_llm(%x: !matrix, %router: !matrix, %tau: f32, %gate_s: !matrix,
    %up_s: !matrix, %down_s: !matrix, %gate_l: !matrix, %up_l: !matrix, %down_l: !matrix)
    -> (!matrix, tensor<?x1xi32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %n = tensor.dim %x, %c0 : !matrix
  %score_any = func.call @linear(%x, %router) : (!matrix, !matrix) -> !matrix
  %score = tensor.cast %score_any : !matrix to tensor<?x1xf32>
  %e = tensor.empty(%n) : tensor<?x1xi32>
  %model = linalg.map ins(%score : tensor<?x1xf32>) outs(%e : tensor<?x1xi32>)
      (%s: f32, %o: i32) {
    %easy = arith.cmpf oge, %s, %tau : f32
    %m = arith.select %easy, %zero, %one : i32
    linalg.yield %m : i32
  }
  %routing = condcomp.assign %model : tensor<?x1xi32> -> !choice

  %y = condcomp.apply %routing : !choice rows(%x : !matrix) outs(%x : !matrix)
      combine(replace) weights(none) {
  ^bb0(%queries: !matrix):
    %small = func.call @swiglu(%queries, %gate_s, %up_s, %down_s)
        : (!matrix, !matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %small : !matrix
  }, {
  ^bb0(%queries: !matrix):
    %large = func.call @swiglu(%queries, %gate_l, %up_l, %down_l)
        : (!matrix, !matrix, !matrix, !matrix) -> !matrix
    condcomp.yield %large : !matrix
  } -> !matrix
  return %y, %model : !matrix, tensor<?x1xi32>
}
