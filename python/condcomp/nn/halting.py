# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Halting: as many steps as a row needs."""

from typing import NamedTuple

import torch
from torch import nn

from ._forms import check_form, exact, form_of, keep, spread
from ._region import (
    IterateRegion,
    Swapped,
    exporting,
    is_known,
    region,
    split_values,
)


class Halted(NamedTuple):
    """What `Halting` returns. result: [rows, ...]. steps: [rows] of int32, how many each
    row took. cost: [rows], float32 (float64 for such a state), the ponder cost: steps +
    remainder for "act", steps for "ponder"."""

    result: torch.Tensor
    steps: torch.Tensor
    cost: torch.Tensor


class Halting(nn.Module):
    """One step, again and again, until each row halts.

    step: a module that takes the state [rows, ...] and returns (state, p), p [rows] the
    probability of halting after this step. limit: the most steps, >= 1.
    mode "act" (Graves 2016, arXiv 1603.08983, eq. 6 to 9): a row halts when its p sum
    to 1 - epsilon or more; the result is the mean of its states weighted by p, the
    last one by the remainder. mode "ponder" (PonderNet, arXiv 2107.05407): the result
    is the state of the first step by which halting was at least as likely as not: the
    median of the distribution that training uses (`distribution`).
    form: "masked" (`limit` steps on all rows), or "soft", for "ponder": the mean of
    the states weighted by `distribution`, and the cost the mean of the steps.
    """

    #: Attributes that are numbers, and keyword arguments of `forward`.
    steers = ("limit",)

    def __init__(self, step, limit, mode="act", epsilon=0.01, form="masked"):
        super().__init__()
        if mode not in ("act", "ponder"):
            raise ValueError(f'Halting: mode is "act" or "ponder", not {mode!r}')
        if limit < 1:
            raise ValueError(f"Halting: the limit is at least 1, got {limit}")
        self.step, self.limit, self.mode, self.epsilon = step, limit, mode, epsilon
        self.form = check_form(form)

    def forward(self, x, limit=None):
        """x: the first state, [rows, ...]. limit: another one than the module's, a number
        or a tensor without dims, which a compiled program takes as it comes. Returns
        `Halted`."""
        soft, limit = form_of(self) == "soft", self.limit if limit is None else limit
        if soft and self.mode == "act":
            raise ValueError("Halting: act has no soft form, it is differentiable")
        # What is summed and counted is no narrower than float32.
        zero = exact(x.new_zeros(x.shape[0]))
        if self.mode == "act":
            rows = [x, zero, exact(torch.zeros_like(x)), zero]
        else:
            rows = [x, zero, zero + 1]
        if exporting():
            return self._export(rows, zero, limit)
        limit = int(limit) if is_known(limit) else 1
        result, cost = torch.zeros_like(x), zero
        result = exact(result) if soft else result
        alive, rest = torch.ones_like(zero, dtype=torch.bool), zero + 1
        steps = torch.full_like(zero, limit, dtype=torch.int32)
        for number in range(limit):
            done, p, y, now, *rows = self.body(self.step, *rows)
            if soft:
                share = rest if number + 1 == limit else rest * p
                result, cost = result + spread(share, y) * y, cost + share * now
                rest = rest - share
            else:
                # A row's last result stays; a row that goes on forgets it.
                result, cost = keep(alive, y, result), torch.where(alive, now, cost)
            steps = torch.where(alive & done, number + 1, steps)
            alive = alive & ~done
        return Halted(result.to(x.dtype), steps, cost)

    def body(self, step, x, number, *carried):
        """A step, of rows that took `number` of them: done, the probability of halting,
        the result if a row halts here, its ponder cost, and what is carried."""
        x, p = step(x)
        p, number = exact(p), number + 1
        if self.mode == "act":
            mean, total = carried
            remainder = 1 - total
            result = (mean + spread(remainder, x) * x).to(x.dtype)
            done = total + p >= 1 - self.epsilon
            mean = mean + spread(p, x) * x
            return done, p, result, number + remainder, x, number, mean, total + p
        (survival,) = carried
        survival = survival * (1 - p)
        return survival <= 0.5, p, x, number, x, number, survival

    def distribution(self, x):
        """For training "ponder": states [limit, rows, ...], and p [limit, rows], the
        probability that a row halts after each (eq. 2 of the paper; what is left after
        the last step counts there, so that p sums to 1)."""
        states, halting = [], []
        survival = exact(x.new_ones(x.shape[0]))
        for number in range(self.limit):
            x, p = self.step(x)
            p = exact(p)
            states.append(x)
            halting.append(survival if number + 1 == self.limit else survival * p)
            survival = survival * (1 - p)
        return torch.stack(states), torch.stack(halting)

    def _export(self, rows, zero, limit):
        swapped = Swapped(self.step)
        count, soft = len(rows), self.mode == "ponder"

        def body(*inputs):
            step = lambda x: swapped(inputs[count:], x)
            done, p, *rest = self.body(step, *inputs[:count])
            return done, *([p] if soft else []), *rest

        numbers, tensors = split_values({"limit": limit})
        made = IterateRegion(self, body, count, 2, numbers, soft)
        outs = [torch.zeros_like(rows[0]), zero]
        inputs = [*rows, *outs, *tensors, *swapped.tensors]
        result, cost, at = region(made, inputs)
        # Rows that never are done leave at the limit, after as many steps.
        return Halted(result, (at + 1).clamp(max=limit), cost)

    def extra_repr(self):
        return f"limit={self.limit}, mode={self.mode!r}"
