# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Qwen1.5-MoE: four experts and a shared one behind a sigmoid."""

import mixtral
from zoo import System, matrix, run_experts, share, sigmoid, softmax, swiglu, top_k
from zoo import wide


def inputs(rng, shared_hidden, **sizes):
    d = sizes["d"]
    return {
        **mixtral.inputs(rng, **sizes),
        "shared_gate": matrix(rng, d, shared_hidden),
        "shared_up": matrix(rng, d, shared_hidden),
        "shared_down": matrix(rng, shared_hidden, d),
        "shared_weight": matrix(rng, d, 1),
    }


def reference(
    x, router, gate, up, down, shared_gate, shared_up, shared_down, shared_weight
):
    x = wide(x)
    p = softmax(x @ wide(router))
    chosen = top_k(p, 4)
    y = run_experts(x, p, chosen, swiglu, gate, up, down)
    shared = swiglu(x, shared_gate, shared_up, shared_down)
    return [y + sigmoid(x @ wide(shared_weight)) * shared], share(chosen)


SYSTEM = System(
    title="Qwen1.5-MoE-A2.7B",
    family="experts",
    paper="2407.10671",
    also="Hugging Face Qwen2MoeSparseMoeBlock",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=9, d=16, experts=12, hidden=8, shared_hidden=20),
    published=dict(tokens=512, d=2048, experts=60, hidden=1408, shared_hidden=5632),
)
