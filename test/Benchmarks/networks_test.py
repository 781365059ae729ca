# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of `./dev bench exit|prune|skip|mix`, at tiny shapes."""

# Requires: torch

import pathlib
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: --with-torch")
pytest.importorskip("torch_mlir", reason="needs torch-mlir: --with-torch")

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benchmarks"))

from condcomp.torch import compile as compile_model  # noqa: E402
from networks import report  # noqa: E402
from networks.compare import TOLERANCE, arrays, compare  # noqa: E402
from networks.exits import leaving_share  # noqa: E402
from networks.families import FAMILIES  # noqa: E402
from networks.network import Dense, between, make  # noqa: E402
from networks.run import count  # noqa: E402

SHAPE = {"layers": 4, "width": 32, "heads": 4, "tokens": 16}
# Settings, a point, and the share of the FLOPs that is run, at most.
CASES = {
    "exits": (SHAPE, {"mean_exit": 2}, 0.6),
    "dynamic-vit": ({"keep": 0.5, "at": [1, 2], **SHAPE}, {}, 0.8),
    "tome": ({"r": 3, **SHAPE}, {}, 0.8),
    "a-vit": (SHAPE, {"layers": 2}, 0.9),
    "mixture-of-depths": ({"share": 0.25, **SHAPE}, {}, 0.7),
    "skip-net": (SHAPE, {"skip": 0.5}, 0.7),
    "mixed": ({"k": 2, "keep": 0.7, "exits": True, **SHAPE}, {"mean_exit": 2}, 0.55),
    "mnist": ({}, {}, 0.3),
}


@pytest.mark.parametrize("family", CASES)
@torch.no_grad()
def test_programs_agree(family):
    settings, point, most = CASES[family]
    network = make(FAMILIES[family], settings)
    x = network.inputs(12, torch.Generator().manual_seed(1))
    network.calibrate(x, point)
    want = arrays(network.masked(x))
    programs = {
        "condcomp.nn": network,
        "by hand": network.by_hand,
        "condcomp": compile_model(network, x, form="compact"),
    }
    for name, program in programs.items():
        error, differ = compare(arrays(program(x)), want)
        assert error < TOLERANCE and differ <= network.MAY_DIFFER, name
    assert count(network.by_hand, x) < most * count(network.dense, x)
    dense = compile_model(Dense(network), x)
    assert compare(arrays(dense(x)), arrays(network.dense(x)))[0] < TOLERANCE


@pytest.mark.parametrize("mean", [1.2, 2, 3.5, 4])
@torch.no_grad()
def test_samples_leave_after_as_many_layers_as_wanted(mean):
    network = make(FAMILIES["exits"], SHAPE)
    x = network.inputs(200, torch.Generator().manual_seed(1))
    network.calibrate(x, {"mean_exit": mean})
    after = network.by_hand(x)[1].double().mean().item() + 1
    assert abs(after - mean) < 0.02
    share = leaving_share(4, mean)
    assert sum((1 - share) ** n for n in range(4)) == pytest.approx(mean)


def test_thresholds_are_between_samples():
    values = torch.tensor([0.5, 0.9, 0.1, 0.7])
    for above in range(5):
        assert (values > between(values, above)).sum() == above


def test_another_decision_is_no_error_but_counted():
    want = [np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0, 1])]
    got = [np.array([[1.0, 2.2], [9.0, 9.0]]), np.array([0, 2])]
    assert compare(got, want) == (pytest.approx(0.05), 0.5)


def test_saved_share():
    entry = lambda kind, seconds: {"kind": kind, "seconds": [seconds]}
    point = {
        "flops": {"dense": 10.0, "chosen": 4.0},
        "programs": {
            "condcomp dense": entry("dense", 2.0),
            "condcomp": entry("chosen", 1.1),
            "torch by hand": entry("chosen", 1.0),
        },
    }
    assert report.skipped(point) == pytest.approx(0.6)
    assert report.saved("condcomp", point) == pytest.approx(0.45)
    assert report.saved("torch by hand", point) is None
    assert report.fastest(point, ("chosen",), False) == ("torch by hand", 1.0)
