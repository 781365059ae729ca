# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""MoE++: experts that cost nothing beside those that do."""

from zoo import System, matrix, normal, run_experts, share, softmax, swiglu, top_k, wide


def inputs(rng, tokens, d, experts, hidden):
    return {
        "x": normal(rng, tokens, d),
        "router": matrix(rng, d, 3 + experts),
        "constant": matrix(rng, d, 2),
        "v": normal(rng, d),
        "gate": matrix(rng, experts, d, hidden),
        "up": matrix(rng, experts, d, hidden),
        "down": matrix(rng, experts, hidden, d),
    }


def reference(x, router, constant, v, gate, up, down):
    x = wide(x)
    p = softmax(x @ wide(router))
    chosen = top_k(p, 2)
    w = p * chosen
    ab = softmax(x @ wide(constant))
    y = w[:, 1:2] * x + w[:, 2:3] * (ab[:, :1] * x + ab[:, 1:] * wide(v))
    y += run_experts(x, w[:, 3:], chosen[:, 3:], swiglu, gate, up, down)
    return [y, chosen.sum(0)], share(chosen[:, 3:])


# Of the 1-billion-parameter model; it has two constant experts.
SYSTEM = System(
    title="MoE++ (zero, copy and constant experts)",
    family="experts",
    paper="2410.07348",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=12, d=16, experts=5, hidden=8),
    published=dict(tokens=512, d=768, experts=16, hidden=2048),
    less="one layer, one constant expert",
)
