# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the networks are made of, in plain PyTorch."""

import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Multi-head self-attention on [batch, tokens, width]."""

    def __init__(self, width, heads, causal=False):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x, bias=None):
        """bias: what is added to the scores, such as -inf for tokens that are not
        there."""
        return self.with_keys(x, bias)[0]

    def with_keys(self, x, bias=None):
        """The result, and the keys [batch, heads, tokens, width / heads]."""
        batch, tokens, width = x.shape
        q, k, v = (
            layer(x).reshape(batch, tokens, self.heads, -1).transpose(1, 2)
            for layer in (self.q, self.k, self.v)
        )
        y = F.scaled_dot_product_attention(
            q, k, v, attn_mask=bias, is_causal=self.causal
        )
        return self.out(y.transpose(1, 2).reshape(batch, tokens, width)), k


class FeedForward(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))


class BertLayer(nn.Module):
    """Attention and a feed-forward part, each followed by a norm."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.attention = Attention(width, heads)
        self.feed_forward = FeedForward(width, hidden)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x):
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.feed_forward(x))


class Block(nn.Module):
    """Attention and a feed-forward part, each preceded by a norm."""

    def __init__(self, width, heads, hidden, causal=False):
        super().__init__()
        self.attention = Attention(width, heads, causal)
        self.feed_forward = FeedForward(width, hidden)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x, bias=None):
        x = x + self.attention(self.norm1(x), bias)
        return x + self.feed_forward(self.norm2(x))


class Patches(nn.Module):
    """Patches of images [batch, tokens, 768] to tokens, a class token first."""

    def __init__(self, tokens, width):
        super().__init__()
        self.embed = nn.Linear(768, width)
        self.first = nn.Parameter(torch.randn(1, 1, width))
        self.position = nn.Parameter(torch.randn(1, tokens + 1, width) * 0.02)

    def forward(self, x):
        first = self.first.expand(x.shape[0], -1, -1)
        return torch.cat([first, self.embed(x)], 1) + self.position
