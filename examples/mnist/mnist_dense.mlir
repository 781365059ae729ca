// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dense network of network.py: all 49 tokens, all 8 experts (their hidden
// units side by side) and all four blocks run. demo.py runs it.

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
#hidden = affine_map<(r, e, h) -> (r, e, h)>
#expert = affine_map<(r, e, h) -> (r, e)>
#hidden_bias = affine_map<(r, e, h) -> (e, h)>

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
func.func private @attend49(
    %x: tensor<?x49x96xf32>, %q: tensor<96x96xf32>, %k: tensor<96x96xf32>,
    %v: tensor<96x96xf32>, %o: tensor<96x96xf32>) -> tensor<?x49x96xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x49x96xf32>
  %rows = tensor.collapse_shape %x [[0, 1], [2]]
      : tensor<?x49x96xf32> into tensor<?x96xf32>
  %y = call @norm(%rows) : (tensor<?x96xf32>) -> tensor<?x96xf32>
  %yq = call @times(%y, %q) : (tensor<?x96xf32>, tensor<96x96xf32>) -> tensor<?x96xf32>
  %yk = call @times(%y, %k) : (tensor<?x96xf32>, tensor<96x96xf32>) -> tensor<?x96xf32>
  %yv = call @times(%y, %v) : (tensor<?x96xf32>, tensor<96x96xf32>) -> tensor<?x96xf32>
  %hq = tensor.expand_shape %yq [[0, 1], [2, 3]] output_shape [%n, 49, 6, 16]
      : tensor<?x96xf32> into tensor<?x49x6x16xf32>
  %hk = tensor.expand_shape %yk [[0, 1], [2, 3]] output_shape [%n, 49, 6, 16]
      : tensor<?x96xf32> into tensor<?x49x6x16xf32>
  %hv = tensor.expand_shape %yv [[0, 1], [2, 3]] output_shape [%n, 49, 6, 16]
      : tensor<?x96xf32> into tensor<?x49x6x16xf32>
  %se = tensor.empty(%n) : tensor<?x6x49x49xf32>
  %sz = linalg.fill ins(%f0 : f32) outs(%se : tensor<?x6x49x49xf32>)
      -> tensor<?x6x49x49xf32>
  %s = linalg.contract indexing_maps = [#query, #key, #score]
      ins(%hq, %hk : tensor<?x49x6x16xf32>, tensor<?x49x6x16xf32>)
      outs(%sz : tensor<?x6x49x49xf32>) -> tensor<?x6x49x49xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<?x6x49x49xf32>)
      outs(%se : tensor<?x6x49x49xf32>) -> tensor<?x6x49x49xf32>
  %me = tensor.empty(%n) : tensor<?x49x6x16xf32>
  %mz = linalg.fill ins(%f0 : f32) outs(%me : tensor<?x49x6x16xf32>)
      -> tensor<?x49x6x16xf32>
  %m = linalg.contract indexing_maps = [#share, #value, #mixed]
      ins(%p, %hv : tensor<?x6x49x49xf32>, tensor<?x49x6x16xf32>)
      outs(%mz : tensor<?x49x6x16xf32>) -> tensor<?x49x6x16xf32>
  %mrows = tensor.collapse_shape %m [[0, 1], [2, 3]]
      : tensor<?x49x6x16xf32> into tensor<?x96xf32>
  %out = linalg.matmul ins(%mrows, %o : tensor<?x96xf32>, tensor<96x96xf32>)
      outs(%rows : tensor<?x96xf32>) -> tensor<?x96xf32>
  %z = tensor.expand_shape %out [[0, 1], [2]] output_shape [%n, 49, 96]
      : tensor<?x96xf32> into tensor<?x49x96xf32>
  return %z : tensor<?x49x96xf32>
}

