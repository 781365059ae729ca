# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""CALM: tokens leave the decoder early and hand their state to the layers above."""

import numpy as np

from zoo import System, attention, index, layers_run, matrix, normal, relu_ffn, rms_norm
from zoo import sigmoid, wide

LAYERS = 8


def inputs(rng, rows, before, d, inner, hidden, heads, threshold):
    return {
        "x": normal(rng, rows, d),
        "keys": normal(rng, rows, LAYERS, before, inner),
        "values": normal(rng, rows, LAYERS, before, inner),
        "wq": matrix(rng, LAYERS, d, inner),
        "wk": matrix(rng, LAYERS, d, inner),
        "wv": matrix(rng, LAYERS, d, inner),
        "wo": matrix(rng, LAYERS, inner, d),
        "up": matrix(rng, LAYERS, d, hidden),
        "down": matrix(rng, LAYERS, hidden, d),
        "m": matrix(rng, d, 1) * np.float32(2),
        "heads": index(heads),
        "threshold": np.array(threshold, np.float32),
    }


def reference(x, keys, values, wq, wk, wv, wo, up, down, m, heads, threshold):
    out = wide(x).copy()
    new = [np.zeros((len(x), LAYERS, keys.shape[3])) for _ in "kv"]
    left_at = np.full(len(x), LAYERS, np.int32)
    for row in range(len(x)):
        h = out[row]
        for layer in range(LAYERS):
            # A layer above the exit sees the state of the exit.
            normed = rms_norm(h)
            new[0][row, layer] = normed @ wide(wk[layer])
            new[1][row, layer] = normed @ wide(wv[layer])
            if left_at[row] < layer:
                continue
            k, v = (
                np.vstack([cache[row, layer], added[row, layer]])[None]
                for cache, added in zip((keys, values), new)
            )
            q = (normed @ wide(wq[layer]))[None, None]
            h = h + attention(q, k, v, int(heads))[0, 0] @ wide(wo[layer])
            h = h + relu_ffn(rms_norm(h), up[layer], down[layer])
            if left_at[row] == LAYERS and sigmoid(h @ wide(m)[:, 0]) >= threshold:
                left_at[row] = layer
        out[row] = h
    return [out, *new, left_at], layers_run(left_at, LAYERS)


# The decoder of T5 1.1 small, which the paper uses.
SYSTEM = System(
    title="CALM (per-token exits)",
    family="depth",
    paper="2207.07061",
    also="PyTorch (attention)",
    inputs=inputs,
    reference=reference,
    tiny=dict(rows=7, before=3, d=16, inner=8, hidden=12, heads=2, threshold=0.6),
    published=dict(
        rows=64, before=128, d=512, inner=384, hidden=1024, heads=6, threshold=0.9
    ),
    rows="rows",
    less="no encoder, ReLU for gated GELU",
)
