# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Input arrays: sizes, ties, NaN and infinities that programs must survive."""

import ml_dtypes
import numpy as np

DTYPES = {
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "f32": np.float32,
    "f64": np.float64,
    "i1": np.bool_,
    "i8": np.int8,
    "i32": np.int32,
    "i64": np.int64,
    "index": np.int64,
}


def rng(*seed):
    return np.random.default_rng(np.frombuffer(repr(seed).encode(), dtype=np.uint8))


def normal(seed, shape, element="f32", scale=1.0):
    return (rng("normal", seed, shape).standard_normal(shape) * scale).astype(
        DTYPES[element]
    )


def separated(seed, shape, element="f32"):
    """Scores in which no two of a row are closer than 0.25: exact in every type."""
    order = rng("separated", seed, shape).random(shape).argsort(-1)
    return ((order - shape[-1] // 2) * 0.25).astype(DTYPES[element])


def ties(seed, shape, element="f32"):
    """Scores of three values only, among them both zeros."""
    values = np.array([0.0, -0.0, 1.0])
    return rng("ties", seed, shape).choice(values, shape).astype(DTYPES[element])


def specials(seed, shape, element="f32"):
    """NaN, infinities and both zeros amid ordinary numbers; one row all NaN."""
    values = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -2.25, 0.5])
    scores = rng("specials", seed, shape).choice(values, shape)
    if scores.size:
        scores.reshape(-1, shape[-1])[0] = np.nan
    return scores.astype(DTYPES[element])


def mask(seed, shape, density=0.5):
    """Presence; every third row is empty."""
    present = rng("mask", seed, shape).random(shape) < density
    present[..., ::3, :] = False
    return present


def distinct(seed, shape, modules, element="index"):
    """Index rows without repeats, in no order."""
    generator = rng("distinct", seed, shape, modules)
    rows = generator.random(shape[:-1] + (modules,)).argsort(-1)
    return rows[..., : shape[-1]].astype(DTYPES[element])


# (rows, modules) of a routing: none, one, few, more than a vector or a tile.
SHAPES = [(0, 4), (1, 1), (1, 5), (7, 3), (33, 8), (70, 20)]
BATCHED = [(0, 3, 4), (2, 0, 4), (1, 1, 2), (3, 5, 4)]
