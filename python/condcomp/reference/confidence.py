# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How sure a classifier is."""

import numpy as np

from .routing import check, widen


def confidence(logits, kind):
    """Of p = softmax(logits) over the last dim: [..., C] to [...].

    kind: "max_prob" (the largest p), "entropy" (-sum of p ln p, in nats) or
    "margin" (the largest p less the second largest).
    """
    logits = widen(logits)
    needed = 2 if kind == "margin" else 1
    classes = logits.shape[-1]
    check(classes >= needed, f"confidence C3: {classes} classes, {kind} needs {needed}")
    with np.errstate(all="ignore"):
        e = np.exp(logits - logits.max(-1, keepdims=True))
        p = e / e.sum(-1, keepdims=True)
        if kind == "max_prob":
            return p.max(-1)
        if kind == "margin":
            best = np.sort(p, -1)
            return best[..., -1] - best[..., -2]
        return -np.where(p == 0, 0.0, p * np.log(np.where(p == 0, 1.0, p))).sum(-1)
