# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""gpt-oss: experts with biases and a clamped, interleaved SwiGLU."""

import numpy as np

from zoo import System, matrix, normal, run_experts, share, sigmoid, softmax, top_k
from zoo import wide


def inputs(rng, tokens, d, experts, hidden):
    return {
        # Wide enough that the activation's limits are met.
        "x": normal(rng, tokens, d, scale=3),
        "router": matrix(rng, d, experts),
        "router_bias": normal(rng, experts),
        "up": matrix(rng, experts, d, 2 * hidden),
        "up_bias": normal(rng, experts, 2 * hidden),
        "down": matrix(rng, experts, hidden, d),
        "down_bias": normal(rng, experts, d),
    }


def expert(x, up, up_bias, down, down_bias):
    both = x @ wide(up) + up_bias
    gate = np.minimum(both[:, ::2], 7)
    linear = np.clip(both[:, 1::2], -7, 7)
    return ((linear + 1) * gate * sigmoid(1.702 * gate)) @ wide(down) + down_bias


def reference(x, router, router_bias, up, up_bias, down, down_bias):
    logits = wide(x) @ wide(router) + router_bias
    chosen = top_k(logits, 4)
    weights = softmax(np.where(chosen, logits, -np.inf))
    params = up, up_bias, down, down_bias
    return [run_experts(wide(x), weights, chosen, expert, *params)], share(chosen)


# gpt-oss-20b has 32 experts of this size, gpt-oss-120b has 128.
SYSTEM = System(
    title="gpt-oss-20b",
    family="experts",
    paper="2508.10925",
    also="Hugging Face GptOssMLP",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=9, d=16, experts=8, hidden=24),
    published=dict(tokens=256, d=2880, experts=32, hidden=2880),
)
