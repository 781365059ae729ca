# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled convolutions against NumPy in float64, and against themselves to the bit."""

import itertools
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import pytest

from condcomp.cc_run import Function

TYPES = {
    "f64": np.dtype(np.float64),
    "f32": np.dtype(np.float32),
    "bf16": np.dtype(ml_dtypes.bfloat16),
}
EPSILON = {"f64": 2**-52, "f32": 2**-23, "bf16": 2**-7}
# The dims of image, filter and result: samples n, groups g, channels c, filters f,
# and space.
OPS = {
    "conv_2d_nchw_fchw": ("nchw", "fchw", "nfhw"),
    "conv_2d_nhwc_hwcf": ("nhwc", "hwcf", "nhwf"),
    "conv_2d_nhwc_fhwc": ("nhwc", "fhwc", "nhwf"),
    "conv_2d_ngchw_gfchw": ("ngchw", "gfchw", "ngfhw"),
    "conv_1d_ncw_fcw": ("ncw", "fcw", "nfw"),
    "conv_3d_ndhwc_dhwcf": ("ndhwc", "dhwcf", "ndhwf"),
    "depthwise_conv_2d_nchw_chw": ("nchw", "chw", "nchw"),
    "depthwise_conv_2d_nhwc_hwc": ("nhwc", "hwc", "nhwc"),
    # Others, written with the same dims.
    "generic": ("nchw", "hwcf", "nfhw"),
    "filters per sample": ("nchw", "nfchw", "nfhw"),
    "rows of channels": ("nhcw", "fchw", "nhwf"),
    "depthwise generic": ("nhwc", "hwc", "nhwc"),
}
SPACE = "dhw"


def loops_of(dims):
    """Loops in the order of the dims of the result, then the terms."""
    image, filters, result = dims
    space = [s for s in SPACE if s in image]
    return list(result) + sorted({*image} - {*result}) + [s.upper() for s in space]


def generic(dims, strides, dilations, body):
    image, filters, result = dims
    loops = loops_of(dims)
    at = {s: f"{s} * {strides} + {s.upper()} * {dilations}" for s in SPACE}

    def affine(expressions):
        return f"affine_map<({', '.join(loops)}) -> ({', '.join(expressions)})>"

    maps = [
        affine(at.get(d, d) for d in image),
        affine(d.upper() if d in SPACE else d for d in filters),
        affine(result),
    ]
    kinds = ['"parallel"'] * len(result)
    kinds += ['"reduction"'] * (len(loops) - len(result))
    return f"""linalg.generic {{
      indexing_maps = [{", ".join(maps)}], iterator_types = [{", ".join(kinds)}]}}
      {body} {{
  ^bb0(%xi: IN, %wi: IN, %s: OUT):
    EXTEND
    %p = arith.mulf %xe, %we : OUT
    %r = arith.addf %s, %p : OUT
    linalg.yield %r : OUT
  }}"""


@dataclass
class Case:
    """A convolution of some sizes; `known` are the dims whose size is in the type, a
    window's as capitals, and without `zero` sums go on from a tensor."""

    name: str
    sizes: dict
    window: tuple = (3, 3, 3)
    strides: int = 1
    dilations: int = 1
    kind: str = "f32"
    result: str = "f32"
    known: str = ""
    zero: bool = True


