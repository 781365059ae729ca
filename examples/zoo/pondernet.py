# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PonderNet: a row halts after a step with a probability of its own."""

import numpy as np

from zoo import System, layers_run, matrix, normal, sigmoid, wide


def inputs(rng, rows, d, out, limit):
    return {
        "x": normal(rng, rows, d),
        "h0": np.zeros((rows, d), np.float32),
        "w": matrix(rng, d, d),
        "u": matrix(rng, d, d),
        "v": matrix(rng, d, 1),
        "out": matrix(rng, d, out),
        "draws": rng.random((rows, limit), dtype=np.float32),
    }


def reference(x, h0, w, u, v, out, draws):
    limit = draws.shape[1]
    y = np.zeros((len(x), out.shape[1]))
    left_at = np.full(len(x), limit, np.int32)
    for row, h in enumerate(wide(h0)):
        for step in range(limit):
            h = np.tanh(h @ wide(w) + wide(x[row]) @ wide(u))
            y[row] = h @ wide(out)
            if draws[row, step] < sigmoid(h @ wide(v)[:, 0]):
                left_at[row] = step
                break
    return [y, left_at], layers_run(left_at, limit)


# The parity task: 128 units, batches of 128, at most 20 steps.
SYSTEM = System(
    title="PonderNet",
    family="depth",
    paper="2107.05407",
    inputs=inputs,
    reference=reference,
    tiny=dict(rows=9, d=16, out=2, limit=5),
    published=dict(rows=128, d=128, out=2, limit=20),
    rows="rows",
    less="",
)
