# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One point: programs in turn on the same inputs, checked first."""

import time

import numpy as np
import torch

import condcomp
from common import turns
from common.device import time_calls, wait
from moe_layer import shapes

from . import programs

# Rows that are compared with the reference in float64.
CHECKED_ROWS = 2
# What ends a program at a point, and not the benchmark.
FAILURES = (RuntimeError, ValueError, MemoryError, condcomp.CompileError)


def error_of(layer, dtype, result, given):
    """The largest distance from the reference on some rows, relative to its largest
    number."""
    x, choice = given
    rows = np.linspace(0, len(x) - 1, min(CHECKED_ROWS, len(x)), dtype=int)
    wanted = shapes.reference(layer, shapes.Weights(layer, dtype), x, choice, rows)
    got = result[torch.from_numpy(rows).to(result.device)].double().cpu().numpy()
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())


def first_call(function, inputs, device):
    """(the result of the first call, its seconds, seconds of the next one)."""
    start = time.perf_counter()
    result = function(*inputs[0])
    wait(device)
    first = time.perf_counter() - start
    return result, first, time_calls(function, inputs[1:] or inputs, 1, device)


class Point:
    """A layer with so many tokens in one routing. slow: {program: seconds per token that
    it took before}, of those that are too slow to be waited for again."""

    def __init__(self, layer, dtype, tokens, routing, device):
        self.layer, self.dtype, self.tokens = layer, dtype, tokens
        self.routing, self.device = routing, device
        made = [
            programs.make_inputs(layer, dtype, tokens, routing, variant, device)
            for variant in range(shapes.VARIANTS)
        ]
        self.inputs = [inputs for inputs, _ in made]
        self.given = [given for _, given in made]
        self.left_out, self.found = {}, {}

    def try_all(self, made, options, slow):
        """{program: estimate in seconds} of those that work."""
        estimates = {}
        for name, function in made.items():
            why = programs.refuses(self.layer, self.dtype, name, self.tokens)
            if not why and slow.get(name, 0) * self.tokens > options.slow:
                why = f"it would take more than {options.slow:g} s"
            if not why:
                try:
                    result, first, estimates[name] = first_call(
                        function, self.inputs, self.device
                    )
                    error = error_of(self.layer, self.dtype, result, self.given[0])
                    self.found[name] = {"first": first, "error": error, "seconds": []}
                    slow[name] = estimates[name] / self.tokens
                    continue
                except FAILURES as error:
                    said = (str(error).splitlines() or [""])[0][:100]
                    why = f"{type(error).__name__}: {said}"
            self.left_out[name] = why
        return estimates

    def run(self, made, yardsticks, options, slow):
        """Measures; returns what the report has of the point."""
        estimates = self.try_all(made, options, slow)
        runs = {name: (made[name], self.inputs) for name in estimates}
        seconds = {name: [] for name in yardsticks}
        for name, function in yardsticks.items():
            _, _, estimates[name] = first_call(function, [()], self.device)
            runs[name] = (function, [()])
        for order in turns.orders(list(runs), options.rounds):
            for name in order:
                count = turns.calls_per_turn(
                    estimates[name], options.budget, options.rounds
                )
                function, inputs = runs[name]
                taken = time_calls(function, inputs, max(count, 1), self.device)
                where = (
                    self.found[name]["seconds"] if name in self.found else seconds[name]
                )
                where.append(taken)
        choices = [choice for _, choice in self.given]
        return {
            "layer": self.layer.name,
            "dtype": self.dtype,
            "tokens": self.tokens,
            "routing": self.routing,
            "flops": float(np.mean([self.layer.flops(c) for c in choices])),
            "bytes": float(np.mean([self.layer.bytes(c, self.dtype) for c in choices])),
            "programs": self.found,
            "yardsticks": seconds,
            "left_out": self.left_out,
        }
