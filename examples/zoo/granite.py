# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Granite: eight small experts, their sum scaled before it is added."""

import numpy as np

from zoo import System, matrix, normal, run_experts, share, silu, softmax, top_k, wide


def inputs(rng, tokens, d, experts, hidden):
    return {
        "x": normal(rng, tokens, d),
        "router": matrix(rng, d, experts),
        "gate_up": matrix(rng, experts, d, 2 * hidden),
        "down": matrix(rng, experts, hidden, d),
    }


def body(x, gate_up, down):
    gate, up = np.split(x @ wide(gate_up), 2, axis=-1)
    return (silu(gate) * up) @ wide(down)


def reference(x, router, gate_up, down):
    logits = wide(x) @ wide(router)
    chosen = top_k(logits, 8)
    weights = softmax(np.where(chosen, logits, -np.inf))
    y = run_experts(wide(x), weights, chosen, body, gate_up, down)
    return [wide(x) + 0.22 * y], share(chosen)


SYSTEM = System(
    title="Granite 3.0 3B-A800M",
    family="experts",
    paper="2408.13359",
    also="Hugging Face GraniteMoeMoE",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=9, d=16, experts=12, hidden=8),
    published=dict(tokens=512, d=1536, experts=40, hidden=512),
)
