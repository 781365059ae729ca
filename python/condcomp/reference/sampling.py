# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sampling modules: Gumbel top-k with a counter-based generator."""

import numpy as np

from .gates import top_k
from .routing import Routing, check, weight_type, widen

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
WORD = np.uint64(0xFFFFFFFF)


def philox(counter, key):
    """Philox4x32-10 (Salmon et al. 2011): four words of 32 bits per counter.

    counter: four arrays or ints of 32 bits. key: two ints of 32 bits.
    """
    a, b, c, d = np.broadcast_arrays(*(np.asarray(w, np.uint64) for w in counter))
    key = [int(word) for word in key]
    for _ in range(10):
        first, second = a * np.uint64(MULTIPLIERS[0]), c * np.uint64(MULTIPLIERS[1])
        a, b, c, d = (
            (second >> np.uint64(32)) ^ b ^ np.uint64(key[0]),
            second & WORD,
            (first >> np.uint64(32)) ^ d ^ np.uint64(key[1]),
            first & WORD,
        )
        key = [(word + weyl) % 2**32 for word, weyl in zip(key, WEYL)]
    return a, b, c, d


def gumbel(shape, key, step=0, ids=None, double=False):
    """The noise of every (row, module), in float64: [B, R, M].

    key: int of 64 bits. ids: int [B, R], the rows' positions when absent.
    double: 52 random bits instead of 23.
    """
    if ids is None:
        ids = np.arange(np.prod(shape[:-1], dtype=int)).reshape(shape[:-1])
    ids = np.asarray(ids).astype(np.int64).astype(np.uint64)[..., None]
    key = int(key) % 2**64
    words = philox(
        (np.arange(shape[-1]), step, ids & WORD, ids >> np.uint64(32)),
        (key % 2**32, key >> 32),
    )
    if double:
        number = ((words[0] << np.uint64(32)) | words[1]) >> np.uint64(12)
        uniform = (2 * number + np.uint64(1)).astype(np.float64) * 2.0**-53
    else:
        number = words[0] >> np.uint64(9)
        uniform = (2 * number + np.uint64(1)).astype(np.float64) * 2.0**-24
    return -np.log(-np.log(uniform))


def sample(logits, k, key, step=0, ids=None):
    """Each row's k best of logits plus Gumbel noise, weighted by the logits.

    logits: [B, R, M]. k: int. key: int of 64 bits. step: int of 32 bits. ids:
    int [B, R].
    """
    double = weight_type(logits) == np.float64
    logits = widen(logits)
    modules = logits.shape[-1]
    check(0 <= k <= modules, f"sample C3: k = {k} is not in 0 to {modules}")
    check(0 <= step < 2**32, f"sample C4: step = {step} has more than 32 bits")
    check(
        ids is None or np.shape(ids) == logits.shape[:-1],
        "sample I5: ids are not one per row",
    )
    noise = gumbel(logits.shape, key, step, ids, double)
    return Routing(top_k(logits + noise, k).presence, logits, k)
