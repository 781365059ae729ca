# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs of the other files as kernels for GPUs, run by an emulated grid.

Masked and compact programs run on grids of different sizes and still give the
same bits.
"""

import functools
import re
import subprocess

import numpy as np
import pytest

import algebra_test
import apply_test
import cascade_test
import ccrun
import choice_test
import compose_test
import confidence_test
import gates_test
import iterate_test
import modules_test
import movement_test
import pool_test
from harness import compare_with_reference, same_bits

MODULES = [
    algebra_test,
    apply_test,
    cascade_test,
    choice_test,
    compose_test,
    confidence_test,
    gates_test,
    iterate_test,
    modules_test,
    movement_test,
    pool_test,
]
PIPELINE = "builtin.module(condcomp-to-gpu-emulated{form=%s threads=%d})"
# Threads of the grid per form.
GRIDS = {"masked": 3, "compact": 8}
# One of so many functions is run, and this many of its calls.
FUNCTIONS, CALLS = 5, 6


def chosen(suite):
    """Calls of some functions: with few rows and many, and those that fail."""
    calls = {}
    for call in suite.calls:
        calls.setdefault(call.function, []).append(call)
    some = []
    for name in list(calls)[::FUNCTIONS]:
        good = [call for call in calls[name] if call.error is None]
        some += good[:: max(1, len(good) // CALLS)]
    return some + [call for call in suite.calls if call.error is not None][::3]


@functools.cache
def run(module, form):
    """{call: its outputs or Failure} of the calls that a file has here."""
    calls = chosen(module.SUITE)
    texts = ccrun.split("\n".join(module.SUITE.functions))
    used = {call.function for call in calls}
    outcomes = ccrun.run(
        "\n".join(text for name, text in texts.items() if name in used),
        [(call.function, call.inputs, 1) for call in calls],
        form,
        pipeline=PIPELINE % (form, GRIDS[form]),
        opt_level=0,
    )
    return dict(zip(map(id, calls), outcomes))


CASES = [
    pytest.param(module, call, id=f"{module.SUITE.name}-{call}")
    for module in MODULES
    for call in chosen(module.SUITE)
]


@pytest.mark.parametrize("module, call", CASES)
def test_emulated(module, call):
    outcomes = {form: run(module, form)[id(call)] for form in GRIDS}
    for form, outcome in outcomes.items():
        if call.error is not None:
            assert isinstance(outcome, ccrun.Failure), f"{form}: {outcome}"
            assert call.error in outcome.message, outcome.message
        else:
            assert not isinstance(outcome, ccrun.Failure), f"{form}: {outcome.message}"
    if call.error is None:
        compare_with_reference(call, outcomes["compact"])
        for number, pair in enumerate(zip(*outcomes.values())):
            same_bits(*pair, f"{call}: output {number}")


REVERSED_TWICE = """
func.func @f(%x: tensor<?xf32>) -> (tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %last = arith.subi %n, %c1 : index
  %e = tensor.empty(%n) : tensor<?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>],
                       iterator_types = ["parallel"]} outs(%e : tensor<?xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %at = arith.subi %last, %i : index
    %v = tensor.extract %x[%at] : tensor<?xf32>
    linalg.yield %v : f32
  } -> tensor<?xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>],
                       iterator_types = ["parallel"]} outs(%e : tensor<?xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %at = arith.subi %last, %i : index
    %v = tensor.extract %y[%at] : tensor<?xf32>
    linalg.yield %v : f32
  } -> tensor<?xf32>
  return %z : tensor<?xf32>
}
"""


def run_reversed_twice(pipeline, x):
    [[z]] = ccrun.run(REVERSED_TWICE, [("f", [x], 1)], "auto", pipeline=pipeline)
    return z


def test_workspace_grows():
    x = np.arange(1 << 20, dtype=np.float32)  # two buffers of 4 MiB
    z = run_reversed_twice(PIPELINE % ("auto", 3), x)
    np.testing.assert_array_equal(z, x)


def test_missing_barriers_show():
    dump = subprocess.run(
        [
            ccrun.CC_RUN.with_name("cc-opt"),
            "--condcomp-to-gpu-emulated=threads=4",
            "--dump-pass-pipeline",
        ],
        input="module {}",
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    whole = re.sub(r"\s+", " ", dump[dump.index("builtin.module(") :])
    without = whole.replace("func.func( condcomp-gpu-insert-barriers ), ", "")
    assert without != whole
    x = np.arange(1, 10, dtype=np.float32)
    np.testing.assert_array_equal(run_reversed_twice(whole, x), x)
    assert (run_reversed_twice(without, x) != x).any()
