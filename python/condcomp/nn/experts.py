# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Experts: one of several copies of a module for each row."""

import copy

import torch
from torch import nn

from ._forms import Routing, check_form, form_of, keep, spread
from ._region import (
    ApplyRegion,
    Swapped,
    exporting,
    region,
    shapes_of,
    split_values,
)
from .gates import Gate


class Experts(nn.Module):
    """A mixture of experts: y = outs + sum over a row's entries of weight * expert(x).

    expert: called once per expert, returns a module that takes [rows, width] and
    returns [rows, width'], each row by itself; or a list of such modules. All have the
    same parameters' shapes; these are stacked along dim 0, in `weights`, a
    ParameterDict whose names have "_" for ".". count: how many, for a callable.
    gate: a `Gate`; its `weigh` says what an entry's weight is. router: makes scores
    [..., count] of x, for instance nn.Linear(width, count); without one they are an
    argument of forward.
    form: "masked" (all experts run on all rows; what a row has not chosen is removed)
    or "soft" (gates that have this form: every expert counts, by its score).

    After a forward pass in training mode `routing` (a `Routing`) and `scores` hold what
    was chosen, for `balance_loss(experts.scores, experts.routing.mask)`.

    ValueError: experts with unlike parameters or with buffers, scores of a wrong shape.
    """

    def __init__(self, expert, count=None, *, gate, router=None, form="masked"):
        super().__init__()
        if not isinstance(gate, Gate):
            raise TypeError(f"Experts: gate is a condcomp.nn gate, not {gate!r}")
        modules = [expert() for _ in range(count)] if count is not None else [*expert]
        if not modules:
            raise ValueError("Experts: there is no expert")
        self.count = len(modules)
        self.gate = gate
        self.router = router
        self.form = check_form(form)
        self.weights = nn.ParameterDict(_stacked(modules))
        template = copy.deepcopy(modules[0]).to("meta")
        # In a tuple: its parameters are none of this module.
        self._template = (Swapped(template),)
        self.routing = self.scores = None

    def extra_repr(self):
        return f"count={self.count}"

    @staticmethod
    def row_dims(x):
        """All dims of x but the last are rows."""
        return x.dim() - 1

    def expert(self, rows, *weights):
        """One expert on rows [rows, width], with its slices of `weights`."""
        swapped = self._template[0]
        if swapped.module.training != self.training:
            # It is no child of this module, so train() and eval() do not reach it.
            swapped.module.train(self.training)
        return swapped(weights, rows)

    def forward(self, x, scores=None, outs=None, **given):
        """x: [..., width]. scores: [..., count], made by the router when absent. outs:
        [..., width'], what the results are added to (a residual), zeros when absent.
        given: of the gate's forward, such as another k, or GumbelTopK's key. Returns
        [..., width'] in the dtype of x."""
        if scores is None:
            if self.router is None:
                raise ValueError(
                    "Experts: there is no router, so scores have to be given"
                )
            scores = self.router(x)
        if scores.shape != (*x.shape[:-1], self.count):
            raise ValueError(
                f"Experts: scores are {[*x.shape[:-1], self.count]}, got "
                f"{list(scores.shape)}"
            )
        names = self._template[0].names
        weights = [self.weights[name.replace(".", "_")] for name in names]
        if exporting():
            return self._export(x, scores, outs, given, weights)
        rows = x.flatten(0, -2)
        routing = self.gate_of(scores.flatten(0, -2), given)
        if self.training:
            self.routing, self.scores = routing, scores.flatten(0, -2)
        results = torch.func.vmap(
            lambda *slices: self.expert(rows, *slices), randomness="different"
        )(*weights)
        y = combine(routing, results.transpose(0, 1))
        y = y.to(results.dtype).unflatten(0, x.shape[:-1])
        return y if outs is None else outs + y

    def gate_of(self, scores, given):
        """The routing in this module's form, unless the gate has one of its own."""
        gate = self.gate
        if form_of(self) == "soft" and gate.form != "soft":
            gate = copy.copy(gate)
            gate.form = "soft"
        return gate(scores, **given)

    def _export(self, x, scores, outs, given, weights):
        if outs is None:
            with torch.no_grad():
                sizes = _width_of(self, x, weights)
            outs = x.new_zeros((*x.shape[:-1], *sizes))
        numbers = self.gate.numbers(given)
        self.gate.check(scores.flatten(0, -2), **numbers)
        numbers, tensors = split_values(numbers)
        made = ApplyRegion(
            self,
            self.gate,
            self.expert,
            numbers,
            weights="none" if self.gate.weigh == "none" else "output",
        )
        return region(made, [x, scores, outs, *tensors, *weights])[0]


def combine(routing: Routing, results):
    """sum of weight * result over the modules, absent ones left out by selection.
    results: [rows, modules, ...]; returns [rows, ...] in the routing's dtype."""
    kept = keep(routing.mask, results, 0.0).to(routing.weights.dtype)
    return (spread(routing.weights, kept) * kept).sum(1)


def _width_of(module, x, weights):
    """Sizes of a result after the rows."""
    flat = x.new_empty((2, x.shape[-1]))
    slices = [w[0] for w in weights]
    ((sizes, _),) = shapes_of(
        type(module).__name__, lambda *a: (module.expert(*a),), [flat, *slices], 1
    )
    return sizes


def _stacked(modules):
    first = dict(modules[0].named_parameters())
    if next(modules[0].buffers(), None) is not None:
        raise ValueError("Experts: experts have parameters, no buffers")
    stacked = {}
    for name, parameter in first.items():
        of_all = [dict(m.named_parameters()).get(name) for m in modules]
        if any(p is None or p.shape != parameter.shape for p in of_all):
            raise ValueError(
                f"Experts: all experts have the same parameters, but '{name}' is "
                f"{list(parameter.shape)} in the first and not so in another"
            )
        with torch.no_grad():
            stacked[name.replace(".", "_")] = nn.Parameter(
                torch.stack([p.detach() for p in of_all])
            )
    if len(stacked) != len(first):
        raise ValueError(f"Experts: names of parameters are ambiguous: {[*first]}")
    return stacked
