# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Hybrid LLM: a small model for the queries that it can answer."""

import numpy as np

from zoo import System, matrix, normal, swiglu, wide


def inputs(rng, tokens, d, small, large, tau):
    arrays = {
        "x": normal(rng, tokens, d),
        "router": matrix(rng, d, 1),
        "tau": np.array(tau, np.float32),
    }
    for name, hidden in [("s", small), ("l", large)]:
        arrays[f"gate_{name}"] = matrix(rng, d, hidden)
        arrays[f"up_{name}"] = matrix(rng, d, hidden)
        arrays[f"down_{name}"] = matrix(rng, hidden, d)
    return arrays


def reference(x, router, tau, gate_s, up_s, down_s, gate_l, up_l, down_l):
    x = wide(x)
    small = (x @ wide(router) >= tau)[:, 0]
    y = np.zeros(x.shape)
    y[small] = swiglu(x[small], gate_s, up_s, down_s)
    y[~small] = swiglu(x[~small], gate_l, up_l, down_l)
    models = np.where(small, gate_s.shape[1], gate_l.shape[1])
    ran = models.sum() / max(len(x), 1) / (gate_s.shape[1] + gate_l.shape[1])
    return [y, (~small).astype(np.int32)[:, None]], float(ran)


# Feed-forwards of Llama-2 7B and of a model a tenth as wide.
SYSTEM = System(
    title="Hybrid LLM (whole-model selection)",
    family="width",
    paper="2404.14618",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=9, d=16, small=4, large=40, tau=0.0),
    published=dict(tokens=128, d=4096, small=1100, large=11008, tau=0.0),
    less="a layer of each model",
)
