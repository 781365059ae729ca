# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PABEE: a sentence leaves when layers in a row agree on it."""

import numpy as np

from deebert import layers, leave, weights
from zoo import System


def inputs(rng, patience, **sizes):
    return {**weights(rng, **sizes), "patience": np.array(patience, np.int32)}


def reference(patience, **arrays):
    logits = layers(**arrays)
    best = logits.argmax(-1)
    counts = np.zeros(best.shape, int)
    for layer in range(1, len(best)):
        same = best[layer] == best[layer - 1]
        counts[layer] = np.where(same, counts[layer - 1] + 1, 0)
    return leave(logits, counts >= patience)


# ALBERT-base, 128 tokens.
SYSTEM = System(
    title="PABEE (patience)",
    family="depth",
    paper="2006.04152",
    also="PyTorch (attention)",
    inputs=inputs,
    reference=reference,
    tiny=dict(sentences=9, tokens=5, d=16, hidden=24, heads=2, patience=1),
    published=dict(sentences=32, tokens=128, d=768, hidden=3072, heads=12, patience=2),
    rows="sentences",
    less="4 of 12 layers",
)
