# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Queries: what a routing holds, as arrays."""

import numpy as np


def row_sizes(routing):
    """[B, R]: entries per row."""
    return routing.presence.sum(-1).astype(np.int64)


def module_sizes(routing):
    """[B, M]: entries per module."""
    return routing.presence.sum(-2).astype(np.int64)


def num_entries(routing):
    """All entries."""
    return int(routing.presence.sum())


def row_offsets(routing):
    """[B * R + 1]: where each row's entries begin; the last is their number."""
    return np.concatenate([[0], np.cumsum(row_sizes(routing).reshape(-1))]).astype(
        np.int64
    )


def weights(routing):
    """[E]: the weights."""
    return routing.from_pairs(routing.weights)


def indices(routing):
    """[E]: each entry's module."""
    modules = np.broadcast_to(np.arange(routing.modules), routing.shape)
    return routing.from_pairs(modules)


def to_dense(routing):
    """[B, R, M]: the weights, 0 where there is no entry."""
    return routing.weights.copy()


def to_mask(routing):
    """bool [B, R, M]: presence."""
    return routing.presence.copy()
