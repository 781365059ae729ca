# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Mixture-of-Depths: a block runs on some tokens of each sequence."""

import numpy as np

from zoo import System, block, index, matrix, normal, share, top_k, wide


def inputs(rng, sequences, tokens, d, hidden, heads, k):
    return {
        "x": normal(rng, sequences, tokens, d),
        "router": matrix(rng, d, 1),
        "qkvo": matrix(rng, 4, d, d),
        "up": matrix(rng, d, hidden),
        "down": matrix(rng, hidden, d),
        "heads": index(heads),
        "k": index(k),
    }


def reference(x, router, qkvo, up, down, heads, k):
    x = wide(x)
    scores = (x @ wide(router))[..., 0]
    chosen = top_k(scores, k)
    y = x.copy()
    for sequence, mask in enumerate(chosen):
        some = x[sequence, mask]
        out = block(some[None], qkvo, up, down, heads, causal=True)[0]
        y[sequence, mask] += scores[sequence, mask, None] * (out - some)
    return [y], share(chosen)


# The 220M-parameter model's width; 12.5 % of 2,048 tokens.
SYSTEM = System(
    title="Mixture-of-Depths",
    family="tokens",
    paper="2404.02258",
    also="PyTorch (attention)",
    inputs=inputs,
    reference=reference,
    tiny=dict(sequences=3, tokens=16, d=16, hidden=24, heads=2, k=4),
    published=dict(sequences=4, tokens=2048, d=1024, hidden=4096, heads=16, k=256),
    rows="sequences",
)
