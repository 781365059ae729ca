# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gates: scores to routings. docs/spec.md says what each of them chooses."""

from fractions import Fraction

import torch
from torch import nn

from . import _philox
from ._forms import Routing, check_form, form_of
from ._region import GateRegion, exporting, region

WEIGHINGS = ("score", "softmax", "sum", "probability", "none")


def best_first(scores):
    """Ranks along the last dim, 0 for the best: larger first, ties to the lower
    index, every number before every NaN."""
    nan = scores.isnan()
    order = scores.masked_fill(nan, -torch.inf)
    order = order.sort(dim=-1, descending=True, stable=True)[1]
    last = nan.gather(-1, order).to(torch.int8).sort(dim=-1, stable=True)[1]
    order = order.gather(-1, last)
    places = torch.arange(scores.shape[-1], device=scores.device).expand_as(order)
    return torch.empty_like(order).scatter_(-1, order, places)


class Gate(nn.Module):
    """What gates share: scores [..., rows, modules] give a `Routing` of that shape.

    weigh: the entries' weights, made from the scores s of the chosen modules:
    "score" s; "softmax" exp(s) / sum of exp over the row's entries; "sum" s / sum of s
    over the row's entries (a row whose sum is 0 keeps s); "probability" the softmax
    over all modules, chosen or not; "none" 1.
    form: "masked", or "soft" for gates that have a soft form: TopK and Threshold.

    Scores of float16 and bfloat16 are computed with in float32. Weights have
    gradients, the choice has none. ValueError: an unknown `weigh` or `form`, scores
    with fewer than two dims or that are no floats, a form that a gate does not have.
    """

    soft = False

    def __init__(self, weigh="score", form="masked"):
        super().__init__()
        if weigh not in WEIGHINGS:
            raise ValueError(f"weigh is one of {', '.join(WEIGHINGS)}, not {weigh!r}")
        self.weigh = weigh
        self.form = check_form(form)

    def forward(self, scores, *parameters):
        """The routing of scores [..., rows, modules]."""
        self.check(scores)
        if exporting():
            return Routing(*region(GateRegion(self), [scores, *parameters]))
        return self.route(scores, *parameters)

    def route(self, scores, *parameters):
        """The routing, computed in PyTorch."""
        if scores.dtype != torch.float64:
            scores = scores.float()
        if form_of(self) == "soft":
            if not self.soft:
                raise ValueError(f"{type(self).__name__} has no soft form")
            mask = torch.ones_like(scores, dtype=torch.bool)
        else:
            mask = self.choose(scores.detach(), *parameters)
        return Routing(self._weights(scores, mask), mask)

    def choose(self, scores, *parameters):
        """The mask of chosen modules, of the scores' shape."""
        raise NotImplementedError

    def check(self, scores):
        name = type(self).__name__
        if scores.dim() < 2 or not scores.is_floating_point():
            raise ValueError(
                f"{name}: scores are floats [..., rows, modules], got "
                f"{list(scores.shape)} of {scores.dtype}"
            )

    def _weights(self, scores, mask):
        if self.weigh == "none":
            return mask.to(scores.dtype)
        if self.weigh == "probability":
            weights = scores.softmax(-1)
        elif self.weigh == "softmax":
            # A row without entries would be a row of NaN: it has no weights at all.
            chosen = scores.masked_fill(~mask, -torch.inf)
            empty = ~mask.any(-1, keepdim=True)
            weights = chosen.masked_fill(empty, 0.0).softmax(-1)
        else:
            weights = scores
            if self.weigh == "sum":
                total = torch.where(mask, scores, 0.0).sum(-1, keepdim=True)
                weights = scores / total.masked_fill(total == 0, 1.0)
        return torch.where(mask, weights, 0.0)

    def extra_repr(self):
        return f"weigh={self.weigh!r}"


class TopK(Gate):
    """Token choice: each row takes its k best modules (Shazeer et al. 2017, arXiv
    1701.06538, eq. 4 and 5). ValueError if k exceeds the number of modules."""

    soft = True

    def __init__(self, k, weigh="score", form="masked"):
        super().__init__(weigh, form)
        if k < 0:
            raise ValueError(f"TopK: k = {k} is negative")
        self.k = k

    def check(self, scores):
        super().check(scores)
        if self.k > scores.shape[-1]:
            raise ValueError(
                f"{type(self).__name__}: k = {self.k} exceeds the number of modules, "
                f"{scores.shape[-1]}"
            )

    def choose(self, scores):
        return best_first(scores) < self.k

    def extra_repr(self):
        return f"k={self.k}, {super().extra_repr()}"


