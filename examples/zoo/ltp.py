# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Learned token pruning: what is left of a sentence attends to itself."""

import numpy as np

from zoo import System, block, index, matrix, normal, share, softmax, wide


def inputs(rng, sentences, tokens, d, hidden, heads, theta):
    return {
        "x": normal(rng, sentences, tokens, d),
        "q": matrix(rng, d, d),
        "k": matrix(rng, d, d),
        "qkvo": matrix(rng, 4, d, d),
        "up": matrix(rng, d, hidden),
        "down": matrix(rng, hidden, d),
        "heads": index(heads),
        "theta": np.array(theta, np.float32),
    }


def reference(x, q, k, qkvo, up, down, heads, theta):
    y = wide(x)
    n, t, d = x.shape
    split = lambda a: a.reshape(n, t, heads, d // heads).transpose(0, 2, 1, 3)
    scores = split(y @ wide(q)) @ split(y @ wide(k)).transpose(0, 1, 3, 2)
    received = softmax(scores / np.sqrt(d // heads)).mean((1, 2))
    live = received >= wide(theta)
    for sentence, mask in enumerate(live):
        if mask.any():
            some = y[sentence, mask][None]
            y[sentence, mask] = block(some, qkvo, up, down, heads)[0]
    return [y], share(live)


# BERT-base.
SYSTEM = System(
    title="Learned token pruning (ragged attention)",
    family="tokens",
    paper="2107.00910",
    also="PyTorch (attention)",
    inputs=inputs,
    reference=reference,
    tiny=dict(sentences=4, tokens=12, d=16, hidden=24, heads=2, theta=0.08),
    published=dict(
        sentences=32, tokens=128, d=768, hidden=3072, heads=12, theta=0.0078
    ),
    rows="sentences",
    less="two blocks",
)
