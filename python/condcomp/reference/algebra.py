# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Routing to routing: other weights, entries or modules."""

import numpy as np

from .routing import Routing, check, order_key, widen


def reweight(routing, dense=None, entries=None):
    """The same entries with the weights of a matrix or of an entry tensor.

    dense: [B, R, M]. entries: [E]. One of the two.
    """
    check((dense is None) != (entries is None), "reweight C1: one of dense and entries")
    if dense is not None:
        dense = widen(dense)
        check(dense.shape == routing.shape, "reweight C2: dense differs in shape")
        return routing.with_weights(dense)
    weights = np.zeros(routing.shape)
    weights[routing.presence] = routing.packed(widen(entries))
    return routing.with_weights(weights)


def normalize(routing, kind):
    """New weights per row: w / sum of w, or the softmax over the row's entries.

    kind: "sum" or "softmax". A row whose sum is 0 keeps its weights.
    """
    weights = routing.weights.copy()
    for row in np.ndindex(routing.shape[:-1]):
        present = routing.presence[row]
        w = weights[row][present]
        if not w.size:
            continue
        with np.errstate(all="ignore"):
            if kind == "softmax":
                e = np.exp(w - w.max())
                w = e / e.sum()
            elif w.sum() != 0:
                w = w / w.sum()
        weights[row][present] = w
    return routing.with_weights(weights)


def scale(routing, factor):
    """Every weight times a number."""
    with np.errstate(all="ignore"):
        return routing.with_weights(routing.weights * widen(factor))


def complement(routing):
    """Entries where there were none, with weight 1."""
    # Without rows there may be fewer modules than entries per row.
    k = None if routing.k is None else max(routing.modules - routing.k, 0)
    return Routing(~routing.presence, np.ones(routing.shape), k)


def slice_modules(routing, offset, size):
    """The entries of `size` modules from `offset` on, numbered from 0."""
    check(
        0 <= offset and 0 <= size and offset + size <= routing.modules,
        f"slice_modules C3: {offset} to {offset} + {size} of {routing.modules}",
    )
    taken = np.s_[..., offset : offset + size]
    full = size == routing.modules
    return Routing(
        routing.presence[taken],
        routing.weights[taken],
        routing.k if full else None,
    )


def concat_modules(*routings):
    """The modules of several routings [B, R, M] side by side."""
    rows = {r.shape[:-1] for r in routings}
    check(len(rows) == 1, f"concat_modules C1: rows differ: {rows}")
    counts = [r.k for r in routings]
    return Routing(
        np.concatenate([r.presence for r in routings], -1),
        np.concatenate([r.weights for r in routings], -1),
        None if None in counts else sum(counts),
    )


def capacity(routing, count, order="arrival", priority=None):
    """Each module keeps its first `count` entries, per batch index.

    order: "arrival" (by priority, then row), "rank" (by the entry's rank in its
    row, then priority, then row) or "weight" (by weight, then row).
    priority: [B, R], larger first; none with "weight".
    """
    check(count >= 0, f"capacity C3: the capacity is {count}")
    check(
        order != "weight" or priority is None, "capacity C4: weight takes no priority"
    )
    priority = np.zeros(routing.shape[:-1]) if priority is None else widen(priority)
    check(priority.shape == routing.shape[:-1], "capacity: priority is not [B, R]")
    presence = np.zeros(routing.shape, dtype=bool)
    for batch in np.ndindex(routing.batch):
        present, weights = routing.presence[batch], routing.weights[batch]

        def rank(row, module):
            ranked = sorted(
                np.flatnonzero(present[row]), key=lambda m: order_key(weights[row, m])
            )
            return ranked.index(module)

        for module in range(routing.modules):

            def key(row):
                if order == "weight":
                    return order_key(weights[row, module])
                first = rank(row, module) if order == "rank" else 0
                return first, order_key(priority[batch][row])

            claims = sorted(np.flatnonzero(present[:, module]), key=key)
            presence[batch][claims[:count], module] = True
    return Routing(presence, routing.weights)
