# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether a program computes what the network does."""

import numpy as np
import torch
from torch.utils import _pytree as pytree

# In f32: the largest difference from PyTorch eager, masked or dense, relative to the
# largest magnitude of the result, where decisions are the same.
TOLERANCE = 1e-3

# In bf16 near ties are decided otherwise by every order of sums, PyTorch's by itself
# too. So: the median of the samples' differences, and by how much decisions (after which
# layer samples leave) are off in the mean, relative to theirs.
BF16_TOLERANCE, BF16_DRIFT = 0.1, 0.1


def arrays(results):
    """Results of a network as NumPy arrays."""
    return [as_array(leaf) for leaf in pytree.tree_leaves(results)]


def as_array(leaf):
    if not isinstance(leaf, torch.Tensor):
        return np.asarray(leaf)
    return (leaf.float() if leaf.dtype == torch.bfloat16 else leaf).cpu().numpy()


def is_decision(array):
    return np.issubdtype(array.dtype, np.integer)


def compare(got, expected):
    """The largest difference relative to the largest magnitude, over the samples whose
    decisions (results that are integers) are the same; the share of the others."""
    same = alike(got, expected)
    return differences(got, expected, same).max(initial=0), float(1 - same.mean())


def compare_bf16(got, expected):
    """The median of the samples' differences, over those whose decisions are the same;
    the share of the others; the difference of the means of decisions."""
    same = alike(got, expected)
    off = differences(got, expected, same)
    drift = max(
        (
            abs(a.mean() - b.mean()) / (1 + b.mean())
            for a, b in zip(got, expected)
            if is_decision(b)
        ),
        default=0.0,
    )
    return np.median(off) if len(off) else 0.0, float(1 - same.mean()), float(drift)


def alike(got, expected):
    """Which samples' decisions are the same."""
    same = np.ones(len(expected[0]), dtype=bool)
    for a, b in zip(got, expected, strict=True):
        if is_decision(b):
            same &= (a == b).reshape(len(b), -1).all(1)
    return same


def differences(got, expected, same):
    """Of these samples, relative to the largest magnitude of all."""
    worst = np.zeros(same.sum())
    for a, b in zip(got, expected):
        if not is_decision(b):
            off = np.abs(a - b)[same].reshape(len(worst), -1).max(1, initial=0)
            worst = np.maximum(worst, off / np.abs(b).max(initial=1e-30))
    return worst


def verdict(got, expected, dtype, may_differ):
    """{"error", "differ"} of a program, and why it is wrong, or None. may_differ: the
    share of the samples that may decide otherwise in f32."""
    if dtype == "bf16":
        error, differ, drift = compare_bf16(got, expected)
        right = error <= BF16_TOLERANCE and drift <= BF16_DRIFT
        what = "the median of its relative errors"
    else:
        error, differ = compare(got, expected)
        right = error <= TOLERANCE and differ <= may_differ
        what = "its largest relative error"
    why = (
        f"a wrong result: {what} is {error:.1e}, and {differ:.1%} of the samples decide"
        " otherwise"
    )
    return {"error": float(error), "differ": differ}, None if right else why
