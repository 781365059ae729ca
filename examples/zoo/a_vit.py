# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A-ViT: a layer without the tokens that have halted."""

import numpy as np

from zoo import System, block, index, matrix, normal, share, sigmoid, wide


def inputs(rng, images, tokens, d, hidden, heads):
    return {
        "x": normal(rng, images, tokens, d),
        "sum": rng.uniform(0, 1.5, (images, tokens)).astype(np.float32),
        "result": normal(rng, images, tokens, d),
        "qkvo": matrix(rng, 4, d, d),
        "up": matrix(rng, d, hidden),
        "down": matrix(rng, hidden, d),
        "heads": index(heads),
        "gamma": np.array(1, np.float32),
        "beta": np.array(-1, np.float32),
    }


def reference(x, sum, result, qkvo, up, down, heads, gamma, beta):
    x, before, result = wide(x).copy(), wide(sum), wide(result).copy()
    live = sum < np.float32(0.99)
    for image, mask in zip(x, live):
        if mask.any():
            image[mask] = block(image[mask][None], qkvo, up, down, int(heads))[0]
    h = sigmoid(gamma * x[..., 0] + beta)
    after = np.where(live, before + h, before)
    p = np.where(after < 0.99, h, 1 - before)
    result[live] += p[live][:, None] * x[live]
    return [x, after, result], share(live)


# DeiT-S.
SYSTEM = System(
    title="A-ViT",
    family="tokens",
    paper="2112.07658",
    inputs=inputs,
    reference=reference,
    tiny=dict(images=4, tokens=10, d=16, hidden=24, heads=2),
    published=dict(images=32, tokens=197, d=384, hidden=1536, heads=6),
    rows="images",
)
