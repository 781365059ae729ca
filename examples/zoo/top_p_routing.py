# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Top-p routing: as many experts as it takes to be confident."""

import numpy as np

import mixtral
from zoo import System, run_experts, share, softmax, swiglu, wide


def inputs(rng, threshold, **sizes):
    arrays = mixtral.inputs(rng, **sizes)
    # Trained routers are surer than random ones.
    arrays["router"] *= np.float32(3)
    return {**arrays, "threshold": np.array(threshold, np.float32)}


def reference(x, router, gate, up, down, threshold):
    p = softmax(wide(x) @ wide(router))
    order = np.argsort(-p, axis=-1, kind="stable")
    falling = np.take_along_axis(p, order, -1)
    # An expert is needed while those before it have not reached the threshold.
    needed = np.cumsum(falling, -1) - falling < threshold
    chosen = np.zeros(p.shape, bool)
    np.put_along_axis(chosen, order, needed, -1)
    return [run_experts(wide(x), p, chosen, swiglu, gate, up, down)], share(chosen)


SYSTEM = System(
    title="Top-p routing (p = 0.4)",
    family="experts",
    paper="2403.07652",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=9, d=16, experts=6, hidden=8, threshold=0.4),
    published=dict(tokens=512, d=1024, experts=16, hidden=2816, threshold=0.4),
)
