# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers that run on some of each sample's tokens; the others pass by."""

import torch
from torch import nn

from ._region import RaggedRegion, RestoreRegion, Swapped, exporting, region
from .tokens import TokenSelect


class TokenSkip(nn.Module):
    """y = x + w f(x~) at each sample's k tokens of the largest score, x~ being these
    tokens alone and w their scores; the others stay x (Mixture-of-Depths, Raposo et al.
    2024, arXiv 2404.02258, eq. 1).

    layer: f, takes and returns [batch, k, ...]; it may mix a sample's tokens, which come
    in their order. weigh: whether w is the score, through which it learns; else 1.
    Ties and NaN as in `TokenSelect`. ValueError: k exceeds the tokens, shapes that
    disagree.
    """

    def __init__(self, layer, k, weigh=True):
        super().__init__()
        self.layer, self.select, self.weigh = layer, TokenSelect(k), weigh

    def forward(self, scores, x):
        """scores: [batch, tokens], float. x: [batch, tokens, ...]. Returns the shape
        and dtype of x."""
        positions, w, kept = self.select(scores, scores, x, return_positions=True)
        update = self.layer(kept)
        if list(update.shape) != list(kept.shape):
            raise ValueError(
                f"TokenSkip: the layer makes {list(update.shape)} of {list(kept.shape)}"
            )
        if self.weigh:
            update = w.reshape(*w.shape, *(1,) * (kept.dim() - 2)) * update
        update = update.to(x.dtype)
        if exporting():
            made = RestoreRegion(self, self.select.k)
            return region(made, [scores, update, x])[0]
        rows = torch.arange(len(x), device=x.device).unsqueeze(1)
        return x.index_put((rows, positions), x[rows, positions] + update)


class KeptTokens(nn.Module):
    """A layer on the tokens of each sample that a mask keeps, any number of them; the
    others stay as they are (A-ViT, Yin et al. 2021, arXiv 2112.07658).

    layer: takes and returns [1, n, ...], the n kept tokens of one sample, in their
    order, which it may mix. A sample without any is not run. ValueError: shapes that
    disagree.
    """

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, mask, x):
        """mask: [batch, tokens], bool. x: [batch, tokens, ...]. Returns the shape of x."""
        if mask.shape != x.shape[:2]:
            raise ValueError(
                f"KeptTokens: the mask is [batch, tokens], {list(mask.shape)}, and x is "
                f"{list(x.shape)}"
            )
        if exporting():
            swapped = Swapped(self.layer)
            body = lambda rows, *tensors: self._of_one(
                lambda y: swapped(tensors, y), rows
            )
            return region(RaggedRegion(self, body), [mask, x, *swapped.tensors])[0]
        samples = []
        for here, tokens in zip(mask, x):
            at = here.nonzero().squeeze(1)
            if len(at):
                tokens = tokens.index_put((at,), self._of_one(self.layer, tokens[at]))
            samples.append(tokens)
        return torch.stack(samples) if samples else x.clone()

    @staticmethod
    def _of_one(layer, rows):
        y = layer(rows.unsqueeze(0))
        if list(y.shape) != [1, *rows.shape]:  # as lists: sizes may be symbols
            raise ValueError(
                f"KeptTokens: the layer makes {list(y.shape)} of {[1, *rows.shape]}"
            )
        return y.squeeze(0)
