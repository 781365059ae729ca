// A layer of ReMoE: a row runs the experts whose score is positive, and its result
// is their sum, weighted by the scores.
func.func @layer(%x: tensor<?x4xf32>, %scores: tensor<?x3xf32>,
                 %w: tensor<3x4x4xf32> {condcomp.constant}) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x4xf32>
  %empty = tensor.empty(%rows) : tensor<?x4xf32>
  %zero = linalg.fill ins(%f0 : f32) outs(%empty : tensor<?x4xf32>) -> tensor<?x4xf32>
  %r = remoe.relu_gate %scores : tensor<?x3xf32> -> !condcomp.routing<?x3, f32>
  %y = condcomp.apply %r : !condcomp.routing<?x3, f32> rows(%x : tensor<?x4xf32>)
      params(%w : tensor<3x4x4xf32>) outs(%zero : tensor<?x4xf32>) combine(sum) {
  ^bb0(%xe: tensor<?x4xf32>, %we: tensor<4x4xf32>):
    %n = tensor.dim %xe, %c0 : tensor<?x4xf32>
    %e = tensor.empty(%n) : tensor<?x4xf32>
    %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
    %h = linalg.matmul ins(%xe, %we : tensor<?x4xf32>, tensor<4x4xf32>)
      outs(%z : tensor<?x4xf32>) -> tensor<?x4xf32>
    condcomp.yield %h : tensor<?x4xf32>
  } -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
