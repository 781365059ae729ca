# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Deja Vu: a token's active neurons are predicted, the others are not read."""

import numpy as np

from zoo import System, index, matrix, normal, share, top_k, wide


def inputs(rng, tokens, d, rank, neurons, k):
    return {
        "x": normal(rng, tokens, d),
        "predictor0": matrix(rng, d, rank),
        "predictor1": matrix(rng, rank, neurons),
        "up": normal(rng, neurons, d, scale=d**-0.5),
        "down": matrix(rng, neurons, d),
        "k": index(k),
    }


def reference(x, predictor0, predictor1, up, down, k):
    active = top_k(wide(x) @ wide(predictor0) @ wide(predictor1), k)
    y = np.zeros(x.shape)
    for token, mask in enumerate(active):
        y[token] = np.maximum(wide(up[mask]) @ wide(x[token]), 0) @ wide(down[mask])
    return [y], share(active)


# OPT-66B, one neuron in ten, as in generating text.
SYSTEM = System(
    title="Deja Vu (contextual activation sparsity)",
    family="width",
    paper="2310.17157",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=3, d=16, rank=8, neurons=40, k=6),
    published=dict(tokens=1, d=9216, rank=1024, neurons=36864, k=3686),
)
