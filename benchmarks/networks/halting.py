# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A vision transformer whose tokens halt."""

import torch

from condcomp import nn as cnn

from .layers import Block
from .network import Network
from .pruning import Vit

HALTED = 0.99


class AVit(Vit):
    """A token halts when its halting probabilities sum to one; later layers run without
    it, each image having a number of tokens of its own (A-ViT, arXiv 2112.07658, eq. 4
    to 9). A point's `layers`: how many a token runs in the mean."""

    PARTS = (Block,)
    MAY_DIFFER = 0.1  # of thousands of sums some are near the limit

    def __init__(self, gamma=5.0, **shape):
        super().__init__(**shape)
        self.gamma = gamma
        self.register_buffer("beta", torch.tensor(-10.0))
        # In a tuple: the blocks are modules of this one already.
        self.kept = tuple(cnn.KeptTokens(block) for block in self.blocks)

    def forward(self, x):
        """The classes, and how many layers each token ran."""
        return self.run(x, lambda number, mask, x: self.kept[number](mask, x))

    def masked(self, x):
        return self.run(x, self.all_tokens)

    def by_hand(self, x):
        return self.run(x, self.padded)

    def run(self, x, layer):
        x = self.patches(x)
        total = x.new_zeros(x.shape[:2])
        result, ran = torch.zeros_like(x[:, 0]), torch.zeros_like(total).to(torch.int32)
        for number in range(len(self.blocks)):
            alive = total < HALTED
            x = layer(number, alive, x)
            p = torch.sigmoid(self.gamma * x[..., 0] + self.beta)
            if number + 1 == len(self.blocks):
                p = torch.ones_like(p)
            after = total + p
            p = torch.where(after < HALTED, p, 1 - total)
            more = result + p[:, :1] * x[:, 0]
            result = torch.where(alive[:, :1], more, result)
            ran = ran + alive.to(torch.int32)
            total = torch.where(alive, after, total)
        return self.classify(self.norm(result)), ran

    def all_tokens(self, number, alive, x):
        """The layer on all tokens, of which those that have halted are not seen."""
        bias = torch.zeros_like(alive, dtype=x.dtype).masked_fill(~alive, -torch.inf)
        # A sample without tokens would be 0 / 0.
        bias = torch.where(alive.any(1, keepdim=True), bias, 0.0)
        y = self.blocks[number](x, bias[:, None, None])
        return torch.where(alive.unsqueeze(-1), y, x)

    def padded(self, number, alive, x):
        """The layer on as many tokens as the sample with the most has left."""
        most = int(alive.sum(1).max())
        if most == 0:
            return x
        if most == x.shape[1]:
            return self.all_tokens(number, alive, x)
        order = (~alive).to(torch.int8).argsort(dim=1, stable=True)[:, :most]
        wide = order.unsqueeze(-1).expand(-1, -1, x.shape[-1])
        y = self.all_tokens(number, alive.gather(1, order), x.gather(1, wide))
        return x.scatter(1, wide, y)

    def calibrate(self, x, point):
        low, high = -60.0, 20.0
        for _ in range(14):
            self.beta.fill_((low + high) / 2)
            ran = self.by_hand(x)[1].float().mean()
            low, high = (
                (self.beta.item(), high)
                if ran > point["layers"]
                else (low, self.beta.item())
            )
