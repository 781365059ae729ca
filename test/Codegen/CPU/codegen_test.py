# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled linalg against NumPy in float64, and against itself to the bit."""

import json
import math
import pathlib
import subprocess

import numpy as np
import pytest

from condcomp.cc_run import CC_RUN

EPSILON = {"f64": 2**-52, "f32": 2**-23, "bf16": 2**-7, "f16": 2**-10}
NUMPY = {"f64": np.float64, "f32": np.float32, "f16": np.float16, "i64": np.int64}


def from_bf16(bits):
    return (bits.view(np.uint16).astype(np.uint32) << 16).view(np.float32)


def to_bf16(values):
    bits = np.asarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def store(values, kind):
    return to_bf16(values) if kind == "bf16" else np.asarray(values, NUMPY[kind])


def load(array, kind):
    return (from_bf16(array) if kind == "bf16" else array).astype(np.float64)


class Session:
    """A cc-run process; modules are compiled once."""

    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            [CC_RUN, "--batch=-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, source, inputs, threads=2, form="auto", options=""):
        paths = []
        for number, array in enumerate(inputs):
            np.save(self.folder / f"input{number}.npy", array)
            paths.append(f"@{self.folder}/input{number}.npy")
        request = {
            "source": source,
            "function": "f",
            "pipeline": f"builtin.module(condcomp-to-cpu{{form={form} {options}}})",
            "inputs": paths,
            "outputs": [f"@{self.folder}/output.npy"],
            "threads": threads,
        }
        print(json.dumps(request), file=self.process.stdin, flush=True)
        reply = json.loads(self.process.stdout.readline())
        assert reply["status"] == "ok", reply
        assert reply["leaked_bytes"] == 0
        return np.load(self.folder / "output.npy")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    session = Session(tmp_path_factory.mktemp("codegen"))
    yield session
    session.process.stdin.close()
    session.process.wait()
    session.process.stdout.close()


def matmul(kind, result, transposed):
    second = "(n, k)" if transposed else "(k, n)"
    return f"""
#a = affine_map<(m, n, k) -> (m, k)>
#b = affine_map<(m, n, k) -> {second}>
#c = affine_map<(m, n, k) -> (m, n)>
func.func @f(%a: tensor<?x?x{kind}>, %b: tensor<?x?x{kind}>) -> tensor<?x?x{result}> {{
  %c0 = arith.constant 0 : index
  %cn = arith.constant {0 if transposed else 1} : index
  %zero = arith.constant 0.0 : {result}
  %m = tensor.dim %a, %c0 : tensor<?x?x{kind}>
  %n = tensor.dim %b, %cn : tensor<?x?x{kind}>
  %e = tensor.empty(%m, %n) : tensor<?x?x{result}>
  %z = linalg.fill ins(%zero : {result}) outs(%e : tensor<?x?x{result}>)
      -> tensor<?x?x{result}>
  %r = linalg.matmul indexing_maps = [#a, #b, #c]
      ins(%a, %b : tensor<?x?x{kind}>, tensor<?x?x{kind}>)
      outs(%z : tensor<?x?x{result}>) -> tensor<?x?x{result}>
  return %r : tensor<?x?x{result}>
}}"""


KINDS = [
    ("f32", "f32"),
    ("f64", "f64"),
    ("bf16", "bf16"),
    ("f16", "f16"),
    ("bf16", "f32"),
]
# Rows, terms, columns: remainders of every kind, empty dims, blocks of terms
# and of rows.
SIZES = [
    (1, 1, 1),
    (3, 5, 7),
    (9, 17, 33),
    (0, 4, 4),
    (4, 0, 4),
    (4, 4, 0),
    (20, 600, 70),
    (600, 100, 31),
    (7, 4097, 48),
]


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("kind, result", KINDS)
def test_contraction(run, kind, result, transposed):
    random = np.random.default_rng(0)
    source = matmul(kind, result, transposed)
    for m, k, n in SIZES:
        a = store(random.standard_normal((m, k)), kind)
        b = store(random.standard_normal((n, k) if transposed else (k, n)), kind)
        got = load(run(source, [a, b]), result)
        left, right = load(a, kind), load(b, kind)
        right = right.T if transposed else right
        want = left @ right
        sums = EPSILON["f64" if kind == "f64" else "f32"]
        bound = 4 * sums * max(k, 1) ** 0.5 * (np.abs(left) @ np.abs(right))
        if result in ("bf16", "f16"):
            # One rounding at the end.
            bound += EPSILON[result] / 2 * (np.abs(want) + bound) + 1e-7
        assert got.shape == want.shape
        assert (np.abs(got - want) <= bound).all(), (m, k, n)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("kind, result", KINDS)
def test_rows_do_not_depend_on_others(run, kind, result, transposed):
    random = np.random.default_rng(1)
    source = matmul(kind, result, transposed)
    a = store(random.standard_normal((600, 700)), kind)
    b = store(random.standard_normal((139, 700) if transposed else (700, 139)), kind)
    whole = run(source, [a, b])
    assert run(source, [a, b], threads=1).tobytes() == whole.tobytes()
    for rows in [*range(1, 21), 100]:
        part = run(source, [a[5 : 5 + rows], b])
        assert part.tobytes() == whole[5 : 5 + rows].tobytes(), rows


def vector_bits():
    """Of this machine."""
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    wide = {"avx512f", "avx512bw", "avx512vl"} <= set(flags)
    return 512 if wide else 256 if {"avx2", "fma"} <= set(flags) else 128


def panel_columns(kind, bits):
    """Two vectors of the accumulator's type."""
    return 2 * bits // (64 if kind == "f64" else 32)


def pack(b, columns, pairs):
    """[k, n] as docs/codegen.md says; what pads it is not a number."""
    k, n = b.shape
    terms = 2 if pairs else 1
    padded = np.full((-(-k // terms) * terms, -(-n // columns) * columns), np.nan)
    padded = store(padded, "bf16") if b.dtype == np.uint16 else padded.astype(b.dtype)
    padded[:k, :n] = b
    if not pairs:
        return padded.reshape(k, -1, columns).transpose(1, 0, 2).copy()
    return padded.reshape(-(-k // 2), 2, -1, columns).transpose(2, 0, 3, 1).copy()


# Narrow vectors have tiles of another number of rows, of which blocks of rows are no
# multiple.
@pytest.mark.parametrize("bits", sorted({min(vector_bits(), 256), vector_bits()}))
@pytest.mark.parametrize("kind, result", KINDS)
def test_packed(run, kind, result, bits):
    """Packed or not, asked for beforehand or not, results are the same to the bit."""
    random = np.random.default_rng(2)
    nr, pairs = panel_columns(kind, bits), kind == "bf16"
    plain = matmul(kind, result, False)
    # Asked for by name, vectors would be those of another machine, without its unit.
    narrow = "" if bits == vector_bits() else f"vector-bits={bits}"
    for k, n in [(1, 1), (5, 7), (33, 70), (256, 8), (601, 130), (2100, 40), (40, 256)]:
        b = store(random.standard_normal((k, n)), kind)
        packed = pack(b, nr, pairs)
        dims = "x".join(map(str, packed.shape))
        where = "k floordiv 2, n mod {0}, k mod 2" if pairs else "k, n mod {0}"
        wide = "f64" if kind == "f64" else "f32"

        source = f"""
#b = affine_map<(m, n, k) -> (n floordiv {nr}, {where.format(nr)})>
func.func @f(%a: tensor<?x{k}x{kind}>, %b: tensor<{dims}x{kind}>) -> tensor<?x{n}x{result}> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : {result}
  %m = tensor.dim %a, %c0 : tensor<?x{k}x{kind}>
  %e = tensor.empty(%m) : tensor<?x{n}x{result}>
  %z = linalg.fill ins(%zero : {result}) outs(%e : tensor<?x{n}x{result}>) -> tensor<?x{n}x{result}>
  %r = linalg.generic {{indexing_maps = [affine_map<(m, n, k) -> (m, k)>, #b,
        affine_map<(m, n, k) -> (m, n)>], iterator_types = ["parallel", "parallel", "reduction"]}}
      ins(%a, %b : tensor<?x{k}x{kind}>, tensor<{dims}x{kind}>) outs(%z : tensor<?x{n}x{result}>) {{
  ^bb0(%x: {kind}, %w: {kind}, %y: {result}):
    BODY
  }} -> tensor<?x{n}x{result}>
  return %r : tensor<?x{n}x{result}>
}}"""
        lines, names = [], []
        for name, element in [("x", kind), ("w", kind), ("y", result)]:
            if element != wide:
                lines.append(f"%{name}w = arith.extf %{name} : {element} to {wide}")
            names.append(f"%{name}w" if element != wide else f"%{name}")
        lines.append(f"%p = arith.mulf {names[0]}, {names[1]} : {wide}")
        lines.append(f"%s = arith.addf {names[2]}, %p : {wide}")
        if result != wide:
            lines.append(f"%t = arith.truncf %s : {wide} to {result}")
        lines.append(f"linalg.yield {'%t' if result != wide else '%s'} : {result}")
        source = source.replace("BODY", "\n    ".join(lines))
        for m in [0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 40, 128, 256, 300, 512]:
            a = store(random.standard_normal((m, k)), kind)
            want = run(plain, [a, b], options=narrow)
            for prefetch in ["true", "false"]:
                options = f"{narrow} prefetch-packed={prefetch}"
                got = run(source, [a, packed], options=options)
                assert got.tobytes() == want.tobytes(), (m, k, n, prefetch)


def unary(kind, op):
    return f"""
#id = affine_map<(i, j) -> (i, j)>
func.func @f(%x: tensor<?x?x{kind}>) -> tensor<?x?x{kind}> {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?x{kind}>
  %n = tensor.dim %x, %c1 : tensor<?x?x{kind}>
  %e = tensor.empty(%m, %n) : tensor<?x?x{kind}>
  %r = linalg.generic {{indexing_maps = [#id, #id],
                       iterator_types = ["parallel", "parallel"]}}
      ins(%x : tensor<?x?x{kind}>) outs(%e : tensor<?x?x{kind}>) {{
  ^bb0(%a: {kind}, %o: {kind}):
    %y = math.{op} %a : {kind}
    linalg.yield %y : {kind}
  }} -> tensor<?x?x{kind}>
  return %r : tensor<?x?x{kind}>
}}"""


@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize("op", ["exp", "tanh", "log1p", "expm1", "sin", "cos"])
def test_math(run, kind, op):
    random = np.random.default_rng(2)
    source = unary(kind, op)
    for shape in [(3, 5), (1, 16), (100, 37), (0, 4), (4, 0), (1, 5000)]:
        x = random.standard_normal(shape) * 4
        x = store(np.abs(x) if op == "log1p" else x, kind)
        got = run(source, [x])
        want = getattr(np, op)(x.astype(np.longdouble))
        if op in ("sin", "cos"):
            assert (np.abs(got - want) <= 2 * EPSILON[kind]).all()
        else:
            assert (np.abs(got - want) <= 5 * EPSILON[kind] * np.abs(want)).all()
        # Lanes, the masked end and single elements compute the same.
        same = run(source, [np.full((1, 37), x.flat[0] if x.size else 1, x.dtype)])
        assert len(np.unique(same)) == 1


def test_erf_f32(run):
    random = np.random.default_rng(5)
    near = random.standard_normal(5000) * 10.0 ** random.uniform(-40, 0, 5000)
    step = np.float32(0.927734375) + np.arange(-8, 9) * np.float32(2.0**-24)
    x = np.concatenate([near, random.standard_normal(5000) * 4, step])
    x = x.astype(np.float32)
    got = run(unary("f32", "erf"), [x[None]])[0]
    want = np.array([math.erf(value) for value in x.astype(np.float64)])
    assert (np.abs(got - want) <= np.spacing(np.abs(want).astype(np.float32))).all()
    ends = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 30, -1e30, 3e38], np.float32)
    got = run(unary("f32", "erf"), [ends[None]])[0]
    np.testing.assert_array_equal(got, [0, 0, 1, -1, np.nan, 1, -1, 1])
    assert (np.signbit(got[:2]) == [False, True]).all()


def test_log_f64(run):
    random = np.random.default_rng(4)
    near = 1 + random.standard_normal(5000) * 10.0 ** random.uniform(-15, 0, 5000)
    all_sizes = 2.0 ** random.uniform(-1074, 1023, 5000)
    ends = [1, 2, 5e-324, 2.2250738585072014e-308, np.finfo(np.float64).max]
    x = np.concatenate([np.abs(near), all_sizes, ends, np.full(2, 0.7071067811865476)])
    got = run(unary("f64", "log"), [x[None]])[0]
    want = np.log(x.astype(np.longdouble))
    assert (np.abs(got - want) <= np.spacing(np.abs(want).astype(np.float64))).all()
    odd = np.array([[0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, -5e-324]])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(run(unary("f64", "log"), [odd]), np.log(odd))


def test_large_angles(run):
    x = np.linspace(-1e5, 1e5, 9999, dtype=np.float32)[None]
    got = run(unary("f32", "cos"), [x])
    assert (np.abs(got - np.cos(x.astype(np.float64))) <= 1e-7).all()


def reduction(kind, axis, start, op):
    kept = "?x" if axis is not None else ""
    target = {0: "(j)", 1: "(i)", None: "()"}[axis]
    kinds = ["reduction" if axis in (d, None) else "parallel" for d in (0, 1)]
    size = {0: "(%n)", 1: "(%m)", None: "()"}[axis]
    return f"""
func.func @f(%x: tensor<?x?x{kind}>) -> tensor<{kept}{kind}> {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %start = arith.constant {start} : {kind}
  %m = tensor.dim %x, %c0 : tensor<?x?x{kind}>
  %n = tensor.dim %x, %c1 : tensor<?x?x{kind}>
  %e = tensor.empty{size} : tensor<{kept}{kind}>
  %z = linalg.fill ins(%start : {kind}) outs(%e : tensor<{kept}{kind}>)
      -> tensor<{kept}{kind}>
  %r = linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>,
                                        affine_map<(i, j) -> {target}>],
                       iterator_types = {json.dumps(kinds)}}}
      ins(%x : tensor<?x?x{kind}>) outs(%z : tensor<{kept}{kind}>) {{
  ^bb0(%a: {kind}, %o: {kind}):
    %y = {op} %o, %a : {kind}
    linalg.yield %y : {kind}
  }} -> tensor<{kept}{kind}>
  return %r : tensor<{kept}{kind}>
}}"""


SHAPES = [(3, 5), (1, 16), (7, 33), (100, 64), (0, 4), (4, 0), (1, 5000), (300, 999)]


@pytest.mark.parametrize("axis", [0, 1, None])
@pytest.mark.parametrize("kind", ["f32", "f64", "i64"])
def test_sum(run, kind, axis):
    random = np.random.default_rng(3)
    integer = kind == "i64"
    source = reduction(
        kind, axis, "0" if integer else "0.0", f"arith.add{'i' if integer else 'f'}"
    )
    for shape in SHAPES:
        x = (random.standard_normal(shape) * 100).astype(NUMPY[kind])
        got = run(source, [x])
        want = x.astype(np.int64 if integer else np.float64).sum(axis)
        bound = 0
        if not integer:
            bound = 8 * EPSILON[kind] * np.abs(x.astype(np.float64)).sum(axis)
        assert got.shape == want.shape
        assert (np.abs(got - want) <= bound).all(), shape
    if axis == 1:
        # A row alone adds up to the same as in the batch.
        for row in range(0, 300, 50):
            assert run(source, [x[row : row + 1]]).tobytes() == got[row].tobytes()


def test_sums_do_not_depend_on_the_layout(run):
    """The same values, in one piece and as a part of a larger tensor."""
    random = np.random.default_rng(5)
    for shape in [(3, 5), (7, 33), (40, 8), (2, 999)]:
        x = random.standard_normal(shape).astype(np.float32)
        inside = np.zeros((shape[0] + 2, shape[1] + 3), np.float32)
        inside[: shape[0], : shape[1]] = x
        m, n = shape
        part = reduction("f32", None, "0.0", "arith.addf").replace(
            "ins(%x : tensor<?x?xf32>)", f"ins(%s : tensor<{m}x{n}xf32>)"
        )
        part = part.replace(
            "  %r = linalg",
            f"  %s = tensor.extract_slice %x[0, 0] [{m}, {n}] [1, 1]"
            f" : tensor<?x?xf32> to tensor<{m}x{n}xf32>\n  %r = linalg",
        )
        whole = run(reduction("f32", None, "0.0", "arith.addf"), [x])
        assert run(part, [inside]).tobytes() == whole.tobytes(), shape


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize(
    "op, reduce",
    [
        ("maximumf", np.maximum.reduce),
        ("minimumf", np.minimum.reduce),
        ("maxnumf", np.fmax.reduce),
        ("minnumf", np.fmin.reduce),
    ],
)
def test_extremes(run, op, reduce, kind, axis):
    """NaN wins (maximumf) or loses (maxnumf), first, last, alone, and everywhere."""
    random = np.random.default_rng(4)
    nan = {"f32": "0x7FC00000", "f64": "0x7FF8000000000000"}[kind]
    infinity = {
        ("f32", "max"): "0xFF800000",
        ("f32", "min"): "0x7F800000",
        ("f64", "max"): "0xFFF0000000000000",
        ("f64", "min"): "0x7FF0000000000000",
    }[kind, op[:3]]
    start = nan if "num" in op else infinity
    source = reduction(kind, axis, start, f"arith.{op}")
    for length in (1, 13, 16, 49, 70, 200):
        x = random.standard_normal((40, length)).astype(NUMPY[kind])
        x[0, 0] = x[1, -1] = x[2, length // 2] = x[3] = np.nan
        x[4], x[5, 1:] = -np.inf, np.nan
        x = x if axis == 1 else np.ascontiguousarray(x.T)
        assert np.array_equal(run(source, [x]), reduce(x, axis), equal_nan=True), length


def test_gather_of_rows(run):
    source = """
func.func @f(%x: tensor<?x?xf32>, %ids: tensor<?xi64>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %ids, %c0 : tensor<?xi64>
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %e = tensor.empty(%m, %n) : tensor<?x?xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>,
                                        affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%ids : tensor<?xi64>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%id: i64, %o: f32):
    %row = arith.index_cast %id : i64 to index
    %column = linalg.index 1 : index
    %y = tensor.extract %x[%row, %column] : tensor<?x?xf32>
    linalg.yield %y : f32
  } -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}"""
    random = np.random.default_rng(5)
    for rows, columns, count in [(5, 37, 9), (300, 64, 1000), (3, 0, 4), (3, 8, 0)]:
        x = random.standard_normal((rows, columns)).astype(np.float32)
        ids = random.integers(0, rows, count)
        assert np.array_equal(run(source, [x, ids]), x[ids])


@pytest.mark.parametrize("along", ["columns", "rows"])
def test_sums_over_gathered_rows(run, along):
    """Products with rows of a table, and sums of such rows with weights."""
    size = "%k" if along == "columns" else "%n"
    result = "(i, j) -> (j)" if along == "columns" else "(i, j) -> (i)"
    weight = "(i, j) -> (i)" if along == "columns" else "(i, j) -> (j)"
    chosen = "(i, j) -> (i)"
    source = f"""
func.func @f(%x: tensor<?xf32>, %ids: tensor<?xindex>, %w: tensor<?x?xf32>)
    -> tensor<?xf32> {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %ids, %c0 : tensor<?xindex>
  %k = tensor.dim %w, %c1 : tensor<?x?xf32>
  %e = tensor.empty({size}) : tensor<?xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %range = tensor.empty(%n, %k) : tensor<?x?xf32>
  %r = linalg.generic {{
      indexing_maps = [affine_map<{weight}>, affine_map<{chosen}>,
                       affine_map<(i, j) -> (i, j)>, affine_map<{result}>],
      iterator_types = [{'"reduction", "parallel"' if along == "columns"
                         else '"parallel", "reduction"'}]}}
      ins(%x, %ids, %range : tensor<?xf32>, tensor<?xindex>, tensor<?x?xf32>)
      outs(%z : tensor<?xf32>) {{
  ^bb0(%a: f32, %id: index, %unused: f32, %o: f32):
    %c = linalg.index 1 : index
    %b = tensor.extract %w[%id, %c] : tensor<?x?xf32>
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  }} -> tensor<?xf32>
  return %r : tensor<?xf32>
}}"""
    random = np.random.default_rng(6)
    for rows, columns, count in [(5, 37, 9), (90, 5000, 333), (3, 0, 4), (3, 8, 0)]:
        w = random.standard_normal((rows, columns)).astype(np.float32)
        ids = random.integers(0, rows, count)
        terms = count if along == "columns" else columns
        x = random.standard_normal(terms).astype(np.float32)
        got = run(source, [x, ids, w])
        chosen = w[ids].astype(np.float64)
        want = x @ chosen if along == "columns" else chosen @ x
        size = np.abs(x) @ np.abs(chosen if along == "columns" else chosen.T)
        assert got.shape == want.shape
        bound = 4 * EPSILON["f32"] * max(terms, 1) ** 0.5 * size
        assert (np.abs(got - want) <= bound).all(), (rows, columns, count)


@pytest.mark.parametrize(
    "shape", [(3, n) for n in (1, 15, 16, 17, 32, 48, 63, 64, 80)] + [(2, 10000)]
)
def test_static_sizes(run, shape):
    """Sizes known when compiling leave out loops: none may be missing."""
    m, n = shape
    source = f"""
func.func @f(%x: tensor<{m}x{n}xf32>, %w: tensor<{n}x{m}xf32>) -> tensor<{m}x{m}xf32> {{
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<{m}x{n}xf32>
  %p = linalg.softmax dimension(1) ins(%x : tensor<{m}x{n}xf32>)
      outs(%e : tensor<{m}x{n}xf32>) -> tensor<{m}x{n}xf32>
  %y = tensor.empty() : tensor<{m}x{m}xf32>
  %z = linalg.fill ins(%zero : f32) outs(%y : tensor<{m}x{m}xf32>)
      -> tensor<{m}x{m}xf32>
  %r = linalg.matmul ins(%p, %w : tensor<{m}x{n}xf32>, tensor<{n}x{m}xf32>)
      outs(%z : tensor<{m}x{m}xf32>) -> tensor<{m}x{m}xf32>
  return %r : tensor<{m}x{m}xf32>
}}"""
    random = np.random.default_rng(6)
    x = random.standard_normal((m, n)).astype(np.float32)
    w = random.standard_normal((n, m)).astype(np.float32)
    e = np.exp(x.astype(np.float64) - x.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    assert (np.abs(run(source, [x, w]) - p @ w) <= 2e-6 * (p @ np.abs(w))).all()
