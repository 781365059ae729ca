# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Switch: one expert per token, each with room for so many tokens."""

import numpy as np

from zoo import System, index, matrix, normal, relu_ffn, run_experts, share, softmax
from zoo import top_k, wide


def inputs(rng, tokens, d, experts, hidden, capacity_factor):
    return {
        "x": normal(rng, tokens, d),
        "router": matrix(rng, d, experts),
        "up": matrix(rng, experts, d, hidden),
        "down": matrix(rng, experts, hidden, d),
        "capacity": index(capacity_factor * tokens / experts),
    }


def reference(x, router, up, down, capacity):
    p = softmax(wide(x) @ wide(router))
    chosen = top_k(p, 1)
    chosen &= np.cumsum(chosen, axis=0) <= capacity
    y = run_experts(wide(x), p, chosen, relu_ffn, up, down)
    return [wide(x) + y], share(chosen)


def soft(x, router, up, down, capacity):
    p = softmax(wide(x) @ wide(router))
    return [wide(x) + run_experts(wide(x), p, p > 0, relu_ffn, up, down)]


# Switch-Base: T5-Base with 128 experts.
SYSTEM = System(
    title="Switch Transformer (Switch-Base, capacity factor 1.25)",
    family="experts",
    paper="2101.03961",
    also="Hugging Face SwitchTransformersSparseMLP",
    inputs=inputs,
    reference=reference,
    soft=soft,
    tiny=dict(tokens=24, d=16, experts=4, hidden=24, capacity_factor=1.0),
    published=dict(tokens=4096, d=768, experts=128, hidden=2048, capacity_factor=1.25),
)
