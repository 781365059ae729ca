# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""EViT: tokens that the class token overlooks become one."""

import numpy as np

from zoo import System, block, index, matrix, normal, softmax, top_k, wide


def inputs(rng, images, tokens, d, hidden, heads, kept):
    return {
        "x": normal(rng, images, 1 + tokens, d),
        "q": matrix(rng, d, d),
        "k": matrix(rng, d, d),
        "qkvo": matrix(rng, 4, d, d),
        "up": matrix(rng, d, hidden),
        "down": matrix(rng, hidden, d),
        "heads": index(heads),
        "kept": index(kept),
    }


def reference(x, q, k, qkvo, up, down, heads, kept):
    x = wide(x)
    n, t, d = x.shape
    asks = (x[:, 0] @ wide(q)).reshape(n, heads, 1, d // heads)
    answers = (x @ wide(k)).reshape(n, t, heads, d // heads).transpose(0, 2, 3, 1)
    given = softmax(asks @ answers / np.sqrt(d // heads)).mean(1)[:, 0, 1:]
    chosen = top_k(given, kept)
    tokens = x[:, 1:]
    fused = np.where(chosen, 0, given)[:, None] @ tokens
    kept_tokens = tokens[chosen].reshape(n, int(kept), d)
    h = np.concatenate([x[:, :1], kept_tokens, fused], axis=1)
    return [block(h, qkvo, up, down, heads)], h.shape[1] / t


# DeiT-S with keep rate 0.7.
SYSTEM = System(
    title="EViT",
    family="tokens",
    paper="2202.07800",
    also="PyTorch (attention)",
    inputs=inputs,
    reference=reference,
    tiny=dict(images=3, tokens=12, d=16, hidden=24, heads=2, kept=5),
    published=dict(images=32, tokens=196, d=384, hidden=1536, heads=6, kept=138),
    rows="images",
    less="two blocks",
)
