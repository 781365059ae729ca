# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Halting: as many steps as a row needs."""

from typing import NamedTuple

import torch
from torch import nn

from ._forms import check_form, form_of, keep, spread
from ._region import IterateRegion, Swapped, exporting, region


class Halted(NamedTuple):
    """What `Halting` returns. result: [rows, ...]. steps: [rows] of int32, how many each
    row took. cost: [rows], float32, the ponder cost: steps + remainder for "act", steps
    for "ponder"."""

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
    the states weighted by `distribution`.
    """

    def __init__(self, step, limit, mode="act", epsilon=0.01, form="masked"):
        super().__init__()
        if mode not in ("act", "ponder"):
            raise ValueError(f'Halting: mode is "act" or "ponder", not {mode!r}')
        if limit < 1:
            raise ValueError(f"Halting: the limit is at least 1, got {limit}")
        self.step, self.limit, self.mode, self.epsilon = step, limit, mode, epsilon
        self.form = check_form(form)

    def forward(self, x):
        """x: the first state, [rows, ...]. Returns `Halted`."""
        if form_of(self) == "soft" and self.mode == "act":
            raise ValueError("Halting: act has no soft form, it is differentiable")
        if form_of(self) == "soft" and not exporting():
            states, p = self.distribution(x)
            result = (spread(p, states) * states).sum(0)
            numbers = torch.arange(1, self.limit + 1, device=x.device).unsqueeze(1)
            cost = (p * numbers).sum(0)
            return Halted(result, cost.round().to(torch.int32), cost)
        zero = x.new_zeros(x.shape[0])
        if self.mode == "act":
            rows = [x, torch.zeros_like(x), zero]
        else:
            rows = [x, zero + 1]
        if exporting():
            return self._export(rows, zero)
        result, cost = torch.zeros_like(x), zero
        alive = torch.ones_like(zero, dtype=torch.bool)
        steps = torch.full_like(zero, self.limit, dtype=torch.int32)
        for number in range(self.limit):
            done, y, remainder, *rows = self.body(self.step, *rows)
            # The result of a row's last step stays; a row that goes on forgets it.
            result, cost = keep(alive, y, result), torch.where(alive, remainder, cost)
            steps = torch.where(alive & done, number + 1, steps)
            alive = alive & ~done
        return Halted(result, steps, cost + steps)

    def body(self, step, x, *carried):
        """done, the result if a row halts here, its remainder, and what is carried."""
        x, p = step(x)
        if self.mode == "act":
            mean, total = carried
            remainder = 1 - total
            result = mean + spread(remainder, x) * x
            done = total + p >= 1 - self.epsilon
            return done, result, remainder, x, mean + spread(p, x) * x, total + p
        (survival,) = carried
        survival = survival * (1 - p)
        return survival <= 0.5, x, torch.zeros_like(survival), x, survival

    def distribution(self, x):
        """For training "ponder": states [limit, rows, ...], and p [limit, rows], the
        probability that a row halts after each (eq. 2 of the paper; what is left after
        the last step counts there, so that p sums to 1)."""
        states, halting = [], []
        survival = x.new_ones(x.shape[0])
        for number in range(self.limit):
            x, p = self.step(x)
            states.append(x)
            halting.append(survival if number + 1 == self.limit else survival * p)
            survival = survival * (1 - p)
        return torch.stack(states), torch.stack(halting)

    def _export(self, rows, zero):
        swapped = Swapped(self.step)
        count = len(rows)

        def body(*inputs):
            step = lambda x: swapped(inputs[count:], x)
            return self.body(step, *inputs[:count])

        made = IterateRegion(self, body, count, 2, self.limit)
        inputs = [*rows, torch.zeros_like(rows[0]), zero, *swapped.tensors]
        result, remainder, at = region(made, inputs)
        # Rows that never are done leave at the limit, after as many steps.
        steps = (at + 1).clamp(max=self.limit)
        return Halted(result, steps, remainder + steps)

    def extra_repr(self):
        return f"limit={self.limit}, mode={self.mode!r}"
