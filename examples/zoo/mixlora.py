# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""MixLoRA: experts that are one feed-forward with different low-rank adapters."""

import numpy as np

from zoo import System, matrix, normal, run_experts, share, silu, softmax, top_k, wide


def inputs(rng, tokens, d, hidden, experts, rank):
    arrays = {
        "x": normal(rng, tokens, d),
        "router": matrix(rng, d, experts),
        "w1": matrix(rng, d, hidden),
        "w3": matrix(rng, d, hidden),
        "w2": matrix(rng, hidden, d),
    }
    for number, rows, columns in [(1, d, hidden), (3, d, hidden), (2, hidden, d)]:
        arrays[f"a{number}"] = matrix(rng, experts, rows, rank)
        arrays[f"b{number}"] = matrix(rng, experts, rank, columns)
    return arrays


def reference(x, router, w1, w3, w2, a1, b1, a3, b3, a2, b2):
    logits = wide(x) @ wide(router)
    chosen = top_k(logits, 2)
    weights = softmax(np.where(chosen, logits, -np.inf))

    def expert(x, a1, b1, a3, b3, a2, b2):
        # The adapters added to the matrices: the same in exact arithmetic.
        gate = x @ (wide(w1) + wide(a1) @ wide(b1))
        up = x @ (wide(w3) + wide(a3) @ wide(b3))
        return (silu(gate) * up) @ (wide(w2) + wide(a2) @ wide(b2))

    params = a1, b1, a3, b3, a2, b2
    return [run_experts(wide(x), weights, chosen, expert, *params)], share(chosen)


# On LLaMA-2 7B.
SYSTEM = System(
    title="MixLoRA",
    family="experts",
    paper="2404.15159",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=9, d=16, hidden=24, experts=8, rank=4),
    published=dict(tokens=256, d=4096, hidden=11008, experts=8, rank=16),
)
