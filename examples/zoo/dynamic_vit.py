# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""DynamicViT: each stage goes on with fewer tokens of an image."""

import numpy as np

from zoo import System, block, index, matrix, normal, relu_ffn, top_k, wide

STAGES, RATE = 4, 0.7


def inputs(rng, images, tokens, d, hidden, heads, predictor):
    return {
        "x": normal(rng, images, 1 + tokens, d),
        "qkvo": matrix(rng, STAGES, 4, d, d),
        "up": matrix(rng, STAGES, d, hidden),
        "down": matrix(rng, STAGES, hidden, d),
        "score0": matrix(rng, STAGES - 1, d, predictor),
        "score1": matrix(rng, STAGES - 1, predictor, 1),
        "heads": index(heads),
        "kept": index([int(tokens * RATE**stage) for stage in range(1, STAGES)]),
    }


def reference(x, qkvo, up, down, score0, score1, heads, kept):
    x = wide(x)
    n, t, d = x.shape
    ran = 0
    for stage in range(STAGES):
        if stage:
            tokens = x[:, 1:]
            scores = relu_ffn(tokens, score0[stage - 1], score1[stage - 1])[..., 0]
            best = tokens[top_k(scores, kept[stage - 1])].reshape(n, kept[stage - 1], d)
            x = np.concatenate([x[:, :1], best], axis=1)
        ran += x.shape[1] / t / STAGES
        x = block(x, qkvo[stage], up[stage], down[stage], heads)
    return [x], ran


# DeiT-S: 196, 137, 96 and 67 tokens.
SYSTEM = System(
    title="DynamicViT",
    family="tokens",
    paper="2106.02034",
    also="PyTorch (attention)",
    inputs=inputs,
    reference=reference,
    tiny=dict(images=3, tokens=12, d=16, hidden=24, heads=2, predictor=6),
    published=dict(images=32, tokens=196, d=384, hidden=1536, heads=6, predictor=192),
    rows="images",
    less="a block per stage",
)
