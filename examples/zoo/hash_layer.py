# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Hash layers: a token's id says which expert it goes to."""

import numpy as np

from zoo import System, matrix, normal, relu_ffn, run_experts, share, wide


def inputs(rng, tokens, d, experts, hidden, vocabulary):
    return {
        "x": normal(rng, tokens, d),
        "ids": rng.integers(vocabulary, size=tokens),
        "table": rng.integers(experts, size=vocabulary),
        "up": matrix(rng, experts, d, hidden),
        "down": matrix(rng, experts, hidden, d),
    }


def reference(x, ids, table, up, down):
    chosen = table[ids][:, None] == np.arange(len(up))
    y = run_experts(wide(x), np.ones(chosen.shape), chosen, relu_ffn, up, down)
    return [wide(x) + y], share(chosen)


SYSTEM = System(
    title="Hash layer",
    family="experts",
    paper="2106.04426",
    inputs=inputs,
    reference=reference,
    tiny=dict(tokens=12, d=16, experts=5, hidden=24, vocabulary=50),
    published=dict(tokens=2048, d=1024, experts=64, hidden=4096, vocabulary=50264),
)
