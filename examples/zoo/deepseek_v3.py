# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""DeepSeek-V3: eight experts of the four best groups, and a shared one."""

import numpy as np

import mixtral
from zoo import System, matrix, normal, run_experts, share, sigmoid, swiglu, top_k
from zoo import wide


def inputs(rng, shared_hidden, other_groups, **sizes):
    d, experts = sizes["d"], sizes["experts"]
    arrays = mixtral.inputs(rng, **sizes)
    x, router = arrays.pop("x"), arrays.pop("router")
    return {
        "x": x,
        "router": router,
        # Some of the chosen biased scores are below zero.
        "bias": normal(rng, experts, scale=0.3) - np.float32(0.6),
        **arrays,
        "shared_gate": matrix(rng, d, shared_hidden),
        "shared_up": matrix(rng, d, shared_hidden),
        "shared_down": matrix(rng, shared_hidden, d),
        "other_groups": np.array(other_groups, np.float32),
    }


def reference(
    x,
    router,
    bias,
    gate,
    up,
    down,
    shared_gate,
    shared_up,
    shared_down,
    other_groups,
):
    x = wide(x)
    s = sigmoid(x @ wide(router))
    biased = s + wide(bias)
    groups = biased.reshape(len(x), 8, biased.shape[1] // 8)
    group_scores = np.sort(groups, axis=-1)[..., -2:].sum(-1)
    kept = top_k(group_scores, 4)[..., None]
    limited = np.where(kept, groups, wide(other_groups)).reshape(s.shape)
    chosen = top_k(limited, 8)
    weights = 2.5 * s / (s * chosen).sum(-1, keepdims=True)
    y = run_experts(x, weights, chosen, swiglu, gate, up, down)
    return [y + swiglu(x, shared_gate, shared_up, shared_down)], share(chosen)


SYSTEM = System(
    title="DeepSeek-V3",
    family="experts",
    paper="2412.19437",
    also="Hugging Face DeepseekV3MoE",
    inputs=inputs,
    reference=reference,
    tiny=dict(
        tokens=9, d=16, experts=24, hidden=8, shared_hidden=8, other_groups=-np.inf
    ),
    # The older fill, against which experts of negative score lose.
    variants={"older fill": dict(other_groups=0.0)},
    published=dict(
        tokens=256,
        d=7168,
        experts=32,
        hidden=2048,
        shared_hidden=2048,
        other_groups=-np.inf,
    ),
    less="one layer, 32 of 256 experts",
)
