# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Constant arguments prepared once: the same results, bit for bit."""

import ml_dtypes
import numpy as np
import pytest

from condcomp import cc_run

# Experts [4, k, n], then a layer stored as [n, n]; sizes are no multiple of panels.
SOURCE = """
func.func @f(%x: tensor<?x{k}x{t}>, %s: tensor<?x4xf32>,
             %w: tensor<4x{k}x{n}x{t}> {{condcomp.constant}},
             %b: tensor<{n}x{t}> {{condcomp.constant}},
             %v: tensor<{n}x{n}x{t}> {{condcomp.constant}}) -> tensor<?x{n}x{t}> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : {t}
  %rows = tensor.dim %x, %c0 : tensor<?x{k}x{t}>
  %e = tensor.empty(%rows) : tensor<?x{n}x{t}>
  %bias = linalg.broadcast ins(%b : tensor<{n}x{t}>)
    outs(%e : tensor<?x{n}x{t}>) dimensions = [0]
  %z = linalg.fill ins(%zero : {t}) outs(%e : tensor<?x{n}x{t}>) -> tensor<?x{n}x{t}>
  %r = condcomp.top_k %s, 2 : tensor<?x4xf32> -> !condcomp.routing<?x4, f32, exactly 2>
  %y = condcomp.apply %r : !condcomp.routing<?x4, f32, exactly 2>
      rows(%x : tensor<?x{k}x{t}>) params(%w : tensor<4x{k}x{n}x{t}>)
      outs(%bias : tensor<?x{n}x{t}>) {{
  ^bb0(%xe: tensor<?x{k}x{t}>, %we: tensor<{k}x{n}x{t}>):
    %m = tensor.dim %xe, %c0 : tensor<?x{k}x{t}>
    %h0 = tensor.empty(%m) : tensor<?x{n}x{t}>
    %h1 = linalg.fill ins(%zero : {t}) outs(%h0 : tensor<?x{n}x{t}>) -> tensor<?x{n}x{t}>
    %h = linalg.matmul ins(%xe, %we : tensor<?x{k}x{t}>, tensor<{k}x{n}x{t}>)
      outs(%h1 : tensor<?x{n}x{t}>) -> tensor<?x{n}x{t}>
    condcomp.yield %h : tensor<?x{n}x{t}>
  }} -> tensor<?x{n}x{t}>
  %vt0 = tensor.empty() : tensor<{n}x{n}x{t}>
  %vt = linalg.transpose ins(%v : tensor<{n}x{n}x{t}>)
    outs(%vt0 : tensor<{n}x{n}x{t}>) permutation = [1, 0]
  %o = linalg.matmul ins(%y, %vt : tensor<?x{n}x{t}>, tensor<{n}x{n}x{t}>)
    outs(%z : tensor<?x{n}x{t}>) -> tensor<?x{n}x{t}>
  return %o : tensor<?x{n}x{t}>
}}
"""
TYPES = {"f32": np.float32, "f64": np.float64, "bf16": ml_dtypes.bfloat16}


@pytest.mark.parametrize("form", ["compact", "masked"])
@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("k, n", [(24, 36), (75, 48)])
def test_same_results(k, n, name, form):
    rng = np.random.default_rng(0)

    def make(*shape):
        return rng.standard_normal(shape).astype(TYPES[name])

    weights = [make(4, k, n), make(n), make(n, n)]
    source = SOURCE.format(k=k, n=n, t=name)
    calls = [
        (make(rows, k), rng.standard_normal((rows, 4), dtype="f4"))
        for rows in (0, 1, 5, 70)
    ]
    results = []
    for prepack in False, True:
        with cc_run.Function(source, "f", weights, form, prepack) as function:
            for inputs in calls:
                reply = function.request(inputs, threads=2)
                assert reply["leaked_bytes"] == 0
            results.append([function.call(inputs, 1)[0] for inputs in calls])
    for plain, prepared in zip(*results):
        assert plain.tobytes() == prepared.tobytes()


def test_other_constants_are_prepared_again():
    source = SOURCE.format(k=8, n=16, t="f32")
    x, s = np.ones((3, 8), "f4"), np.ones((3, 4), "f4")
    weights = [np.ones(shape, "f4") for shape in ((4, 8, 16), (16,), (16, 16))]
    with cc_run.Function(source, "f", weights, prepack=True) as function:
        (first,) = function.call([x, s], 1)
        function.constants = function._write("other", [2 * w for w in weights])
        (second,) = function.call([x, s], 1)
    assert (first == (1 + 2 * 8) * 16).all()
    assert (second == (2 + 2 * 2 * 8) * 2 * 16).all()
