# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Soft MoE: slots read means of all tokens, tokens read means of all slots."""

import numpy as np

from zoo import System, matrix, normal, relu_ffn, softmax, wide


def inputs(rng, images, tokens, d, experts, slots, hidden):
    expert = np.repeat(np.arange(experts), slots // experts)
    return {
        "x": normal(rng, images, tokens, d),
        "phi": matrix(rng, d, slots),
        "expert": np.tile(expert[:, None], (images, 1, 1)),
        "up": matrix(rng, experts, d, hidden),
        "down": matrix(rng, experts, hidden, d),
    }


def reference(x, phi, expert, up, down):
    x = wide(x)
    logits = x @ wide(phi)
    slots = softmax(logits, axis=1).transpose(0, 2, 1) @ x
    out = np.zeros(slots.shape)
    each = phi.shape[1] // len(up)
    for i in range(len(up)):
        part = slice(i * each, (i + 1) * each)
        out[:, part] = relu_ffn(slots[:, part], up[i], down[i])
    return [softmax(logits, axis=2) @ out], each / x.shape[1]


# Soft MoE S/16 with 128 experts, a slot each, on 14x14 tokens.
SYSTEM = System(
    title="Soft MoE (S/16, 128 experts)",
    family="experts",
    paper="2308.00951",
    inputs=inputs,
    reference=reference,
    tiny=dict(images=3, tokens=7, d=16, experts=4, slots=8, hidden=12),
    published=dict(images=16, tokens=196, d=384, experts=128, slots=128, hidden=1536),
    rows="images",
)
