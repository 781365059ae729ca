// Vision MoE with batch-prioritized routing (Riquelme et al. 2021,
// arXiv 2106.05974), section 2.2 and algorithm 2:
//   p = softmax(x router), each token asks for its top 2 experts with weights p;
// experts have limited room, which goes to all first choices before second ones and
// among these to the tokens of the largest p: unimportant ones are dropped.
// Chosen work: what gets a place, of 2 experts per token.
// Left out: the noise of training.
//
// x [tokens, d], router [d, experts], up [experts, d, hidden],
// down [experts, hidden, d], the capacity. Result: [tokens, d].
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!column = tensor<?xf32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @softmax(!matrix) -> !matrix
func.func private @empty_like(!matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix

func.func private @gelu(%x: !matrix) -> !matrix {
  %e = func.call @empty_like(%x) : (!matrix) -> !matrix
  %y = linalg.map ins(%x : !matrix) outs(%e : !matrix) (%xi: f32, %o: f32) {
    %half = arith.constant 0.5 : f32
    %one = arith.constant 1.0 : f32
    %root = arith.constant 0.70710678118 : f32
    %scaled = arith.mulf %xi, %root : f32
    %erf = math.erf %scaled : f32
    %sum = arith.addf %one, %erf : f32
    %part = arith.mulf %half, %sum : f32
    %g = arith.mulf %xi, %part : f32
    linalg.yield %g : f32
  }
  return %y : !matrix
}

func.func private @largest(%p: !matrix) -> !column {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %p, %c0 : !matrix
  %e = tensor.empty(%rows) : !column
  %z = linalg.fill ins(%f0 : f32) outs(%e : !column) -> !column
  %m = linalg.reduce { arith.maximumf } ins(%p : !matrix) outs(%z : !column)
      dimensions = [1]
  return %m : !column
}

func.func @vmoe(%x: !matrix, %router: !matrix, %up: !stack, %down: !stack,
                %capacity: index) -> !matrix {
  %logits = func.call @linear(%x, %router) : (!matrix, !matrix) -> !matrix
  %p = func.call @softmax(%logits) : (!matrix) -> !matrix
  %priority = func.call @largest(%p) : (!matrix) -> !column
  %asked = condcomp.top_k %p, 2 : !matrix -> !condcomp.routing<?x?, f32, exactly 2>
  %got = condcomp.capacity %asked, %capacity order(rank) priority(%priority : !column)
      : !condcomp.routing<?x?, f32, exactly 2> -> !condcomp.routing<?x?, f32, at_most 2>

  %zeros = func.call @zeros_like(%x) : (!matrix) -> !matrix
  %y = condcomp.apply %got : !condcomp.routing<?x?, f32, at_most 2> rows(%x : !matrix)
      params(%up, %down : !stack, !stack) outs(%zeros : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %u: !matrix, %d: !matrix):
    %h = func.call @linear(%rows, %u) : (!matrix, !matrix) -> !matrix
    %a = func.call @gelu(%h) : (!matrix) -> !matrix
    %out = func.call @linear(%a, %d) : (!matrix, !matrix) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}
