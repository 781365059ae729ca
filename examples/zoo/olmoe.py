# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""OLMoE: eight experts, weighed by probabilities that are not renormalized."""

from mixtral import inputs
from zoo import System, run_experts, share, softmax, swiglu, top_k, wide


def reference(x, router, gate, up, down):
    p = softmax(wide(x) @ wide(router))
    chosen = top_k(p, 8)
    return [run_experts(wide(x), p, chosen, swiglu, gate, up, down)], share(chosen)


SYSTEM = System(
    title="OLMoE-1B-7B",
    family="experts",
    paper="2409.02060",
    also="Hugging Face OlmoeSparseMoeBlock",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=9, d=16, experts=24, hidden=8),
    published=dict(tokens=512, d=2048, experts=64, hidden=1024),
)
