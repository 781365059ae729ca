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

PIPELINE = "builtin.module(condcomp-to-gpu-emulated{form=%s threads=%d})"
# Threads of the grids: less than there are tiles, as many, and more, so that
# contractions of f32 are computed in tiles and by elements. Multiples of 32 have
# tensor cores, which the others must not be compared with.
GRIDS = {"f32": (1, 7, 32, 512), "bf16": (32, 96, 512), "f16": (32, 96, 512)}
# Terms and columns: multiples of what loads, tiles and steps take, or not.
SIZES = {"f32": (20, 24), "bf16": (96, 104), "f16": (19, 33)}
MODULES = 6
EPS = {"f32": 2.0**-23, "bf16": 2.0**-8, "f16": 2.0**-11}


def layer(element, modules=MODULES, body=""):
    """Rows go to two modules each: gate, up, what joins them, a bias, down."""
    d, f = SIZES[element]
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
    return function(f"layer_{element}", arguments, text, {"y": x})


# Which two modules a row goes to.
CHOICES = {
    "spread": lambda row: (row % 6, (row + 1) % 6),
    "two": lambda row: (2, 5),  # four modules have no rows
    "uneven": lambda row: (0, 3 if row % 16 else 4),  # one row here and there
}
ROWS = (0, 1, 7, 70, 150)


def arrays(element, rows, choose):
    d, f = SIZES[element]
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


@functools.cache
def results(element, form, threads):
    """Results of all jobs on a grid, or with 0 threads on a CPU."""
    jobs = [
        (f"layer_{element}", arrays(element, rows, choose), 1)
        for rows in ROWS
        for choose in CHOICES.values()
    ]
    pipeline = PIPELINE % (form, threads) if threads else ""
    outcomes = ccrun.run(layer(element), jobs, form, pipeline=pipeline, opt_level=0)
    for outcome in outcomes:
        assert not isinstance(outcome, ccrun.Failure), outcome.message
    return jobs, [y for [y] in outcomes]


@pytest.mark.parametrize("element", SIZES)
def test_reference(element):
    jobs, got = results(element, "compact", 32)
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
        assert (error <= 16 * EPS[element] * size).all()


@pytest.mark.parametrize("element", SIZES)
def test_same_bits_on_all_grids(element):
    """Whatever the form, and however many threads there are."""
    jobs, first = results(element, "masked", 32)
    for threads in GRIDS[element]:
        _, others = results(element, "compact", threads)
        for (_, (i, *_), _), one, other in zip(jobs, first, others):
            same_bits(one, other, f"{len(i)} rows, {threads} threads")


def test_same_bits_as_on_cpus():
    jobs, on_cpu = results("f32", "compact", 0)
    _, on_grid = results("f32", "compact", 32)
    for (_, (i, *_), _), one, other in zip(jobs, on_cpu, on_grid):
        same_bits(one, other, f"{len(i)} rows")


def kernel(text, threads):
    """The kernel of a program, with its barriers."""
    return subprocess.run(
        [
            ccrun.CC_RUN.with_name("cc-opt"),
            f"--condcomp-to-gpu-emulated=threads={threads} form=compact",
            "--mlir-print-ir-after=condcomp-gpu-insert-barriers",
        ],
        input=text,
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


@pytest.mark.parametrize("element", SIZES)
def test_barriers_do_not_grow_with_modules(element):
    few, many = (barriers(kernel(layer(element, m), 32)) for m in (4, 64))
    assert few == many
    total, inside = few
    assert 0 < total and inside == 0
