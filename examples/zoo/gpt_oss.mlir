// gpt-oss (OpenAI 2025, arXiv 2508.10925), section 2.2 and the released code:
//   y = sum over the 4 best logits of softmax(those 4)_i * E_i(x),
//   E(x) = ((u + 1) * g * sigmoid(1.702 g)) down + down_bias,
// g the even columns of x up + up_bias, at most 7, and u the odd ones, from -7 to 7.
// The choice is made on logits: f32 probabilities may tie where logits do not.
// Chosen work: 4 of 128 (or 32) experts per token.
//
// x [tokens, d], router [d, experts], router_bias [experts],
// up [experts, d, 2 hidden], up_bias [experts, 2 hidden],
// down [experts, hidden, d], down_bias [experts, d]. Result: [tokens, d].
#gate = affine_map<(row, i) -> (row, 2 * i)>
#up = affine_map<(row, i) -> (row, 2 * i + 1)>
#hidden = affine_map<(row, i) -> (row, i)>
!vector = tensor<?xf32>
!matrix = tensor<?x?xf32>
!stack = tensor<?x?x?xf32>
!routing = !condcomp.routing<?x?, f32, exactly 4>

func.func private @linear_bias(!matrix, !matrix, !vector) -> !matrix
func.func private @zeros_like(!matrix) -> !matrix

func.func @gpt_oss(%x: !matrix, %router: !matrix, %router_bias: !vector, %up: !stack,
    %up_bias: !matrix, %down: !stack, %down_bias: !matrix) -> !matrix {
  %logits = func.call @linear_bias(%x, %router, %router_bias)
      : (!matrix, !matrix, !vector) -> !matrix
  %chosen = condcomp.top_k %logits, 4 : !matrix -> !routing
  %weighed = condcomp.normalize softmax %chosen : !routing

  %zeros = func.call @zeros_like(%x) : (!matrix) -> !matrix
  %y = condcomp.apply %weighed : !routing rows(%x : !matrix)
      params(%up, %up_bias, %down, %down_bias : !stack, !matrix, !stack, !matrix)
      outs(%zeros : !matrix) combine(sum) {
  ^bb0(%rows: !matrix, %u: !matrix, %ub: !vector, %d: !matrix, %db: !vector):
    %gu = func.call @linear_bias(%rows, %u, %ub) : (!matrix, !matrix, !vector) -> !matrix
    %h = func.call @swiglu_oai(%gu, %d) : (!matrix, !matrix) -> !matrix
    %out = func.call @linear_bias(%h, %d, %db) : (!matrix, !matrix, !vector) -> !matrix
    condcomp.yield %out : !matrix
  } -> !matrix
  return %y : !matrix
}

// The activation; `down` only says how wide it is.
func.func private @swiglu_oai(%gu: !matrix, %down: !matrix) -> !matrix {
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %gu, %c0 : !matrix
  %hidden = tensor.dim %down, %c0 : !matrix
  %limit = arith.constant 7.0 : f32
  %minus_limit = arith.constant -7.0 : f32
  %alpha = arith.constant -1.702 : f32
  %one = arith.constant 1.0 : f32
  %e = tensor.empty(%rows, %hidden) : !matrix
  %h = linalg.generic {indexing_maps = [#gate, #up, #hidden],
                       iterator_types = ["parallel", "parallel"]}
      ins(%gu, %gu : !matrix, !matrix) outs(%e : !matrix) {
  ^bb0(%gi: f32, %ui: f32, %o: f32):
    %g = arith.minimumf %gi, %limit : f32
    %u0 = arith.minimumf %ui, %limit : f32
    %u = arith.maximumf %u0, %minus_limit : f32
    %scaled = arith.mulf %alpha, %g : f32
    %exp = math.exp %scaled : f32
    %sum = arith.addf %one, %exp : f32
    %swish = arith.divf %g, %sum : f32
    %u1 = arith.addf %u, %one : f32
    %hi = arith.mulf %u1, %swish : f32
    linalg.yield %hi : f32
  } -> !matrix
  return %h : !matrix
}
