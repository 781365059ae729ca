# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Differentiable branching: exits that are mixed in training, taken afterwards."""

import numpy as np

from zoo import System, matrix, normal, sigmoid, wide

LAYERS = 3


def inputs(rng, rows, d, classes, theta):
    return {
        "x": normal(rng, rows, d),
        "w": matrix(rng, LAYERS, d, d) * np.float32(1.5),
        "class": matrix(rng, LAYERS, d, classes),
        "v": matrix(rng, LAYERS - 1, d, 1) * np.float32(2),
        "theta": np.array(theta, np.float32),
    }


def exits(arrays):
    """The answers of all exits and how sure they are, the last one entirely."""
    h, answers, gammas = wide(arrays["x"]), [], []
    for i in range(LAYERS):
        h = np.maximum(h @ wide(arrays["w"][i]), 0)
        answers.append(h @ wide(arrays["class"][i]))
        last = i == LAYERS - 1
        gammas.append(
            np.ones(len(h)) if last else sigmoid(h @ wide(arrays["v"][i, :, 0]))
        )
    return answers, gammas


def reference(**arrays):
    answers, gammas = exits(arrays)
    left_at = (np.array(gammas) >= arrays["theta"]).argmax(0)
    y = np.array(answers)[left_at, np.arange(len(left_at))]
    return [y], float((left_at + 1).mean() / LAYERS) if len(left_at) else 1.0


def soft(**arrays):
    # The probability to leave at i is gamma_i times that of not having left before.
    y, stays = 0, 1
    for answer, gamma in zip(*exits(arrays)):
        y = y + (stays * gamma)[:, None] * answer
        stays = stays * (1 - gamma)
    return [y]


# The paper's networks are of many kinds; here a wide one of dense layers.
SYSTEM = System(
    title="Differentiable branching",
    family="depth",
    paper="2403.07965",
    inputs=inputs,
    reference=reference,
    soft=soft,
    tiny=dict(rows=9, d=16, classes=3, theta=0.7),
    published=dict(rows=1024, d=1024, classes=10, theta=0.7),
    rows="rows",
    less="dense layers",
)
