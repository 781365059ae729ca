// The mixture-of-experts layer of OLMoE-1B-7B (Muennighoff et al. 2024, arXiv
// 2409.02060): d 2048, 64 experts of width 1024 with SwiGLU, 8 per token, weights
// the router's probabilities, not renormalized. Any number of tokens.
//
// Arguments: x [tokens, 2048], router [2048, 64], gate and up [64, 2048, 1024],
// down [64, 1024, 2048]. Result: [tokens, 2048]. examples/olmoe_weights.py makes
// random weights and a reference result.
#same = affine_map<(row, i) -> (row, i)>

func.func @layer_f32(%x: tensor<?x2048xf32>, %router: tensor<2048x64xf32> {condcomp.constant},
    %gate: tensor<64x2048x1024xf32> {condcomp.constant}, %up: tensor<64x2048x1024xf32> {condcomp.constant},
    %down: tensor<64x1024x2048xf32> {condcomp.constant}) -> tensor<?x2048xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %zero_f32 = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %tokens = tensor.dim %x, %c0 : tensor<?x2048xf32>

  // The router: logits and probabilities in f32.
  %l0 = tensor.empty(%tokens) : tensor<?x64xf32>
  %l1 = linalg.fill ins(%zero : f32) outs(%l0 : tensor<?x64xf32>) -> tensor<?x64xf32>
  %logits = linalg.matmul ins(%x, %router : tensor<?x2048xf32>, tensor<2048x64xf32>)
    outs(%l1 : tensor<?x64xf32>) -> tensor<?x64xf32>
  %probs = linalg.softmax dimension(1) ins(%logits : tensor<?x64xf32>)
    outs(%l0 : tensor<?x64xf32>) -> tensor<?x64xf32>

  // Choose on logits, weigh by probabilities.
  %chosen = condcomp.top_k %logits, 8 : tensor<?x64xf32>
    -> !condcomp.routing<?x64, f32, exactly 8>
  %routing = condcomp.reweight %chosen dense(%probs : tensor<?x64xf32>)
    : !condcomp.routing<?x64, f32, exactly 8>

  %y0 = tensor.empty(%tokens) : tensor<?x2048xf32>
  %y1 = linalg.fill ins(%zero_f32 : f32) outs(%y0 : tensor<?x2048xf32>) -> tensor<?x2048xf32>
  %y = condcomp.apply %routing : !condcomp.routing<?x64, f32, exactly 8>
      rows(%x : tensor<?x2048xf32>)
      params(%gate, %up, %down : tensor<64x2048x1024xf32>, tensor<64x2048x1024xf32>,
                                 tensor<64x1024x2048xf32>)
      outs(%y1 : tensor<?x2048xf32>) combine(sum) {
  ^bb0(%xe: tensor<?x2048xf32>, %wg: tensor<2048x1024xf32>, %wu: tensor<2048x1024xf32>,
       %wd: tensor<1024x2048xf32>):
    %n = tensor.dim %xe, %c0 : tensor<?x2048xf32>
    %h0 = tensor.empty(%n) : tensor<?x1024xf32>
    %h1 = linalg.fill ins(%zero_f32 : f32) outs(%h0 : tensor<?x1024xf32>) -> tensor<?x1024xf32>
    %hg = linalg.matmul ins(%xe, %wg : tensor<?x2048xf32>, tensor<2048x1024xf32>)
      outs(%h1 : tensor<?x1024xf32>) -> tensor<?x1024xf32>
    %hu = linalg.matmul ins(%xe, %wu : tensor<?x2048xf32>, tensor<2048x1024xf32>)
      outs(%h1 : tensor<?x1024xf32>) -> tensor<?x1024xf32>
    %act = linalg.generic {
        indexing_maps = [#same, #same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%hg, %hu : tensor<?x1024xf32>, tensor<?x1024xf32>) outs(%h0 : tensor<?x1024xf32>) {
    ^bb1(%g: f32, %u: f32, %o: f32):
      %minus = arith.negf %g : f32
      %exp = math.exp %minus : f32
      %denominator = arith.addf %one, %exp : f32
      %silu = arith.divf %g, %denominator : f32
      %h = arith.mulf %silu, %u : f32
      linalg.yield %h : f32
    } -> tensor<?x1024xf32>
    %d0 = tensor.empty(%n) : tensor<?x2048xf32>
    %d1 = linalg.fill ins(%zero_f32 : f32) outs(%d0 : tensor<?x2048xf32>) -> tensor<?x2048xf32>
    %out = linalg.matmul ins(%act, %wd : tensor<?x1024xf32>, tensor<1024x2048xf32>)
      outs(%d1 : tensor<?x2048xf32>) -> tensor<?x2048xf32>
    condcomp.yield %out : tensor<?x2048xf32>
  } -> tensor<?x2048xf32>
  return %y : tensor<?x2048xf32>
}

