# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""SMEAR: a sequence mixes the experts' parameters and runs the mixture."""

import numpy as np

from zoo import System, matrix, normal, softmax, wide


def inputs(rng, sequences, tokens, d, experts, hidden):
    return {
        "x": normal(rng, sequences, tokens, d),
        "router": matrix(rng, d, experts),
        "up": matrix(rng, experts, d, hidden),
        "down": matrix(rng, experts, hidden, d),
    }


def reference(x, router, up, down):
    x = wide(x)
    p = softmax(x.mean(1) @ wide(router))
    y = np.zeros(x.shape)
    for sequence, weights in enumerate(p):
        u = np.tensordot(weights, wide(up), 1)
        v = np.tensordot(weights, wide(down), 1)
        y[sequence] = np.maximum(x[sequence] @ u, 0) @ v
    return [y], 1 / len(up)


# Adapters in T5-base.
SYSTEM = System(
    title="SMEAR (merged experts)",
    family="experts",
    paper="2306.03745",
    inputs=inputs,
    reference=reference,
    tiny=dict(sequences=3, tokens=5, d=16, experts=4, hidden=6),
    published=dict(sequences=32, tokens=128, d=768, experts=8, hidden=64),
    rows="sequences",
)