def program(case, number, shapes):
    """@f<number>(image, filters, initial result)."""
    dims, kind, result = OPS[case.name], case.kind, case.result
    x, w, y = (
        f"tensor<{'x'.join(map(str, shape))}x{t}>"
        for shape, t in zip(shapes, (kind, kind, result))
    )
    body = f"ins(%x, %w : {x}, {w}) outs(%init : {y})"
    if "_" in case.name:
        count = sum(s in dims[0] for s in SPACE)
        vector = f"tensor<{count}xi64>"
        op = f"""linalg.{case.name} {{strides = dense<{case.strides}> : {vector},
      dilations = dense<{case.dilations}> : {vector}}} {body}"""
    else:
        op = generic(dims, case.strides, case.dilations, body)
        extend = "".join(
            f"%{v}e = arith.extf %{v}i : IN to OUT\n    " for v in ("x", "w")
        )
        if kind == result:
            op = op.replace("%xe, %we", "%xi, %wi")
            extend = ""
        op = op.replace("EXTEND", extend).replace("IN", kind).replace("OUT", result)
    start = f"%init = tensor.cast %o : {y} to {y}"
    if case.zero:
        sizes = [i for i, size in enumerate(shapes[2]) if size == "?"]
        lines = [
            f"%c{i} = arith.constant {i} : index\n  %d{i} = tensor.dim %o, %c{i} : {y}"
            for i in sizes
        ]
        values = ", ".join(f"%d{i}" for i in sizes)
        start = "\n  ".join(lines) + f"""
  %e = tensor.empty({values}) : {y}
  %zero = arith.constant 0.0 : {result}
  %init = linalg.fill ins(%zero : {result}) outs(%e : {y}) -> {y}"""
    return f"""func.func @f{number}(%x: {x}, %w: {w}, %o: {y}) -> {y} {{
  {start}
  %y = {op} -> {y}
  return %y : {y}
}}
"""


def shapes_of(dims, sizes, window, strides, dilations):
    image, filters, result = dims
    sizes = dict(sizes)
    extents = [s for s in SPACE if s in image]
    size = dict(zip(extents, window[-len(extents) :]))
    full = {
        s: (sizes[s] - 1) * strides + (size[s] - 1) * dilations + 1 for s in extents
    }
    # Without an output there may be no image.
    full = {s: max(full[s], 0) for s in extents}
    return (
        [full.get(d, sizes[d]) for d in image],
        [size.get(d, sizes[d]) for d in filters],
        [sizes[d] for d in result],
    )


def reference(dims, x, w, o, strides, dilations):
    """The result in float64, and a bound of what its sums are made of."""
    image, filters, result = dims
    x, w, y = (a.astype(np.float64) for a in (x, w, o))
    size = np.abs(y)
    windows = [w.shape[filters.index(s)] for s in SPACE if s in filters]
    left = "".join(d for d in filters if d not in SPACE)
    for offsets in itertools.product(*map(range, windows)):
        at = dict(zip([s for s in SPACE if s in filters], offsets))
        part = x[
            tuple(
                (
                    slice(
                        at[d] * dilations,
                        at[d] * dilations
                        + max((o.shape[result.index(d)] - 1) * strides + 1, 0),
                        strides,
                    )
                    if d in at
                    else slice(None)
                )
                for d in image
            )
        ]
        tap = w[tuple(at.get(d, slice(None)) for d in filters)]
        equation = f"{image},{left}->{result}"
        y += np.einsum(equation, part, tap)
        size += np.einsum(equation, np.abs(part), np.abs(tap))
    return y, size


def arrays(rng, shapes, kind, result):
    return [
        rng.standard_normal(shape).astype(TYPES[t])
        for shape, t in zip(shapes, (kind, kind, result))
    ]


def check(got, want, size, case, terms):
    assert got.dtype == TYPES[case.result], case
    sums = "f32" if case.kind == "bf16" else case.kind
    bound = size * terms * EPSILON[sums] + np.abs(want) * EPSILON[case.result] + 1e-30
    assert (np.abs(got.astype(np.float64) - want) <= bound).all(), case


def typed(case, dims, shape, filters):
    """The sizes in a type: those that are known."""

    def is_known(dim):
        name = dim.upper() if filters and dim in SPACE else dim
        return case.known == "all" or name in case.known

    return [size if is_known(d) else "?" for d, size in zip(dims, shape)]


