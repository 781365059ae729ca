// PonderNet (Banino et al. 2021, arXiv 2107.05407), section 2.1, inference: after each
// step n a row halts with probability lambda_n,
//   h_n = tanh(h_{n-1} W + x U),  lambda_n = sigmoid(h_n v),  Lambda_n ~ Bernoulli,
// and answers with h_n O of the step at which it halted. The draws are an argument,
// read at a row's own id and the step, so that they do not depend on which other rows
// are still there.
// Chosen work: the steps that a row runs, of the limit.
//
// x, h [rows, d], W, U [d, d], v [d, 1], O [d, out], draws [rows, limit] in [0, 1).
// Results: [rows, out], and the step at which each row halted (the limit if at none).
#column = affine_map<(n) -> (n, 0)>
#plain = affine_map<(n) -> (n)>
!matrix = tensor<?x?xf32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @add(!matrix, !matrix) -> !matrix

func.func @pondernet(%x: !matrix, %h0: !matrix, %w: !matrix, %u: !matrix,
                     %v: !matrix, %out: !matrix, %draws: !matrix)
    -> (!matrix, tensor<?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f1 = arith.constant 1.0 : f32
  %rows = tensor.dim %x, %c0 : !matrix
  %width = tensor.dim %out, %c1 : !matrix
  %limit = tensor.dim %draws, %c1 : !matrix
  %none = tensor.empty(%rows, %width) : !matrix
  %xu = func.call @linear(%x, %u) : (!matrix, !matrix) -> !matrix

  %y, %left_at = condcomp.iterate steps(%limit) rows(%h0, %xu : !matrix, !matrix)
      outs(%none : !matrix) with_ids with_step {
  ^bb0(%h: !matrix, %in: !matrix, %ids: tensor<?xindex>, %step: index):
    %hw = func.call @linear(%h, %w) : (!matrix, !matrix) -> !matrix
    %t = func.call @add(%hw, %in) : (!matrix, !matrix) -> !matrix
    %next = math.tanh %t : !matrix
    %logit = func.call @linear(%next, %v) : (!matrix, !matrix) -> !matrix
    %answer = func.call @linear(%next, %out) : (!matrix, !matrix) -> !matrix
    %n = tensor.dim %ids, %c0 : tensor<?xindex>
    %e = tensor.empty(%n) : tensor<?xi1>
    %halts = linalg.generic {indexing_maps = [#column, #plain, #plain],
                             iterator_types = ["parallel"]}
        ins(%logit, %ids : !matrix, tensor<?xindex>) outs(%e : tensor<?xi1>) {
    ^bb1(%l: f32, %id: index, %o: i1):
      %minus = arith.negf %l : f32
      %exp = math.exp %minus : f32
      %plus = arith.addf %f1, %exp : f32
      %lambda = arith.divf %f1, %plus : f32
      %draw = tensor.extract %draws[%id, %step] : !matrix
      %halt = arith.cmpf olt, %draw, %lambda : f32
      linalg.yield %halt : i1
    } -> tensor<?xi1>
    condcomp.exit %halts : tensor<?xi1> results(%answer : !matrix)
        carry(%next, %in : !matrix, !matrix)
  } -> !matrix, tensor<?xi32>
  return %y, %left_at : !matrix, tensor<?xi32>
}
