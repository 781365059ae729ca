# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ACT: a recurrent network decides how many steps to take for an input."""

import numpy as np

from zoo import System, index, layers_run, matrix, normal, sigmoid, wide


def inputs(rng, rows, d, limit, bias):
    return {
        "x": normal(rng, rows, d),
        "s0": normal(rng, rows, d),
        "w": matrix(rng, d, d),
        "u": matrix(rng, d, d),
        "v": matrix(rng, d, 1) * np.float32(2),
        "b": np.array(bias, np.float32),
        "eps": np.array(0.01, np.float32),
        "limit": index(limit),
    }


def reference(x, s0, w, u, v, b, eps, limit):
    y = np.zeros(x.shape)
    left_at = np.full(len(x), limit, np.int32)
    for row, s in enumerate(wide(s0)):
        halted = 0.0
        for step in range(int(limit)):
            s = np.tanh(s @ wide(w) + wide(x[row]) @ wide(u))
            h = float(sigmoid(s @ wide(v)[:, 0] + b))
            halts = halted + h >= 1 - float(eps)
            y[row] += (1 - halted if halts or step == limit - 1 else h) * s
            halted += h
            if halts:
                left_at[row] = step
                break
    return [y, left_at], layers_run(left_at, int(limit))


# The parity task: an RNN of 128 units, 128 sequences, limit 100.
SYSTEM = System(
    title="ACT (adaptive computation time)",
    family="depth",
    paper="1603.08983",
    inputs=inputs,
    reference=reference,
    tiny=dict(rows=9, d=16, limit=6, bias=-1.0),
    published=dict(rows=128, d=128, limit=100, bias=-3.0),
    rows="rows",
    less="one input step",
)
