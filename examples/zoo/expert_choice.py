# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Expert choice: experts take their best tokens."""

import switch
from zoo import System, relu_ffn, run_experts, share, softmax, top_k, wide


def inputs(rng, **sizes):
    arrays = switch.inputs(rng, **sizes)
    c = arrays.pop("capacity")
    return {**arrays, "c": c}


def reference(x, router, up, down, c):
    s = softmax(wide(x) @ wide(router))
    chosen = top_k(s.T, int(c)).T
    return [run_experts(wide(x), s, chosen, relu_ffn, up, down)], share(chosen)


SYSTEM = System(
    title="Expert choice (100M/64E, capacity factor 2)",
    family="experts",
    paper="2202.09368",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=12, d=16, experts=4, hidden=24, capacity_factor=2),
    published=dict(tokens=2048, d=768, experts=64, hidden=3072, capacity_factor=2),
)