// All experts, weighted by the softmax of the router's logits; added to the tokens.
func.func private @mixture(
    %x: tensor<?x96xf32>, %router: tensor<96x8xf32>, %up: tensor<96x384xf32>,
    %bias: tensor<384xf32>, %down: tensor<384x96xf32>) -> tensor<?x96xf32> {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %f1 = arith.constant 1.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x96xf32>
  %y = call @norm(%x) : (tensor<?x96xf32>) -> tensor<?x96xf32>
  %le = tensor.empty(%n) : tensor<?x8xf32>
  %lz = linalg.fill ins(%f0 : f32) outs(%le : tensor<?x8xf32>) -> tensor<?x8xf32>
  %logits = linalg.matmul ins(%y, %router : tensor<?x96xf32>, tensor<96x8xf32>)
      outs(%lz : tensor<?x8xf32>) -> tensor<?x8xf32>
  %p = linalg.softmax dimension(1) ins(%logits : tensor<?x8xf32>)
      outs(%le : tensor<?x8xf32>) -> tensor<?x8xf32>
  %he = tensor.empty(%n) : tensor<?x384xf32>
  %hz = linalg.fill ins(%f0 : f32) outs(%he : tensor<?x384xf32>) -> tensor<?x384xf32>
  %h = linalg.matmul ins(%y, %up : tensor<?x96xf32>, tensor<96x384xf32>)
      outs(%hz : tensor<?x384xf32>) -> tensor<?x384xf32>
  %byexpert = tensor.expand_shape %h [[0], [1, 2]] output_shape [%n, 8, 48]
      : tensor<?x384xf32> into tensor<?x8x48xf32>
  %biases = tensor.expand_shape %bias [[0, 1]] output_shape [8, 48]
      : tensor<384xf32> into tensor<8x48xf32>
  %ge = tensor.empty(%n) : tensor<?x8x48xf32>
  %g = linalg.generic {indexing_maps = [#hidden, #hidden_bias, #expert, #hidden],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%byexpert, %biases, %p
          : tensor<?x8x48xf32>, tensor<8x48xf32>, tensor<?x8xf32>)
      outs(%ge : tensor<?x8x48xf32>) {
  ^bb0(%e: f32, %be: f32, %pe: f32, %o: f32):
    %t = arith.addf %e, %be : f32
    %minus = arith.negf %t : f32
    %exp = math.exp %minus : f32
    %plus = arith.addf %exp, %f1 : f32
    %silu = arith.divf %t, %plus : f32
    %weighted = arith.mulf %silu, %pe : f32
    linalg.yield %weighted : f32
  } -> tensor<?x8x48xf32>
  %grows = tensor.collapse_shape %g [[0], [1, 2]]
      : tensor<?x8x48xf32> into tensor<?x384xf32>
  %z = linalg.matmul ins(%grows, %down : tensor<?x384xf32>, tensor<384x96xf32>)
      outs(%x : tensor<?x96xf32>) -> tensor<?x96xf32>
  return %z : tensor<?x96xf32>
}

// Pools an image's tokens by their saliency and classifies it; returns the
// logits and the saliency.
func.func private @exit49(
    %x: tensor<?x49x96xf32>, %u: tensor<96xf32>, %w: tensor<96x10xf32>,
    %b: tensor<10xf32>) -> (tensor<?x10xf32>, tensor<?x49xf32>) {
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x49x96xf32>
  %rows = tensor.collapse_shape %x [[0, 1], [2]]
      : tensor<?x49x96xf32> into tensor<?x96xf32>
  %yrows = call @norm(%rows) : (tensor<?x96xf32>) -> tensor<?x96xf32>
  %y = tensor.expand_shape %yrows [[0, 1], [2]] output_shape [%n, 49, 96]
      : tensor<?x96xf32> into tensor<?x49x96xf32>
  %te = tensor.empty(%n) : tensor<?x49xf32>
  %tz = linalg.fill ins(%f0 : f32) outs(%te : tensor<?x49xf32>) -> tensor<?x49xf32>
  %s = linalg.contract indexing_maps = [#tokens, #channel, #token]
      ins(%y, %u : tensor<?x49x96xf32>, tensor<96xf32>)
      outs(%tz : tensor<?x49xf32>) -> tensor<?x49xf32>
  %p = linalg.softmax dimension(1) ins(%s : tensor<?x49xf32>)
      outs(%te : tensor<?x49xf32>) -> tensor<?x49xf32>
  %pe = tensor.empty(%n) : tensor<?x96xf32>
  %pz = linalg.fill ins(%f0 : f32) outs(%pe : tensor<?x96xf32>) -> tensor<?x96xf32>
  %pooled = linalg.contract indexing_maps = [#weight, #pooled_tokens, #pooled]
      ins(%p, %y : tensor<?x49xf32>, tensor<?x49x96xf32>)
      outs(%pz : tensor<?x96xf32>) -> tensor<?x96xf32>
  %le = tensor.empty(%n) : tensor<?x10xf32>
  %lb = linalg.broadcast ins(%b : tensor<10xf32>) outs(%le : tensor<?x10xf32>)
      dimensions = [0]
  %logits = linalg.matmul ins(%pooled, %w : tensor<?x96xf32>, tensor<96x10xf32>)
      outs(%lb : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %logits, %s : tensor<?x10xf32>, tensor<?x49xf32>
}

func.func private @block(
    %x: tensor<?x49x96xf32>, %i: index,
    %q: tensor<4x96x96xf32>, %k: tensor<4x96x96xf32>, %v: tensor<4x96x96xf32>,
    %o: tensor<4x96x96xf32>, %router: tensor<4x96x8xf32>,
    %up: tensor<4x96x384xf32>, %up_bias: tensor<4x384xf32>,
    %down: tensor<4x384x96xf32>)
    -> tensor<?x49x96xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x49x96xf32>
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
  %iup = tensor.extract_slice %up[%i, 0, 0] [1, 96, 384] [1, 1, 1]
      : tensor<4x96x384xf32> to tensor<96x384xf32>
  %iup_bias = tensor.extract_slice %up_bias[%i, 0] [1, 384] [1, 1]
      : tensor<4x384xf32> to tensor<384xf32>
  %idown = tensor.extract_slice %down[%i, 0, 0] [1, 384, 96] [1, 1, 1]
      : tensor<4x384x96xf32> to tensor<384x96xf32>
  %a = call @attend49(%x, %iq, %ik, %iv, %io)
      : (tensor<?x49x96xf32>, tensor<96x96xf32>, tensor<96x96xf32>,
         tensor<96x96xf32>, tensor<96x96xf32>) -> tensor<?x49x96xf32>
  %arows = tensor.collapse_shape %a [[0, 1], [2]]
      : tensor<?x49x96xf32> into tensor<?x96xf32>
  %mrows = call @mixture(%arows, %irouter, %iup, %iup_bias, %idown)
      : (tensor<?x96xf32>, tensor<96x8xf32>, tensor<96x384xf32>,
         tensor<384xf32>, tensor<384x96xf32>) -> tensor<?x96xf32>
  %m = tensor.expand_shape %mrows [[0, 1], [2]] output_shape [%n, 49, 96]
      : tensor<?x96xf32> into tensor<?x49x96xf32>
  return %m : tensor<?x49x96xf32>
}

// Class logits of each image. The weights are those of weights.npz, with the
// hidden units of a block's experts side by side and only the last exit.
func.func @dense(
    %images: tensor<?x28x28xf32>,
    %embed: tensor<16x96xf32>, %position: tensor<49x96xf32>,
    %q: tensor<4x96x96xf32>, %k: tensor<4x96x96xf32>, %v: tensor<4x96x96xf32>,
    %o: tensor<4x96x96xf32>, %router: tensor<4x96x8xf32>,
    %up: tensor<4x96x384xf32>, %up_bias: tensor<4x384xf32>,
    %down: tensor<4x384x96xf32>, %saliency: tensor<96xf32>,
    %classify: tensor<96x10xf32>, %bias: tensor<10xf32>)
    -> tensor<?x10xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %x0 = call @embed(%images, %embed, %position)
      : (tensor<?x28x28xf32>, tensor<16x96xf32>, tensor<49x96xf32>)
      -> tensor<?x49x96xf32>
  %x1 = call @block(%x0, %c0, %q, %k, %v, %o, %router, %up, %up_bias, %down)
      : (tensor<?x49x96xf32>, index, tensor<4x96x96xf32>, tensor<4x96x96xf32>, tensor<4x96x96xf32>,
        tensor<4x96x96xf32>, tensor<4x96x8xf32>, tensor<4x96x384xf32>,
        tensor<4x384xf32>, tensor<4x384x96xf32>)
      -> tensor<?x49x96xf32>
  %x2 = call @block(%x1, %c1, %q, %k, %v, %o, %router, %up, %up_bias, %down)
      : (tensor<?x49x96xf32>, index, tensor<4x96x96xf32>, tensor<4x96x96xf32>, tensor<4x96x96xf32>,
        tensor<4x96x96xf32>, tensor<4x96x8xf32>, tensor<4x96x384xf32>,
        tensor<4x384xf32>, tensor<4x384x96xf32>)
      -> tensor<?x49x96xf32>
  %x3 = call @block(%x2, %c2, %q, %k, %v, %o, %router, %up, %up_bias, %down)
      : (tensor<?x49x96xf32>, index, tensor<4x96x96xf32>, tensor<4x96x96xf32>, tensor<4x96x96xf32>,
        tensor<4x96x96xf32>, tensor<4x96x8xf32>, tensor<4x96x384xf32>,
        tensor<4x384xf32>, tensor<4x384x96xf32>)
      -> tensor<?x49x96xf32>
  %x4 = call @block(%x3, %c3, %q, %k, %v, %o, %router, %up, %up_bias, %down)
      : (tensor<?x49x96xf32>, index, tensor<4x96x96xf32>, tensor<4x96x96xf32>, tensor<4x96x96xf32>,
        tensor<4x96x96xf32>, tensor<4x96x8xf32>, tensor<4x96x384xf32>,
        tensor<4x384xf32>, tensor<4x384x96xf32>)
      -> tensor<?x49x96xf32>
  %logits, %salient = call @exit49(%x4, %saliency, %classify, %bias)
      : (tensor<?x49x96xf32>, tensor<96xf32>, tensor<96x10xf32>, tensor<10xf32>)
      -> (tensor<?x10xf32>, tensor<?x49xf32>)
  return %logits : tensor<?x10xf32>
}
