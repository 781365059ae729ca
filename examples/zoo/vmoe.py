# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""V-MoE: experts take the most important tokens of the batch."""

import math

import numpy as np

from switch import inputs
from zoo import System, run_experts, share, softmax, wide

erf = np.vectorize(math.erf, otypes=[float])


def gelu_ffn(x, up, down):
    h = x @ wide(up)
    return (h * 0.5 * (1 + erf(h / math.sqrt(2)))) @ wide(down)


def reference(x, router, up, down, capacity):
    p = softmax(wide(x) @ wide(router))
    order = np.argsort(-p, axis=-1, kind="stable")
    chosen, taken = np.zeros(p.shape, bool), np.zeros(p.shape[1], int)
    important = np.argsort(-p.max(-1, initial=0), kind="stable")
    for choice in range(2):
        for token in important:
            expert = order[token, choice]
            chosen[token, expert] = taken[expert] < capacity
            taken[expert] += 1
    return [run_experts(wide(x), p, chosen, gelu_ffn, up, down)], share(chosen)


# Eight images of 196 patches; capacity is the factor times 2 tokens / experts.
SYSTEM = System(
    title="V-MoE-B/16, batch-prioritized (capacity ratio 0.5)",
    family="experts",
    paper="2106.05974",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=24, d=16, experts=4, hidden=24, capacity_factor=1.0),
    published=dict(tokens=1568, d=768, experts=32, hidden=3072, capacity_factor=1.0),
)
