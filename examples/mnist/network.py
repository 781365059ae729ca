# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The network in PyTorch, built with condcomp.nn: for training, for export, and as a
baseline in benchmarks.

A vision transformer of four pre-norm blocks on 49 patches. Each block's
feed-forward part has 8 experts; after each block stands an exit, which pools
the tokens by learned saliency and classifies the digit.

Two networks share the weights:
- the dense one runs everything: all tokens, all 8 experts weighted by the
  softmax of the router's logits (so 384 hidden units, four times the width,
  as in a plain transformer), all four blocks, the last exit;
- the dynamic one runs per token the 2 experts with the greatest logits,
  weighted by the softmax over these two; drops after blocks 1 and 2 the least
  salient tokens (49 -> 25 -> 13); and stops at the first exit whose greatest
  class probability is above that exit's threshold.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from condcomp import nn as cnn

BLOCKS, WIDTH, HEADS = 4, 96, 6
EXPERTS, CHOSEN, HIDDEN = 8, 2, 48
TOKENS = (49, 25, 13, 13)
CLASSES = 10


def norm(x):
    """Layer norm; its gain and bias are left to the matrices that follow."""
    return F.layer_norm(x, (WIDTH,), eps=1e-5)


def weight(*shape, std=None):
    std = 1 / math.sqrt(shape[-2]) if std is None else std
    return nn.Parameter(torch.randn(*shape) * std)


class Expert(nn.Module):
    """A small feed-forward part."""

    def __init__(self):
        super().__init__()
        self.up = weight(WIDTH, HIDDEN)
        self.up_bias = nn.Parameter(torch.zeros(HIDDEN))
        self.down = weight(HIDDEN, WIDTH)

    def forward(self, y):
        return F.silu(y @ self.up + self.up_bias) @ self.down


class Block(nn.Module):
    """Attention and a mixture of experts, matrices stored as [in, out]."""

    def __init__(self):
        super().__init__()
        self.q = weight(WIDTH, WIDTH)
        self.k = weight(WIDTH, WIDTH)
        self.v = weight(WIDTH, WIDTH)
        self.o = weight(WIDTH, WIDTH, std=0.5 / math.sqrt(WIDTH))
        self.router = weight(WIDTH, EXPERTS)
        gate = cnn.TopK(CHOSEN, weigh="softmax")
        self.experts = cnn.Experts(Expert, EXPERTS, gate=gate)

    def attention(self, x):
        n, t, _ = x.shape
        y = norm(x)
        q, k, v = (
            (y @ w).view(n, t, HEADS, -1).transpose(1, 2)
            for w in (self.q, self.k, self.v)
        )
        # In bf16 (training) PyTorch's gradient of this is ten times slower.
        with torch.autocast("cpu", enabled=False):
            y = F.scaled_dot_product_attention(q.float(), k.float(), v.float())
        return x + y.transpose(1, 2).reshape(n, t, WIDTH) @ self.o

    def forward(self, x):
        x = self.attention(x)
        y = norm(x)
        return self.experts(y, scores=y @ self.router, outs=x)

    def dense(self, x):
        """All experts, weighted by the softmax of the router's logits: what forward
        gives in the soft form, as one feed-forward part."""
        x = self.attention(x)
        y, w = norm(x), self.experts.weights
        weights = (y @ self.router).softmax(-1)
        up = w["up"].transpose(0, 1).reshape(WIDTH, EXPERTS * HIDDEN)
        hidden = F.silu(y @ up + w["up_bias"].reshape(-1))
        hidden = hidden.unflatten(-1, (EXPERTS, HIDDEN)) * weights.unsqueeze(-1)
        down = w["down"].reshape(EXPERTS * HIDDEN, WIDTH)
        return x + hidden.flatten(-2) @ down

    def balance(self):
        """The balance loss of the last forward pass in training mode."""
        return cnn.balance_loss(self.experts.scores, self.experts.routing.mask)

    def sparse(self, x):
        """The block with only the chosen experts run, by hand."""
        x = self.attention(x)
        rows = norm(x).flatten(0, 1)
        logits = rows @ self.router
        experts = logits.topk(CHOSEN, -1).indices.sort(-1).values
        weights = logits.gather(-1, experts).softmax(-1)
        out = torch.zeros_like(rows)
        w = self.experts.weights
        for e in range(EXPERTS):
            row, slot = (experts == e).nonzero(as_tuple=True)
            hidden = F.silu(torch.addmm(w["up_bias"][e], rows[row], w["up"][e]))
            out.index_add_(0, row, hidden @ w["down"][e] * weights[row, slot, None])
        return x + out.view_as(x)


