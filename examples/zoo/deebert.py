# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""DeeBERT: a sentence leaves at the first layer that is sure of it."""

import numpy as np

from zoo import System, block, index, matrix, normal, softmax, wide

LAYERS = 4


def weights(rng, sentences, tokens, d, hidden, heads):
    """What the encoders with exits share."""
    return {
        "x": normal(rng, sentences, tokens, d),
        "qkvo": matrix(rng, LAYERS, 4, d, d),
        "up": matrix(rng, LAYERS, d, hidden),
        "down": matrix(rng, LAYERS, hidden, d),
        "classes": normal(rng, LAYERS, d, 2, scale=2 * d**-0.5),
        "heads": index(heads),
    }


def inputs(rng, s, **sizes):
    return {**weights(rng, **sizes), "s": np.array(s, np.float32)}


def layers(x, qkvo, up, down, classes, heads):
    """The logits behind every layer: [layers, sentences, 2]."""
    h, logits = wide(x), []
    for parts in zip(qkvo, up, down, classes):
        h = block(h, *parts[:3], heads)
        logits.append(h[:, 0] @ wide(parts[3]))
    return np.stack(logits)


def leave(logits, done):
    """Results at the first layer that is done, and the share of layers that ran."""
    done[-1] = True
    left_at = done.argmax(0)
    picked = logits[left_at, np.arange(len(left_at))]
    ran = (left_at + 1).mean() / LAYERS if len(left_at) else 1.0
    return [picked, left_at.astype(np.int32)], float(ran)


def reference(s, **arrays):
    logits = layers(**arrays)
    p = softmax(logits)
    return leave(logits, -(p * np.log(p)).sum(-1) < s)


# BERT-base, 128 tokens.
SYSTEM = System(
    title="DeeBERT (entropy)",
    family="depth",
    paper="2004.12993",
    also="PyTorch (attention)",
    inputs=inputs,
    reference=reference,
    tiny=dict(sentences=9, tokens=5, d=16, hidden=24, heads=2, s=0.35),
    published=dict(sentences=32, tokens=128, d=768, hidden=3072, heads=12, s=0.35),
    rows="sentences",
    less="4 of 12 layers",
)
