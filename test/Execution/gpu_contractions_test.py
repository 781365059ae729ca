# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Contractions on emulated grids: by tensor cores, in tiles, and by elements.

The emulator of tensor cores knows PTX's layout of a step, and nothing of the code that is tested.
Of small integers all sums are exact, in any order: an element that is taken from a
wrong place shows.
"""

import functools

import numpy as np
import pytest

import apply_test
import ccrun
import inputs
from harness import compare_with_reference, same_bits
from programs import RoutingType, function, tensor

PIPELINE = "builtin.module(condcomp-to-gpu-emulated{form=%s threads=%d tf32=%s})"
# Threads of the grid per form: one warp, and three.
GRIDS = {"masked": 32, "compact": 96}


def run(text, jobs, form, threads, tf32=False):
    """Results of all jobs, on an emulated grid; 0 threads: on a CPU."""
    pipeline = PIPELINE % (form, threads, "true" if tf32 else "false")
    outcomes = ccrun.run(
        text,
        [(name, arrays, 1) for name, arrays in jobs],
        form,
        pipeline=pipeline if threads else "",
        opt_level=0,
    )
    for outcome in outcomes:
        assert not isinstance(outcome, ccrun.Failure), outcome.message
    return outcomes


class Contraction:
    """One contraction: einsum's letters, reduction loops last.

    static: letters whose sizes the types have. start: whether it is added to
    something. offset: the left-hand side begins so many columns inside a larger
    matrix.
    """

    def __init__(
        self, name, spec, sizes, element, out, static="", start=False, offset=0
    ):
        self.name, self.spec, self.element, self.out = name, spec, element, out
        self.sizes, self.start, self.offset = sizes, start, offset
        self.terms, self.result = spec.split("->")
        self.terms = self.terms.split(",")
        self.static = static

    def __str__(self):
        return self.name

    def dims(self, letters):
        return [self.sizes[l] if l in self.static else "?" for l in letters]

    def shape(self, letters):
        return [self.sizes[l] for l in letters]

    def text(self):
        left, right = (tensor(self.dims(t), self.element) for t in self.terms)
        result = tensor(self.dims(self.result), self.out)
        loops = list(dict.fromkeys(self.result + "".join(self.terms)))
        maps = ", ".join(
            f"affine_map<({', '.join(loops)}) -> ({', '.join(letters)})>"
            for letters in (*self.terms, self.result)
        )
        kinds = ", ".join(
            '"parallel"' if l in self.result else '"reduction"' for l in loops
        )
        wide = lambda value, element: value if element == "f32" else value + "w"
        extend = lambda value, element: (
            ""
            if element == "f32"
            else f"{value}w = arith.extf {value} : {element} to f32"
        )
        left_wide, right_wide = (wide(v, self.element) for v in ("%l", "%r"))
        lines = [
            f"%zero = arith.constant 0.0 : {self.out}",
            f"%start = linalg.fill ins(%zero : {self.out}) outs(%s : {result}) -> {result}",
        ]
        whole = left
        if self.offset:
            # A view that begins inside a row of a larger matrix.
            rows, columns = self.shape(self.terms[0])
            whole = tensor(["?", columns + self.offset], self.element)
            lines += [
                "%c0 = arith.constant 0 : index",
                f"%n = tensor.dim %whole, %c0 : {whole}",
                f"%a = tensor.extract_slice %whole[0, {self.offset}] [%n, {columns}] [1, 1]"
                f" : {whole} to {left}",
            ]
        lines += [
            f"%y = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}}",
            f"  ins(%a, %b : {left}, {right})",
            f"  outs({'%s' if self.start else '%start'} : {result}) {{",
            f"^bb0(%l: {self.element}, %r: {self.element}, %o: {self.out}):",
            extend("%l", self.element),
            extend("%r", self.element),
            extend("%o", self.out),
            f"%p = arith.mulf {left_wide}, {right_wide} : f32",
            f"%q = arith.addf {wide('%o', self.out)}, %p : f32",
            f"%t = arith.truncf %q : f32 to {self.out}" if self.out != "f32" else "",
            f"linalg.yield {'%q' if self.out == 'f32' else '%t'} : {self.out}",
            f"}} -> {result}",
        ]
        arguments = {"whole" if self.offset else "a": whole, "b": right, "s": result}
        return function(self.name, arguments, "\n".join(lines), {"y": result})

    def arrays(self, make):
        """Inputs, and what einsum takes of them."""
        left, right, start = (
            make(name, self.shape(letters), element)
            for name, letters, element in (
                ("a", self.terms[0], self.element),
                ("b", self.terms[1], self.element),
                ("s", self.result, self.out),
            )
        )
        given = left
        if self.offset:
            given = make(
                "w", [left.shape[0], left.shape[1] + self.offset], self.element
            )
            left = given[:, self.offset :]
        wide = [a.astype(np.float64) for a in (left, right)]
        wanted = np.einsum(self.spec, *wide)
        if self.start:
            wanted = wanted + start.astype(np.float64)
        magnitude = np.einsum(self.spec, *map(np.abs, wide)) + np.abs(
            start.astype(np.float64)
        )
        return [given, right, start], wanted, magnitude


def contractions():
    def make(label, *args, **keys):
        for element in ("bf16", "f16", "f32"):
            yield Contraction(
                f"{label}_{element}", *args[:2], element, *args[2:], **keys
            )

    # Ragged rows, columns and terms, of sizes that are known or not.
    for m, k, n in [
        (1, 1, 1),
        (7, 40, 5),
        (16, 16, 32),
        (17, 15, 36),
        (33, 50, 40),
        (70, 64, 33),
    ]:
        sizes = {"m": m, "k": k, "n": n}
        yield from make(f"known_{m}_{k}_{n}", "mk,kn->mn", sizes, "f32", static="kn")
        yield from make(f"unknown_{m}_{k}_{n}", "mk,kn->mn", sizes, "f32")
    yield from make(
        "no_rows", "mk,kn->mn", {"m": 0, "k": 8, "n": 8}, "f32", static="kn"
    )
    yield from make("no_terms", "mk,kn->mn", {"m": 3, "k": 0, "n": 8}, "f32")
    ragged, even = {"m": 33, "k": 35, "n": 37}, {"m": 33, "k": 48, "n": 64}
    for label, sizes in (("ragged", ragged), ("even", even)):
        keys = {"static": "kn"}
        yield from make(f"rhs_{label}", "mk,nk->mn", sizes, "f32", **keys)
        yield from make(f"lhs_{label}", "km,kn->mn", sizes, "f32", **keys)
        yield from make(f"result_{label}", "mk,kn->nm", sizes, "f32", **keys)
        yield from make(f"added_{label}", "mk,kn->mn", sizes, "f32", start=True, **keys)
        for offset in (1, 4):
            yield from make(
                f"view{offset}_{label}",
                "mk,kn->mn",
                sizes,
                "f32",
                offset=offset,
                **keys,
            )
    batched = {"b": 3, "m": 5, "k": 20, "n": 9, "s": 7, "h": 2}
    yield from make("batch", "bmk,bkn->bmn", batched, "f32")
    yield from make("heads", "bshk,bmhk->bhsm", batched, "f32")
    yield from make("two_rows", "bsk,kn->bsn", batched, "f32", static="kn")
    yield from make("two_terms", "mhk,hkn->mn", batched, "f32", static="hkn")
    yield from make("vector", "k,kn->n", batched, "f32", static="kn")
    # Several chunks of terms, which three warps share.
    for k in (1024, 1100):
        long = {"m": 3, "k": k, "n": 12}
        yield from make(f"long_{k}", "mk,kn->mn", long, "f32", static="kn")
        yield from make(f"long_rhs_{k}", "mk,nk->mn", long, "f32", start=True)
    yield Contraction(
        "rounded", "mk,kn->mn", even, "bf16", "bf16", static="kn", start=True
    )
    yield Contraction("rounded_f16", "mk,kn->mn", ragged, "f16", "f16", start=True)


CONTRACTIONS = list(contractions())
SINGLE = [c for c in CONTRACTIONS if c.element == "f32"]


def integers(name, shape, element):
    values = inputs.rng(name, shape).integers(-3, 4, shape)
    return values.astype(inputs.DTYPES[element])


@functools.cache
def results(make, threads, tf32=False):
    """Of all contractions; with tf32, of those of f32."""
    chosen = SINGLE if tf32 else CONTRACTIONS
    text = "\n".join(c.text() for c in chosen)
    jobs = [(c.name, c.arrays(make)[0]) for c in chosen]
    outcomes = run(text, jobs, "auto", threads, tf32)
    return {c.name: outcome[0] for c, outcome in zip(chosen, outcomes)}


@pytest.mark.parametrize("contraction", CONTRACTIONS, ids=str)
def test_exact(contraction):
    _, wanted, _ = contraction.arrays(integers)
    for threads in GRIDS.values():
        got = results(integers, threads)[contraction.name]
        np.testing.assert_array_equal(got, wanted.astype(got.dtype))


@pytest.mark.parametrize("contraction", CONTRACTIONS, ids=str)
def test_close(contraction):
    _, wanted, magnitude = contraction.arrays(inputs.normal)
    got = results(inputs.normal, 32)[contraction.name].astype(np.float64)
    bound = 1e-6 * magnitude
    if contraction.out != "f32":
        bound += np.abs(wanted) * {"bf16": 2.0**-8, "f16": 2.0**-11}[contraction.out]
    assert (np.abs(got - wanted) <= bound).all()


@pytest.mark.parametrize("contraction", SINGLE, ids=str)
def test_tf32(contraction):
    """Small integers are TF32. Others are rounded to 11 bits: an operand by up to
    2**-11 of itself, a product by 2**-10 + 2**-22; nothing else may be lost."""
    _, wanted, _ = contraction.arrays(integers)
    for threads in GRIDS.values():
        got = results(integers, threads, True)[contraction.name]
        np.testing.assert_array_equal(got, wanted.astype(got.dtype))
    (left, right, start), wanted, magnitude = contraction.arrays(inputs.normal)
    got = results(inputs.normal, 32, True)[contraction.name].astype(np.float64)
    error = np.abs(got - wanted)
    assert (error <= (2.0**-10 + 2.0**-22 + 1e-6) * magnitude).all()
    left, right = (
        round_to_tf32(a).astype(np.float64)
        for a in (left[..., contraction.offset :], right)
    )
    rounded = np.einsum(contraction.spec, left, right)
    if contraction.start:
        rounded = rounded + start
    assert (np.abs(got - rounded) <= 1e-6 * magnitude).all()


@pytest.mark.parametrize("contraction", SINGLE, ids=str)
def test_same_bits_as_on_cpus(contraction):
    """In tiles, for few threads; by elements, for many; and on a CPU."""
    outcomes = [single_results(threads) for threads in (0, 1, 256)]
    for outcome in outcomes[1:]:
        same_bits(outcome[contraction.name], outcomes[0][contraction.name], "result")


@functools.cache
def single_results(threads):
    """Results of an emulated grid, or of a CPU."""
    text = "\n".join(c.text() for c in SINGLE)
    jobs = [(c.name, c.arrays(inputs.normal)[0]) for c in SINGLE]
    outcomes = run(text, jobs, "auto", threads)
    return {c.name: outcome[0] for c, outcome in zip(SINGLE, outcomes)}


CHUNK = 512
# The terms of a slice in the order in which the emulator adds them: those of each step,
# in the unit's order, in which the four threads of a row take turns.
ORDERS = {
    2: [
        8 * m + 4 * s + 2 * h + i
        for s in (0, 1)
        for h in (0, 1)
        for m in range(4)
        for i in (0, 1)
    ],
    4: [4 * m + 2 * s + h for s in (0, 1) for h in (0, 1) for m in range(4)],
}


def sum_in_order(a, b, start):
    """Of rows by columns, in the order that docs/gpu.md has."""
    terms, order = a.shape[1], ORDERS[a.dtype.itemsize]
    pad = ((0, 0), (0, -terms % len(order)))
    a, b = (np.pad(x.astype(np.float32), pad) for x in (a, b.T))
    total = start.astype(np.float32)
    for begin in range(0, terms, CHUNK):
        chunk = np.zeros_like(total)
        for first in range(begin, min(begin + CHUNK, terms), len(order)):
            for term in order:
                chunk = chunk + np.outer(a[:, first + term], b[:, first + term])
        total = total + chunk
    return total


def round_to_tf32(values):
    """To 10 bits behind the point, halves away from zero."""
    words = np.ascontiguousarray(values).view(np.uint32)
    return ((words + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view(np.float32)


LONG = [c for c in CONTRACTIONS if c.name.startswith("long")]


@pytest.mark.parametrize("contraction", LONG, ids=str)
@pytest.mark.parametrize("threads", GRIDS.values())
def test_order_of_sums(contraction, threads):
    """One warp for all chunks; and chunks of three warps, whichever comes last."""
    (a, b, start), _, _ = contraction.arrays(inputs.normal)
    if contraction.terms[1] == "nk":
        b = b.T
    if not contraction.start:
        start = np.zeros_like(start)
    tf32 = contraction.element == "f32"
    if tf32:
        a, b = round_to_tf32(a), round_to_tf32(b)
    got = results(inputs.normal, threads, tf32)[contraction.name]
    same_bits(got, sum_in_order(a, b, start), "sums")


def test_chunks_of_terms_in_loops():
    """Counters and partial sums of a step are used again in the next one."""
    x, y, w = (
        tensor([5, 2, 16], "bf16"),
        tensor([5, 32], "bf16"),
        tensor([2, 16, 32], "bf16"),
    )
    body = f"""
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %zero = arith.constant 0.0 : bf16
      %y = scf.for %i = %c0 to %n step %c1 iter_args(%t = %x) -> ({x}) {{
        %e = tensor.empty() : {y}
        %z = linalg.fill ins(%zero : bf16) outs(%e : {y}) -> {y}
        %p = linalg.generic {{
            indexing_maps = [affine_map<(m, n, h, k) -> (m, h, k)>,
                             affine_map<(m, n, h, k) -> (h, k, n)>,
                             affine_map<(m, n, h, k) -> (m, n)>],
            iterator_types = ["parallel", "parallel", "reduction", "reduction"]}}
            ins(%t, %w : {x}, {w}) outs(%z : {y}) {{
        ^bb0(%a: bf16, %b: bf16, %o: bf16):
          %aw = arith.extf %a : bf16 to f32
          %bw = arith.extf %b : bf16 to f32
          %ow = arith.extf %o : bf16 to f32
          %q = arith.mulf %aw, %bw : f32
          %s = arith.addf %ow, %q : f32
          %r = arith.truncf %s : f32 to bf16
          linalg.yield %r : bf16
        }} -> {y}
        %u = tensor.expand_shape %p [[0], [1, 2]] output_shape [5, 2, 16] : {y} into {x}
        scf.yield %u : {x}
      }}"""
    text = function("steps", {"x": x, "w": w, "n": "index"}, body, {"y": x})
    # All sums are exact.
    first, weights = integers("x", (5, 2, 16), "bf16"), integers(
        "w", (2, 16, 32), "bf16"
    )
    for threads in GRIDS.values():
        [[got]] = run(text, [("steps", [first, weights, 4])], "auto", threads)
        wanted = first
        for _ in range(4):
            halves = [
                wanted[:, h].astype(np.float32) @ weights[h].astype(np.float32)
                for h in (0, 1)
            ]
            wanted = (halves[0] + halves[1]).astype(first.dtype).reshape(first.shape)
        same_bits(got, wanted, "steps")


@pytest.mark.parametrize("element, tf32", [("bf16", False), ("f32", True)])
def test_nothing_comes_from_outside(element, tf32):
    """The last row and column, and the last terms, are read where there are none."""
    name = f"known_33_50_40_{element}"
    contraction = next(c for c in CONTRACTIONS if c.name == name)
    (a, b, s), _, _ = contraction.arrays(integers)
    a[-1, :-1], a[-1, -1] = np.nan, np.inf
    a[3, -1] = np.inf
    b[-1, 7] = 0
    [[y]] = run(contraction.text(), [(name, [a, b, s])], "auto", 32, tf32)
    with np.errstate(invalid="ignore"):
        wanted = np.einsum("mk,kn->mn", a.astype(np.float32), b.astype(np.float32))
    np.testing.assert_array_equal(y, wanted)


@pytest.mark.parametrize("element", ["bf16", "f16", "f32"])
@pytest.mark.parametrize("threads", [3, 32])
def test_windows(element, threads):
    """A convolution: rows are pixels of samples, terms those of windows."""
    x, w = tensor([2, 6, 9, 5], element), tensor([3, 3, 5, 7], element)
    y = tensor([2, 4, 7, 7], "f32")
    body = f"""
      %zero = arith.constant 0.0 : f32
      %e = tensor.empty() : {y}
      %z = linalg.fill ins(%zero : f32) outs(%e : {y}) -> {y}
      %y = linalg.conv_2d_nhwc_hwcf ins(%x, %w : {x}, {w}) outs(%z : {y}) -> {y}"""
    arrays = [
        integers("x", (2, 6, 9, 5), element),
        integers("w", (3, 3, 5, 7), element),
    ]
    text = function("windows", {"x": x, "w": w}, body, {"y": y})
    [[got]] = run(text, [("windows", arrays)], "auto", threads)
    pixels, weights = (array.astype(np.float32) for array in arrays)
    wanted = sum(
        np.einsum("bhwc,cf->bhwf", pixels[:, i : i + 4, j : j + 7], weights[i, j])
        for i in range(3)
        for j in range(3)
    )
    np.testing.assert_array_equal(got, wanted)


SIZES = {"bf16": (24, 40), "f16": (19, 33)}
EXPERTS = 6


def experts(element):
    """Rows go to two of six experts, whose products are rounded and added."""
    d, f = SIZES[element]
    x, w = tensor(["?", d], element), tensor([d, f], element)
    y, of = tensor(["?", f], element), RoutingType(["?", EXPERTS], "exactly ?")
    body = f"""
      %r = condcomp.assign %i weights(%g : tensor<?x?xf32>) : tensor<?x?xindex> -> {of}
      %y = condcomp.apply %r : {of} rows(%x : {x})
        params(%w : {tensor([EXPERTS, d, f], element)})
        outs(%o : {y}) combine(sum) {{
      ^bb0(%xe: {x}, %we: {w}):
        %c0 = arith.constant 0 : index
        %zero = arith.constant 0.0 : {element}
        %n = tensor.dim %xe, %c0 : {x}
        %e = tensor.empty(%n) : {y}
        %z = linalg.fill ins(%zero : {element}) outs(%e : {y}) -> {y}
        %h = linalg.matmul ins(%xe, %we : {x}, {w}) outs(%z : {y}) -> {y}
        condcomp.yield %h : {y}
      }} -> {y}"""
    arguments = {
        "i": "tensor<?x?xindex>",
        "g": "tensor<?x?xf32>",
        "x": x,
        "w": tensor([EXPERTS, d, f], element),
        "o": y,
    }
    return function(f"experts_{element}", arguments, body, {"y": y})


def expert_inputs(element, rows, choose):
    d, f = SIZES[element]
    indices = np.array([choose(row) for row in range(rows)], np.int64).reshape(rows, 2)
    weights = inputs.normal("g", (rows, 2))
    x = inputs.normal("x", (rows, d), element)
    w = inputs.normal("w", (EXPERTS, d, f), element)
    return [indices, weights, x, w, inputs.normal("o", (rows, f), element)]


CHOICES = {
    "few": lambda row: (row % 6, (row + 1) % 6),
    "many": lambda row: (2, 5),  # four experts have no rows
    "uneven": lambda row: (0, 3 if row % 16 else 4),
}


@functools.cache
def expert_results(element, form):
    jobs = [
        (f"experts_{element}", expert_inputs(element, rows, choose))
        for rows in (0, 1, 7, 33)
        for choose in CHOICES.values()
    ]
    return jobs, run(experts(element), jobs, form, GRIDS[form])


@pytest.mark.parametrize("element", SIZES)
def test_masked_and_compact_agree(element):
    jobs, masked = expert_results(element, "masked")
    _, compact = expert_results(element, "compact")
    for (_, (i, g, x, w, o)), [one], [other] in zip(jobs, masked, compact):
        same_bits(one, other, f"{len(x)} rows")
        wide = np.einsum("rd,mdf->rmf", x.astype(np.float64), w.astype(np.float64))
        wanted = o.astype(np.float64) + sum(
            g[:, [c]] * np.take_along_axis(wide, i[:, [c], None], 1)[:, 0]
            for c in range(2)
        )
        eps = {"bf16": 2.0**-8, "f16": 2.0**-11}[element]
        assert np.abs(one.astype(np.float64) - wanted).max(initial=0) <= 8 * eps * max(
            np.abs(wanted).max(initial=0), 1
        )


@pytest.mark.parametrize("element", SIZES)
def test_rows_alone_agree(element):
    """A row of a batch is what it is alone."""
    name, arrays = f"experts_{element}", expert_inputs(element, 33, CHOICES["uneven"])
    i, g, x, w, o = arrays
    rows = [0, 1, 15, 16, 31, 32]
    jobs = [(name, arrays)]
    for row in rows:
        i1, g1, x1, o1 = (array[row : row + 1] for array in (i, g, x, o))
        jobs.append((name, [i1, g1, x1, w, o1]))
    [whole], *alone = run(experts(element), jobs, "compact", 32)
    for row, [own] in zip(rows, alone):
        same_bits(own[0], whole[row], f"row {row}")


def test_bf16_experts_of_apply():
    """Two contractions with a function between them; all kinds of decisions."""
    calls = [c for c in apply_test.SUITE.calls if c.function == "bf16"][::3]
    texts = ccrun.split("\n".join(apply_test.SUITE.functions))
    jobs = [("bf16", call.inputs) for call in calls]
    masked, compact = (run(texts["bf16"], jobs, f, t) for f, t in GRIDS.items())
    for call, one, other in zip(calls, masked, compact):
        compare_with_reference(call, other)
        same_bits(one[0], other[0], str(call))
