# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ToMe: a block that merges its most similar tokens."""

import numpy as np

from zoo import System, index, matrix, normal, relu_ffn, rms_norm, softmax, wide


def inputs(rng, images, tokens, d, hidden, heads, r):
    return {
        "x": normal(rng, images, tokens, d),
        "size": rng.integers(1, 4, (images, tokens)).astype(np.float32),
        "qkvo": matrix(rng, 4, d, d),
        "up": matrix(rng, d, hidden),
        "down": matrix(rng, hidden, d),
        "heads": index(heads),
        "r": index(r),
    }


def merge(x, size, metric, r):
    """One image: tokens and sizes after r mergers, what is left of a before b."""
    unit = metric / np.linalg.norm(metric, axis=-1, keepdims=True)
    a, b = np.arange(0, len(x), 2), np.arange(1, len(x), 2)
    scores = unit[a] @ unit[b].T
    scores[0] = -np.inf
    order = np.argsort(-scores.max(1), kind="stable")
    merged, stays = order[:r], np.sort(order[r:])
    sums, sizes = x[b] * size[b, None], size[b].copy()
    for token in merged:
        partner = scores[token].argmax()
        sums[partner] += x[a[token]] * size[a[token]]
        sizes[partner] += size[a[token]]
    return (
        np.concatenate([x[a[stays]], sums / sizes[:, None]]),
        np.concatenate([size[a[stays]], sizes]),
    )


def reference(x, size, qkvo, up, down, heads, r):
    x, size, heads = wide(x), wide(size), int(heads)
    shape = (*x.shape[:2], heads, x.shape[2] // heads)
    split = lambda y: y.reshape(shape).transpose(0, 2, 1, 3)
    q, k, v = (split(rms_norm(x) @ wide(w)) for w in qkvo[:3])
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(q.shape[-1])
    shares = softmax(scores + np.log(size)[:, None, None])
    read = (shares @ v).transpose(0, 2, 1, 3).reshape(x.shape)
    h = x + read @ wide(qkvo[3])
    images = [merge(*image, int(r)) for image in zip(h, size, k.mean(1))]
    left = x.shape[1] - int(r)
    h = np.reshape([tokens for tokens, _ in images], (len(x), left, x.shape[2]))
    sizes = np.reshape([sizes for _, sizes in images], (len(x), left))
    return [h + relu_ffn(rms_norm(h), up, down), sizes], left / x.shape[1]


# DeiT-S: 16 tokens less after every block.
SYSTEM = System(
    title="ToMe",
    family="tokens",
    paper="2210.09461",
    inputs=inputs,
    reference=reference,
    tiny=dict(images=3, tokens=13, d=16, hidden=24, heads=2, r=4),
    published=dict(images=32, tokens=197, d=384, hidden=1536, heads=6, r=16),
    rows="images",
    less="one block",
)
