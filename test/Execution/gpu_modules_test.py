# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules of a compact apply side by side on emulated grids."""

import functools
import re
import subprocess

import numpy as np
import pytest

import ccrun
import inputs
from harness import same_bits
from programs import RoutingType, function, tensor

PIPELINE = "builtin.module(condcomp-to-gpu-emulated{form=%s threads=%d tf32=%s})"
# Threads of the grids: less than there are tiles, as many, and more, so that
# contractions of f32 are computed in tiles and by elements. Multiples of 32 have
# tensor cores, which the others must not be compared with.
GRIDS = {
    "f32": (1, 7, 32, 512),
    "bf16": (32, 96, 512),
    "f16": (32, 96, 512),
    "long": (32, 96, 1024),
    "tf32": (32, 96, 512),
}
# Terms and columns: multiples of what loads, tiles and steps take, or not. Of the long
# one, warps share the terms if they are many; f32 is rounded to TF32 in the last one.
SIZES = {
    "f32": (20, 24),
    "bf16": (96, 104),
    "f16": (19, 33),
    "long": (552, 48),
    "tf32": (524, 37),
}
ELEMENTS = {"long": "bf16", "tf32": "f32"}
MODULES = 6
EPS = {"f32": 2.0**-23, "bf16": 2.0**-8, "f16": 2.0**-11, "tf32": 2.0**-10}
EPS["long"] = EPS["bf16"]


def layer(name, modules=MODULES):
    """Rows go to two modules each: gate, up, what joins them, a bias, down."""
    (d, f), element = SIZES[name], ELEMENTS.get(name, name)
    x, h = tensor(["?", d], element), tensor(["?", f], element)
    up, down = tensor([d, f], element), tensor([f, d], element)
    bias, of = tensor([f], element), RoutingType(["?", modules], "exactly ?")
    ids = "affine_map<(i, j) -> (i, j)>"
    row = "affine_map<(i, j) -> (j)>"
    kinds = 'iterator_types = ["parallel", "parallel"]'
    stacked = [tensor([modules, *s], element) for s in ((d, f), (d, f), (f,), (f, d))]
    text = f"""
      %r = condcomp.assign %i weights(%w : tensor<?x?xf32>) : tensor<?x?xindex> -> {of}
      %y = condcomp.apply %r : {of} rows(%x : {x})
        params(%gate, %up, %bias, %down : {", ".join(stacked)})
        outs(%o : {x}) combine(sum) {{
      ^bb0(%xe: {x}, %wg: {up}, %wu: {up}, %b: {bias}, %wd: {down}):
        %c0 = arith.constant 0 : index
        %zero = arith.constant 0.0 : {element}
        %n = tensor.dim %xe, %c0 : {x}
        %e = tensor.empty(%n) : {h}
        %z = linalg.fill ins(%zero : {element}) outs(%e : {h}) -> {h}
        %g = linalg.matmul ins(%xe, %wg : {x}, {up}) outs(%z : {h}) -> {h}
        %u = linalg.matmul ins(%xe, %wu : {x}, {up}) outs(%z : {h}) -> {h}
        %m = linalg.generic {{indexing_maps = [{ids}, {ids}, {ids}], {kinds}}}
          ins(%g, %u : {h}, {h}) outs(%e : {h}) {{
        ^bb1(%a: {element}, %c: {element}, %t: {element}):
          %p = arith.maximumf %a, %zero : {element}
          %q = arith.mulf %p, %c : {element}
          linalg.yield %q : {element}
        }} -> {h}
        %s = linalg.generic {{indexing_maps = [{ids}, {row}, {ids}], {kinds}}}
          ins(%m, %b : {h}, {bias}) outs(%e : {h}) {{
        ^bb1(%a: {element}, %c: {element}, %t: {element}):
          %q = arith.addf %a, %c : {element}
          linalg.yield %q : {element}
        }} -> {h}
        %ye = tensor.empty(%n) : {x}
        %yz = linalg.fill ins(%zero : {element}) outs(%ye : {x}) -> {x}
        %l = linalg.matmul ins(%s, %wd : {h}, {down}) outs(%yz : {x}) -> {x}
        condcomp.yield %l : {x}
      }} -> {x}"""
    arguments = {"i": "tensor<?x?xindex>", "w": "tensor<?x?xf32>", "x": x}
    arguments |= dict(zip(("gate", "up", "bias", "down"), stacked)) | {"o": x}
    return function(f"layer_{name}", arguments, text, {"y": x})


# Which two modules a row goes to.
CHOICES = {
    "spread": lambda row: (row % 6, (row + 1) % 6),
    "two": lambda row: (2, 5),  # four modules have no rows
    "uneven": lambda row: (0, 3 if row % 16 else 4),  # one row here and there
}
ROWS = (0, 1, 7, 70, 150)


