# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Experts whose weights are computed from others (dequantized), against the masked
form to the bit and against NumPy in float64."""

import pathlib
import subprocess

import numpy as np
import pytest

from codegen_test import CC_RUN, EPSILON, load, run, store

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples"

MODULES = 3


def grouped(k, n, group, random):
    """Signed bytes, a scale per group of terms and column."""
    codes = random.integers(-127, 128, (MODULES, k, n), dtype=np.int8)
    scales = random.random((MODULES, -(-k // group), n), dtype=np.float32) / 127
    weights = codes * np.repeat(scales, group, 1)[:, :k].astype(np.float64)
    maps = f"(k, n) -> (k, n)", f"(k, n) -> (k floordiv {group}, n)", "(k, n)"
    body = """
      %f = arith.sitofp %q : i8 to f32
      %w = arith.mulf %f, %s : f32"""
    return codes, scales, weights, maps, body


def transposed(k, n, group, random):
    """Bytes in rows of terms, with a scale and a zero point of 128 per column."""
    codes = random.integers(0, 256, (MODULES, n, k), dtype=np.uint8).view(np.int8)
    scales = random.random((MODULES, n), dtype=np.float32) / 127
    shifted = codes.view(np.uint8).astype(np.float64) - 128
    weights = (shifted * scales[:, :, None]).transpose(0, 2, 1)
    maps = "(k, n) -> (n, k)", "(k, n) -> (n)", "(n, k)"
    body = """
      %i = arith.extui %q : i8 to i32
      %z = arith.constant 128 : i32
      %d = arith.subi %i, %z : i32
      %f = arith.sitofp %d : i32 to f32
      %w = arith.mulf %f, %s : f32"""
    return codes, scales, weights, maps, body


def nibbles(k, n, group, random):
    """Two terms per byte, the even one below."""
    values = random.integers(0, 16, (MODULES, k + k % 2, n), dtype=np.uint8)
    codes = (values[:, 0::2] | values[:, 1::2] << 4).view(np.int8)
    scales = random.random((MODULES, -(-k // group), n), dtype=np.float32) / 8
    weights = values[:, :k] * np.repeat(scales, group, 1)[:, :k].astype(np.float64)
    maps = "(k, n) -> (k floordiv 2, n)", f"(k, n) -> (k floordiv {group}, n)", "(k, n)"
    body = """
      %k = linalg.index 0 : index
      %ki = arith.index_cast %k : index to i32
      %one = arith.constant 1 : i32
      %two = arith.constant 2 : i32
      %parity = arith.andi %ki, %one : i32
      %by = arith.shli %parity, %two : i32
      %i = arith.extui %q : i8 to i32
      %moved = arith.shrui %i, %by : i32
      %mask = arith.constant 15 : i32
      %low = arith.andi %moved, %mask : i32
      %f = arith.uitofp %low : i32 to f32
      %w = arith.mulf %f, %s : f32"""
    return codes, scales, weights, maps, body


def layer(codes, scales, maps, body, k, n, kind):
    """One matrix per module; the weights are computed in the body."""

    def tensor(array, element):
        return f"tensor<{'x'.join(map(str, array.shape))}x{element}>"

    x, y = f"tensor<?x{k}x{kind}>", f"tensor<?x{n}x{kind}>"
    weights = f"tensor<{k}x{n}xf32>" if maps[2] == "(k, n)" else f"tensor<{n}x{k}xf32>"
    narrow = "" if kind == "f32" else f"%wide = arith.extf %a : {kind} to f32"
    factor = "%a" if kind == "f32" else "%wide"
    routing = f"!condcomp.routing<?x{MODULES}, f32>"
    total = "%out" if kind == "f32" else "%sum"
    return f"""
