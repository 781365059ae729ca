# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The noise of `condcomp.sample`, the same numbers as compiled code draws."""

import torch

_WORD = 0xFFFFFFFF


def _multiply(a, b):
    """The high and the low word of the product of two words."""
    product = a * b  # int64 wraps: all 64 bits are right
    return (product >> 32) & _WORD, product & _WORD


def philox(counter, key):
    """Philox4x32-10 (Salmon et al. 2011): four int64 tensors of words from four
    words of counter and two of key."""
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = _multiply(a, 0xD2511F53)
        high1, low1 = _multiply(c, 0xCD9E8D57)
        a, b, c, d = high1 ^ b ^ k0, low1, high0 ^ d ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) & _WORD, (k1 + 0xBB67AE85) & _WORD
    return a, b, c, d


def gumbel(shape, key, dtype, device=None):
    """Noise [rows, modules] of docs/spec.md, `sample`, for step 0 and the rows'
    positions as ids. key: an int64 tensor without dims."""
    rows, modules = shape
    row = torch.arange(rows, device=device).unsqueeze(1)
    module = torch.arange(modules, device=device).unsqueeze(0)
    zero = torch.zeros_like(row + module)
    counter = (zero + module, zero, zero + (row & _WORD), zero + ((row >> 32) & _WORD))
    w0, w1, _, _ = philox(counter, (key & _WORD, (key >> 32) & _WORD))
    if dtype == torch.float64:
        n = (w0 << 20) | (w1 >> 12)
        u = (2 * n + 1).to(dtype) * 2.0**-53
    else:
        u = (2 * (w0 >> 9) + 1).to(dtype) * 2.0**-24
    return -torch.log(-torch.log(u))
