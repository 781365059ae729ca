// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dynamic network of network.py: four blocks with 8 experts each, an exit
// behind each block, 49 tokens in the first, 25 in the second, 13 in the others.
// demo.py runs it.

// Attention, on image n, head h, tokens t (asks) and s (answers), channel c.
#query = affine_map<(n, h, t, s, c) -> (n, t, h, c)>
#key = affine_map<(n, h, t, s, c) -> (n, s, h, c)>
#score = affine_map<(n, h, t, s, c) -> (n, h, t, s)>
#share = affine_map<(n, t, h, c, s) -> (n, h, t, s)>
#value = affine_map<(n, t, h, c, s) -> (n, s, h, c)>
#mixed = affine_map<(n, t, h, c, s) -> (n, t, h, c)>
// Exits, on image n, token t, channel c.
#tokens = affine_map<(n, t, c) -> (n, t, c)>
#channel = affine_map<(n, t, c) -> (c)>
#token = affine_map<(n, t, c) -> (n, t)>
#weight = affine_map<(n, c, t) -> (n, t)>
#pooled_tokens = affine_map<(n, c, t) -> (n, t, c)>
#pooled = affine_map<(n, c, t) -> (n, c)>
#row = affine_map<(r, c) -> (r)>
#column = affine_map<(r, c) -> (c)>
#element = affine_map<(r, c) -> (r, c)>

