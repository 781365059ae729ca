# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Encoders with an exit behind each layer."""

import torch
from torch import nn

from condcomp import nn as cnn

from .layers import BertLayer
from .network import Network, between


class Head(nn.Module):
    """Classifies by the first token, as BERT does."""

    def __init__(self, width, classes):
        super().__init__()
        self.pool, self.classify = nn.Linear(width, width), nn.Linear(width, classes)

    def forward(self, x):
        return self.classify(torch.tanh(self.pool(x[:, 0])))


class ExitEncoder(Network):
    """BERT's encoder; a sample leaves at the first exit that is sure (DeeBERT, arXiv
    2004.12993). A point's `mean_exit`: after how many layers, in the mean."""

    PARTS = (BertLayer, Head)

    def __init__(self, layers, width, heads, tokens, classes=10):
        super().__init__()
        self.shape = tokens, width
        self.exits = cnn.EarlyExit(
            [
                (BertLayer(width, heads, 4 * width), Head(width, classes))
                for _ in range(layers)
            ]
        )

    def inputs(self, batch, generator):
        return torch.randn(batch, *self.shape, generator=generator)

    def forward(self, x):
        return self.exits(x)

    def dense(self, x):
        for stage in self.exits.stages:
            x = stage.block(x)
        return self.exits.stages[-1].head(x)

    def by_hand(self, x):
        stages, result = self.exits.stages, None
        here = torch.arange(len(x), device=x.device)
        left = torch.full_like(here, len(stages) - 1, dtype=torch.int32)
        for number, stage in enumerate(stages):
            x = stage.block(x)
            logits = stage.head(x)
            if result is None:
                result = torch.empty_like(logits)
            if number + 1 == len(stages):
                result[here] = logits
                break
            sure = logits.softmax(-1).amax(-1)
            done = sure > self.exits.threshold[number]
            gone = done.nonzero().squeeze(1)
            if not len(gone):
                continue
            left[here[gone]] = number
            result[here[gone]] = logits[gone]
            stay = (~done).nonzero().squeeze(1)
            if not len(stay):
                break
            here, x = here[stay], x[stay]
        return result, left

    def calibrate(self, x, point):
        set_thresholds(self.exits, x, point["mean_exit"])


def set_thresholds(exits, x, mean):
    """So that samples leave after `mean` stages in the mean, each exit taking the same
    share of those that reach it."""
    share = leaving_share(len(exits.stages), mean)
    alive = torch.arange(len(x), device=x.device)
    for number, result in enumerate(exits.exits(x)[:-1]):
        sure = cnn.confidence(result)[alive]
        stay = round(len(x) * (1 - share) ** (number + 1))
        exits.threshold[number] = between(sure, len(alive) - stay)
        alive = alive[sure <= exits.threshold[number]]


def leaving_share(layers, mean):
    """The share that leaves at each exit if samples leave after `mean` layers."""
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        after = sum((1 - share) ** number for number in range(layers))
        low, high = (share, high) if after > mean else (low, share)
    return share if mean < layers else 0.0