def run(cases, **keys):
    """Compiles the cases as one module and checks each."""
    rng = np.random.default_rng(0)
    source, calls = "", []
    for number, case in enumerate(cases):
        dims = OPS[case.name]
        shapes = shapes_of(dims, case.sizes, case.window, case.strides, case.dilations)
        types = [
            typed(case, dim, shape, i == 1)
            for i, (dim, shape) in enumerate(zip(dims, shapes))
        ]
        source += program(case, number, types)
        calls.append(arrays(rng, shapes, case.kind, case.result))
    with Function(source, "f0", opt_level=1, **keys) as f:
        for number, (case, (x, w, o)) in enumerate(zip(cases, calls)):
            f.keys["function"] = f"f{number}"
            image, filters, result = dims = OPS[case.name]
            (y,) = f.call([x, w, o], 1, threads=2)
            (one,) = f.call([x, w, o], 1, threads=1)
            assert y.tobytes() == one.tobytes(), case
            init = 0 * o if case.zero else o
            want, size = reference(dims, x, w, init, case.strides, case.dilations)
            terms = np.prod([s for d, s in zip(filters, w.shape) if d not in result])
            check(y, want, size, case, 2 * terms + 2)
            # A sample alone is the same to the bit.
            if len(x) > 1 and case.known != "all":
                own = [a[1:2] if "n" in d else a for a, d in zip((x, w, o), dims)]
                (alone,) = f.call(own, 1, threads=1)
                assert alone.tobytes() == y[1:2].tobytes(), case


SIZES = {"n": 2, "g": 2, "c": 5, "f": 9, "d": 2, "h": 5, "w": 7}
LAYOUTS = ["conv_2d_nchw_fchw", "conv_2d_nhwc_hwcf"]


def test_ops():
    run([Case(name, SIZES, known=known) for name in OPS for known in ("", "all")])


def test_narrow_vectors():
    pipeline = "builtin.module(condcomp-to-cpu{vector-bits=256})"
    run([Case(name, SIZES, known="HWD") for name in OPS], pipeline=pipeline)
    # Blocks of rows are no multiple of the rows of a tile.
    many = SIZES | {"n": 1, "h": 16, "w": 16, "f": 70}
    run([Case(name, many, known="HW") for name in LAYOUTS], pipeline=pipeline)


@pytest.mark.parametrize("name", LAYOUTS)
def test_windows(name):
    sizes = SIZES | {"h": 6, "w": 19}
    windows = [(1, 1), (5, 5), (1, 3), (2, 4)]
    steps = [(1, 1), (2, 1), (1, 2), (3, 2)]
    run(
        [
            Case(name, sizes, window, strides, dilations, known="HWcf")
            for window in windows
            for strides, dilations in steps
        ]
    )


@pytest.mark.parametrize(
    "kind, result", [("bf16", "bf16"), ("f64", "f64"), ("bf16", "f32")]
)
def test_types(kind, result):
    # More terms than are gathered at a time.
    names = LAYOUTS + ["conv_2d_ngchw_gfchw", "generic"]
    run(
        [
            Case(name, SIZES | {"c": 40}, strides=s, kind=kind, result=result)
            for name in names
            for s in (1, 2)
        ]
    )


@pytest.mark.parametrize("name", LAYOUTS)
def test_sizes(name):
    changes = [{d: 0} for d in "ncfhw"] + [{"f": 1}, {"c": 1}]
    changes += [
        {"h": 1, "w": 1},
        {"n": 3, "h": 8, "w": 8, "f": 70},
        {"h": 3, "w": 50, "f": 33, "c": 60},
        {"f": 530, "h": 2, "w": 2},
        {"h": 20, "w": 20},
    ]
    run(
        [
            Case(name, SIZES | change, known=known, zero=(number + static) % 2 == 0)
            for number, change in enumerate(changes)
            for static, known in enumerate(("HW", "all"))
        ]
    )


@pytest.mark.parametrize("name", LAYOUTS)
def test_switched_off(name):
    run(
        [Case(name, SIZES, known="HW")],
        pipeline="builtin.module(condcomp-to-cpu{lower-convolutions=false})",
    )