class Exit(nn.Module):
    """Pools by saliency and classifies; the saliency also prunes."""

    def __init__(self):
        super().__init__()
        self.saliency = weight(WIDTH, 1, std=0.02)
        self.classify = weight(WIDTH, CLASSES)
        self.bias = nn.Parameter(torch.zeros(CLASSES))

    def forward(self, x):
        y = norm(x)
        saliency = (y @ self.saliency).squeeze(-1)
        pooled = (saliency.softmax(-1).unsqueeze(1) @ y).squeeze(1)
        return pooled @ self.classify + self.bias, saliency


class Stage(nn.Module):
    """A block, the exit behind it, and the pruning for the next stage."""

    def __init__(self, keep):
        super().__init__()
        self.block, self.leave = Block(), Exit()
        self.keep = cnn.TokenSelect(keep) if keep else None

    def forward(self, x, block=Block.forward):
        x = block(self.block, x)
        logits, saliency = self.leave(x)
        return logits, x if self.keep is None else self.keep(saliency, x)


class Network(nn.Module):
    """The dense and the dynamic network, on images [n, 28, 28]."""

    def __init__(self):
        super().__init__()
        self.embed = weight(16, WIDTH)
        self.position = weight(TOKENS[0], WIDTH, std=0.2)
        keep = [b if b < a else None for a, b in zip(TOKENS, TOKENS[1:])] + [None]
        self.stages = cnn.EarlyExit([Stage(k) for k in keep], "max_prob")

    def tokens(self, images):
        """7x7 patches, row by row, of 4x4 pixels, embedded."""
        n = images.shape[0]
        patches = images.view(n, 7, 4, 7, 4).transpose(2, 3).reshape(n, 49, 16)
        return patches @ self.embed + self.position

    def forward(self, images, thresholds):
        """The dynamic network: class logits, and the stage where each image left."""
        return self.stages(self.tokens(images), threshold=thresholds)

    def exits(self, images):
        """The dynamic network for training: the logits of all four exits."""
        return self.stages.exits(self.tokens(images))

    def dense(self, images):
        """The dense network's logits."""
        x = self.tokens(images)
        for stage in self.stages.stages:
            x = stage.block.dense(x)
        return self.stages.stages[-1].leave(x)[0]

    def balance(self):
        """The mean balance loss of the last forward pass in training mode."""
        return sum(s.block.balance() for s in self.stages.stages) / BLOCKS

    def compacted(self, images, thresholds):
        """The dynamic network by hand: images that leave are taken out of the batch."""
        logits = images.new_zeros(len(images), CLASSES)
        here = torch.arange(len(images), device=images.device)
        left_at = torch.full_like(here, BLOCKS - 1)
        x = self.tokens(images)
        for number, stage in enumerate(self.stages.stages):
            out, x = stage(x, Block.sparse)
            if number + 1 == BLOCKS:
                logits[here] = out
                break
            done = out.softmax(-1).amax(-1) > thresholds[number]
            logits[here[done]] = out[done]
            left_at[here[done]] = number
            here, x = here[~done], x[~done]
            if not len(here):
                break
        return logits, left_at


def parameters_by_name(stage):
    """{name in weights.npz: parameter} of a stage."""
    of = lambda module: dict(module.named_parameters(recurse=False))
    return {
        **of(stage.block),
        **dict(stage.block.experts.weights),
        **of(stage.leave),
    }


@torch.no_grad()
def from_weights(weights):
    """The network with the weights of weights.npz."""
    arrays = {name: torch.from_numpy(array) for name, array in weights.items()}
    arrays["q"] = arrays["q"] * math.sqrt(WIDTH // HEADS)
    arrays["saliency"] = arrays["saliency"].unsqueeze(-1)
    net = Network().eval()
    net.embed.copy_(arrays["embed"])
    net.position.copy_(arrays["position"])
    net.stages.threshold.copy_(arrays["thresholds"])
    for number, stage in enumerate(net.stages.stages):
        for name, parameter in parameters_by_name(stage).items():
            parameter.copy_(arrays[name][number])
    return net
