# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Mixtral: the softmax of the two best logits weighs two SwiGLU experts."""

import numpy as np

from zoo import System, matrix, normal, run_experts, share, softmax, swiglu, top_k, wide


def inputs(rng, tokens, d, experts, hidden):
    return {
        "x": normal(rng, tokens, d),
        "router": matrix(rng, d, experts),
        "gate": matrix(rng, experts, d, hidden),
        "up": matrix(rng, experts, d, hidden),
        "down": matrix(rng, experts, hidden, d),
    }


def reference(x, router, gate, up, down):
    logits = wide(x) @ wide(router)
    chosen = top_k(logits, 2)
    weights = softmax(np.where(chosen, logits, -np.inf))
    y = run_experts(wide(x), weights, chosen, swiglu, gate, up, down)
    return [y], share(chosen)


def soft(x, router, gate, up, down):
    p = softmax(wide(x) @ wide(router))
    return [run_experts(wide(x), p, p > 0, swiglu, gate, up, down)]


SYSTEM = System(
    title="Mixtral 8x7B",
    family="experts",
    paper="2401.04088",
    also="Hugging Face MixtralSparseMoeBlock",
    inputs=inputs,
    reference=reference,
    soft=soft,
    tiny=dict(tokens=9, d=16, experts=8, hidden=24),
    published=dict(tokens=128, d=4096, experts=8, hidden=14336),
)
