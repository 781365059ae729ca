# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Vision transformers that drop or merge tokens."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from condcomp import nn as cnn

from .layers import Attention, Block, FeedForward, Patches
from .network import Network


class Vit(Network):
    """What the vision transformers share."""

    def __init__(self, layers, width, heads, tokens, classes=1000):
        super().__init__()
        self.tokens = tokens
        self.patches = Patches(tokens, width)
        self.blocks = nn.ModuleList(
            self.block(width, heads, 4 * width) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        self.classify = nn.Linear(width, classes)

    def block(self, width, heads, hidden):
        return Block(width, heads, hidden)

    def inputs(self, batch, generator):
        return torch.randn(batch, self.tokens, 768, generator=generator)

    def head(self, x):
        return self.classify(self.norm(x[:, 0]))

    def dense(self, x):
        x = self.patches(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class Predictor(nn.Module):
    """Scores of tokens by themselves and by the mean of all (DynamicViT, eq. 2 to 4)."""

    def __init__(self, width):
        super().__init__()
        self.norm, self.local = nn.LayerNorm(width), nn.Linear(width, width)
        self.judge = nn.Sequential(
            nn.Linear(width, width // 2),
            nn.GELU(),
            nn.Linear(width // 2, width // 4),
            nn.GELU(),
            nn.Linear(width // 4, 2),
        )

    def forward(self, x):
        y = F.gelu(self.local(self.norm(x)))
        local, other = y.chunk(2, -1)
        everywhere = other.mean(1, keepdim=True).expand(-1, x.shape[1], -1)
        return self.judge(torch.cat([local, everywhere], -1)).log_softmax(-1)[..., 0]


class DynamicVit(Vit):
    """Before some blocks the best tokens are kept (arXiv 2106.02034). keep: the share of
    those that are left, at each of these blocks."""

    PARTS = (Block, Predictor)

    def __init__(self, keep, at, **shape):
        super().__init__(**shape)
        width = shape["width"]
        self.predictors = nn.ModuleDict({str(i): Predictor(width) for i in at})
        left, self.selects = shape["tokens"], nn.ModuleDict()
        for i in self.predictors:
            left = math.ceil(keep * left)
            self.selects[i] = cnn.TokenSelect(left)

    def forward(self, x):
        return self.run(x, lambda select, *tensors: select(*tensors))

    def by_hand(self, x):
        return self.run(x, best_by_hand)

    def run(self, x, choose):
        x = self.patches(x)
        for number, block in enumerate(self.blocks):
            if str(number) in self.predictors:
                first, rest = x[:, :1], x[:, 1:]
                scores = self.predictors[str(number)](rest)
                rest = choose(self.selects[str(number)], scores, rest)
                x = torch.cat([first, rest], 1)
            x = block(x)
        return self.head(x)


def best_by_hand(select, scores, x):
    """The tokens with the best scores, in their order."""
    positions = scores.topk(select.k, -1).indices.sort(-1).values
    return x.gather(1, positions.unsqueeze(-1).expand(-1, -1, x.shape[-1]))


class MergingBlock(nn.Module):
    """A block between whose halves tokens are merged (ToMe)."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.attention = Attention(width, heads)
        self.feed_forward = FeedForward(width, hidden)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def attend(self, x, size):
        bias = None if size is None else size.log()[:, None, None, :]
        y, keys = self.attention.with_keys(self.norm1(x), bias)
        return x + y, keys.mean(1)  # over the heads

    def finish(self, x):
        return x + self.feed_forward(self.norm2(x))

    def forward(self, x, size=None, merge=None):
        x, keys = self.attend(x, size)
        if merge is not None:
            x, size = merge(x, keys, size)
        return self.finish(x), size


class Tome(Vit):
    """In every block r tokens are merged into those that they are most alike (arXiv
    2210.09461), and attention weighs tokens by what they stand for."""

    PARTS = (MergingBlock,)

    def __init__(self, r, **shape):
        super().__init__(**shape)
        self.merge = cnn.TokenMerge(r, protect=True) if r else None

    def block(self, width, heads, hidden):
        return MergingBlock(width, heads, hidden)

    def dense(self, x):
        x = self.patches(x)
        for block in self.blocks:
            x, _ = block(x)
        return self.head(x)

    def forward(self, x):
        return self.run(x, self.merge)

    def by_hand(self, x):
        r = self.merge.r if self.merge else 0
        return self.run(x, lambda *tensors: merge_by_hand(r, *tensors))

    def run(self, x, merge):
        x, size = self.patches(x), None
        for block in self.blocks:
            x, size = block(x, size, merge)
        return self.head(x)


def merge_by_hand(r, x, keys, size):
    """Bipartite soft matching as ToMe's authors wrote it (appendix D)."""
    if size is None:
        size = x.new_ones(x.shape[:2])
    unit = keys / keys.norm(dim=-1, keepdim=True)
    scores = unit[:, ::2] @ unit[:, 1::2].transpose(-1, -2)
    scores[:, 0] = -math.inf
    best, target = scores.max(-1)
    order = best.argsort(-1, descending=True)
    gone, kept = order[:, :r], order[:, r:].sort(-1).values
    target = target.gather(1, gone)
    x, size = x * size.unsqueeze(-1), size.unsqueeze(-1)

    def merge(t):
        a, b = t[:, ::2], t[:, 1::2]
        wide = lambda places: places.unsqueeze(-1).expand(-1, -1, t.shape[-1])
        b = b.scatter_add(1, wide(target), a.gather(1, wide(gone)))
        return torch.cat([a.gather(1, wide(kept)), b], 1)

    size = merge(size)
    return merge(x) / size, size.squeeze(-1)
