// Experts with quantized weights, in the sizes of OLMoE-1B-7B (arXiv 2409.02060) but
// for its gate projections: 64 of 2048 x 1024 and 1024 x 2048 with a ReLU between, 8
// per token. Weights are bytes with a scale per 128 terms and column, as GPTQ (arXiv
// 2210.17323) and others make them; an expert's are dequantized in its body.
//
// Arguments: x [tokens, 2048], logits [tokens, 64], up [64, 2048, 1024] with scales
// [64, 16, 1024], down [64, 1024, 2048] with scales [64, 8, 2048]. An expert's weight
// is its logit. Result: [tokens, 2048].
#same = affine_map<(i, j) -> (i, j)>
#group = affine_map<(k, n) -> (k floordiv 128, n)>
!routing = !condcomp.routing<?x64, f32, exactly 8>
!tokens = tensor<?x2048xf32>
!hidden = tensor<?x1024xf32>

func.func @experts(%x: !tokens, %logits: tensor<?x64xf32>,
    %up: tensor<64x2048x1024xi8>, %up_scale: tensor<64x16x1024xf32>,
    %down: tensor<64x1024x2048xi8>, %down_scale: tensor<64x8x2048xf32>) -> !tokens {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : !tokens
  %routing = condcomp.top_k %logits, 8 : tensor<?x64xf32> -> !routing
  %e = tensor.empty(%n) : !tokens
  %zeros = linalg.fill ins(%zero : f32) outs(%e : !tokens) -> !tokens
  %y = condcomp.apply %routing : !routing rows(%x : !tokens)
      params(%up, %up_scale, %down, %down_scale : tensor<64x2048x1024xi8>,
             tensor<64x16x1024xf32>, tensor<64x1024x2048xi8>, tensor<64x8x2048xf32>)
      outs(%zeros : !tokens) combine(sum) {
  ^bb0(%rows: !tokens, %u: tensor<2048x1024xi8>, %us: tensor<16x1024xf32>,
       %d: tensor<1024x2048xi8>, %ds: tensor<8x2048xf32>):
    %m = tensor.dim %rows, %c0 : !tokens
    %ue = tensor.empty() : tensor<2048x1024xf32>
    %uw = linalg.generic {indexing_maps = [#same, #group, #same],
        iterator_types = ["parallel", "parallel"]}
        ins(%u, %us : tensor<2048x1024xi8>, tensor<16x1024xf32>)
        outs(%ue : tensor<2048x1024xf32>) {
    ^bb1(%code: i8, %scale: f32, %o: f32):
      %value = arith.sitofp %code : i8 to f32
      %weight = arith.mulf %value, %scale : f32
      linalg.yield %weight : f32
    } -> tensor<2048x1024xf32>
    %he = tensor.empty(%m) : !hidden
    %hz = linalg.fill ins(%zero : f32) outs(%he : !hidden) -> !hidden
    %h = linalg.matmul ins(%rows, %uw : !tokens, tensor<2048x1024xf32>)
        outs(%hz : !hidden) -> !hidden
    %a = linalg.generic {indexing_maps = [#same, #same],
        iterator_types = ["parallel", "parallel"]} ins(%h : !hidden) outs(%he : !hidden) {
    ^bb1(%value: f32, %o: f32):
      %relu = arith.maximumf %value, %zero : f32
      linalg.yield %relu : f32
    } -> !hidden
    %de = tensor.empty() : tensor<1024x2048xf32>
    %dw = linalg.generic {indexing_maps = [#same, #group, #same],
        iterator_types = ["parallel", "parallel"]}
        ins(%d, %ds : tensor<1024x2048xi8>, tensor<8x2048xf32>)
        outs(%de : tensor<1024x2048xf32>) {
    ^bb1(%code: i8, %scale: f32, %o: f32):
      %value = arith.sitofp %code : i8 to f32
      %weight = arith.mulf %value, %scale : f32
      linalg.yield %weight : f32
    } -> tensor<1024x2048xf32>
    %re = tensor.empty(%m) : !tokens
    %rz = linalg.fill ins(%zero : f32) outs(%re : !tokens) -> !tokens
    %r = linalg.matmul ins(%a, %dw : !hidden, tensor<1024x2048xf32>)
        outs(%rz : !tokens) -> !tokens
    condcomp.yield %r : !tokens
  } -> !tokens
  return %y : !tokens
}
