# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adaptive computation modules: the first so many learners of a feed-forward."""

import numpy as np

from zoo import System, matrix, normal, relu_ffn, run_experts, share, wide


def inputs(rng, tokens, d, gate, learners, hidden):
    return {
        "x": normal(rng, tokens, d),
        "gate0": matrix(rng, d, gate),
        "gate1": matrix(rng, gate, learners + 1),
        "up": matrix(rng, learners, d, hidden),
        "down": matrix(rng, learners, hidden, d),
    }


def reference(x, gate0, gate1, up, down):
    width = relu_ffn(wide(x), gate0, gate1).argmax(-1)
    chosen = np.arange(len(up)) < width[:, None]
    y = run_experts(wide(x), np.ones(chosen.shape), chosen, relu_ffn, up, down)
    return [y], share(chosen)


# ViT-B: its 3,072 hidden units as four learners.
SYSTEM = System(
    title="Adaptive computation modules (prefix width)",
    family="width",
    paper="2312.10193",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=9, d=16, gate=8, learners=4, hidden=6),
    published=dict(tokens=3152, d=768, gate=128, learners=4, hidden=768),
)
