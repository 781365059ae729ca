# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Mixture of attention heads: a token chooses the heads that attend for it."""

import numpy as np

from zoo import System, matrix, normal, share, softmax, top_k, wide

CHOSEN, WIDTH = 8, 128


def inputs(rng, samples, tokens, d, heads):
    return {
        "x": normal(rng, samples, tokens, d),
        "router": matrix(rng, d, heads),
        "q": matrix(rng, heads, d, WIDTH),
        "k": matrix(rng, d, WIDTH),
        "v": matrix(rng, d, WIDTH),
        "o": matrix(rng, heads, WIDTH, d),
    }


def reference(x, router, q, k, v, o):
    x = wide(x)
    p = softmax(x @ wide(router))
    chosen = top_k(p, CHOSEN)
    weights = p * chosen / (p * chosen).sum(-1, keepdims=True)
    keys, values = x @ wide(k), x @ wide(v)
    y = np.zeros(x.shape)
    for head in range(len(q)):
        scores = x @ wide(q[head]) @ keys.transpose(0, 2, 1) / np.sqrt(WIDTH)
        y += weights[..., head, None] * (softmax(scores) @ values @ wide(o[head]))
    return [y], share(chosen)


SYSTEM = System(
    title="Mixture of attention heads (MoA-Base, 8K32E128D)",
    family="experts",
    paper="2210.05144",
    inputs=inputs,
    reference=reference,
    tiny=dict(samples=3, tokens=7, d=16, heads=12),
    published=dict(samples=16, tokens=128, d=512, heads=32),
)
