# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Contractions of many rows on emulated grids with blocks of 256 threads.

Such blocks compute tiles in shared memory; blocks of a warp compute the same by
tiles of warps. Copies to shared memory arrive as late as they may, and what was
never written there is no number.
"""

import functools
import re
import subprocess

import numpy as np
import pytest

import ccrun
import inputs
from gpu_contractions_test import PIPELINE, Contraction, integers, run
from harness import same_bits

from condcomp.cc_run import Function

# Threads of the grid: two blocks, and three blocks of a warp.
BLOCKS, WARPS = 512, 96


def contractions():
    def make(label, spec, sizes, element="bf16", out="f32", static="kn", **keys):
        name = f"{label}_{element}"
        return Contraction(name, spec, sizes, element, out, static=static, **keys)

    # Rows, columns and terms: those of a tile and of a stage, more and less; few
    # rows and odd numbers of columns, which tiles of warps compute.
    for m, k, n in [(128, 96, 128), (65, 72, 40), (200, 128, 18)]:
        yield make(f"known_{m}_{k}_{n}", "mk,kn->mn", {"m": m, "k": k, "n": n})
    for m, k, n in [(64, 64, 32), (130, 88, 264), (63, 96, 64), (70, 96, 33)]:
        sizes = {"m": m, "k": k, "n": n}
        yield make(f"unknown_{m}_{k}_{n}", "mk,kn->mn", sizes, "f16", static="")
    ragged = {"m": 72, "k": 104, "n": 136}
    for spec in ("mk,nk->mn", "km,kn->mn", "km,nk->mn", "mk,kn->nm"):
        yield make("layout_" + re.sub("[^a-z]", "_", spec), spec, ragged)
    yield make("added", "mk,kn->mn", ragged, start=True)
    yield make("view4", "mk,kn->mn", ragged, offset=4)
    yield make("view8", "mk,kn->mn", ragged, offset=8)
    # Several chunks of terms, the last one ragged; of few tiles, warps share them.
    for m, k, n in [(130, 1100, 72), (65, 1100, 40)]:
        yield make(f"chunks_{m}", "mk,kn->mn", {"m": m, "k": k, "n": n})
    chunks = {"m": 136, "k": 1032, "n": 136}
    yield make("chunks_added", "mk,nk->mn", chunks, "f16", static="", start=True)
    batched = {"b": 2, "m": 68, "k": 72, "n": 48, "s": 33, "h": 3}
    yield make("batch", "bmk,bkn->bmn", batched, static="")
    yield make("two_rows", "bsk,kn->bsn", batched)
    yield make("two_terms", "mhk,hkn->mn", batched, static="hkn")
    for element in ("bf16", "f16"):
        yield make("rounded", "mk,kn->mn", ragged, element, element, start=True)


CONTRACTIONS = list(contractions())


@functools.cache
def results(make, threads):
    text = "\n".join(c.text() for c in CONTRACTIONS)
    jobs = [(c.name, c.arrays(make)[0]) for c in CONTRACTIONS]
    outcomes = run(text, jobs, "auto", threads)
    return {c.name: outcome[0] for c, outcome in zip(CONTRACTIONS, outcomes)}


@pytest.mark.parametrize("contraction", CONTRACTIONS, ids=str)
def test_exact(contraction):
    _, wanted, _ = contraction.arrays(integers)
    got = results(integers, BLOCKS)[contraction.name]
    np.testing.assert_array_equal(got, wanted.astype(got.dtype))


@pytest.mark.parametrize("contraction", CONTRACTIONS, ids=str)
def test_close_and_same_bits_as_warps(contraction):
    _, wanted, magnitude = contraction.arrays(inputs.normal)
    blocks, warps = (
        results(inputs.normal, threads)[contraction.name] for threads in (BLOCKS, WARPS)
    )
    same_bits(blocks, warps, "result")
    bound = 1e-6 * magnitude
    if contraction.out != "f32":
        bound += np.abs(wanted) * {"bf16": 2.0**-8, "f16": 2.0**-11}[contraction.out]
    assert (np.abs(blocks.astype(np.float64) - wanted) <= bound).all()


def test_zeros_keep_their_sign():
    """Sums of chunks are added to what is there, even to zeros."""
    name = "rounded_bf16"
    contraction = next(c for c in CONTRACTIONS if c.name == name)
    (a, b, s), _, _ = contraction.arrays(integers)
    a[:], b[:], s[:] = -0.0, 1, -0.0
    outcomes = [
        run(contraction.text(), [(name, [a, b, s])], "auto", threads)[0][0]
        for threads in (BLOCKS, WARPS)
    ]
    same_bits(*outcomes, "result")


def test_nothing_comes_from_outside():
    """The last row and column, and the last terms, are read where there are none."""
    name = "known_65_72_40_bf16"
    contraction = next(c for c in CONTRACTIONS if c.name == name)
    (a, b, s), _, _ = contraction.arrays(integers)
    a[-1, :-1], a[-1, -1] = np.nan, np.inf
    a[3, -1] = np.inf
    b[-1, 7] = 0
    [[y]] = run(contraction.text(), [(name, [a, b, s])], "auto", BLOCKS)
    with np.errstate(invalid="ignore"):
        wanted = np.einsum("mk,kn->mn", a.astype(np.float32), b.astype(np.float32))
    np.testing.assert_array_equal(y, wanted)


def cc_opt(text, *arguments):
    return subprocess.run(
        [ccrun.CC_RUN.with_name("cc-opt"), *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )


# Four tiles for one block; the last stage of one is in the buffer of the first
# of the next.
FOUR_TILES = Contraction(
    "four", "mk,kn->mn", {"m": 256, "k": 128, "n": 256}, "bf16", "f32", static="kn"
)


@functools.cache
def split_pipeline():
    """The kernel as it is before its emulation, and the passes that follow."""
    dump = cc_opt(
        "module {}",
        "--condcomp-to-gpu-emulated=threads=256",
        "--dump-pass-pipeline",
    ).stderr
    whole = re.sub(r"\s+", " ", dump[dump.index("builtin.module(") :]).strip()
    at = whole.index("condcomp-gpu-lower-tensor-cores")
    kernel = cc_opt(
        FOUR_TILES.text(), "--pass-pipeline=" + whole[:at].rstrip(", ") + ")"
    ).stdout
    return kernel, "builtin.module(" + whole[at:]


def run_four_tiles(kernel):
    arrays, wanted, _ = FOUR_TILES.arrays(integers)
    _, passes = split_pipeline()
    with Function(kernel, "four", pipeline=passes, opt_level=0) as function:
        [y] = function.call(arrays, 1)
    return y, wanted


def without(pattern, number):
    """The kernel without one of the ops that match."""
    kernel, _ = split_pipeline()
    places = list(re.finditer(pattern, kernel))
    start, end = places[number].span()
    return kernel[:start] + kernel[end:]


def test_kernel_is_right():
    y, wanted = run_four_tiles(split_pipeline()[0])
    np.testing.assert_array_equal(y, wanted)


@pytest.mark.parametrize(
    "pattern, number",
    [
        pytest.param(r"gpu\.barrier .*\n", 0, id="before the first copies"),
        pytest.param(r"gpu\.barrier .*\n", 1, id="before a stage is read"),
        pytest.param(r"nvvm\.cp\.async\.wait\.group \d\n", 0, id="for copies"),
    ],
)
def test_missing_waits_show(pattern, number):
    y, wanted = run_four_tiles(without(pattern, number))
    assert not np.array_equal(y, wanted)
