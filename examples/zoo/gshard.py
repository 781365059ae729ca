# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""GShard: the two best experts, with room for so many tokens of a group each."""

import numpy as np

from zoo import System, index, matrix, normal, relu_ffn, run_experts, share, softmax
from zoo import top_k, wide


def inputs(rng, groups, tokens, d, experts, hidden):
    return {
        "x": normal(rng, groups, tokens, d),
        "router": matrix(rng, d, experts),
        "up": matrix(rng, experts, d, hidden),
        "down": matrix(rng, experts, hidden, d),
        "capacity": index(2 * tokens / experts),
    }


def reference(x, router, up, down, capacity):
    x = wide(x)
    p = softmax(x @ wide(router))
    first = top_k(p, 1)
    second = top_k(np.where(first, -1, p), 1)
    weights = p / (p * (first | second)).sum(-1, keepdims=True)
    room = capacity - np.minimum(first.sum(1, keepdims=True), capacity)
    first &= np.cumsum(first, axis=1) <= capacity
    second &= np.cumsum(second, axis=1) <= room
    chosen = first | second
    y = [run_experts(*group, relu_ffn, up, down) for group in zip(x, weights, chosen)]
    return [np.stack(y)], share(chosen)


# The layer of the 150-billion-parameter model: 512 experts there.
SYSTEM = System(
    title="GShard",
    family="experts",
    paper="2006.16668",
    inputs=inputs,
    reference=reference,
    tiny=dict(groups=3, tokens=16, d=16, experts=4, hidden=24),
    published=dict(groups=4, tokens=1024, d=1024, experts=64, hidden=8192),
    less="one layer, 64 of 512 experts",
)
