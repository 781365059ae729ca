# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Into entries and out of them."""

import numpy as np

from .routing import check, widen


def select(routing, space, source):
    """The entry tensor [E, ...] of the source at each entry.

    space, source: "rows" [B, R, ...], "modules" [B, M, ...] or "pairs"
    [B, R, M, ...].
    """
    source = widen(source)
    batch, rows, modules = routing.batch, routing.rows, routing.modules
    lead = {
        "rows": batch + (rows,),
        "modules": batch + (modules,),
        "pairs": batch + (rows, modules),
    }[space]
    check(
        source.shape[: len(lead)] == lead,
        f"select C1: {source.shape} does not lead with {lead}",
    )
    *of_batch, row, module = routing.positions()
    at = {"rows": (row,), "modules": (module,), "pairs": (row, module)}[space]
    picked = source[tuple(of_batch) + at]
    return picked.reshape(routing.entry_shape + source.shape[len(lead) :])


def combine(routing, kind, entries, outs, use_weights=True):
    """Entries [E, ...] to rows: sum, mean, max, replace or stack.

    outs: [B, R, ...], for stack [B, R, M, ...]: what rows (pairs) without
    entries keep, and what `sum` adds to.
    """
    result, entries = widen(outs).copy(), routing.packed(widen(entries))
    lead = routing.shape if kind == "stack" else routing.shape[:-1]
    check(
        result.shape == lead + entries.shape[1:],
        f"combine C2: outs are {result.shape}, not {lead + entries.shape[1:]}",
    )
    positions = routing.positions()
    if use_weights:
        weight = routing.weights[positions]
        with np.errstate(all="ignore"):
            entries = entries * weight.reshape((-1,) + (1,) * (entries.ndim - 1))
    if kind == "stack":
        result[positions] = entries
        return result
    owner = np.array([np.ravel_multi_index(p, lead) for p in zip(*positions[:-1])])
    flat = result.reshape((int(np.prod(lead)),) + entries.shape[1:])
    for row in range(len(flat)):
        own = entries[owner == row] if owner.size else entries[:0]
        if len(own) == 0:
            continue
        check(
            kind != "replace" or len(own) == 1, "combine C3: a row has several entries"
        )
        with np.errstate(all="ignore"):
            if kind == "sum":
                flat[row] = flat[row] + own.sum(0)
            elif kind == "mean":
                flat[row] = own.sum(0) / len(own)
            elif kind == "max":
                flat[row] = own.max(0)
            else:
                flat[row] = own[0]
    return flat.reshape(result.shape)


def pool(routing, kind, source, outs, use_weights=True):
    """Rows [B, R, ...] to modules [B, M, ...]: sum, mean or max of each one's rows.

    outs: [B, M, ...]: what modules without entries keep, and what `sum` adds to.
    """
    source, result = widen(source), widen(outs).copy()
    lead = routing.batch + (routing.rows,)
    check(
        source.shape[: len(lead)] == lead,
        f"pool C1: {source.shape} does not lead with {lead}",
    )
    expected = routing.batch + (routing.modules,) + source.shape[len(lead) :]
    check(result.shape == expected, f"pool C2: outs are {result.shape}, not {expected}")
    for at in np.ndindex(routing.batch + (routing.modules,)):
        batch, module = at[:-1], at[-1]
        rows = np.flatnonzero(routing.presence[batch][:, module])
        if not len(rows):
            continue
        own = source[batch][rows]
        if use_weights:
            weight = routing.weights[batch][rows, module]
            with np.errstate(all="ignore"):
                own = own * weight.reshape((-1,) + (1,) * (own.ndim - 1))
        with np.errstate(all="ignore"):
            if kind == "sum":
                result[at] = result[at] + own.sum(0)
            else:
                result[at] = own.sum(0) / len(own) if kind == "mean" else own.max(0)
    return result


def mix(routing, source, outs, use_weights=True):
    """Modules [B, M, ...] to rows [B, R, ...]: outs plus the sum of each one's."""
    chosen = select(routing, "modules", source)
    return combine(routing, "sum", chosen, outs, use_weights)


def restore(routing, kind, entries, outs):
    """Entries [E, ...] to their pairs in outs [B, R, M, ...]: replace or sum."""
    result, entries = widen(outs).copy(), routing.packed(widen(entries))
    check(
        result.shape == routing.shape + entries.shape[1:],
        f"restore C2: outs are {result.shape}, not {routing.shape + entries.shape[1:]}",
    )
    at = routing.positions()
    with np.errstate(all="ignore"):
        result[at] = entries if kind == "replace" else result[at] + entries
    return result
