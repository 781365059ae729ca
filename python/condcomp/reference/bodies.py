# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ops with bodies: apply, cascade and iterate. A body is a Python function on arrays."""

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
    """What a stage ends in; the last one of a cascade gives results and state.

    done: bool [n]. results, carry: lists of [n, ...]. state: whole tensors.
    """

    done: object = None
    results: list = field(default_factory=list)
    carry: list = field(default_factory=list)
    state: list = field(default_factory=list)


class Leaving:
    """Rows that leave, stage after stage.

    carried, ids: of the rows that are left. results: of all rows, None before any
    stage has run. left_at: where each row left.
    """

    def __init__(self, op, rows, state, outs, nowhere):
        self.op = op
        self.carried = [widen(r) for r in rows]
        self.state = [widen(s).copy() for s in state]
        self.results = None if outs is None else [widen(o).copy() for o in outs]
        total = len(self.carried[0])
        for operand in self.carried + self.state:
            check(len(operand) == total, f"{op} C1: {len(operand)} rows, not {total}")
        for out in self.results or []:
            check(len(out) == total, f"{op} C9: outs of {len(out)} rows, not {total}")
        self.ids = np.arange(total)
        self.left_at = np.full(total, nowhere, dtype=np.int32)

    def run(self, stage, at, params=(), with_ids=False, step=(), at_the_limit=None):
        """One stage. at: what done rows get as the place where they left.

        at_the_limit: what the others get, if all leave.
        """
        ids = self.ids
        with np.errstate(all="ignore"):
            end = stage(
                *self.carried, *params, *self.state, *([ids] if with_ids else []), *step
            )
        done = np.ones(len(ids), bool) if end.done is None else np.asarray(end.done)
        results, carry = [widen(r) for r in end.results], [widen(c) for c in end.carry]
        for value in [done, *results, *carry]:
            check(
                len(value) == len(ids),
                f"{self.op} C8: {len(ids)} rows came in and {len(value)} went out",
            )
        if self.results is None:
            total = len(self.left_at)
            self.results = [np.zeros((total,) + r.shape[1:], r.dtype) for r in results]
        leaves = done if at_the_limit is None else np.ones(len(ids), bool)
        for whole, result in zip(self.results, results):
            check(
                whole.shape[1:] == result.shape[1:],
                f"{self.op} C8: a result is {result.shape}, outs {whole.shape}",
            )
            whole[ids[leaves]] = result[leaves]
        if at_the_limit is not None:
            self.left_at[ids] = at_the_limit
        self.left_at[ids[done]] = at
        self.state = [widen(s).copy() for s in end.state]
        self.carried = [c[~leaves] for c in carry]
        self.ids = ids[~leaves]


def cascade(stages, rows, state=(), with_ids=False, outs=None, is_open=False):
    """Stages with exits: rows that are done leave, the others are carried on.

    stages: functions of the carried rows [n, ...], the whole state and the ids
    [n], as asked for, that return an Exit; the last one's `done` is None unless
    the cascade is open. rows, state, outs: [R, ...].
    Returns (results, state, stage at which each row left [R]), then of an open
    cascade (ids, carry) of the survivors.
    """
    leaving = Leaving("cascade", rows, state, outs, len(stages))
    for number, stage in enumerate(stages):
        leaving.run(stage, number, with_ids=with_ids)
    ends = leaving.results, leaving.state, leaving.left_at
    return ends + (leaving.ids, leaving.carried) if is_open else ends


def iterate(
    body, steps, rows, outs=(), params=(), state=(), with_ids=False, with_step=False
):
    """One body until each row is done, at most `steps` times.

    body: as a stage of cascade; after the carried rows it takes the step's slice
    of params [S, ...], and last the step.
    Returns (results, state, step at which each row was done [R]).
    """
    check(0 <= steps < 2**31, f"iterate C11: the limit of steps is {steps}")
    params = [widen(p) for p in params]
    for param in params:
        check(
            len(param) >= steps,
            f"iterate C12: params of {len(param)} steps, the limit is {steps}",
        )
    leaving = Leaving("iterate", rows, state, outs, steps)
    for step in range(steps):
        if not len(leaving.ids):
            break
        before = [c.shape[1:] for c in leaving.carried]
        leaving.run(
            body,
            step,
            [p[step] for p in params],
            with_ids,
            [step] if with_step else [],
            steps if step == steps - 1 else None,
        )
        for value, shape in zip(leaving.carried, before):
            check(
                value.shape[1:] == shape,
                f"iterate C8: a carried tensor is {value.shape}, was {shape}",
            )
    return leaving.results, leaving.state, leaving.left_at
