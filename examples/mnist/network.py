# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The network in PyTorch: for training, and as a baseline in benchmarks.

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


class Block(nn.Module):
    """Attention and a mixture of experts, matrices stored as [in, out]."""

    def __init__(self):
        super().__init__()
        self.q = weight(WIDTH, WIDTH)
        self.k = weight(WIDTH, WIDTH)
        self.v = weight(WIDTH, WIDTH)
        self.o = weight(WIDTH, WIDTH, std=0.5 / math.sqrt(WIDTH))
        self.router = weight(WIDTH, EXPERTS)
        self.up = weight(EXPERTS, WIDTH, HIDDEN)
        self.up_bias = nn.Parameter(torch.zeros(EXPERTS, HIDDEN))
        self.down = weight(EXPERTS, HIDDEN, WIDTH)

    def attention(self, x):
        n, t, _ = x.shape
        qkv = norm(x) @ torch.cat([self.q, self.k, self.v], 1)
        q, k, v = qkv.view(n, t, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        # In bf16 (training) PyTorch's gradient of this is ten times slower.
        with torch.autocast("cpu", enabled=False):
            y = F.scaled_dot_product_attention(q.float(), k.float(), v.float())
        return x + y.transpose(1, 2).reshape(n, t, WIDTH) @ self.o

    def mixture(self, y, weights):
        """All experts on all tokens, weighted: the weights may hold zeros."""
        up = self.up.transpose(0, 1).reshape(WIDTH, EXPERTS * HIDDEN)
        hidden = F.silu(y @ up + self.up_bias.reshape(-1))
        hidden = hidden.unflatten(-1, (EXPERTS, HIDDEN)) * weights.unsqueeze(-1)
        return hidden.flatten(-2) @ self.down.reshape(EXPERTS * HIDDEN, WIDTH)

    def dense(self, x):
        x = self.attention(x)
        y = norm(x)
        return x + self.mixture(y, (y @ self.router).softmax(-1))

    def chosen(self, logits):
        """Returns the chosen experts, ascending, and their weights."""
        experts = logits.topk(CHOSEN, -1).indices.sort(-1).values
        return experts, logits.gather(-1, experts).softmax(-1)

    def masked(self, x):
        """The dynamic block for training; returns also the balance loss."""
        x = self.attention(x)
        y = norm(x)
        logits = y @ self.router
        experts, chosen = self.chosen(logits)
        weights = torch.zeros_like(logits).scatter(-1, experts, chosen)
        load = (weights.detach() > 0).flatten(0, -2).float().mean(0) / CHOSEN
        share = logits.softmax(-1).flatten(0, -2).mean(0)
        balance = EXPERTS * (load * share).sum()
        return x + self.mixture(y, weights), balance

    def sparse(self, x):
        """The dynamic block with only the chosen experts run."""
        x = self.attention(x)
        rows = norm(x).flatten(0, 1)
        experts, weights = self.chosen(rows @ self.router)
        out = torch.zeros_like(rows)
        for e in range(EXPERTS):
            row, slot = (experts == e).nonzero(as_tuple=True)
            hidden = F.silu(torch.addmm(self.up_bias[e], rows[row], self.up[e]))
            out.index_add_(0, row, hidden @ self.down[e] * weights[row, slot, None])
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


def prune(x, saliency, count):
    """Keeps the `count` most salient tokens, in their order."""
    if count == x.shape[1]:
        return x
    kept = saliency.topk(count, -1).indices.sort(-1).values
    return x.gather(1, kept.unsqueeze(-1).expand(-1, -1, WIDTH))


class Network(nn.Module):
    """The dense and the dynamic network, on patches as digits.py cuts them."""

    def __init__(self):
        super().__init__()
        self.embed = weight(16, WIDTH)
        self.position = weight(TOKENS[0], WIDTH, std=0.2)
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.exits = nn.ModuleList(Exit() for _ in range(BLOCKS))

    def dense(self, patches):
        x = patches @ self.embed + self.position
        for block in self.blocks:
            x = block.dense(x)
        return self.exits[-1](x)[0]

    def staged(self, patches):
        """Logits of all four exits, and the mean balance loss."""
        x = patches @ self.embed + self.position
        logits, balance = [], 0.0
        for stage, (block, leave) in enumerate(zip(self.blocks, self.exits)):
            x, loss = block.masked(x)
            balance += loss / BLOCKS
            out, saliency = leave(x)
            logits.append(out)
            if stage + 1 < BLOCKS:
                x = prune(x, saliency, TOKENS[stage + 1])
        return logits, balance

    def dynamic(self, patches, thresholds):
        """Class logits, and the stage at which each image left."""
        logits = patches.new_zeros(len(patches), CLASSES)
        left_at = torch.full((len(patches),), BLOCKS - 1)
        here = torch.arange(len(patches))
        x = patches @ self.embed + self.position
        for stage, (block, leave) in enumerate(zip(self.blocks, self.exits)):
            x = block.sparse(x)
            out, saliency = leave(x)
            if stage + 1 == BLOCKS:
                logits[here] = out
                break
            done = out.softmax(-1).amax(-1) > thresholds[stage]
            logits[here[done]] = out[done]
            left_at[here[done]] = stage
            here = here[~done]
            x = prune(x[~done], saliency[~done], TOKENS[stage + 1])
        return logits, left_at


@torch.no_grad()
def from_weights(weights):
    """The network with the weights of weights.npz."""
    arrays = {name: torch.from_numpy(array) for name, array in weights.items()}
    arrays["q"] = arrays["q"] * math.sqrt(WIDTH // HEADS)
    arrays["saliency"] = arrays["saliency"].unsqueeze(-1)
    net = Network().eval()
    net.embed.copy_(arrays["embed"])
    net.position.copy_(arrays["position"])
    for stage in range(BLOCKS):
        for module in (net.blocks[stage], net.exits[stage]):
            for name, parameter in module.named_parameters():
                parameter.copy_(arrays[name][stage])
    return net
