# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Contractions of bf16 by the units that a processor has for them: against float64,
and to the bit against themselves for other numbers of rows, threads and layouts."""

import json
import pathlib
import subprocess

import ml_dtypes
import numpy as np
import pytest

from condcomp.cc_run import CC_RUN

BF16 = np.dtype(ml_dtypes.bfloat16)
NUMPY = {"f32": np.dtype(np.float32), "bf16": BF16}
# Of the unit's feature, what Linux calls it.
FLAGS = {"none": "avx2", "avx512bf16": "avx512_bf16", "amx-bf16": "amx_bf16"}
# As many rows as are run at once, and the first so many of them.
ROWS = 70
SOME_ROWS = [0, 1, 2, 8, 15, 16, 17, 33, 64]
# Terms and columns.
SIZES = [(1, 1), (31, 33), (33, 17), (64, 32), (100, 70), (1057, 40), (2080, 31)]


def has_unit(unit):
    cpu = pathlib.Path("/proc/cpuinfo")
    return cpu.exists() and f" {FLAGS[unit]} " in cpu.read_text().replace("\n", " ")


@pytest.fixture(scope="module", params=["avx512bf16", "amx-bf16"])
def unit(request):
    if not has_unit(request.param):
        pytest.skip(f"this processor has no {request.param}")
    return request.param


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("units")
    process = subprocess.Popen(
        [CC_RUN, "--batch=-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def run(unit, source, inputs, kind, form="auto", prefetch="true", **options):
        passes = f"form={form} bf16-unit={unit} prefetch-packed={prefetch}"
        passes += "" if unit == "none" else " vector-bits=512"
        pipeline = f"builtin.module(condcomp-to-cpu{{{passes}}})"
        paths = []
        for number, array in enumerate(inputs):
            raw = array.view(np.uint16) if array.dtype == BF16 else array
            np.save(folder / f"{number}.npy", raw)
            paths.append(f"@{folder}/{number}.npy")
        request = {
            "source": source,
            "function": "f",
            "pipeline": pipeline,
            "inputs": paths,
            "outputs": [f"@{folder}/output.npy"],
            **options,
        }
        print(json.dumps(request), file=process.stdin, flush=True)
        reply = json.loads(process.stdout.readline())
        assert reply["status"] == "ok", reply
        assert reply["leaked_bytes"] == 0
        return np.load(folder / "output.npy").view(NUMPY[kind])

    yield run
    process.stdin.close()
    process.wait()
    process.stdout.close()


def matmul(result, transposed=False, lhs="(m, k)", constant=None):
    """Of a [m, k] or [k, m], and b [k, n] or [n, k]; of any sizes, but for those of
    a b that is constant."""
    k, n = constant or ("?", "?")
    a = f"?x{k}xbf16" if lhs == "(m, k)" else f"{k}x?xbf16"
    b = f"{n}x{k}xbf16" if transposed else f"{k}x{n}xbf16"
    c = f"?x{n}x{result}"
    return f"""
