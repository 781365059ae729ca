// A mixture-of-experts layer for examples/c/main.c: each row goes to its two
// best of 8 experts, weighted by a softmax over the two.

func.func @layer(%x: tensor<?x32xf32>, %gate: tensor<32x8xf32>,
                 %up: tensor<8x32x64xf32>, %down: tensor<8x64x32xf32>)
    -> (tensor<?x32xf32>, tensor<8xindex>) {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x32xf32>
  %ge = tensor.empty(%n) : tensor<?x8xf32>
  %gz = linalg.fill ins(%f0 : f32) outs(%ge : tensor<?x8xf32>) -> tensor<?x8xf32>
  %logits = linalg.matmul ins(%x, %gate : tensor<?x32xf32>, tensor<32x8xf32>)
      outs(%gz : tensor<?x8xf32>) -> tensor<?x8xf32>
  %best = condcomp.top_k %logits, 2 : tensor<?x8xf32>
      -> !condcomp.routing<?x8, f32, exactly 2>
  %r = condcomp.normalize softmax %best : !condcomp.routing<?x8, f32, exactly 2>
  %ye = tensor.empty(%n) : tensor<?x32xf32>
  %yz = linalg.fill ins(%f0 : f32) outs(%ye : tensor<?x32xf32>) -> tensor<?x32xf32>
  %y = condcomp.apply %r : !condcomp.routing<?x8, f32, exactly 2>
      rows(%x : tensor<?x32xf32>)
      params(%up, %down : tensor<8x32x64xf32>, tensor<8x64x32xf32>)
      outs(%yz : tensor<?x32xf32>) combine(sum) {
  ^bb0(%xe: tensor<?x32xf32>, %u: tensor<32x64xf32>, %d: tensor<64x32xf32>):
    %m = tensor.dim %xe, %c0 : tensor<?x32xf32>
    %he = tensor.empty(%m) : tensor<?x64xf32>
    %hz = linalg.fill ins(%f0 : f32) outs(%he : tensor<?x64xf32>) -> tensor<?x64xf32>
    %h = linalg.matmul ins(%xe, %u : tensor<?x32xf32>, tensor<32x64xf32>)
        outs(%hz : tensor<?x64xf32>) -> tensor<?x64xf32>
    %a = linalg.map { arith.maximumf } ins(%h, %hz : tensor<?x64xf32>, tensor<?x64xf32>)
        outs(%he : tensor<?x64xf32>)
    %oe = tensor.empty(%m) : tensor<?x32xf32>
    %oz = linalg.fill ins(%f0 : f32) outs(%oe : tensor<?x32xf32>) -> tensor<?x32xf32>
    %o = linalg.matmul ins(%a, %d : tensor<?x64xf32>, tensor<64x32xf32>)
        outs(%oz : tensor<?x32xf32>) -> tensor<?x32xf32>
    condcomp.yield %o : tensor<?x32xf32>
  } -> tensor<?x32xf32>
  %sizes = condcomp.module_sizes %best : !condcomp.routing<?x8, f32, exactly 2>
      -> tensor<8xindex>
  return %y, %sizes : tensor<?x32xf32>, tensor<8xindex>
}