def arrays(name, rows, choose):
    (d, f), element = SIZES[name], ELEMENTS.get(name, name)
    indices = np.array([choose(row) for row in range(rows)], np.int64).reshape(rows, 2)
    shapes = {
        "x": (rows, d),
        "gate": (MODULES, d, f),
        "up": (MODULES, d, f),
        "bias": (MODULES, f),
        "down": (MODULES, f, d),
        "o": (rows, d),
    }
    made = [inputs.normal(name, shape, element) for name, shape in shapes.items()]
    return [indices, inputs.normal("w", (rows, 2)), *made]


def run(name, jobs, form, threads):
    """Results on a grid, or with 0 threads on a CPU."""
    tf32 = "true" if name == "tf32" else "false"
    pipeline = PIPELINE % (form, threads, tf32) if threads else ""
    outcomes = ccrun.run(layer(name), jobs, form, pipeline=pipeline, opt_level=0)
    for outcome in outcomes:
        assert not isinstance(outcome, ccrun.Failure), outcome.message
    return [y for [y] in outcomes]


@functools.cache
def results(name, form, threads):
    jobs = [
        (f"layer_{name}", arrays(name, rows, choose), 1)
        for rows in ROWS
        for choose in CHOICES.values()
    ]
    return jobs, run(name, jobs, form, threads)


@pytest.mark.parametrize("name", SIZES)
def test_reference(name):
    jobs, got = results(name, "compact", 32)
    for (_, (i, w, x, gate, up, bias, down, o), _), y in zip(jobs, got):
        wide = [a.astype(np.float64) for a in (x, gate, up, bias, down, o)]
        x, gate, up, bias, down, o = wide
        wanted, size = o, np.abs(o)
        for c in range(2):
            m = i[:, c]
            g = np.einsum("rd,rdf->rf", x, gate[m])
            h = np.maximum(g, 0) * np.einsum("rd,rdf->rf", x, up[m]) + bias[m]
            wanted = wanted + w[:, [c]] * np.einsum("rf,rfd->rd", h, down[m])
            size = size + np.abs(w[:, [c]]) * np.einsum(
                "rf,rfd->rd", np.abs(h) + 1, np.abs(down[m])
            )
        error = np.abs(y.astype(np.float64) - wanted)
        assert (error <= 16 * EPS[name] * size).all()


@pytest.mark.parametrize("name", SIZES)
def test_same_bits_on_all_grids(name):
    """Whatever the form, and however many threads there are."""
    jobs, first = results(name, "masked", 32)
    for threads in GRIDS[name]:
        _, others = results(name, "compact", threads)
        for (_, (i, *_), _), one, other in zip(jobs, first, others):
            same_bits(one, other, f"{len(i)} rows, {threads} threads")


@pytest.mark.parametrize("name", SIZES)
def test_rows_alone_agree(name):
    """A row alone, whose few tiles warps share, is what it is among others."""
    jobs, got = results(name, "compact", 32)
    whole = ROWS.index(70) * len(CHOICES)
    function, (i, w, x, *weights, o), _ = jobs[whole]
    rows = (0, 15, 16, 69)
    alone = [
        (function, [*(a[r : r + 1] for a in (i, w, x)), *weights, o[r : r + 1]], 1)
        for r in rows
    ]
    for row, y in zip(rows, run(name, alone, "compact", GRIDS[name][-1])):
        same_bits(y[0], got[whole][row], f"row {row}")


def test_same_bits_as_on_cpus():
    jobs, on_cpu = results("f32", "compact", 0)
    _, on_grid = results("f32", "compact", 32)
    for (_, (i, *_), _), one, other in zip(jobs, on_cpu, on_grid):
        same_bits(one, other, f"{len(i)} rows")


def kernel(name, modules):
    """The kernel of a layer, with its barriers."""
    tf32 = "true" if name == "tf32" else "false"
    return subprocess.run(
        [
            ccrun.CC_RUN.with_name("cc-opt"),
            f"--condcomp-to-gpu-emulated=threads=32 form=compact tf32={tf32}",
            "--mlir-print-ir-after=condcomp-gpu-insert-barriers",
        ],
        input=layer(name, modules),
        capture_output=True,
        text=True,
        check=True,
    ).stderr


def barriers(ir):
    """How many barriers there are, and how many of them in loops."""
    loops, inside, total = [], 0, 0
    for line in ir.splitlines():
        indent = len(line) - len(line.lstrip())
        while loops and indent <= loops[-1] and line.strip():
            loops.pop()
        if re.search(r"scf\.(for|while) ", line):
            loops.append(indent)
        if "call @condcomp_grid_barrier" in line:
            total += 1
            inside += bool(loops)
    return total, inside


@pytest.mark.parametrize("name", SIZES)
def test_barriers_do_not_grow_with_modules(name):
    few, many = (barriers(kernel(name, modules)) for modules in (4, 64))
    assert few == many
    total, inside = few
    assert 0 < total and inside == 0


def test_shared_terms_need_no_barrier():
    assert barriers(kernel("long", 4)) == barriers(kernel("bf16", 4))