func.func @f(%rows: {x}, %scores: tensor<?x{MODULES}xf32>, %outs: {y},
    %codes: {tensor(codes, "i8")}, %scales: {tensor(scales, "f32")}) -> {y} {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : {kind}
  %half = arith.constant 0.5 : f32
  %r = condcomp.threshold %scores, %half : tensor<?x{MODULES}xf32>, f32 -> {routing}
  %result = condcomp.apply %r : {routing} rows(%rows : {x})
      params(%codes, %scales : {tensor(codes, "i8")}, {tensor(scales, "f32")})
      outs(%outs : {y}) combine(sum) {{
  ^bb0(%x: {x}, %q0: {tensor(codes[0], "i8")}, %s0: {tensor(scales[0], "f32")}):
    %we = tensor.empty() : {weights}
    %weights = linalg.generic {{indexing_maps = [affine_map<{maps[0]}>,
        affine_map<{maps[1]}>, affine_map<(k, n) -> {maps[2]}>],
        iterator_types = ["parallel", "parallel"]}}
      ins(%q0, %s0 : {tensor(codes[0], "i8")}, {tensor(scales[0], "f32")})
      outs(%we : {weights}) {{
    ^bb1(%q: i8, %s: f32, %o: f32):{body}
      linalg.yield %w : f32
    }} -> {weights}
    %m = tensor.dim %x, %c0 : {x}
    %ye = tensor.empty(%m) : {y}
    %yz = linalg.fill ins(%zero : {kind}) outs(%ye : {y}) -> {y}
    %y = linalg.generic {{indexing_maps = [affine_map<(m, n, k) -> (m, k)>,
        affine_map<(m, n, k) -> {maps[2]}>, affine_map<(m, n, k) -> (m, n)>],
        iterator_types = ["parallel", "parallel", "reduction"]}}
      ins(%x, %weights : {x}, {weights}) outs(%yz : {y}) {{
    ^bb1(%a: {kind}, %b: f32, %out: {kind}):
      {narrow}
      %p = arith.mulf {factor}, %b : f32
      {"" if kind == "f32" else f"%sum = arith.extf %out : {kind} to f32"}
      %t = arith.addf {total}, %p : f32
      {"" if kind == "f32" else f"%result = arith.truncf %t : f32 to {kind}"}
      linalg.yield {"%t" if kind == "f32" else "%result"} : {kind}
    }} -> {y}
    condcomp.yield %y : {y}
  }} -> {y}
  return %result : {y}
}}"""


# Terms, columns, terms per group: odd ones, several tiles of columns and blocks of
# terms, groups that are smaller and larger than a block, and across its bounds.
SIZES = [(33, 70, 11), (384, 2112, 32), (520, 2048, 256), (300, 2050, 96)]


@pytest.mark.parametrize(
    "k, n, group, kind",
    [(*sizes, "f32") for sizes in SIZES] + [(*sizes, "bf16") for sizes in SIZES[:2]],
)
@pytest.mark.parametrize("make", [grouped, transposed, nibbles])
def test_layer(run, make, kind, k, n, group):
    random = np.random.default_rng(5)
    codes, scales, weights, maps, body = make(k, n, group, random)
    source = layer(codes, scales, maps, body, k, n, kind)
    for rows in (0, 1, 13, 70):
        x = store(random.standard_normal((rows, k)), kind)
        outs = store(random.standard_normal((rows, n)), kind)
        scores = (random.random((rows, MODULES)) > 0.5).astype(np.float32)
        scores[:, 1] = 0
        inputs = [x, scores, outs, codes, scales]
        compact = run(source, inputs, form="compact")
        alone = run(source, inputs, threads=1, form="compact")
        assert compact.tobytes() == alone.tobytes()
        assert compact.tobytes() == run(source, inputs, form="masked").tobytes()
        want, size = load(outs, kind), np.abs(load(outs, kind))
        for e in range(MODULES):
            at = np.flatnonzero(scores[:, e] > 0.5)
            want[at] += load(x, kind)[at] @ weights[e]
            size[at] += np.abs(load(x, kind)[at]) @ np.abs(weights[e])
        assert (np.abs(load(compact, kind) - want) <= 8 * EPSILON[kind] * size).all()


def test_the_example_is_batched():
    """Modules that run one after another would be reported."""
    done = subprocess.run(
        [
            CC_RUN.parent / "cc-opt",
            EXAMPLES / "quantized_experts.mlir",
            "--condcomp-to-cpu=form=compact",
            "--remarks-filter=condcomp-batch-experts",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "remark" not in done.stderr, done.stderr
