# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Token pruning, experts and exits in one network."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from condcomp import nn as cnn

from .exits import set_thresholds
from .layers import Attention, FeedForward, Patches
from .network import Network
from .pruning import best_by_hand


class Attend(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(width), Attention(width, heads)

    def forward(self, x):
        return x + self.attention(self.norm(x))


class Block(nn.Module):
    """Attention and a mixture of small experts, which have four times the width in
    all, as a plain feed-forward part has. k: of the experts; None: no choice."""

    def __init__(self, width, heads, experts, k):
        super().__init__()
        self.attend, self.norm = Attend(width, heads), nn.LayerNorm(width)
        self.experts = cnn.Experts(
            lambda: FeedForward(width, 4 * width // experts),
            experts,
            gate=cnn.TopK(k or experts, weigh="softmax"),
            router=nn.Linear(width, experts),
        )
        self.chooses = k is not None

    def forward(self, x):
        if not self.chooses:
            return self.dense(x)
        x = self.attend(x)
        return self.experts(self.norm(x), outs=x)

    def dense(self, x):
        """All experts, as one feed-forward part whose hidden units are weighted."""
        x = self.attend(x)
        y, w, experts = self.norm(x), self.experts.weights, self.experts.count
        weights = self.experts.router(y).softmax(-1)
        hidden = F.gelu(
            F.linear(y, w["up_weight"].flatten(0, 1), w["up_bias"].flatten())
        )
        hidden = hidden.unflatten(-1, (experts, -1)) * weights.unsqueeze(-1)
        down = w["down_weight"].transpose(0, 1).flatten(1, 2)
        return x + F.linear(hidden.flatten(-2), down) + weights @ w["down_bias"]

    def by_hand(self, x):
        """One visit per expert that has rows."""
        if not self.chooses:
            return self.dense(x)
        x = self.attend(x)
        rows, w = self.norm(x).flatten(0, 1), self.experts.weights
        logits = self.experts.router(rows)
        chosen = logits.topk(self.experts.gate.k, -1)
        weights = chosen.values.softmax(-1)
        out = torch.zeros_like(rows)
        for e in range(self.experts.count):
            row, slot = (chosen.indices == e).nonzero(as_tuple=True)
            hidden = F.gelu(F.linear(rows[row], w["up_weight"][e], w["up_bias"][e]))
            y = F.linear(hidden, w["down_weight"][e], w["down_bias"][e])
            out.index_add_(0, row, y * weights[row, slot, None])
        return x + out.view_as(x)


class Stage(nn.Module):
    """Blocks, a head, and the pruning for the next stage."""

    def __init__(self, blocks, width, classes, keep):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, classes))
        self.saliency = nn.Linear(width, 1) if keep else None
        self.select = cnn.TokenSelect(keep) if keep else None

    def forward(self, x):
        return self.run(x, lambda block, x: block(x), lambda s, *t: s(*t))

    def by_hand(self, x):
        return self.run(x, lambda block, x: block.by_hand(x), best_by_hand)

    def run(self, x, run_block, choose):
        for block in self.blocks:
            x = run_block(block, x)
        result = self.head(x[:, 0])
        if self.select is not None:
            first, rest = x[:, :1], x[:, 1:]
            rest = choose(self.select, self.saliency(rest).squeeze(-1), rest)
            x = torch.cat([first, rest], 1)
        return result, x


class Mixed(Network):
    """Four stages. k: of the experts, None for all, without a choice; keep: the share of
    the tokens that go on after a stage, 1 for all, without a choice; exits: whether
    samples leave between stages. A point's `mean_exit`: after how many stages, in the
    mean."""

    PARTS = (Attend,)

    def __init__(self, layers, width, heads, tokens, k, keep, exits, experts=8):
        super().__init__()
        self.tokens, self.has_exits = tokens, exits
        self.patches = Patches(tokens, width)
        stages, left = [], tokens
        for number in range(4):
            left = math.ceil(keep * left)
            blocks = [Block(width, heads, experts, k) for _ in range(layers // 4)]
            prunes = keep < 1 and number < 3
            stages.append(Stage(blocks, width, 1000, left if prunes else None))
        self.exits = cnn.EarlyExit(stages)

    def inputs(self, batch, generator):
        return torch.randn(batch, self.tokens, 768, generator=generator)

    def forward(self, x):
        x = self.patches(x)
        if self.has_exits:
            return self.exits(x)
        for stage in self.exits.stages:
            result, x = stage(x)
        return result

    def dense(self, x):
        x = self.patches(x)
        for stage in self.exits.stages:
            for block in stage.blocks:
                x = block.dense(x)
        return stage.head(x[:, 0])

    def by_hand(self, x):
        x, here = self.patches(x), torch.arange(len(x), device=x.device)
        result, left = None, torch.full_like(here, 3, dtype=torch.int32)
        for number, stage in enumerate(self.exits.stages):
            logits, x = stage.by_hand(x)
            if not self.has_exits:
                result = logits
                continue
            result = torch.empty_like(logits) if result is None else result
            done = torch.ones(len(x), dtype=torch.bool, device=x.device)
            if number < 3:
                sure = logits.softmax(-1).amax(-1)
                done = sure > self.exits.threshold[number]
            left[here[done]], result[here[done]] = number, logits[done]
            here, x = here[~done], x[~done]
            if not len(here):
                break
        return (result, left) if self.has_exits else result

    def calibrate(self, x, point):
        if self.has_exits:
            set_thresholds(self.exits, self.patches(x), point["mean_exit"])
