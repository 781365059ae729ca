# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Qwen3-MoE: eight experts, weighed by renormalized probabilities."""

from mixtral import inputs
from zoo import System, run_experts, share, softmax, swiglu, top_k, wide


def reference(x, router, gate, up, down):
    p = softmax(wide(x) @ wide(router))
    chosen = top_k(p, 8)
    weights = p / (p * chosen).sum(-1, keepdims=True)
    y = run_experts(wide(x), weights, chosen, swiglu, gate, up, down)
    return [y], share(chosen)


SYSTEM = System(
    title="Qwen3-30B-A3B",
    family="experts",
    paper="2505.09388",
    also="Hugging Face Qwen3MoeSparseMoeBlock",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=9, d=16, experts=24, hidden=8),
    published=dict(tokens=512, d=2048, experts=128, hidden=768),
)
