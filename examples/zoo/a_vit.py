# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A-ViT: tokens halt, and the layers after run without them."""

import numpy as np

from zoo import System, block, index, matrix, normal, sigmoid, wide


def inputs(rng, images, tokens, d, hidden, heads, layers, beta):
    return {
        "x": normal(rng, images, tokens, d),
        "qkvo": matrix(rng, layers, 4, d, d),
        "up": matrix(rng, layers, d, hidden),
        "down": matrix(rng, layers, hidden, d),
        "heads": index(heads),
        "gamma": np.array(1, np.float32),
        "beta": np.array(beta, np.float32),
    }


def reference(x, qkvo, up, down, heads, gamma, beta):
    layers = len(up)
    result, ran = np.zeros(x.shape), np.zeros(x.shape[:2], np.int32)
    for image, tokens in enumerate(wide(x)):
        live, said = np.arange(len(tokens)), np.zeros(len(tokens))
        for i in range(layers):
            if not len(live):
                break
            tokens[live] = block(
                tokens[live][None], qkvo[i], up[i], down[i], int(heads)
            )[0]
            ran[image, live] += 1
            h = sigmoid(gamma * tokens[live, 0] + beta) if i < layers - 1 else 1.0
            stays = said[live] + h < 0.99
            p = np.where(stays, h, 1 - said[live])
            result[image, live] += p[:, None] * tokens[live]
            said[live] += p
            live = live[stays]
    return [result, ran], float(ran.mean() / layers) if ran.size else 1.0


# DeiT-S.
SYSTEM = System(
    title="A-ViT",
    family="tokens",
    paper="2112.07658",
    also="PyTorch (attention)",
    inputs=inputs,
    reference=reference,
    tiny=dict(images=4, tokens=10, d=16, hidden=24, heads=2, layers=3, beta=0),
    published=dict(
        images=16, tokens=197, d=384, hidden=1536, heads=6, layers=12, beta=-2
    ),
    rows="images",
    less="",
)
