// Zero Time Waste (Wolczyk et al. 2021, arXiv 2106.05409), equation 3: exits do not
// throw away what those before them said. Exit m of an MLP answers with the weighted
// geometric mean of the predictions p_1 ... p_m,
//   q_m = softmax(sum_{j <= m} w_mj log p_j + b_m),
// and a sample leaves once max q_m > theta. The log-predictions so far are carried.
// Left out: the cascade connections between classifiers.
// Chosen work: the layers up to where a sample leaves.
//
// x [samples, d], w [layers, d, d], classify [layers, d, classes],
// mix [layers, layers], bias [layers, classes], theta. Results: q [samples, classes]
// as logarithms not normalized, and the exit at which each left.
#each = affine_map<(n, c) -> (n, c)>
#said = affine_map<(n, j, c) -> (n, j, c)>
#now = affine_map<(n, j, c) -> (n, c)>
#weight = affine_map<(n, c, j) -> (j)>
#bias = affine_map<(n, c) -> (c)>
#say = affine_map<(n, c, j) -> (n, j, c)>
#sum = affine_map<(n, c, j) -> (n, c)>
!vector = tensor<?xf32>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>

func.func private @linear(!matrix, !matrix) -> !matrix
func.func private @relu(!matrix) -> !matrix
func.func private @softmax(!matrix) -> !matrix
func.func private @empty_like(!matrix) -> !matrix

func.func @exit_ensemble(%x: !matrix, %w: !stack, %classify: !stack, %mix: !matrix,
                         %bias: !matrix, %theta: f32) -> (!matrix, tensor<?xi32>) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %layers = tensor.dim %w, %c0 : !stack
  %samples = tensor.dim %x, %c0 : !matrix
  %classes = tensor.dim %classify, %c2 : !stack
  %none = tensor.empty(%samples, %classes) : !matrix
  %nothing = tensor.splat %f0[%samples, %layers, %classes] : !stack

  %answer, %left_at = condcomp.iterate steps(%layers)
      rows(%x, %nothing : !matrix, !stack)
      params(%w, %classify, %mix, %bias : !stack, !stack, !matrix, !matrix)
      outs(%none : !matrix) with_step {
  ^bb0(%h: !matrix, %said: !stack, %wh: !matrix, %wclass: !matrix, %weights: !vector,
       %b: !vector, %m: index):
    %hw = func.call @linear(%h, %wh) : (!matrix, !matrix) -> !matrix
    %y = func.call @relu(%hw) : (!matrix) -> !matrix
    %z = func.call @linear(%y, %wclass) : (!matrix, !matrix) -> !matrix
    %p = func.call @softmax(%z) : (!matrix) -> !matrix
    // log p_m takes place m of what was said; the places after it are still 0.
    %all = linalg.generic {indexing_maps = [#now, #said],
                           iterator_types = ["parallel", "parallel", "parallel"]}
        ins(%p : !matrix) outs(%said : !stack) {
    ^bb1(%pi: f32, %old: f32):
      %j = linalg.index 1 : index
      %own = arith.cmpi eq, %j, %m : index
      %log = math.log %pi : f32
      %new = arith.select %own, %log, %old : f32
      linalg.yield %new : f32
    } -> !stack
    %e = func.call @empty_like(%z) : (!matrix) -> !matrix
    %start = linalg.generic {indexing_maps = [#bias, #each],
                             iterator_types = ["parallel", "parallel"]}
        ins(%b : !vector) outs(%e : !matrix) {
    ^bb1(%bi: f32, %o: f32):
      linalg.yield %bi : f32
    } -> !matrix
    %q = linalg.generic {indexing_maps = [#say, #weight, #sum],
                         iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%all, %weights : !stack, !vector) outs(%start : !matrix) {
    ^bb1(%log: f32, %wi: f32, %sum: f32):
      %t = arith.mulf %log, %wi : f32
      %s = arith.addf %sum, %t : f32
      linalg.yield %s : f32
    } -> !matrix
    %confidence = condcomp.confidence max_prob %q : !matrix -> !vector
    %n = tensor.dim %confidence, %c0 : !vector
    %se = tensor.empty(%n) : tensor<?xi1>
    %sure = linalg.map ins(%confidence : !vector) outs(%se : tensor<?xi1>)
        (%c: f32, %o: i1) {
      %passes = arith.cmpf ogt, %c, %theta : f32
      linalg.yield %passes : i1
    }
    condcomp.exit %sure : tensor<?xi1> results(%q : !matrix)
        carry(%y, %all : !matrix, !stack)
  } -> !matrix, tensor<?xi32>
  return %answer, %left_at : !matrix, tensor<?xi32>
}
