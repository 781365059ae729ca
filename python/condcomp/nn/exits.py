# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Early exits: rows leave a network where they are sure."""

from typing import NamedTuple

import torch
from torch import nn

from ._forms import check_form, form_of, keep, spread
from ._region import CascadeRegion, ConfidenceRegion, Stage, Swapped, exporting, region

CONFIDENCES = ("max_prob", "entropy", "margin")


def confidence(logits, kind="max_prob"):
    """How sure logits [..., classes] are: [...], float32 (float64 for float64).

    With p = softmax(logits): "max_prob" the largest p, "margin" the largest less the
    second largest, "entropy" -sum p ln p, in nats, small when sure (BranchyNet, arXiv
    1709.01686). ValueError for another kind.
    """
    if kind not in CONFIDENCES:
        raise ValueError(
            f"the confidence is one of {', '.join(CONFIDENCES)}, not {kind!r}"
        )
    if exporting() and logits.dtype != torch.float64:
        return region(ConfidenceRegion(kind), [logits])[0]
    p = logits.softmax(
        -1, dtype=None if logits.dtype == torch.float64 else torch.float32
    )
    if kind == "max_prob":
        return p.amax(-1)
    if kind == "entropy":
        return -torch.xlogy(p, p).sum(-1)
    best = p.topk(2, -1).values
    return best[..., 0] - best[..., 1]


class Left(NamedTuple):
    """What early exits return. result: [rows, ...]. stage: [rows] of int32, the stage,
    from 0, at which each row left."""

    result: torch.Tensor
    stage: torch.Tensor


class EarlyExit(nn.Module):
    """A network of stages with an exit behind each; a row leaves at the first exit that
    is sure of it (BranchyNet, arXiv 1709.01686; DeeBERT, 2004.12993).

    stages: a list of pairs (block, head): the block makes what is carried on of what it
    gets, the head a result [rows, classes] of that; or of modules that get what the
    stage before carries and return (result, carry), the last one just the result.
    carry is a tensor or a tuple of tensors; the leading dim of all is the rows, which a
    stage treats independently of each other.
    confidence: "max_prob" or "margin", rows leave above the threshold; "entropy", below.
    threshold: a number for each stage but the last, or one for all; kept as the buffer
    `threshold`, [stages - 1] of float32, and can be given in every call.
    form: "masked" (every stage runs on all rows; each gets the result of its exit; its
    `stage` has no gradient), or "soft": stage i's result counts by its confidence c_i,
    y_i = c_i r_i + (1 - c_i) y_(i+1), `stage` stays as it is; not for "entropy".

    ValueError: fewer than one stage, another number of thresholds, an unknown
    confidence.
    """

    def __init__(self, stages, confidence="max_prob", threshold=0.9, form="masked"):
        super().__init__()
        if confidence not in CONFIDENCES:
            raise ValueError(
                f"the confidence is one of {', '.join(CONFIDENCES)}, not {confidence!r}"
            )
        stages = [s if isinstance(s, nn.Module) else _Pair(*s) for s in stages]
        if not stages:
            raise ValueError("EarlyExit: there is no stage")
        self.stages = nn.ModuleList(stages)
        self.confidence = confidence
        self.form = check_form(form)
        threshold = torch.as_tensor(threshold, dtype=torch.float32)
        if threshold.dim() and threshold.shape != (len(stages) - 1,):
            raise ValueError(
                f"EarlyExit: {len(stages) - 1} thresholds for {len(stages)} stages, got "
                f"{list(threshold.shape)}"
            )
        threshold = threshold.expand(len(stages) - 1).clone()
        self.register_buffer("threshold", threshold)

    def exits(self, *x):
        """The results of all exits, a list of [rows, ...], for `joint_exit_loss`."""
        results = []
        for number in range(len(self.stages)):
            result, x = self._run(self.stages[number], number, x)
            results.append(result)
        return results

    def forward(self, *x, threshold=None):
        """x: what the first stage gets, tensors [rows, ...]. threshold: a number, or
        [stages - 1], instead of the module's. Returns `Left`."""
        threshold = self.threshold if threshold is None else threshold
        threshold = torch.as_tensor(threshold).expand(len(self.stages) - 1)
        if exporting():
            return self._export(x, threshold)
        results = self.exits(*x)
        stage = results[-1].new_full((len(results[-1]),), len(results) - 1)
        stage = stage.to(torch.int32)
        y = results[-1]
        for number in reversed(range(len(results) - 1)):
            sure = confidence(results[number], self.confidence)
            done = self._sure(sure, threshold[number])
            stage = torch.where(done, number, stage)
            if form_of(self) == "soft":
                if self.confidence == "entropy":
                    raise ValueError("EarlyExit: the entropy has no soft form")
                share = spread(sure, y)
                y = share * results[number] + (1 - share) * y
            else:
                y = keep(done, results[number], y)
        return Left(y, stage)

    def _run(self, stage, number, x, tensors=None):
        """A stage's result and carry, a tuple."""
        out = stage(*x) if tensors is None else tensors[0](tensors[1], *x)
        if number + 1 == len(self.stages):
            return (out[0] if isinstance(out, (tuple, list)) else out), ()
        result, carry = out
        return result, tuple(carry) if isinstance(carry, (tuple, list)) else (carry,)

    def _sure(self, value, threshold):
        return value < threshold if self.confidence == "entropy" else value > threshold

    def _export(self, x, threshold):
        inputs, stages = [*x, threshold], []
        for number, stage in enumerate(self.stages):
            swapped = Swapped(stage)
            tensors = swapped.tensors
            last = number + 1 == len(self.stages)
            captured = list(range(len(inputs), len(inputs) + len(tensors)))
            inputs += tensors
            stages.append(
                Stage(
                    self._stage(number, swapped, last),
                    captured if last else [len(x), *captured],
                    1,
                    last,
                )
            )
        made = CascadeRegion(self, stages, len(x), self.confidence != "entropy")
        return Left(*region(made, inputs))

    def _stage(self, number, swapped, last):
        count = len(swapped.names)

        def function(*inputs):
            tensors = inputs[len(inputs) - count :]
            inputs = inputs[: len(inputs) - count]
            if last:
                return (self._run(None, number, inputs, (swapped, tensors))[0],)
            *carried, threshold = inputs
            result, carry = self._run(None, number, carried, (swapped, tensors))
            sure = confidence(result, self.confidence)
            done = self._sure(sure, threshold[number])
            soft = [] if self.confidence == "entropy" else [sure]
            return done, *soft, result, *carry

        return function


class _Pair(nn.Module):
    """A stage of a block and a head."""

    def __init__(self, block, head):
        super().__init__()
        self.block, self.head = block, head

    def forward(self, *x):
        carry = self.block(*x)
        return self.head(carry), carry
