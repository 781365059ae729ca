# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""AdaTape: an image appends as many tokens of a bank as it wants."""

import numpy as np

from zoo import System, attend, index, layers_run, matrix, normal, relu_ffn, rms_norm
from zoo import softmax, wide


def inputs(rng, images, tokens, d, bank, k, limit, threshold, hidden, heads):
    return {
        "x": normal(rng, images, tokens, d),
        "bank": normal(rng, bank, d),
        "k": index(k),
        "limit": index(limit),
        "threshold": np.array(threshold, np.float32),
        "qkvo": matrix(rng, 4, d, d),
        "up": matrix(rng, d, hidden),
        "down": matrix(rng, hidden, d),
        "tape_up": matrix(rng, d, hidden),
        "tape_down": matrix(rng, hidden, d),
        "heads": index(heads),
    }


def reference(x, bank, k, limit, threshold, qkvo, up, down, tape_up, tape_down, heads):
    images, tokens, d = x.shape
    y = np.concatenate([wide(x), np.zeros((images, int(limit), d))], 1)
    left_at = np.full(images, limit, np.int32)
    bank = rms_norm(wide(bank))
    for image in range(images):
        query = rms_norm(wide(x[image]).sum(0))
        free, enough = np.arange(len(bank)), 0.0
        for step in range(int(limit)):
            scores = bank[free] @ query
            best = np.argsort(-scores)[: int(k)]
            w = softmax(scores[best] / np.sqrt(d))
            query = y[image, tokens + step] = w @ bank[free[best]]
            free = np.delete(free, best)
            enough += w.max()
            if enough >= threshold:
                left_at[image] = step
                break
        end = tokens + min(left_at[image] + 1, int(limit))
        h = attend(y[image, :end][None], qkvo, int(heads))[0]
        normed = rms_norm(h)
        y[image, :tokens] = h[:tokens] + relu_ffn(normed[:tokens], up, down)
        y[image, tokens:end] = h[tokens:] + relu_ffn(
            normed[tokens:], tape_up, tape_down
        )
    return [y, left_at], layers_run(left_at, int(limit))


# ViT-S/32 with a learned bank and at most 10 tokens of it.
SYSTEM = System(
    title="AdaTape (appended tokens)",
    family="tokens",
    paper="2301.13195",
    also="PyTorch (attention)",
    inputs=inputs,
    reference=reference,
    tiny=dict(
        images=5,
        tokens=4,
        d=16,
        bank=24,
        k=2,
        limit=4,
        threshold=1.6,
        hidden=24,
        heads=2,
    ),
    published=dict(
        images=32,
        tokens=50,
        d=384,
        bank=10000,
        k=5,
        limit=10,
        threshold=2,
        hidden=1536,
        heads=6,
    ),
    rows="images",
)
