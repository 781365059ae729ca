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
