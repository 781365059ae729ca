# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gates: scores to routings. docs/spec.md says what each of them chooses."""

from fractions import Fraction

import torch
from torch import nn

from . import _philox
from ._forms import Routing, check_form, form_of
from ._region import GateRegion, exporting, is_known, region, split_values

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
    #: Attributes that are numbers, and keyword arguments of `forward`.
    steers = ()

    def __init__(self, weigh="score", form="masked"):
        super().__init__()
        if weigh not in WEIGHINGS:
            raise ValueError(f"weigh is one of {', '.join(WEIGHINGS)}, not {weigh!r}")
        self.weigh = weigh
        self.form = check_form(form)

    def forward(self, scores, **given):
        """The routing of scores [..., rows, modules]. given: other values of what steers
        the gate (k of TopK, ...): numbers, or tensors without dims, which a compiled
        program takes as they come."""
        numbers = self.numbers(given)
        self.check(scores, **numbers)
        if exporting():
            kept, tensors = split_values(numbers)
            return Routing(*region(GateRegion(self, kept), [scores, *tensors]))
        return self.route(scores, **numbers)

    def numbers(self, given):
        """What steers the gate, {name: number or tensor}."""
        unknown = set(given) - set(self.steers)
        if unknown:
            raise TypeError(
                f"{type(self).__name__} has no {', '.join(sorted(unknown))}; what "
                f"steers it: {', '.join(self.steers) or 'nothing'}"
            )
        return {name: given.get(name, getattr(self, name)) for name in self.steers}

    def route(self, scores, **numbers):
        """The routing, computed in PyTorch."""
        if scores.dtype != torch.float64:
            scores = scores.float()
        if form_of(self) == "soft":
            if not self.soft:
                raise ValueError(f"{type(self).__name__} has no soft form")
            mask = torch.ones_like(scores, dtype=torch.bool)
        else:
            mask = self.choose(scores.detach(), **numbers)
        return Routing(self._weights(scores, mask), mask)

    def choose(self, scores, **numbers):
        """The mask of chosen modules, of the scores' shape."""
        raise NotImplementedError

    def check(self, scores, **numbers):
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
    steers = ("k",)

    def __init__(self, k, weigh="score", form="masked"):
        super().__init__(weigh, form)
        if k < 0:
            raise ValueError(f"TopK: k = {k} is negative")
        self.k = k

    def check(self, scores, k, **numbers):
        super().check(scores)
        if is_known(k) and not 0 <= k <= scores.shape[-1]:
            raise ValueError(
                f"{type(self).__name__}: k = {int(k)} exceeds the number of modules, "
                f"{scores.shape[-1]}, or is negative"
            )

    def choose(self, scores, k):
        return best_first(scores) < k

    def extra_repr(self):
        return f"k={self.k}, {super().extra_repr()}"


class GumbelTopK(TopK):
    """Each row draws k modules without replacement: the k best of logit + Gumbel noise
    (Kool et al. 2019, arXiv 1903.06059). Weights are made from the logits, without
    noise. Scores are [rows, modules].

    forward takes a `key`, an int64 tensor without dims; equal keys draw equal noise, in
    compiled programs too. Without one, a module in training mode
    draws a key from PyTorch's generator, and one in evaluation mode has key 0.
    """

    soft = False
    steers = ("k", "key")
    key = None

    def check(self, scores, k, key):
        super().check(scores, k)
        if scores.dim() != 2:
            raise ValueError(
                f"GumbelTopK: scores are [rows, modules], got {list(scores.shape)}"
            )

    def numbers(self, given):
        numbers = super().numbers(given)
        if numbers["key"] is None:
            draws = self.training and not exporting()
            zero = torch.zeros((), dtype=torch.int64)
            numbers["key"] = torch.randint(2**62, ()) if draws else zero
        return numbers

    def choose(self, scores, k, key):
        key = torch.as_tensor(key, device=scores.device)
        noise = _philox.gumbel(scores.shape, key, scores.dtype, scores.device)
        return best_first(scores + noise) < k


class TopP(Gate):
    """Nucleus: each row takes the fewest best modules whose scores sum to at least p,
    at least `least` and at most `most` of them (Huang et al. 2024, arXiv 2403.07652).
    Scores are usually probabilities."""

    steers = ("p", "least", "most")

    def __init__(self, p, least=1, most=None, weigh="score", form="masked"):
        super().__init__(weigh, form)
        if least < 0 or (most is not None and most < least):
            raise ValueError(f"TopP: 0 <= least <= most, got {least} and {most}")
        self.p, self.least, self.most = float(p), least, most

    def check(self, scores, p, least, most):
        super().check(scores)
        most = least if most is None else most
        if is_known(most) and most > scores.shape[-1]:
            raise ValueError(
                f"TopP: {int(most)} modules of {scores.shape[-1]} can't be chosen"
            )

    def choose(self, scores, p, least, most):
        ranks = best_first(scores)
        p = torch.as_tensor(p, dtype=scores.dtype)
        most = scores.shape[-1] if most is None else most
        total = torch.zeros_like(scores[..., 0])
        going = torch.ones_like(total, dtype=torch.bool)
        taken = []
        # One after the other: each sum is rounded, as in compiled code.
        for place, score in enumerate(scores.gather(-1, ranks.argsort(-1)).unbind(-1)):
            going = going & ~((total >= p) & (place >= least))
            taken.append(going & (place < most))
            total = total + score
        return torch.stack(taken, -1).gather(-1, ranks)

    def extra_repr(self):
        return (
            f"p={self.p}, least={self.least}, most={self.most}, {super().extra_repr()}"
        )


class Threshold(Gate):
    """An entry wherever score >= tau; NaN scores give none."""

    soft = True
    steers = ("tau",)

    def __init__(self, tau, weigh="score", form="masked"):
        super().__init__(weigh, form)
        self.tau = float(tau)

    def choose(self, scores, tau):
        return scores >= torch.as_tensor(tau, dtype=scores.dtype)

    def extra_repr(self):
        return f"tau={self.tau}, {super().extra_repr()}"


class ExpertChoice(Gate):
    """Each module takes its best rows (Zhou et al. 2022, arXiv 2202.09368): `count` of
    them, or `factor` * rows / modules, rounded down (their eq. 1). Exactly one of the
    two is given. It looks across rows: it can't stand in a stage of EarlyExit, nor in
    the body of another module. ValueError if count exceeds the number of rows."""

    steers = ("count",)

    def __init__(self, count=None, factor=None, weigh="score", form="masked"):
        super().__init__(weigh, form)
        if (count is None) == (factor is None):
            raise ValueError("ExpertChoice: give either count or factor")
        self.count = count
        self.factor = (
            None if factor is None else Fraction(factor).limit_denominator(4096)
        )

    def chosen(self, rows, modules, count=None):
        """Rows per module. count: another one than the gate's."""
        count = self.count if count is None else count
        if count is not None:
            if is_known(count) and count > rows:
                raise ValueError(
                    f"ExpertChoice: count = {int(count)} exceeds the number of rows, "
                    f"{rows}"
                )
            return count
        share = rows * self.factor.numerator // (self.factor.denominator * modules)
        return min(rows, share)

    def choose(self, scores, count):
        count = self.chosen(*scores.shape[-2:], count)
        return best_first(scores.transpose(-1, -2)).transpose(-1, -2) < count

    def extra_repr(self):
        return f"count={self.count}, factor={self.factor}, {super().extra_repr()}"
