// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plain layers of the zoo's systems. A system declares those that it calls; the
// zoo adds their bodies (System.program in zoo.py). No type or map aliases here:
// they would clash with a system's own.

// x w
func.func private @linear(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f0 = arith.constant 0.0 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %w, %c1 : tensor<?x?xf32>
  %e = tensor.empty(%rows, %columns) : tensor<?x?xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x?xf32>, tensor<?x?xf32>)
      outs(%z : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// x w + b
func.func private @linear_bias(%x: tensor<?x?xf32>, %w: tensor<?x?xf32>, %b: tensor<?xf32>)
    -> tensor<?x?xf32> {
  %xw = func.call @linear(%x, %w) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = func.call @add_row(%xw, %b) : (tensor<?x?xf32>, tensor<?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// x + b, the same b for every row.
func.func private @add_row(%x: tensor<?x?xf32>, %b: tensor<?xf32>) -> tensor<?x?xf32> {
  %e = func.call @empty_like(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
                       affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x, %b : tensor<?x?xf32>, tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%xi: f32, %bi: f32, %o: f32):
    %s = arith.addf %xi, %bi : f32
    linalg.yield %s : f32
  } -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

func.func private @add(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %e = func.call @empty_like(%a) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = linalg.add ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>)
      outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

func.func private @mul(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %e = func.call @empty_like(%a) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = linalg.mul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>)
      outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

func.func private @empty_like(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf32>
  %e = tensor.empty(%rows, %columns) : tensor<?x?xf32>
  return %e : tensor<?x?xf32>
}

func.func private @zeros_like(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %f0 = arith.constant 0.0 : f32
  %e = func.call @empty_like(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %z : tensor<?x?xf32>
}

// Over the columns of each row.
func.func private @softmax(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %e = func.call @empty_like(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = linalg.softmax dimension(1) ins(%x : tensor<?x?xf32>)
      outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

func.func private @relu(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %f0 = arith.constant 0.0 : f32
  %e = func.call @empty_like(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = linalg.map ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>)
      (%xi: f32, %o: f32) {
    %r = arith.maximumf %xi, %f0 : f32
    linalg.yield %r : f32
  }
  return %y : tensor<?x?xf32>
}

func.func private @sigmoid(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %f1 = arith.constant 1.0 : f32
  %e = func.call @empty_like(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = linalg.map ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>)
      (%xi: f32, %o: f32) {
    %minus = arith.negf %xi : f32
    %exp = math.exp %minus : f32
    %sum = arith.addf %f1, %exp : f32
    %s = arith.divf %f1, %sum : f32
    linalg.yield %s : f32
  }
  return %y : tensor<?x?xf32>
}

func.func private @silu(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %f1 = arith.constant 1.0 : f32
  %e = func.call @empty_like(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = linalg.map ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>)
      (%xi: f32, %o: f32) {
    %minus = arith.negf %xi : f32
    %exp = math.exp %minus : f32
    %sum = arith.addf %f1, %exp : f32
    %s = arith.divf %xi, %sum : f32
    linalg.yield %s : f32
  }
  return %y : tensor<?x?xf32>
}

// (silu(x gate) * (x up)) down
func.func private @swiglu(%x: tensor<?x?xf32>, %gate: tensor<?x?xf32>,
    %up: tensor<?x?xf32>, %down: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %g = func.call @linear(%x, %gate) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %u = func.call @linear(%x, %up) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %a = func.call @silu(%g) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %h = func.call @mul(%a, %u) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = func.call @linear(%h, %down) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// relu(x up) down
func.func private @ffn(%x: tensor<?x?xf32>, %up: tensor<?x?xf32>, %down: tensor<?x?xf32>)
    -> tensor<?x?xf32> {
  %u = func.call @linear(%x, %up) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %h = func.call @relu(%u) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = func.call @linear(%h, %down) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// [a, b, d] as [a b, d].
func.func private @fold(%x: tensor<?x?x?xf32>) -> tensor<?x?xf32> {
  %y = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x?xf32> into tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

// [a b, d] as [a, b, d].
func.func private @unfold(%x: tensor<?x?xf32>, %a: index, %b: index) -> tensor<?x?x?xf32> {
  %c1 = arith.constant 1 : index
  %d = tensor.dim %x, %c1 : tensor<?x?xf32>
  %y = tensor.expand_shape %x [[0, 1], [2]] output_shape [%a, %b, %d]
      : tensor<?x?xf32> into tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}

// Of x [a, b, d] every [d] times w.
func.func private @linear_3d(%x: tensor<?x?x?xf32>, %w: tensor<?x?xf32>) -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tensor.dim %x, %c0 : tensor<?x?x?xf32>
  %b = tensor.dim %x, %c1 : tensor<?x?x?xf32>
  %flat = func.call @fold(%x) : (tensor<?x?x?xf32>) -> tensor<?x?xf32>
  %xw = func.call @linear(%flat, %w) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = func.call @unfold(%xw, %a, %b) : (tensor<?x?xf32>, index, index) -> tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}

func.func private @zeros_like_3d(%x: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %a = tensor.dim %x, %c0 : tensor<?x?x?xf32>
  %b = tensor.dim %x, %c1 : tensor<?x?x?xf32>
  %d = tensor.dim %x, %c2 : tensor<?x?x?xf32>
  %e = tensor.empty(%a, %b, %d) : tensor<?x?x?xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  return %z : tensor<?x?x?xf32>
}

func.func private @add_3d(%a: tensor<?x?x?xf32>, %b: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %a, %c0 : tensor<?x?x?xf32>
  %t = tensor.dim %a, %c1 : tensor<?x?x?xf32>
  %d = tensor.dim %a, %c2 : tensor<?x?x?xf32>
  %e = tensor.empty(%n, %t, %d) : tensor<?x?x?xf32>
  %y = linalg.add ins(%a, %b : tensor<?x?x?xf32>, tensor<?x?x?xf32>)
      outs(%e : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}

// x / sqrt(mean x^2 + 1e-6) over the columns of each row; gains are left to the
// matrices that follow.
func.func private @rms_norm(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f0 = arith.constant 0.0 : f32
  %eps = arith.constant 1.0e-6 : f32
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf32>
  %columns_i = arith.index_cast %columns : index to i64
  %d = arith.sitofp %columns_i : i64 to f32
  %se = tensor.empty(%rows) : tensor<?xf32>
  %sz = linalg.fill ins(%f0 : f32) outs(%se : tensor<?xf32>) -> tensor<?xf32>
  %squares = linalg.reduce ins(%x : tensor<?x?xf32>) outs(%sz : tensor<?xf32>)
      dimensions = [1] (%xi: f32, %sum: f32) {
    %xx = arith.mulf %xi, %xi : f32
    %s = arith.addf %sum, %xx : f32
    linalg.yield %s : f32
  }
  %e = func.call @empty_like(%x) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>,
                       affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x, %squares : tensor<?x?xf32>, tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%xi: f32, %s: f32, %o: f32):
    %mean = arith.divf %s, %d : f32
    %shifted = arith.addf %mean, %eps : f32
    %r = math.rsqrt %shifted : f32
    %xr = arith.mulf %xi, %r : f32
    linalg.yield %xr : f32
  } -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}

func.func private @rms_norm_3d(%x: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x?x?xf32>
  %t = tensor.dim %x, %c1 : tensor<?x?x?xf32>
  %flat = func.call @fold(%x) : (tensor<?x?x?xf32>) -> tensor<?x?xf32>
  %norm = func.call @rms_norm(%flat) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = func.call @unfold(%norm, %n, %t) : (tensor<?x?xf32>, index, index) -> tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}

// softmax(q k^T / sqrt(c)) per head, q and k [samples, tokens, heads c]: [samples,
// heads, tokens that ask, tokens that answer]. With `causal` a token asks those up to
// itself.
func.func private @attention_shares(%q: tensor<?x?x?xf32>, %k: tensor<?x?x?xf32>,
    %heads: index, %causal: i1) -> tensor<?x?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %minus_infinity = arith.constant 0xFF800000 : f32
  %n = tensor.dim %q, %c0 : tensor<?x?x?xf32>
  %t = tensor.dim %q, %c1 : tensor<?x?x?xf32>
  %s = tensor.dim %k, %c1 : tensor<?x?x?xf32>
  %d = tensor.dim %q, %c2 : tensor<?x?x?xf32>
  %c = arith.divui %d, %heads : index
  %ci = arith.index_cast %c : index to i64
  %cf = arith.sitofp %ci : i64 to f32
  %scale = math.rsqrt %cf : f32
  %qh = tensor.expand_shape %q [[0], [1], [2, 3]] output_shape [%n, %t, %heads, %c]
      : tensor<?x?x?xf32> into tensor<?x?x?x?xf32>
  %kh = tensor.expand_shape %k [[0], [1], [2, 3]] output_shape [%n, %s, %heads, %c]
      : tensor<?x?x?xf32> into tensor<?x?x?x?xf32>
  %e = tensor.empty(%n, %heads, %t, %s) : tensor<?x?x?x?xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  %dots = linalg.generic {
      indexing_maps = [affine_map<(n, h, t, s, c) -> (n, t, h, c)>,
                       affine_map<(n, h, t, s, c) -> (n, s, h, c)>,
                       affine_map<(n, h, t, s, c) -> (n, h, t, s)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%qh, %kh : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
      outs(%z : tensor<?x?x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %ab = arith.mulf %a, %b : f32
    %r = arith.addf %sum, %ab : f32
    linalg.yield %r : f32
  } -> tensor<?x?x?x?xf32>
  %scores = linalg.generic {
      indexing_maps = [affine_map<(n, h, t, s) -> (n, h, t, s)>,
                       affine_map<(n, h, t, s) -> (n, h, t, s)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%dots : tensor<?x?x?x?xf32>) outs(%e : tensor<?x?x?x?xf32>) {
  ^bb0(%dot: f32, %o: f32):
    %asks = linalg.index 2 : index
    %answers = linalg.index 3 : index
    %later = arith.cmpi ugt, %answers, %asks : index
    %hidden = arith.andi %later, %causal : i1
    %scaled = arith.mulf %dot, %scale : f32
    %score = arith.select %hidden, %minus_infinity, %scaled : f32
    linalg.yield %score : f32
  } -> tensor<?x?x?x?xf32>
  %shares = linalg.softmax dimension(3) ins(%scores : tensor<?x?x?x?xf32>)
      outs(%e : tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  return %shares : tensor<?x?x?x?xf32>
}

// What attention reads: shares v, v [samples, tokens, heads c].
func.func private @attention_read(%shares: tensor<?x?x?x?xf32>, %v: tensor<?x?x?xf32>)
    -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %shares, %c0 : tensor<?x?x?x?xf32>
  %heads = tensor.dim %shares, %c1 : tensor<?x?x?x?xf32>
  %t = tensor.dim %shares, %c2 : tensor<?x?x?x?xf32>
  %s = tensor.dim %v, %c1 : tensor<?x?x?xf32>
  %d = tensor.dim %v, %c2 : tensor<?x?x?xf32>
  %c = arith.divui %d, %heads : index
  %vh = tensor.expand_shape %v [[0], [1], [2, 3]] output_shape [%n, %s, %heads, %c]
      : tensor<?x?x?xf32> into tensor<?x?x?x?xf32>
  %re = tensor.empty(%n, %t, %heads, %c) : tensor<?x?x?x?xf32>
  %rz = linalg.fill ins(%f0 : f32) outs(%re : tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  %read = linalg.generic {
      indexing_maps = [affine_map<(n, t, h, c, s) -> (n, h, t, s)>,
                       affine_map<(n, t, h, c, s) -> (n, s, h, c)>,
                       affine_map<(n, t, h, c, s) -> (n, t, h, c)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%shares, %vh : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
      outs(%rz : tensor<?x?x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %sum: f32):
    %ab = arith.mulf %a, %b : f32
    %r = arith.addf %sum, %ab : f32
    linalg.yield %r : f32
  } -> tensor<?x?x?x?xf32>
  %y = tensor.collapse_shape %read [[0], [1], [2, 3]]
      : tensor<?x?x?x?xf32> into tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}

func.func private @attention(%q: tensor<?x?x?xf32>, %k: tensor<?x?x?xf32>,
    %v: tensor<?x?x?xf32>, %heads: index, %causal: i1) -> tensor<?x?x?xf32> {
  %shares = func.call @attention_shares(%q, %k, %heads, %causal)
      : (tensor<?x?x?xf32>, tensor<?x?x?xf32>, index, i1) -> tensor<?x?x?x?xf32>
  %y = func.call @attention_read(%shares, %v)
      : (tensor<?x?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}

// The first half of a transformer block: x + attention(norm(x)) o, x [samples, tokens, d],
// qkvo [4, d, d].
func.func private @attend(%x: tensor<?x?x?xf32>, %qkvo: tensor<?x?x?xf32>, %heads: index,
    %causal: i1) -> tensor<?x?x?xf32> {
  %c2 = arith.constant 2 : index
  %d = tensor.dim %x, %c2 : tensor<?x?x?xf32>
  %wq = tensor.extract_slice %qkvo[0, 0, 0] [1, %d, %d] [1, 1, 1]
      : tensor<?x?x?xf32> to tensor<?x?xf32>
  %wk = tensor.extract_slice %qkvo[1, 0, 0] [1, %d, %d] [1, 1, 1]
      : tensor<?x?x?xf32> to tensor<?x?xf32>
  %wv = tensor.extract_slice %qkvo[2, 0, 0] [1, %d, %d] [1, 1, 1]
      : tensor<?x?x?xf32> to tensor<?x?xf32>
  %wo = tensor.extract_slice %qkvo[3, 0, 0] [1, %d, %d] [1, 1, 1]
      : tensor<?x?x?xf32> to tensor<?x?xf32>
  %normed = func.call @rms_norm_3d(%x) : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %q = func.call @linear_3d(%normed, %wq)
      : (tensor<?x?x?xf32>, tensor<?x?xf32>) -> tensor<?x?x?xf32>
  %k = func.call @linear_3d(%normed, %wk)
      : (tensor<?x?x?xf32>, tensor<?x?xf32>) -> tensor<?x?x?xf32>
  %v = func.call @linear_3d(%normed, %wv)
      : (tensor<?x?x?xf32>, tensor<?x?xf32>) -> tensor<?x?x?xf32>
  %read = func.call @attention(%q, %k, %v, %heads, %causal)
      : (tensor<?x?x?xf32>, tensor<?x?x?xf32>, tensor<?x?x?xf32>, index, i1)
      -> tensor<?x?x?xf32>
  %out = func.call @linear_3d(%read, %wo)
      : (tensor<?x?x?xf32>, tensor<?x?xf32>) -> tensor<?x?x?xf32>
  %h = func.call @add_3d(%x, %out)
      : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  return %h : tensor<?x?x?xf32>
}

// A transformer block: h = attend(x), y = h + relu(norm(h) up) down.
func.func private @block(%x: tensor<?x?x?xf32>, %qkvo: tensor<?x?x?xf32>,
    %up: tensor<?x?xf32>, %down: tensor<?x?xf32>, %heads: index, %causal: i1)
    -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x?x?xf32>
  %t = tensor.dim %x, %c1 : tensor<?x?x?xf32>
  %h = func.call @attend(%x, %qkvo, %heads, %causal)
      : (tensor<?x?x?xf32>, tensor<?x?x?xf32>, index, i1) -> tensor<?x?x?xf32>
  %normed_h = func.call @rms_norm_3d(%h) : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %flat = func.call @fold(%normed_h) : (tensor<?x?x?xf32>) -> tensor<?x?xf32>
  %f = func.call @ffn(%flat, %up, %down)
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %f3 = func.call @unfold(%f, %n, %t) : (tensor<?x?xf32>, index, index) -> tensor<?x?x?xf32>
  %y = func.call @add_3d(%h, %f3)
      : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}

// A 3x3 convolution that keeps height and width, plus a bias per channel:
// x [samples, c, height, width], k [c', c, 3, 3], b [c'].
func.func private @conv3x3(%x: tensor<?x?x?x?xf32>, %k: tensor<?x?x3x3xf32>, %b: tensor<?xf32>)
    -> tensor<?x?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x?x?x?xf32>
  %height = tensor.dim %x, %c2 : tensor<?x?x?x?xf32>
  %width = tensor.dim %x, %c3 : tensor<?x?x?x?xf32>
  %channels = tensor.dim %k, %c0 : tensor<?x?x3x3xf32>
  %padded = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %f0 : f32
  } : tensor<?x?x?x?xf32> to tensor<?x?x?x?xf32>
  %e = tensor.empty(%n, %channels, %height, %width) : tensor<?x?x?x?xf32>
  %z = linalg.broadcast ins(%b : tensor<?xf32>) outs(%e : tensor<?x?x?x?xf32>)
      dimensions = [0, 2, 3]
  %y = linalg.conv_2d_nchw_fchw ins(%padded, %k : tensor<?x?x?x?xf32>, tensor<?x?x3x3xf32>)
      outs(%z : tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  return %y : tensor<?x?x?x?xf32>
}

func.func private @relu_4d(%x: tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32> {
  %f0 = arith.constant 0.0 : f32
  %e = func.call @empty_like_4d(%x) : (tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  %y = linalg.map ins(%x : tensor<?x?x?x?xf32>) outs(%e : tensor<?x?x?x?xf32>)
      (%xi: f32, %o: f32) {
    %r = arith.maximumf %xi, %f0 : f32
    linalg.yield %r : f32
  }
  return %y : tensor<?x?x?x?xf32>
}

func.func private @add_4d(%a: tensor<?x?x?x?xf32>, %b: tensor<?x?x?x?xf32>)
    -> tensor<?x?x?x?xf32> {
  %e = func.call @empty_like_4d(%a) : (tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  %y = linalg.add ins(%a, %b : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
      outs(%e : tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32>
  return %y : tensor<?x?x?x?xf32>
}

func.func private @empty_like_4d(%x: tensor<?x?x?x?xf32>) -> tensor<?x?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %a = tensor.dim %x, %c0 : tensor<?x?x?x?xf32>
  %b = tensor.dim %x, %c1 : tensor<?x?x?x?xf32>
  %c = tensor.dim %x, %c2 : tensor<?x?x?x?xf32>
  %d = tensor.dim %x, %c3 : tensor<?x?x?x?xf32>
  %e = tensor.empty(%a, %b, %c, %d) : tensor<?x?x?x?xf32>
  return %e : tensor<?x?x?x?xf32>
}

// The mean of each channel: [samples, channels].
func.func private @pool_mean(%x: tensor<?x?x?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x?x?x?xf32>
  %channels = tensor.dim %x, %c1 : tensor<?x?x?x?xf32>
  %height = tensor.dim %x, %c2 : tensor<?x?x?x?xf32>
  %width = tensor.dim %x, %c3 : tensor<?x?x?x?xf32>
  %pixels = arith.muli %height, %width : index
  %pixels_i = arith.index_cast %pixels : index to i64
  %count = arith.sitofp %pixels_i : i64 to f32
  %e = tensor.empty(%n, %channels) : tensor<?x?xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %sum = linalg.reduce ins(%x : tensor<?x?x?x?xf32>) outs(%z : tensor<?x?xf32>)
      dimensions = [2, 3] (%xi: f32, %s: f32) {
    %r = arith.addf %s, %xi : f32
    linalg.yield %r : f32
  }
  %y = linalg.map ins(%sum : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) (%s: f32, %o: f32) {
    %mean = arith.divf %s, %count : f32
    linalg.yield %mean : f32
  }
  return %y : tensor<?x?xf32>
}

// The shape of x, full of true.
func.func private @everyone(%x: tensor<?x?xf32>) -> tensor<?x?xi1> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %true = arith.constant true
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf32>
  %y = tensor.splat %true[%rows, %columns] : tensor<?x?xi1>
  return %y : tensor<?x?xi1>
}

func.func private @everyone_3d(%x: tensor<?x?x?xf32>) -> tensor<?x?x?xi1> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %true = arith.constant true
  %n = tensor.dim %x, %c0 : tensor<?x?x?xf32>
  %t = tensor.dim %x, %c1 : tensor<?x?x?xf32>
  %d = tensor.dim %x, %c2 : tensor<?x?x?xf32>
  %y = tensor.splat %true[%n, %t, %d] : tensor<?x?x?xi1>
  return %y : tensor<?x?x?xi1>
}

// x_n w_n of every n.
func.func private @batch_matmul(%x: tensor<?x?x?xf32>, %w: tensor<?x?x?xf32>)
    -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x?x?xf32>
  %rows = tensor.dim %x, %c1 : tensor<?x?x?xf32>
  %columns = tensor.dim %w, %c2 : tensor<?x?x?xf32>
  %e = tensor.empty(%n, %rows, %columns) : tensor<?x?x?xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %y = linalg.batch_matmul ins(%x, %w : tensor<?x?x?xf32>, tensor<?x?x?xf32>)
      outs(%z : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}

func.func private @relu_3d(%x: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?x?x?xf32>
  %t = tensor.dim %x, %c1 : tensor<?x?x?xf32>
  %flat = func.call @fold(%x) : (tensor<?x?x?xf32>) -> tensor<?x?xf32>
  %r = func.call @relu(%flat) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = func.call @unfold(%r, %n, %t) : (tensor<?x?xf32>, index, index) -> tensor<?x?x?xf32>
  return %y : tensor<?x?x?xf32>
}
