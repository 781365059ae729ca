# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tokens: keeping the most salient, merging the most alike."""

import torch
from torch import nn
from torch.nn import functional as F

from ._region import MergeRegion, SelectRegion, exporting, region
from .gates import best_first


class TokenSelect(nn.Module):
    """Keeps each sample's k tokens of the largest score, in their order (ties: the
    earlier token; NaN last). EViT, arXiv 2202.07800; DynamicViT, 2106.02034.

    What is kept has gradients; the scores have none from here: they learn where they
    are used otherwise, say as weights of a pooling. A token with the score inf (a class
    token) is always kept. ValueError: k exceeds the tokens, shapes that disagree.
    """

    def __init__(self, k):
        super().__init__()
        if k < 0:
            raise ValueError(f"TokenSelect: k = {k} is negative")
        self.k = k

    def forward(self, scores, *tensors, return_positions=False):
        """scores: [batch, tokens], float. tensors: [batch, tokens, ...], one or more.
        Returns each as [batch, k, ...], a tuple of several; with return_positions their
        positions, [batch, k] of int64, come first."""
        for tensor in tensors:
            if tensor.shape[:2] != scores.shape:
                raise ValueError(
                    f"TokenSelect: scores are [batch, tokens], {list(scores.shape)}, "
                    f"and a tensor is {list(tensor.shape)}"
                )
        if self.k > scores.shape[1]:
            raise ValueError(
                f"TokenSelect: k = {self.k} exceeds the number of tokens, "
                f"{scores.shape[1]}"
            )
        if exporting():
            results = region(SelectRegion(self, self.k), [scores, *tensors])
        else:
            chosen = best_first(scores.detach()) < self.k
            # Stable: chosen tokens come first, in their order.
            order = (~chosen).to(torch.int8).sort(dim=-1, stable=True)[1]
            positions = order[:, : self.k]
            rows = torch.arange(len(scores), device=scores.device).unsqueeze(1)
            results = [positions, *(t[rows, positions] for t in tensors)]
        results = results if return_positions else results[1:]
        return results[0] if len(results) == 1 else tuple(results)

    def extra_repr(self):
        return f"k={self.k}"


class TokenMerge(nn.Module):
    """Merges r tokens of each sample into those that they are most alike: bipartite
    soft matching (ToMe, Bolya et al. 2022, arXiv 2210.09461, appendix D).

    Tokens 0, 2, 4, ... are a, the others b. By the cosine of `metric` each a-token has
    a best b-token; the r a-tokens for which this is largest are merged into it. The
    result has the other a-tokens in order, then the b-tokens. protect: token 0 (a class
    token) is merged with nothing. ValueError: r exceeds the a-tokens.
    """

    def __init__(self, r, protect=False):
        super().__init__()
        if r < 0:
            raise ValueError(f"TokenMerge: r = {r} is negative")
        self.r, self.protect = r, protect

    def forward(self, x, metric=None, size=None):
        """x: [batch, tokens, width]. metric: [batch, tokens, c], say the mean of the
        attention's keys over heads; x when absent. size: [batch, tokens], how many
        tokens each one stands for, 1 when absent. Returns x and size of tokens - r
        tokens: means weighted by size, and sums."""
        tokens = x.shape[1]
        if self.r > (tokens + 1) // 2:
            raise ValueError(
                f"TokenMerge: r = {self.r} exceeds the number of tokens that can be "
                f"merged, {(tokens + 1) // 2} of {tokens}"
            )
        unit = F.normalize(x if metric is None else metric, dim=-1)
        scores = unit[:, 0::2] @ unit[:, 1::2].transpose(1, 2)
        if self.protect:
            first = torch.arange(scores.shape[1], device=x.device) == 0
            scores = scores.masked_fill(first.reshape(1, -1, 1), -torch.inf)
        size = x.new_ones(x.shape[:2]) if size is None else size
        summed = torch.cat([x * size.unsqueeze(-1), size.unsqueeze(-1)], -1)
        summed = torch.cat([summed[:, 0::2], summed[:, 1::2]], 1)
        if exporting():
            (merged,) = region(MergeRegion(self, self.r), [scores, summed])
        else:
            merged = self.merge(scores.detach(), summed)
        size = merged[..., -1]
        return merged[..., :-1] / size.unsqueeze(-1), size

    def merge(self, scores, x):
        """Sums of matched tokens: x [batch, a + b, width] to [batch, a + b - r, width]."""
        a = scores.shape[1]
        best = (best_first(scores) == 0).to(torch.int8).argmax(-1)
        # A row of NaN comes last, as max over numbers would hide it.
        score = scores.gather(-1, best.unsqueeze(-1)).squeeze(-1)
        rank = best_first(score)
        gone = rank < self.r
        place = torch.cumsum(~gone, -1) - 1
        to = torch.where(gone, a - self.r + best, place)
        b = torch.arange(a - self.r, x.shape[1] - self.r, device=x.device)
        to = torch.cat([to, b.expand(len(x), -1)], 1)
        out = x.new_zeros(len(x), x.shape[1] - self.r, x.shape[2])
        return out.scatter_add(1, to.unsqueeze(-1).expand_as(x), x)

    def extra_repr(self):
        return f"r={self.r}"
