# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The routing value and what all ops share."""

import numpy as np


class CheckError(ValueError):
    """A constraint of docs/spec.md does not hold for the values given."""


def check(condition, message):
    if not condition:
        raise CheckError(message)


def widen(values):
    """Floats of any type as float64; other types as they are."""
    values = np.asarray(values)
    if values.dtype.kind in "biu":
        return values
    return values.astype(np.float64)


def weight_type(scores):
    """The type that weights have: that of sums which decide something."""
    return np.float64 if np.asarray(scores).dtype == np.float64 else np.float32


def order_key(value):
    """Sorts the larger first and every number before every NaN."""
    return (1, 0.0) if np.isnan(value) else (0, -float(value))


class Routing:
    """A sparse matrix [B, R, M]: where entries are, and their weights.

    Attributes:
      presence: bool [B, R, M].
      weights: float64 [B, R, M]; 0 where there is no entry.
      k: entries per row if the routing is uniform (bound `exactly`), else None.
    """

    def __init__(self, presence, weights, k=None):
        self.presence = np.asarray(presence, dtype=bool)
        self.weights = np.where(self.presence, widen(weights), 0.0)
        self.k = k
        check(self.presence.ndim >= 2, "routing C1: fewer than two dims")
        if k is not None:
            sizes = self.presence.sum(-1)
            check((sizes == k).all(), f"routing: a row has not exactly {k} entries")

    @property
    def shape(self):
        return self.presence.shape

    @property
    def batch(self):
        return self.shape[:-2]

    @property
    def rows(self):
        return self.shape[-2]

    @property
    def modules(self):
        return self.shape[-1]

    @property
    def entry_shape(self):
        """E: [B, R, k] if uniform, else [entries]."""
        if self.k is not None:
            return self.batch + (self.rows, self.k)
        return (int(self.presence.sum()),)

    def positions(self):
        """[entries] index arrays (batch dims..., row, module), in entry order."""
        return np.nonzero(self.presence)

    def from_pairs(self, pairs):
        """[B, R, M, ...] to the entry tensor [E, ...]."""
        return pairs[self.presence].reshape(
            self.entry_shape + pairs.shape[len(self.shape) :]
        )

    def packed(self, entries):
        """An entry tensor [E, ...] as [entries, ...]."""
        dims = len(self.entry_shape)
        check(
            entries.shape[:dims] == self.entry_shape,
            f"entry tensor: shape {entries.shape} does not lead with {self.entry_shape}",
        )
        return entries.reshape((int(self.presence.sum()),) + entries.shape[dims:])

    def with_weights(self, weights):
        return Routing(self.presence, weights, self.k)
