# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""D2DMoE: a token runs the experts predicted to matter for it, few or many."""

import numpy as np

from zoo import System, matrix, normal, relu_ffn, run_experts, share, wide


def inputs(rng, tokens, d, predictor, experts, hidden, tau):
    return {
        "x": normal(rng, tokens, d),
        "predictor0": matrix(rng, d, predictor),
        "predictor1": matrix(rng, predictor, experts),
        "up": matrix(rng, experts, d, hidden),
        "up_bias": normal(rng, experts, hidden),
        "down": matrix(rng, experts, hidden, d),
        "tau": np.array(tau, np.float32),
    }


def expert(x, up, up_bias, down):
    return np.maximum(x @ wide(up) + up_bias, 0) @ wide(down)


def reference(x, predictor0, predictor1, up, up_bias, down, tau):
    norms = np.abs(relu_ffn(wide(x), predictor0, predictor1))
    chosen = norms >= wide(tau) * norms.max(-1, keepdims=True)
    ones = np.ones(chosen.shape)
    y = run_experts(wide(x), ones, chosen, expert, up, up_bias, down)
    return [y], share(chosen)


# BERT-base, experts of 24 neurons.
SYSTEM = System(
    title="D2DMoE (MoEfication with dynamic k)",
    family="experts",
    paper="2310.04361",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=9, d=16, predictor=8, experts=6, hidden=4, tau=0.5),
    published=dict(tokens=2048, d=768, predictor=128, experts=128, hidden=24, tau=0.5),
)
