// Adaptive computation time (Graves 2016, arXiv 1603.08983), section 2: a recurrent
// step runs until its halting probabilities add up to 1 - eps,
//   s_n = tanh(s_{n-1} W + x U),  h_n = sigmoid(s_n v + b),
//   p_n = h_n, and 1 - sum_{m < n} h_m where h_1 + ... + h_n >= 1 - eps,
// or n is the limit; the result is sum_n p_n s_n.
// Chosen work: the steps that a row runs, of the limit.
//
// x [rows, d], s [rows, d], W, U [d, d], v [d, 1], b, eps, limit. Results: [rows, d],
// and the step at which each row halted by itself (the limit if it did not).
#row = affine_map<(n, c) -> (n)>
#each = affine_map<(n, c) -> (n, c)>
#column = affine_map<(n) -> (n, 0)>
#plain = affine_map<(n) -> (n)>
!vector = tensor<?xf32>
!matrix = tensor<?x?xf32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @add(!matrix, !matrix) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix

func.func @act(%x: !matrix, %s0: !matrix, %w: !matrix, %u: !matrix, %v: tensor<?x1xf32>,
               %b: f32, %eps: f32, %limit: index) -> (!matrix, tensor<?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f0 = arith.constant 0.0 : f32
  %f1 = arith.constant 1.0 : f32
  %enough = arith.subf %f1, %eps : f32
  %last = arith.subi %limit, %c1 : index
  %rows = tensor.dim %x, %c0 : !matrix
  // What the input adds to every step; halting sums and results so far.
  %xu = func.call @linear(%x, %u) : (!matrix, !matrix) -> !matrix
  %sums = tensor.splat %f0[%rows] : !vector
  %zeros = func.call @zeros_like(%x) : (!matrix) -> !matrix

  %y, %left_at = condcomp.iterate steps(%limit)
      rows(%s0, %xu, %sums, %zeros : !matrix, !matrix, !vector, !matrix)
      outs(%zeros : !matrix) with_step {
  ^bb0(%s: !matrix, %in: !matrix, %sum: !vector, %acc: !matrix, %step: index):
    %sw = func.call @linear(%s, %w) : (!matrix, !matrix) -> !matrix
    %t = func.call @add(%sw, %in) : (!matrix, !matrix) -> !matrix
    %next = math.tanh %t : !matrix
    %vd = tensor.cast %v : tensor<?x1xf32> to !matrix
    %logit = func.call @linear(%next, %vd) : (!matrix, !matrix) -> !matrix
    %halting = linalg.generic {indexing_maps = [#column, #plain, #plain],
                               iterator_types = ["parallel"]}
        ins(%logit, %sum : !matrix, !vector) outs(%sum : !vector) {
    ^bb1(%l: f32, %so_far: f32, %o: f32):
      %lb = arith.addf %l, %b : f32
      %minus = arith.negf %lb : f32
      %exp = math.exp %minus : f32
      %plus = arith.addf %f1, %exp : f32
      %h = arith.divf %f1, %plus : f32
      %after = arith.addf %so_far, %h : f32
      linalg.yield %after : f32
    } -> !vector
    %at_the_limit = arith.cmpi eq, %step, %last : index
    %result = linalg.generic {indexing_maps = [#each, #row, #row, #each, #each],
                              iterator_types = ["parallel", "parallel"]}
        ins(%next, %sum, %halting, %acc : !matrix, !vector, !vector, !matrix)
        outs(%acc : !matrix) {
    ^bb1(%si: f32, %before: f32, %after: f32, %a: f32, %o: f32):
      %halts = arith.cmpf oge, %after, %enough : f32
      %ends = arith.ori %halts, %at_the_limit : i1
      %h = arith.subf %after, %before : f32
      %remainder = arith.subf %f1, %before : f32
      %p = arith.select %ends, %remainder, %h : f32
      %ps = arith.mulf %p, %si : f32
      %r = arith.addf %a, %ps : f32
      linalg.yield %r : f32
    } -> !matrix
    %n = tensor.dim %halting, %c0 : !vector
    %e = tensor.empty(%n) : tensor<?xi1>
    %done = linalg.map ins(%halting : !vector) outs(%e : tensor<?xi1>)
        (%after: f32, %o: i1) {
      %halts = arith.cmpf oge, %after, %enough : f32
      linalg.yield %halts : i1
    }
    condcomp.exit %done : tensor<?xi1> results(%result : !matrix)
        carry(%next, %in, %halting, %result : !matrix, !matrix, !vector, !matrix)
  } -> !matrix, tensor<?xi32>
  return %y, %left_at : !matrix, tensor<?xi32>
}
