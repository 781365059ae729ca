# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ops with bodies: apply and cascade. A body is a Python function on arrays."""

from dataclasses import dataclass, field

import numpy as np

from .movement import combine as combine_entries
from .routing import check, widen


def apply(
    routing,
    bodies,
    rows=(),
    entries=(),
    params=(),
    outs=(),
    combine="sum",
    weights="output",
    scope="row",
    with_ids=False,
    with_module=False,
):
    """Runs module m's body on the rows that have an entry at m.

    bodies: one function for all modules or a list of one per module, called with
    the gathered rows and entries [n, ...], the params [...] of the module, ids
    [n] and the module, as asked for; returns a list of results [n, ...].
    rows: [B, R, ...]. entries: [E, ...]. params: [M, ...]. outs: as combine's.
    Returns a list of results; entry tensors with combine="none".
    """
    rows, params = [widen(r) for r in rows], [widen(p) for p in params]
    packed = [routing.packed(widen(e)) for e in entries]
    lead = routing.shape[:-1]
    for operand in rows:
        check(
            operand.shape[: len(lead)] == lead,
            f"apply C1: rows are {operand.shape}, the routing's are {lead}",
        )
    for param in params:
        check(
            param.shape[0] == routing.modules,
            f"apply C3: params are of {param.shape[0]} modules, not {routing.modules}",
        )
    *of_row, module_of = routing.positions()
    entry_row = np.ravel_multi_index(of_row, lead) if module_of.size else module_of
    entry_batch = entry_row // max(routing.rows, 1)
    weight = routing.weights[routing.presence]
    flat = [r.reshape((int(np.prod(lead)),) + r.shape[len(lead) :]) for r in rows]

    def scaled(values, own):
        if weights != "input" or values.dtype.kind != "f":
            return values
        return values * weight[own].reshape((-1,) + (1,) * (values.ndim - 1))

    results = None
    groups = range(int(np.prod(routing.batch))) if scope == "group" else [None]
    for module in range(routing.modules):
        body = bodies[module] if isinstance(bodies, (list, tuple)) else bodies
        for group in groups:
            chosen = module_of == module
            if group is not None:
                chosen &= entry_batch == group
            own = np.flatnonzero(chosen)
            arguments = [scaled(f[entry_row[own]], own) for f in flat]
            arguments += [scaled(e[own], own) for e in packed]
            arguments += [p[module] for p in params]
            arguments += [entry_row[own]] if with_ids else []
            arguments += [module] if with_module else []
            with np.errstate(all="ignore"):
                yielded = [widen(y) for y in body(*arguments)]
            if results is None:
                results = [
                    np.zeros((len(module_of),) + y.shape[1:], y.dtype) for y in yielded
                ]
            for result, values in zip(results, yielded):
                check(
                    len(values) == len(own),
                    f"apply C11: {len(own)} rows came in and {len(values)} went out",
                )
                result[own] = values
    if results is None:
        return [widen(o).copy() for o in outs]
    if combine == "none" and weights == "output":
        results = [r * weight.reshape((-1,) + (1,) * (r.ndim - 1)) for r in results]
    results = [r.reshape(routing.entry_shape + r.shape[1:]) for r in results]
    if combine == "none":
        return results
    return [
        combine_entries(routing, combine, r, o, weights == "output")
        for r, o in zip(results, outs)
    ]


@dataclass
class Exit:
    """What a stage of a cascade ends in; the last one gives results and state.

    done: bool [n]. results, carry: lists of [n, ...]. state: whole tensors.
    """

    done: object = None
    results: list = field(default_factory=list)
    carry: list = field(default_factory=list)
    state: list = field(default_factory=list)


def cascade(stages, rows, state=(), with_ids=False):
    """Stages with exits: rows that are done leave, the others are carried on.

    stages: functions of the carried rows [n, ...], the whole state and the ids
    [n], as asked for, that return an Exit. rows, state: [R, ...].
    Returns (results, state, stage at which each row left [R]).
    """
    carried, state = [widen(r) for r in rows], [widen(s).copy() for s in state]
    total = len(carried[0])
    for operand in carried + state:
        check(len(operand) == total, f"cascade C1: {len(operand)} rows, not {total}")
    ids = np.arange(total)
    left_at = np.zeros(total, dtype=np.int32)
    outputs = None
    for number, stage in enumerate(stages):
        with np.errstate(all="ignore"):
            end = stage(*carried, *state, *([ids] if with_ids else []))
        last = number == len(stages) - 1
        done = (
            np.ones(len(ids), dtype=bool) if last else np.asarray(end.done, dtype=bool)
        )
        results = [widen(r) for r in end.results]
        carried = [] if last else [widen(c) for c in end.carry]
        for value in [done, *results, *carried]:
            check(
                len(value) == len(ids),
                f"cascade C8: {len(ids)} rows came into stage {number} and {len(value)} went out",
            )
        state = [widen(s).copy() for s in end.state]
        if outputs is None:
            outputs = [np.zeros((total,) + r.shape[1:], r.dtype) for r in results]
        for output, result in zip(outputs, results):
            output[ids[done]] = result[done]
        left_at[ids[done]] = number
        carried = [c[~done] for c in carried]
        ids = ids[~done]
    return outputs, state, left_at
