# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The layers of `./dev bench moe`, at tiny shapes, against their reference."""

import dataclasses
import pathlib
import sys

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benchmarks"))

from condcomp import cc_run  # noqa: E402
from moe_layer import program, shapes  # noqa: E402

CASES = [(n, t) for n, layer in shapes.LAYERS.items() for t in layer.dtypes]
TOLERANCE = {"f32": 1e-5, "bf16": 2e-2}


@pytest.mark.parametrize("name,dtype", CASES)
def test_layer(name, dtype):
    layer = shapes.LAYERS[name]
    layer = dataclasses.replace(layer, d=48, width=40, experts=min(layer.experts, 16))
    weights = shapes.make_weights(layer, dtype, transposed=True)
    constants = [weights[name] for name in program.argument_names(layer)]
    source = shapes.Weights(layer, dtype)
    text = program.make(layer, dtype)
    results = {}
    forms = ("compact", "masked") if dtype == "f32" else ("compact",)
    for form in forms:
        with cc_run.Function(text, "layer", constants, form) as compiled:
            for routing in shapes.ROUTINGS:
                x, logits = shapes.make_inputs(layer, dtype, 21, routing, 0)
                (y,) = compiled.call([x, logits], 1)
                chosen = shapes.choose(layer, logits)
                expected = shapes.reference(layer, source, x, chosen, range(21))
                error = np.abs(y - expected).max() / np.abs(expected).max()
                assert error < TOLERANCE[dtype], (form, routing)
                results[form, routing] = y
    for (form, routing), y in results.items():
        np.testing.assert_array_equal(y, results["compact", routing])


def test_capacity_drops_the_late_ones():
    layer = shapes.LAYERS["switch"]
    _, logits = shapes.make_inputs(layer, "f32", 32, "all-to-one", 0)
    experts, _ = shapes.choose(layer, logits)
    assert layer.capacity(32) == 5
    assert (experts[:5] >= 0).all() and (experts[5:] == -1).all()
    assert layer.flops((experts, None)) == 2 * 5 * 2 * layer.d * layer.width


def test_layouts_hold_the_same_weights():
    layer = dataclasses.replace(shapes.LAYERS["gpt-oss"], d=6, width=4, experts=3)
    plain = shapes.make_weights(layer, "f32")
    turned = shapes.make_weights(layer, "f32", transposed=True, merged="halves")
    both = np.concatenate([plain["gate"], plain["up"]], axis=1)
    np.testing.assert_array_equal(turned["gate_up"], both.swapaxes(1, 2))
    pairs = shapes.make_weights(layer, "f32", merged="pairs")
    np.testing.assert_array_equal(pairs["gate_up"][:, 1::2], plain["up"])
    np.testing.assert_array_equal(pairs["gate_up_bias"][:, ::2], plain["gate_bias"])
    np.testing.assert_array_equal(turned["down"], plain["down"].swapaxes(1, 2))
