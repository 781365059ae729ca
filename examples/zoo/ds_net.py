# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dynamic slimmable networks: how many channels an input runs."""

import numpy as np

from zoo import System, matrix, normal, relu_ffn, wide


def inputs(rng, inputs, d, hidden):
    return {
        "x": normal(rng, inputs, d),
        "gate": matrix(rng, d, 4),
        "up": matrix(rng, d, hidden),
        "down": matrix(rng, hidden, d),
    }


def reference(x, gate, up, down):
    x, y = wide(x), np.zeros(x.shape)
    widths = up.shape[1] * (1 + (x @ wide(gate)).argmax(1)) // 4
    for width in np.unique(widths):
        rows = widths == width
        y[rows] = relu_ffn(x[rows], up[:, :width], down[:width])
    return [y], float(widths.mean() / up.shape[1]) if len(x) else 1.0


SYSTEM = System(
    title="Dynamic slimmable networks",
    family="width",
    paper="2103.13258",
    inputs=inputs,
    reference=reference,
    tiny=dict(inputs=9, d=16, hidden=24),
    published=dict(inputs=1568, d=512, hidden=2048),
    rows="inputs",
)