func.func @f(%a: tensor<{a}>, %b: tensor<{b}> {"{condcomp.constant}" if constant else ""})
    -> tensor<{c}> {{
  %rows = arith.constant {0 if lhs == "(m, k)" else 1} : index
  %columns = arith.constant {0 if transposed else 1} : index
  %zero = arith.constant 0.0 : {result}
  %m = tensor.dim %a, %rows : tensor<{a}>
  %n = tensor.dim %b, %columns : tensor<{b}>
  %e = tensor.empty(%m{"" if constant else ", %n"}) : tensor<{c}>
  %z = linalg.fill ins(%zero : {result}) outs(%e : tensor<{c}>) -> tensor<{c}>
  %r = linalg.generic {{
      indexing_maps = [affine_map<(m, n, k) -> {lhs}>,
                       affine_map<(m, n, k) -> {"(n, k)" if transposed else "(k, n)"}>,
                       affine_map<(m, n, k) -> (m, n)>],
      iterator_types = ["parallel", "parallel", "reduction"]}}
      ins(%a, %b : tensor<{a}>, tensor<{b}>) outs(%z : tensor<{c}>) {{
  ^bb0(%x: bf16, %y: bf16, %o: {result}):
    {MULTIPLY_ADD[result]}
    linalg.yield %s : {result}
  }} -> tensor<{c}>
  return %r : tensor<{c}>
}}"""


MULTIPLY_ADD = {
    "f32": """%u = arith.extf %x : bf16 to f32
    %v = arith.extf %y : bf16 to f32
    %p = arith.mulf %u, %v : f32
    %s = arith.addf %o, %p : f32""",
    "bf16": """%p = arith.mulf %x, %y : bf16
    %s = arith.addf %o, %p : bf16""",
}


def inputs(terms, columns):
    rng = np.random.default_rng(terms * 1000 + columns)
    return (
        rng.standard_normal((ROWS, terms)).astype(BF16),
        rng.standard_normal((terms, columns)).astype(BF16),
    )


def assert_close(actual, a, b, kind):
    a, b = a.astype(np.float64), b.astype(np.float64)
    bound = (np.abs(a) @ np.abs(b)) * len(b) ** 0.5 * 2.0**-23
    if kind == "bf16":
        bound += np.abs(a @ b) * 2.0**-8
    assert np.all(np.abs(actual.astype(np.float64) - a @ b) <= bound + 1e-30)


def same(x, y):
    return x.tobytes() == np.ascontiguousarray(y).tobytes()


@pytest.mark.parametrize("kind", ["f32", "bf16"])
@pytest.mark.parametrize("terms, columns", SIZES)
def test_rows_and_layouts(run, unit, terms, columns, kind):
    a, b = inputs(terms, columns)
    source = matmul(kind)
    whole = run(unit, source, [a, b], kind, threads=2)
    assert_close(whole, a, b, kind)
    for rows in SOME_ROWS:
        part = run(unit, source, [a[:rows], b], kind, threads=1)
        assert same(part, whole[:rows]), rows
    # Right-hand sides by columns and packed, left-hand sides by columns.
    transposed = [a, np.ascontiguousarray(b.T)]
    assert same(run(unit, matmul(kind, transposed=True), transposed, kind), whole)
    by_columns = [np.ascontiguousarray(a.T), b]
    assert same(run(unit, matmul(kind, lhs="(k, m)"), by_columns, kind), whole)
    constant = matmul(kind, constant=(terms, columns))
    for prefetch in ["true", "false"]:
        packed = run(unit, constant, [a, b], kind, prepack=True, prefetch=prefetch)
        assert same(packed, whole), prefetch


def amx(a, b):
    """What AMX computes: of 32 terms, even and odd ones apart."""
    a, b = a.astype(np.float32), b.astype(np.float32)
    fill = -len(b) % 32
    a, b = np.pad(a, ((0, 0), (0, fill))), np.pad(b, ((0, fill), (0, 0)))
    total = np.zeros((len(a), b.shape[1]), np.float32)
    for first in range(0, len(b), 32):
        halves = [np.zeros_like(total), np.zeros_like(total)]
        for k in range(first, first + 32):
            # Products are exact; that the sum is rounded to f64 first does not show.
            product = a[:, k, None].astype(np.float64) * b[k]
            halves[k % 2] = (halves[k % 2] + product).astype(np.float32)
        total += halves[0] + halves[1]
    return total


def dot(a, b):
    """What AVX512_BF16 computes: of a pair, the second one first."""
    total = np.zeros((len(a), b.shape[1]), np.float32)
    for k in range(0, len(b), 2):
        for term in (k + 1, k):
            if term < len(b):
                product = a[:, term, None].astype(np.float64) * b[term].astype(float)
                total = (total + product).astype(np.float32)
    return total


def test_order_of_sums(run, unit):
    a, b = inputs(1057, 40)
    result = run(unit, matmul("f32"), [a, b], "f32")
    assert same(result, {"amx-bf16": amx, "avx512bf16": dot}[unit](a, b))


def test_accumulates(run, unit):
    a, b = inputs(100, 70)
    source = matmul("f32").replace("constant 0.0 : f32", "constant 3.0 : f32")
    result = run(unit, source, [a, b], "f32")
    expected = 3 + a.astype(np.float64) @ b.astype(np.float64)
    assert np.abs(result - expected).max() < 1e-4


def test_empty_sum(run, unit):
    a, b = np.zeros((5, 0), BF16), np.zeros((0, 7), BF16)
    assert same(run(unit, matmul("f32"), [a, b], "f32"), np.zeros((5, 7), np.float32))


def test_infinity_stays_in_its_row_and_column(run, unit):
    """What rows and columns are filled up with is not multiplied into others."""
    a, b = np.ones((3, 5), BF16), np.ones((5, 3), BF16)
    a[1, 4] = np.inf
    b[0, 2] = np.nan
    result = run(unit, matmul("f32"), [a, b], "f32")
    assert np.array_equal(
        result,
        [[5, 5, np.nan], [np.inf, np.inf, np.nan], [5, 5, np.nan]],
        equal_nan=True,
    )


# Results in f32: rounded ones would hide that sums differ.
APPLY = """
#same = affine_map<(i, j) -> (i, j)>
func.func @f(%scores: tensor<?x8xf32>, %x: tensor<?x70xbf16>,
    %w: tensor<8x70x45xbf16> {condcomp.constant}) -> tensor<?x45xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x70xbf16>
  %r = condcomp.top_k %scores, 2 : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, exactly 2>
  %e = tensor.empty(%n) : tensor<?x45xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x45xf32>) -> tensor<?x45xf32>
  %y = condcomp.apply %r : !condcomp.routing<?x8, f32, exactly 2>
      rows(%x : tensor<?x70xbf16>) params(%w : tensor<8x70x45xbf16>)
      outs(%z : tensor<?x45xf32>) combine(sum) {
  ^bb0(%xe: tensor<?x70xbf16>, %we: tensor<70x45xbf16>):
    %m = tensor.dim %xe, %c0 : tensor<?x70xbf16>
    %h = tensor.empty(%m) : tensor<?x45xf32>
    %g = linalg.fill ins(%zero : f32) outs(%h : tensor<?x45xf32>) -> tensor<?x45xf32>
    %o = linalg.matmul ins(%xe, %we : tensor<?x70xbf16>, tensor<70x45xbf16>)
      outs(%g : tensor<?x45xf32>) -> tensor<?x45xf32>
    condcomp.yield %o : tensor<?x45xf32>
  } -> tensor<?x45xf32>
  return %y : tensor<?x45xf32>
}"""


@pytest.mark.parametrize("rows", [0, 1, 5, 40, 200])
def test_forms(run, unit, rows):
    """Modules of no rows, of one and of many."""
    rng = np.random.default_rng(rows)
    scores = rng.standard_normal((rows, 8)).astype(np.float32)
    scores[:, 0] += 3
    scores[:, 5] -= 100
    x = rng.standard_normal((rows, 70)).astype(BF16)
    w = rng.standard_normal((8, 70, 45)).astype(BF16)
    masked = run(unit, APPLY, [scores, x, w], "f32", form="masked")
    for options in {"threads": 1}, {"threads": 2}, {"prepack": True}:
        compact = run(unit, APPLY, [scores, x, w], "f32", form="compact", **options)
        assert same(compact, masked), options
    without = run("none", APPLY, [scores, x, w], "f32", form="compact")
    assert np.abs(without - masked).max(initial=0) < 1e-4
