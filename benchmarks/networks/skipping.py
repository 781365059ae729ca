# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Transformers in which tokens or samples skip layers."""

import torch
from torch import nn

from condcomp import nn as cnn

from .layers import Block
from .network import Network, between


class MixtureOfDepths(Network):
    """A causal transformer; every other block runs on the `share` of each sequence's
    tokens with the largest router weights (arXiv 2404.02258, eq. 1)."""

    PARTS = (Block,)

    def __init__(self, share, layers, width, heads, tokens):
        super().__init__()
        self.shape = tokens, width
        block = lambda: Block(width, heads, 4 * width, causal=True)
        self.blocks = nn.ModuleList(block() for _ in range(layers))
        k = max(1, round(share * tokens))
        at = range(1, layers, 2)
        self.routers = nn.ModuleDict({str(i): nn.Linear(width, 1) for i in at})
        # In a dict: the blocks are modules of this one already.
        self.skips = {str(i): cnn.TokenSkip(Update(self.blocks[i]), k) for i in at}
        self.norm = nn.LayerNorm(width)

    def inputs(self, batch, generator):
        return torch.randn(batch, *self.shape, generator=generator)

    def forward(self, x):
        return self.run(x, lambda skip, scores, x: skip(scores, x))

    def dense(self, x):
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def by_hand(self, x):
        return self.run(x, skip_by_hand)

    def run(self, x, skip):
        for number, block in enumerate(self.blocks):
            if str(number) not in self.routers:
                x = block(x)
                continue
            scores = self.routers[str(number)](x).squeeze(-1)
            x = skip(self.skips[str(number)], scores, x)
        return self.norm(x)


class Update(nn.Module):
    """What a block adds to its input."""

    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, x):
        return self.block(x) - x


def skip_by_hand(skip, scores, x):
    positions = scores.topk(skip.select.k, -1).indices.sort(-1).values
    weights = scores.gather(1, positions)
    wide = positions.unsqueeze(-1).expand(-1, -1, x.shape[-1])
    update = skip.layer(x.gather(1, wide)) * weights.unsqueeze(-1)
    return x.scatter_add(1, wide, update)


class Gate(nn.Module):
    """Whether a sample runs a layer: of the mean of its tokens."""

    def __init__(self, width):
        super().__init__()
        self.judge = nn.Linear(width, 1)
        self.register_buffer("offset", torch.zeros(1))

    def forward(self, x):
        return torch.sigmoid(self.judge(x.mean(1)) - self.offset)


class SkipNet(Network):
    """Every layer but the first is skipped by the samples whose gate says so (arXiv
    1711.09485). A point's `skip`: the share of the samples, at each layer."""

    PARTS = (Block, Gate)

    def __init__(self, layers, width, heads, tokens):
        super().__init__()
        self.shape = tokens, width
        block = lambda: Block(width, heads, 4 * width)
        self.first = block()
        self.layers = nn.ModuleList(
            cnn.SkipLayer(block(), Gate(width)) for _ in range(1, layers)
        )
        self.norm = nn.LayerNorm(width)

    def inputs(self, batch, generator):
        return torch.randn(batch, *self.shape, generator=generator)

    def forward(self, x):
        x = self.first(x)
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)

    def dense(self, x):
        x = self.first(x)
        for layer in self.layers:
            x = layer.layer(x)
        return self.norm(x)

    def by_hand(self, x):
        x = self.first(x)
        for layer in self.layers:
            runs = (layer.gate(x).squeeze(1) >= layer.tau).nonzero().squeeze(1)
            if len(runs) == len(x):
                x = layer.layer(x)
            elif len(runs):
                x = x.index_copy(0, runs, layer.layer(x[runs]))
        return self.norm(x)

    def calibrate(self, x, point):
        x = self.first(x)
        for layer in self.layers:
            gate = layer.gate
            gate.offset.zero_()
            values = gate.judge(x.mean(1)).squeeze(1)
            runs = len(x) - round(point["skip"] * len(x))
            # Where the sigmoid is one half.
            share = between(torch.sigmoid(values), runs)
            gate.offset.fill_(torch.logit(gate.offset.new_tensor(share), 1e-6))
            x = layer(x)