class GumbelTopK(TopK):
    """Each row draws k modules without replacement: the k best of logit + Gumbel noise
    (Kool et al. 2019, arXiv 1903.06059). Weights are made from the logits, without
    noise. Scores are [rows, modules].

    forward takes a key, an int64 tensor without dims, as second argument; equal keys
    draw equal noise, in compiled programs too. Without one, a module in training mode
    draws a key from PyTorch's generator, and one in evaluation mode has key 0.
    """

    soft = False

    def forward(self, scores, key=None):
        self.check(scores)
        if scores.dim() != 2:
            raise ValueError(
                f"GumbelTopK: scores are [rows, modules], got {list(scores.shape)}"
            )
        if key is None:
            high = 2**62 if self.training and not exporting() else 1
            key = torch.randint(high, (), device=scores.device)
            if high == 1:
                key = torch.zeros_like(key)
        return super().forward(scores, key)

    def choose(self, scores, key=None):
        if key is None:
            key = torch.zeros((), dtype=torch.int64, device=scores.device)
        noise = _philox.gumbel(scores.shape, key, scores.dtype, scores.device)
        return best_first(scores + noise) < self.k


class TopP(Gate):
    """Nucleus: each row takes the fewest best modules whose scores sum to at least p,
    at least `least` and at most `most` of them (Huang et al. 2024, arXiv 2403.07652).
    Scores are usually probabilities."""

    def __init__(self, p, least=1, most=None, weigh="score", form="masked"):
        super().__init__(weigh, form)
        if least < 0 or (most is not None and most < least):
            raise ValueError(f"TopP: 0 <= least <= most, got {least} and {most}")
        self.p, self.least, self.most = float(p), least, most

    def check(self, scores):
        super().check(scores)
        most = self.least if self.most is None else self.most
        if most > scores.shape[-1]:
            raise ValueError(
                f"TopP: {most} modules of {scores.shape[-1]} can't be chosen"
            )

    def choose(self, scores):
        ranks = best_first(scores)
        p = torch.tensor(self.p, dtype=scores.dtype)
        most = scores.shape[-1] if self.most is None else self.most
        total = torch.zeros_like(scores[..., 0])
        going = torch.ones_like(total, dtype=torch.bool)
        taken = []
        # One after the other: each sum is rounded, as in compiled code.
        for place, score in enumerate(scores.gather(-1, ranks.argsort(-1)).unbind(-1)):
            if place >= self.least:
                going = going & ~(total >= p)
            taken.append(going if place < most else torch.zeros_like(going))
            total = total + score
        return torch.stack(taken, -1).gather(-1, ranks)

    def extra_repr(self):
        return (
            f"p={self.p}, least={self.least}, most={self.most}, {super().extra_repr()}"
        )


class Threshold(Gate):
    """An entry wherever score >= tau; NaN scores give none."""

    soft = True

    def __init__(self, tau, weigh="score", form="masked"):
        super().__init__(weigh, form)
        self.tau = float(tau)

    def choose(self, scores):
        return scores >= torch.tensor(self.tau, dtype=scores.dtype)

    def extra_repr(self):
        return f"tau={self.tau}, {super().extra_repr()}"


class ExpertChoice(Gate):
    """Each module takes its best rows (Zhou et al. 2022, arXiv 2202.09368): `count` of
    them, or `factor` * rows / modules, rounded down (their eq. 1). Exactly one of the
    two is given. It looks across rows: it can't stand in a stage of EarlyExit, nor in
    the body of another module. ValueError if count exceeds the number of rows."""

    def __init__(self, count=None, factor=None, weigh="score", form="masked"):
        super().__init__(weigh, form)
        if (count is None) == (factor is None):
            raise ValueError("ExpertChoice: give either count or factor")
        self.count = count
        self.factor = (
            None if factor is None else Fraction(factor).limit_denominator(4096)
        )

    def chosen(self, rows, modules):
        """Rows per module."""
        if self.factor is None:
            if self.count > rows:
                raise ValueError(
                    f"ExpertChoice: count = {self.count} exceeds the number of rows, "
                    f"{rows}"
                )
            return self.count
        share = rows * self.factor.numerator // (self.factor.denominator * modules)
        return min(rows, share)

    def choose(self, scores):
        count = self.chosen(*scores.shape[-2:])
        return best_first(scores.transpose(-1, -2)).transpose(-1, -2) < count

    def extra_repr(self):
        return f"count={self.count}, factor={self.factor}, {super().extra_repr()}"
