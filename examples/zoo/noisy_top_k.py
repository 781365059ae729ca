# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sparsely-gated mixture of experts: noisy top-k gating."""

import numpy as np

from zoo import System, matrix, normal, relu_ffn, run_experts, share, softmax, top_k
from zoo import wide


def inputs(rng, tokens, d, experts, hidden):
    return {
        "x": normal(rng, tokens, d),
        "gate": matrix(rng, d, experts),
        "noise_gate": matrix(rng, d, experts),
        "noise": normal(rng, tokens, experts),
        "up": matrix(rng, experts, d, hidden),
        "down": matrix(rng, experts, hidden, d),
    }


def reference(x, gate, noise_gate, noise, up, down):
    spread = np.logaddexp(0, wide(x) @ wide(noise_gate))
    h = wide(x) @ wide(gate) + wide(noise) * spread
    chosen = top_k(h, 4)
    weights = softmax(np.where(chosen, h, -np.inf))
    return [run_experts(wide(x), weights, chosen, relu_ffn, up, down)], share(chosen)


# The language model MoE-256 of section 5.1.
SYSTEM = System(
    title="Sparsely-gated MoE (MoE-256)",
    family="experts",
    paper="1701.06538",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=9, d=16, experts=12, hidden=24),
    published=dict(tokens=1024, d=512, experts=256, hidden=1024),
)
