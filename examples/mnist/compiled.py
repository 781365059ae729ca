# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the compiled networks with cc-run, for the demo and the benchmark."""

import contextlib
import pathlib

from reference import BLOCKS, EXPERTS, HIDDEN, WIDTH

from condcomp import cc_run

HERE = pathlib.Path(__file__).parent
SHARED = ("embed", "position", "q", "k", "v", "o", "router")


def dense_weights(weights):
    """The experts' hidden units side by side, and only the last exit."""
    up = weights["up"].transpose(0, 2, 1, 3)
    return [
        *(weights[name] for name in SHARED),
        up.reshape(BLOCKS, WIDTH, EXPERTS * HIDDEN),
        weights["up_bias"].reshape(BLOCKS, EXPERTS * HIDDEN),
        weights["down"].reshape(BLOCKS, EXPERTS * HIDDEN, WIDTH),
        *(weights[name][-1] for name in ("saliency", "classify", "bias")),
    ]


def dynamic_weights(weights):
    names = (*SHARED, "up", "up_bias", "down", "saliency", "classify", "bias")
    return [weights[name] for name in names]


def function(file, name, weights, form):
    return cc_run.Function(HERE / file, name, weights, form)


@contextlib.contextmanager
def programs(weights, names=("dense", "masked", "compact")):
    """The dense program, the dynamic one in both forms, and its trace."""
    dynamic = dynamic_weights(weights)
    made = {
        "dense": lambda: function(
            "mnist_dense.mlir", "dense", dense_weights(weights), "auto"
        ),
        "masked": lambda: function("mnist.mlir", "dynamic", dynamic, "masked"),
        "compact": lambda: function("mnist.mlir", "dynamic", dynamic, "compact"),
        "trace": lambda: function("mnist.mlir", "trace", dynamic, "compact"),
    }
    with contextlib.ExitStack() as stack:
        try:
            yield {name: stack.enter_context(made[name]()) for name in names}
        except cc_run.CcRunError as error:
            raise SystemExit(f"cc-run: {error}") from None