func.func @layer_bf16(%x: tensor<?x2048xbf16>, %router: tensor<2048x64xbf16> {condcomp.constant},
    %gate: tensor<64x2048x1024xbf16> {condcomp.constant}, %up: tensor<64x2048x1024xbf16> {condcomp.constant},
    %down: tensor<64x1024x2048xbf16> {condcomp.constant}) -> tensor<?x2048xbf16> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %zero_bf16 = arith.constant 0.0 : bf16
  %one = arith.constant 1.0 : f32
  %tokens = tensor.dim %x, %c0 : tensor<?x2048xbf16>

  // The router: logits and probabilities in f32.
  %l0 = tensor.empty(%tokens) : tensor<?x64xf32>
  %l1 = linalg.fill ins(%zero : f32) outs(%l0 : tensor<?x64xf32>) -> tensor<?x64xf32>
  %logits = linalg.matmul ins(%x, %router : tensor<?x2048xbf16>, tensor<2048x64xbf16>)
    outs(%l1 : tensor<?x64xf32>) -> tensor<?x64xf32>
  %probs = linalg.softmax dimension(1) ins(%logits : tensor<?x64xf32>)
    outs(%l0 : tensor<?x64xf32>) -> tensor<?x64xf32>

  // Choose on logits, weigh by probabilities.
  %chosen = condcomp.top_k %logits, 8 : tensor<?x64xf32>
    -> !condcomp.routing<?x64, f32, exactly 8>
  %routing = condcomp.reweight %chosen dense(%probs : tensor<?x64xf32>)
    : !condcomp.routing<?x64, f32, exactly 8>

  %y0 = tensor.empty(%tokens) : tensor<?x2048xbf16>
  %y1 = linalg.fill ins(%zero_bf16 : bf16) outs(%y0 : tensor<?x2048xbf16>) -> tensor<?x2048xbf16>
  %y = condcomp.apply %routing : !condcomp.routing<?x64, f32, exactly 8>
      rows(%x : tensor<?x2048xbf16>)
      params(%gate, %up, %down : tensor<64x2048x1024xbf16>, tensor<64x2048x1024xbf16>,
                                 tensor<64x1024x2048xbf16>)
      outs(%y1 : tensor<?x2048xbf16>) combine(sum) {
  ^bb0(%xe: tensor<?x2048xbf16>, %wg: tensor<2048x1024xbf16>, %wu: tensor<2048x1024xbf16>,
       %wd: tensor<1024x2048xbf16>):
    %n = tensor.dim %xe, %c0 : tensor<?x2048xbf16>
    %h0 = tensor.empty(%n) : tensor<?x1024xbf16>
    %h1 = linalg.fill ins(%zero_bf16 : bf16) outs(%h0 : tensor<?x1024xbf16>) -> tensor<?x1024xbf16>
    %hg = linalg.matmul ins(%xe, %wg : tensor<?x2048xbf16>, tensor<2048x1024xbf16>)
      outs(%h1 : tensor<?x1024xbf16>) -> tensor<?x1024xbf16>
    %hu = linalg.matmul ins(%xe, %wu : tensor<?x2048xbf16>, tensor<2048x1024xbf16>)
      outs(%h1 : tensor<?x1024xbf16>) -> tensor<?x1024xbf16>
    %act = linalg.generic {
        indexing_maps = [#same, #same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%hg, %hu : tensor<?x1024xbf16>, tensor<?x1024xbf16>) outs(%h0 : tensor<?x1024xbf16>) {
    ^bb1(%gb: bf16, %ub: bf16, %o: bf16):
      %g = arith.extf %gb : bf16 to f32
      %u = arith.extf %ub : bf16 to f32
      %minus = arith.negf %g : f32
      %exp = math.exp %minus : f32
      %denominator = arith.addf %one, %exp : f32
      %silu = arith.divf %g, %denominator : f32
      %h = arith.mulf %silu, %u : f32
      %hb = arith.truncf %h : f32 to bf16
      linalg.yield %hb : bf16
    } -> tensor<?x1024xbf16>
    %d0 = tensor.empty(%n) : tensor<?x2048xbf16>
    %d1 = linalg.fill ins(%zero_bf16 : bf16) outs(%d0 : tensor<?x2048xbf16>) -> tensor<?x2048xbf16>
    %out = linalg.matmul ins(%act, %wd : tensor<?x1024xbf16>, tensor<1024x2048xbf16>)
      outs(%d1 : tensor<?x2048xbf16>) -> tensor<?x2048xbf16>
    condcomp.yield %out : tensor<?x2048xbf16>
  } -> tensor<?x2048xbf16>
  return %y : tensor<?x2048xbf16>
}