// Layer norm; its gain and bias are left to the matrices that follow.
func.func private @norm(%x: tensor<?x96xf32>) -> tensor<?x96xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x96xf32>
  %width = arith.constant 96.0 : f32
  %eps = arith.constant 1.0e-5 : f32
  %xe = tensor.empty(%n) : tensor<?x96xf32>
  %re = tensor.empty(%n) : tensor<?xf32>
  %rz = linalg.fill ins(%f0 : f32) outs(%re : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.reduce ins(%x : tensor<?x96xf32>) outs(%rz : tensor<?xf32>)
      dimensions = [1] (%e: f32, %acc: f32) {
    %a = arith.addf %acc, %e : f32
    linalg.yield %a : f32
  }
  %centred = linalg.generic {indexing_maps = [#element, #row, #element],
                             iterator_types = ["parallel", "parallel"]}
      ins(%x, %sum : tensor<?x96xf32>, tensor<?xf32>)
      outs(%xe : tensor<?x96xf32>) {
  ^bb0(%e: f32, %s: f32, %o: f32):
    %mean = arith.divf %s, %width : f32
    %d = arith.subf %e, %mean : f32
    linalg.yield %d : f32
  } -> tensor<?x96xf32>
  %squares = linalg.reduce ins(%centred : tensor<?x96xf32>)
      outs(%rz : tensor<?xf32>) dimensions = [1] (%e: f32, %acc: f32) {
    %ee = arith.mulf %e, %e : f32
    %a = arith.addf %acc, %ee : f32
    linalg.yield %a : f32
  }
  %y = linalg.generic {indexing_maps = [#element, #row, #element],
                       iterator_types = ["parallel", "parallel"]}
      ins(%centred, %squares : tensor<?x96xf32>, tensor<?xf32>)
      outs(%xe : tensor<?x96xf32>) {
  ^bb0(%e: f32, %s: f32, %o: f32):
    %variance = arith.divf %s, %width : f32
    %shifted = arith.addf %variance, %eps : f32
    %r = math.rsqrt %shifted : f32
    %d = arith.mulf %e, %r : f32
    linalg.yield %d : f32
  } -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

func.func private @times(%x: tensor<?x96xf32>, %w: tensor<96x96xf32>)
    -> tensor<?x96xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x96xf32>
  %e = tensor.empty(%n) : tensor<?x96xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x96xf32>) -> tensor<?x96xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x96xf32>, tensor<96x96xf32>)
      outs(%z : tensor<?x96xf32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

// Cuts images into 7x7 patches of 4x4 pixels, embeds them, adds their positions.
func.func private @embed(%images: tensor<?x28x28xf32>, %w: tensor<16x96xf32>,
                         %position: tensor<49x96xf32>) -> tensor<?x49x96xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %images, %c0 : tensor<?x28x28xf32>
  %cut = tensor.expand_shape %images [[0], [1, 2], [3, 4]]
      output_shape [%n, 7, 4, 7, 4]
      : tensor<?x28x28xf32> into tensor<?x7x4x7x4xf32>
  %pe = tensor.empty(%n) : tensor<?x7x7x4x4xf32>
  %patches = linalg.transpose ins(%cut : tensor<?x7x4x7x4xf32>)
      outs(%pe : tensor<?x7x7x4x4xf32>) permutation = [0, 1, 3, 2, 4]
  %pixels = tensor.collapse_shape %patches [[0, 1, 2], [3, 4]]
      : tensor<?x7x7x4x4xf32> into tensor<?x16xf32>
  %xe = tensor.empty(%n) : tensor<?x49x96xf32>
  %at = linalg.broadcast ins(%position : tensor<49x96xf32>)
      outs(%xe : tensor<?x49x96xf32>) dimensions = [0]
  %atrows = tensor.collapse_shape %at [[0, 1], [2]]
      : tensor<?x49x96xf32> into tensor<?x96xf32>
  %rows = linalg.matmul ins(%pixels, %w : tensor<?x16xf32>, tensor<16x96xf32>)
      outs(%atrows : tensor<?x96xf32>) -> tensor<?x96xf32>
  %x = tensor.expand_shape %rows [[0, 1], [2]] output_shape [%n, 49, 96]
      : tensor<?x96xf32> into tensor<?x49x96xf32>
  return %x : tensor<?x49x96xf32>
}

// Attention among the tokens of each image, added to them.
func.func private @attend(
    %x: tensor<?x?x96xf32>, %q: tensor<96x96xf32>, %k: tensor<96x96xf32>,
    %v: tensor<96x96xf32>, %o: tensor<96x96xf32>) -> tensor<?x?x96xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x?x96xf32>
  %t = tensor.dim %x, %c1 : tensor<?x?x96xf32>
  %rows = tensor.collapse_shape %x [[0, 1], [2]]
      : tensor<?x?x96xf32> into tensor<?x96xf32>
  %y = call @norm(%rows) : (tensor<?x96xf32>) -> tensor<?x96xf32>
  %yq = call @times(%y, %q) : (tensor<?x96xf32>, tensor<96x96xf32>) -> tensor<?x96xf32>
  %yk = call @times(%y, %k) : (tensor<?x96xf32>, tensor<96x96xf32>) -> tensor<?x96xf32>
  %yv = call @times(%y, %v) : (tensor<?x96xf32>, tensor<96x96xf32>) -> tensor<?x96xf32>
  %hq = tensor.expand_shape %yq [[0, 1], [2, 3]] output_shape [%n, %t, 6, 16]
      : tensor<?x96xf32> into tensor<?x?x6x16xf32>
  %hk = tensor.expand_shape %yk [[0, 1], [2, 3]] output_shape [%n, %t, 6, 16]
      : tensor<?x96xf32> into tensor<?x?x6x16xf32>
  %hv = tensor.expand_shape %yv [[0, 1], [2, 3]] output_shape [%n, %t, 6, 16]
      : tensor<?x96xf32> into tensor<?x?x6x16xf32>
  %se = tensor.empty(%n, %t, %t) : tensor<?x6x?x?xf32>
  %sz = linalg.fill ins(%f0 : f32) outs(%se : tensor<?x6x?x?xf32>)
      -> tensor<?x6x?x?xf32>
  %s = linalg.contract indexing_maps = [#query, #key, #score]
      ins(%hq, %hk : tensor<?x?x6x16xf32>, tensor<?x?x6x16xf32>)
      outs(%sz : tensor<?x6x?x?xf32>) -> tensor<?x6x?x?xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<?x6x?x?xf32>)
      outs(%se : tensor<?x6x?x?xf32>) -> tensor<?x6x?x?xf32>
  %me = tensor.empty(%n, %t) : tensor<?x?x6x16xf32>
  %mz = linalg.fill ins(%f0 : f32) outs(%me : tensor<?x?x6x16xf32>)
      -> tensor<?x?x6x16xf32>
  %m = linalg.contract indexing_maps = [#share, #value, #mixed]
      ins(%p, %hv : tensor<?x6x?x?xf32>, tensor<?x?x6x16xf32>)
      outs(%mz : tensor<?x?x6x16xf32>) -> tensor<?x?x6x16xf32>
  %mrows = tensor.collapse_shape %m [[0, 1], [2, 3]]
      : tensor<?x?x6x16xf32> into tensor<?x96xf32>
  %out = linalg.matmul ins(%mrows, %o : tensor<?x96xf32>, tensor<96x96xf32>)
      outs(%rows : tensor<?x96xf32>) -> tensor<?x96xf32>
  %z = tensor.expand_shape %out [[0, 1], [2]] output_shape [%n, %t, 96]
      : tensor<?x96xf32> into tensor<?x?x96xf32>
  return %z : tensor<?x?x96xf32>
}

// Each token's two experts of eight, by the router's logits, weighted by the
// softmax of the two; added to the tokens. Returns also which experts.
func.func private @experts(
    %x: tensor<?x96xf32>, %router: tensor<96x8xf32>, %up: tensor<8x96x48xf32>,
    %bias: tensor<8x48xf32>, %down: tensor<8x48x96xf32>)
    -> (tensor<?x96xf32>, tensor<?x2xindex>) {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %f1 = arith.constant 1.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x96xf32>
  %y = call @norm(%x) : (tensor<?x96xf32>) -> tensor<?x96xf32>
  %le = tensor.empty(%n) : tensor<?x8xf32>
  %lz = linalg.fill ins(%f0 : f32) outs(%le : tensor<?x8xf32>) -> tensor<?x8xf32>
  %logits = linalg.matmul ins(%y, %router : tensor<?x96xf32>, tensor<96x8xf32>)
      outs(%lz : tensor<?x8xf32>) -> tensor<?x8xf32>
  %best = condcomp.top_k %logits, 2
      : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, exactly 2>
  %chosen = condcomp.normalize softmax %best
      : !condcomp.routing<?x8, f32, exactly 2>
  %z = condcomp.apply %chosen : !condcomp.routing<?x8, f32, exactly 2>
      rows(%y : tensor<?x96xf32>)
      params(%up, %bias, %down
             : tensor<8x96x48xf32>, tensor<8x48xf32>, tensor<8x48x96xf32>)
      outs(%x : tensor<?x96xf32>) combine(sum) {
  ^bb0(%ye: tensor<?x96xf32>, %u: tensor<96x48xf32>, %b: tensor<48xf32>,
       %d: tensor<48x96xf32>):
    %ne = tensor.dim %ye, %c0 : tensor<?x96xf32>
    %he = tensor.empty(%ne) : tensor<?x48xf32>
    %hz = linalg.fill ins(%f0 : f32) outs(%he : tensor<?x48xf32>) -> tensor<?x48xf32>
    %h = linalg.matmul ins(%ye, %u : tensor<?x96xf32>, tensor<96x48xf32>)
        outs(%hz : tensor<?x48xf32>) -> tensor<?x48xf32>
    %g = linalg.generic {indexing_maps = [#element, #column, #element],
                         iterator_types = ["parallel", "parallel"]}
        ins(%h, %b : tensor<?x48xf32>, tensor<48xf32>)
        outs(%he : tensor<?x48xf32>) {
    ^bb0(%e: f32, %be: f32, %o: f32):
      %t = arith.addf %e, %be : f32
      %minus = arith.negf %t : f32
      %exp = math.exp %minus : f32
      %plus = arith.addf %exp, %f1 : f32
      %silu = arith.divf %t, %plus : f32
      linalg.yield %silu : f32
    } -> tensor<?x48xf32>
    %oe = tensor.empty(%ne) : tensor<?x96xf32>
    %oz = linalg.fill ins(%f0 : f32) outs(%oe : tensor<?x96xf32>) -> tensor<?x96xf32>
    %out = linalg.matmul ins(%g, %d : tensor<?x48xf32>, tensor<48x96xf32>)
        outs(%oz : tensor<?x96xf32>) -> tensor<?x96xf32>
    condcomp.yield %out : tensor<?x96xf32>
  } -> tensor<?x96xf32>
  %which = condcomp.indices %best
      : !condcomp.routing<?x8, f32, exactly 2> -> tensor<?x2xindex>
  return %z, %which : tensor<?x96xf32>, tensor<?x2xindex>
}

// Pools an image's tokens by their saliency and classifies it; returns the
// logits and the saliency.
func.func private @exit(
    %x: tensor<?x?x96xf32>, %u: tensor<96xf32>, %w: tensor<96x10xf32>,
    %b: tensor<10xf32>) -> (tensor<?x10xf32>, tensor<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x?x96xf32>
  %t = tensor.dim %x, %c1 : tensor<?x?x96xf32>
  %rows = tensor.collapse_shape %x [[0, 1], [2]]
      : tensor<?x?x96xf32> into tensor<?x96xf32>
  %yrows = call @norm(%rows) : (tensor<?x96xf32>) -> tensor<?x96xf32>
  %y = tensor.expand_shape %yrows [[0, 1], [2]] output_shape [%n, %t, 96]
      : tensor<?x96xf32> into tensor<?x?x96xf32>
  %te = tensor.empty(%n, %t) : tensor<?x?xf32>
  %tz = linalg.fill ins(%f0 : f32) outs(%te : tensor<?x?xf32>) -> tensor<?x?xf32>
  %s = linalg.contract indexing_maps = [#tokens, #channel, #token]
      ins(%y, %u : tensor<?x?x96xf32>, tensor<96xf32>)
      outs(%tz : tensor<?x?xf32>) -> tensor<?x?xf32>
  %p = linalg.softmax dimension(1) ins(%s : tensor<?x?xf32>)
      outs(%te : tensor<?x?xf32>) -> tensor<?x?xf32>
  %pe = tensor.empty(%n) : tensor<?x96xf32>
  %pz = linalg.fill ins(%f0 : f32) outs(%pe : tensor<?x96xf32>) -> tensor<?x96xf32>
  %pooled = linalg.contract indexing_maps = [#weight, #pooled_tokens, #pooled]
      ins(%p, %y : tensor<?x?xf32>, tensor<?x?x96xf32>)
      outs(%pz : tensor<?x96xf32>) -> tensor<?x96xf32>
  %le = tensor.empty(%n) : tensor<?x10xf32>
  %lb = linalg.broadcast ins(%b : tensor<10xf32>) outs(%le : tensor<?x10xf32>)
      dimensions = [0]
  %logits = linalg.matmul ins(%pooled, %w : tensor<?x96xf32>, tensor<96x10xf32>)
      outs(%lb : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %logits, %s : tensor<?x10xf32>, tensor<?x?xf32>
}

// Whether the largest class probability is above the stage's threshold.
func.func private @sure(%logits: tensor<?x10xf32>, %thresholds: tensor<3xf32>,
                        %i: index) -> tensor<?xi1> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %logits, %c0 : tensor<?x10xf32>
  %threshold = tensor.extract %thresholds[%i] : tensor<3xf32>
  %p = condcomp.confidence max_prob %logits : tensor<?x10xf32> -> tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xi1>
  %sure = linalg.map ins(%p : tensor<?xf32>) outs(%e : tensor<?xi1>)
    (%pe: f32, %o: i1) {
      %above = arith.cmpf ogt, %pe, %threshold : f32
      linalg.yield %above : i1
    }
  return %sure : tensor<?xi1>
}

// Block %i and the exit behind it: returns the tokens, the class
// logits, the tokens' saliency and their experts.
func.func private @stage(
    %x: tensor<?x?x96xf32>, %i: index,
    %q: tensor<4x96x96xf32>, %k: tensor<4x96x96xf32>, %v: tensor<4x96x96xf32>,
    %o: tensor<4x96x96xf32>, %router: tensor<4x96x8xf32>,
    %up: tensor<4x8x96x48xf32>, %up_bias: tensor<4x8x48xf32>,
    %down: tensor<4x8x48x96xf32>, %saliency: tensor<4x96xf32>,
    %classify: tensor<4x96x10xf32>, %bias: tensor<4x10xf32>)
    -> (tensor<?x?x96xf32>, tensor<?x10xf32>, tensor<?x?xf32>, tensor<?x2xindex>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x?x96xf32>
  %t = tensor.dim %x, %c1 : tensor<?x?x96xf32>
  %iq = tensor.extract_slice %q[%i, 0, 0] [1, 96, 96] [1, 1, 1]
      : tensor<4x96x96xf32> to tensor<96x96xf32>
  %ik = tensor.extract_slice %k[%i, 0, 0] [1, 96, 96] [1, 1, 1]
      : tensor<4x96x96xf32> to tensor<96x96xf32>
  %iv = tensor.extract_slice %v[%i, 0, 0] [1, 96, 96] [1, 1, 1]
      : tensor<4x96x96xf32> to tensor<96x96xf32>
  %io = tensor.extract_slice %o[%i, 0, 0] [1, 96, 96] [1, 1, 1]
      : tensor<4x96x96xf32> to tensor<96x96xf32>
  %irouter = tensor.extract_slice %router[%i, 0, 0] [1, 96, 8] [1, 1, 1]
      : tensor<4x96x8xf32> to tensor<96x8xf32>
  %iup = tensor.extract_slice %up[%i, 0, 0, 0] [1, 8, 96, 48] [1, 1, 1, 1]
      : tensor<4x8x96x48xf32> to tensor<8x96x48xf32>
  %iup_bias = tensor.extract_slice %up_bias[%i, 0, 0] [1, 8, 48] [1, 1, 1]
      : tensor<4x8x48xf32> to tensor<8x48xf32>
  %idown = tensor.extract_slice %down[%i, 0, 0, 0] [1, 8, 48, 96] [1, 1, 1, 1]
      : tensor<4x8x48x96xf32> to tensor<8x48x96xf32>
  %isaliency = tensor.extract_slice %saliency[%i, 0] [1, 96] [1, 1]
      : tensor<4x96xf32> to tensor<96xf32>
  %iclassify = tensor.extract_slice %classify[%i, 0, 0] [1, 96, 10] [1, 1, 1]
      : tensor<4x96x10xf32> to tensor<96x10xf32>
  %ibias = tensor.extract_slice %bias[%i, 0] [1, 10] [1, 1]
      : tensor<4x10xf32> to tensor<10xf32>
  %a = call @attend(%x, %iq, %ik, %iv, %io)
      : (tensor<?x?x96xf32>, tensor<96x96xf32>, tensor<96x96xf32>,
         tensor<96x96xf32>, tensor<96x96xf32>) -> tensor<?x?x96xf32>
  %arows = tensor.collapse_shape %a [[0, 1], [2]]
      : tensor<?x?x96xf32> into tensor<?x96xf32>
  %mrows, %experts = call @experts(%arows, %irouter, %iup, %iup_bias, %idown)
      : (tensor<?x96xf32>, tensor<96x8xf32>, tensor<8x96x48xf32>,
         tensor<8x48xf32>, tensor<8x48x96xf32>) -> (tensor<?x96xf32>, tensor<?x2xindex>)
  %m = tensor.expand_shape %mrows [[0, 1], [2]] output_shape [%n, %t, 96]
      : tensor<?x96xf32> into tensor<?x?x96xf32>
  %logits, %salient = call @exit(%m, %isaliency, %iclassify, %ibias)
      : (tensor<?x?x96xf32>, tensor<96xf32>, tensor<96x10xf32>, tensor<10xf32>)
      -> (tensor<?x10xf32>, tensor<?x?xf32>)
  return %m, %logits, %salient, %experts
      : tensor<?x?x96xf32>, tensor<?x10xf32>, tensor<?x?xf32>, tensor<?x2xindex>
}

// Class logits of each image, and the stage (0 to 3) at which it left.
func.func @dynamic(
    %images: tensor<?x28x28xf32>, %thresholds: tensor<3xf32>,
    // The network's weights, as in weights.npz.
    %embed: tensor<16x96xf32>, %position: tensor<49x96xf32>,
    %q: tensor<4x96x96xf32>, %k: tensor<4x96x96xf32>, %v: tensor<4x96x96xf32>,
    %o: tensor<4x96x96xf32>, %router: tensor<4x96x8xf32>,
    %up: tensor<4x8x96x48xf32>, %up_bias: tensor<4x8x48xf32>,
    %down: tensor<4x8x48x96xf32>, %saliency: tensor<4x96xf32>,
    %classify: tensor<4x96x10xf32>, %bias: tensor<4x10xf32>)
    -> (tensor<?x10xf32>, tensor<?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %x0 = call @embed(%images, %embed, %position)
      : (tensor<?x28x28xf32>, tensor<16x96xf32>, tensor<49x96xf32>)
      -> tensor<?x49x96xf32>
  %class, %left_at = condcomp.cascade rows(%x0 : tensor<?x49x96xf32>) {
  ^bb0(%t0: tensor<?x49x96xf32>):
    %in0 = tensor.cast %t0 : tensor<?x49x96xf32> to tensor<?x?x96xf32>
    %out0, %logits0, %scores0, %experts0 = func.call @stage(
        %in0, %c0, %q, %k, %v, %o, %router, %up, %up_bias, %down,
        %saliency, %classify, %bias)
        : (tensor<?x?x96xf32>, index, tensor<4x96x96xf32>, tensor<4x96x96xf32>, tensor<4x96x96xf32>,
          tensor<4x96x96xf32>, tensor<4x96x8xf32>, tensor<4x8x96x48xf32>,
          tensor<4x8x48xf32>, tensor<4x8x48x96xf32>, tensor<4x96xf32>,
          tensor<4x96x10xf32>, tensor<4x10xf32>)
        -> (tensor<?x?x96xf32>, tensor<?x10xf32>, tensor<?x?xf32>, tensor<?x2xindex>)
    %x1 = tensor.cast %out0 : tensor<?x?x96xf32> to tensor<?x49x96xf32>
    %salient0 = tensor.cast %scores0 : tensor<?x?xf32> to tensor<?x49xf32>
    %sure0 = func.call @sure(%logits0, %thresholds, %c0)
        : (tensor<?x10xf32>, tensor<3xf32>, index) -> tensor<?xi1>
    %keep0 = condcomp.top_k %salient0, 25
        : tensor<?x49xf32> -> !condcomp.routing<?x49, f32, exactly 25>
    %kept0 = condcomp.select %keep0 from pairs(%x1 : tensor<?x49x96xf32>)
        : !condcomp.routing<?x49, f32, exactly 25> -> tensor<?x25x96xf32>
    condcomp.exit %sure0 : tensor<?xi1> results(%logits0 : tensor<?x10xf32>)
        carry(%kept0 : tensor<?x25x96xf32>)
  }, {
  ^bb0(%t1: tensor<?x25x96xf32>):
    %in1 = tensor.cast %t1 : tensor<?x25x96xf32> to tensor<?x?x96xf32>
    %out1, %logits1, %scores1, %experts1 = func.call @stage(
        %in1, %c1, %q, %k, %v, %o, %router, %up, %up_bias, %down,
        %saliency, %classify, %bias)
        : (tensor<?x?x96xf32>, index, tensor<4x96x96xf32>, tensor<4x96x96xf32>, tensor<4x96x96xf32>,
          tensor<4x96x96xf32>, tensor<4x96x8xf32>, tensor<4x8x96x48xf32>,
          tensor<4x8x48xf32>, tensor<4x8x48x96xf32>, tensor<4x96xf32>,
          tensor<4x96x10xf32>, tensor<4x10xf32>)
        -> (tensor<?x?x96xf32>, tensor<?x10xf32>, tensor<?x?xf32>, tensor<?x2xindex>)
    %x2 = tensor.cast %out1 : tensor<?x?x96xf32> to tensor<?x25x96xf32>
    %salient1 = tensor.cast %scores1 : tensor<?x?xf32> to tensor<?x25xf32>
    %sure1 = func.call @sure(%logits1, %thresholds, %c1)
        : (tensor<?x10xf32>, tensor<3xf32>, index) -> tensor<?xi1>
    %keep1 = condcomp.top_k %salient1, 13
        : tensor<?x25xf32> -> !condcomp.routing<?x25, f32, exactly 13>
    %kept1 = condcomp.select %keep1 from pairs(%x2 : tensor<?x25x96xf32>)
        : !condcomp.routing<?x25, f32, exactly 13> -> tensor<?x13x96xf32>
    condcomp.exit %sure1 : tensor<?xi1> results(%logits1 : tensor<?x10xf32>)
        carry(%kept1 : tensor<?x13x96xf32>)
  }, {
  ^bb0(%t2: tensor<?x13x96xf32>):
    %in2 = tensor.cast %t2 : tensor<?x13x96xf32> to tensor<?x?x96xf32>
    %out2, %logits2, %scores2, %experts2 = func.call @stage(
        %in2, %c2, %q, %k, %v, %o, %router, %up, %up_bias, %down,
        %saliency, %classify, %bias)
        : (tensor<?x?x96xf32>, index, tensor<4x96x96xf32>, tensor<4x96x96xf32>, tensor<4x96x96xf32>,
          tensor<4x96x96xf32>, tensor<4x96x8xf32>, tensor<4x8x96x48xf32>,
          tensor<4x8x48xf32>, tensor<4x8x48x96xf32>, tensor<4x96xf32>,
          tensor<4x96x10xf32>, tensor<4x10xf32>)
        -> (tensor<?x?x96xf32>, tensor<?x10xf32>, tensor<?x?xf32>, tensor<?x2xindex>)
    %x3 = tensor.cast %out2 : tensor<?x?x96xf32> to tensor<?x13x96xf32>
    %sure2 = func.call @sure(%logits2, %thresholds, %c2)
        : (tensor<?x10xf32>, tensor<3xf32>, index) -> tensor<?xi1>
    condcomp.exit %sure2 : tensor<?xi1> results(%logits2 : tensor<?x10xf32>)
        carry(%x3 : tensor<?x13x96xf32>)
  }, {
  ^bb0(%t3: tensor<?x13x96xf32>):
    %in3 = tensor.cast %t3 : tensor<?x13x96xf32> to tensor<?x?x96xf32>
    %out3, %logits3, %scores3, %experts3 = func.call @stage(
        %in3, %c3, %q, %k, %v, %o, %router, %up, %up_bias, %down,
        %saliency, %classify, %bias)
        : (tensor<?x?x96xf32>, index, tensor<4x96x96xf32>, tensor<4x96x96xf32>, tensor<4x96x96xf32>,
          tensor<4x96x96xf32>, tensor<4x96x8xf32>, tensor<4x8x96x48xf32>,
          tensor<4x8x48xf32>, tensor<4x8x48x96xf32>, tensor<4x96xf32>,
          tensor<4x96x10xf32>, tensor<4x10xf32>)
        -> (tensor<?x?x96xf32>, tensor<?x10xf32>, tensor<?x?xf32>, tensor<?x2xindex>)
    condcomp.yield %logits3 : tensor<?x10xf32>
  } -> tensor<?x10xf32>, tensor<?xi32>
  return %class, %left_at : tensor<?x10xf32>, tensor<?xi32>
}

// For pictures: what every stage chooses for each image as if none had left
// before. The tokens kept after the first two stages, numbered as in the stage,
// and each stage's experts.
func.func @trace(
    %images: tensor<?x28x28xf32>,
    // The network's weights, as in weights.npz.
    %embed: tensor<16x96xf32>, %position: tensor<49x96xf32>,
    %q: tensor<4x96x96xf32>, %k: tensor<4x96x96xf32>, %v: tensor<4x96x96xf32>,
    %o: tensor<4x96x96xf32>, %router: tensor<4x96x8xf32>,
    %up: tensor<4x8x96x48xf32>, %up_bias: tensor<4x8x48xf32>,
    %down: tensor<4x8x48x96xf32>, %saliency: tensor<4x96xf32>,
    %classify: tensor<4x96x10xf32>, %bias: tensor<4x10xf32>)
    -> (tensor<?x25xindex>, tensor<?x13xindex>, tensor<?x2xindex>,
        tensor<?x2xindex>, tensor<?x2xindex>, tensor<?x2xindex>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %x0 = call @embed(%images, %embed, %position)
      : (tensor<?x28x28xf32>, tensor<16x96xf32>, tensor<49x96xf32>)
      -> tensor<?x49x96xf32>
  %in0 = tensor.cast %x0 : tensor<?x49x96xf32> to tensor<?x?x96xf32>
  %out0, %logits0, %scores0, %experts0 = func.call @stage(
      %in0, %c0, %q, %k, %v, %o, %router, %up, %up_bias, %down,
      %saliency, %classify, %bias)
      : (tensor<?x?x96xf32>, index, tensor<4x96x96xf32>, tensor<4x96x96xf32>, tensor<4x96x96xf32>,
        tensor<4x96x96xf32>, tensor<4x96x8xf32>, tensor<4x8x96x48xf32>,
        tensor<4x8x48xf32>, tensor<4x8x48x96xf32>, tensor<4x96xf32>,
        tensor<4x96x10xf32>, tensor<4x10xf32>)
      -> (tensor<?x?x96xf32>, tensor<?x10xf32>, tensor<?x?xf32>, tensor<?x2xindex>)
  %x1 = tensor.cast %out0 : tensor<?x?x96xf32> to tensor<?x49x96xf32>
  %salient0 = tensor.cast %scores0 : tensor<?x?xf32> to tensor<?x49xf32>
  %keep0 = condcomp.top_k %salient0, 25
      : tensor<?x49xf32> -> !condcomp.routing<?x49, f32, exactly 25>
  %kept0 = condcomp.select %keep0 from pairs(%x1 : tensor<?x49x96xf32>)
      : !condcomp.routing<?x49, f32, exactly 25> -> tensor<?x25x96xf32>
  %which0 = condcomp.indices %keep0
      : !condcomp.routing<?x49, f32, exactly 25> -> tensor<?x25xindex>
  %in1 = tensor.cast %kept0 : tensor<?x25x96xf32> to tensor<?x?x96xf32>
  %out1, %logits1, %scores1, %experts1 = func.call @stage(
      %in1, %c1, %q, %k, %v, %o, %router, %up, %up_bias, %down,
      %saliency, %classify, %bias)
      : (tensor<?x?x96xf32>, index, tensor<4x96x96xf32>, tensor<4x96x96xf32>, tensor<4x96x96xf32>,
        tensor<4x96x96xf32>, tensor<4x96x8xf32>, tensor<4x8x96x48xf32>,
        tensor<4x8x48xf32>, tensor<4x8x48x96xf32>, tensor<4x96xf32>,
        tensor<4x96x10xf32>, tensor<4x10xf32>)
      -> (tensor<?x?x96xf32>, tensor<?x10xf32>, tensor<?x?xf32>, tensor<?x2xindex>)
  %x2 = tensor.cast %out1 : tensor<?x?x96xf32> to tensor<?x25x96xf32>
  %salient1 = tensor.cast %scores1 : tensor<?x?xf32> to tensor<?x25xf32>
  %keep1 = condcomp.top_k %salient1, 13
      : tensor<?x25xf32> -> !condcomp.routing<?x25, f32, exactly 13>
  %kept1 = condcomp.select %keep1 from pairs(%x2 : tensor<?x25x96xf32>)
      : !condcomp.routing<?x25, f32, exactly 13> -> tensor<?x13x96xf32>
  %which1 = condcomp.indices %keep1
      : !condcomp.routing<?x25, f32, exactly 13> -> tensor<?x13xindex>
  %in2 = tensor.cast %kept1 : tensor<?x13x96xf32> to tensor<?x?x96xf32>
  %out2, %logits2, %scores2, %experts2 = func.call @stage(
      %in2, %c2, %q, %k, %v, %o, %router, %up, %up_bias, %down,
      %saliency, %classify, %bias)
      : (tensor<?x?x96xf32>, index, tensor<4x96x96xf32>, tensor<4x96x96xf32>, tensor<4x96x96xf32>,
        tensor<4x96x96xf32>, tensor<4x96x8xf32>, tensor<4x8x96x48xf32>,
        tensor<4x8x48xf32>, tensor<4x8x48x96xf32>, tensor<4x96xf32>,
        tensor<4x96x10xf32>, tensor<4x10xf32>)
      -> (tensor<?x?x96xf32>, tensor<?x10xf32>, tensor<?x?xf32>, tensor<?x2xindex>)
  %x3 = tensor.cast %out2 : tensor<?x?x96xf32> to tensor<?x13x96xf32>
  %in3 = tensor.cast %x3 : tensor<?x13x96xf32> to tensor<?x?x96xf32>
  %out3, %logits3, %scores3, %experts3 = func.call @stage(
      %in3, %c3, %q, %k, %v, %o, %router, %up, %up_bias, %down,
      %saliency, %classify, %bias)
      : (tensor<?x?x96xf32>, index, tensor<4x96x96xf32>, tensor<4x96x96xf32>, tensor<4x96x96xf32>,
        tensor<4x96x96xf32>, tensor<4x96x8xf32>, tensor<4x8x96x48xf32>,
        tensor<4x8x48xf32>, tensor<4x8x48x96xf32>, tensor<4x96xf32>,
        tensor<4x96x10xf32>, tensor<4x10xf32>)
      -> (tensor<?x?x96xf32>, tensor<?x10xf32>, tensor<?x?xf32>, tensor<?x2xindex>)
  return %which0, %which1, %experts0, %experts1, %experts2, %experts3
      : tensor<?x25xindex>, tensor<?x13xindex>, tensor<?x2xindex>,
        tensor<?x2xindex>, tensor<?x2xindex>, tensor<?x2xindex>
}
