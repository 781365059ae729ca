#!/usr/bin/env python3
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Exports blocks of PyTorch models as functions to call from row-wise bodies.

Writes one .mlir file per block beside this script (or into the directory given):
what torch.export and torch-mlir make of them, with the weights, which the row
analysis doesn't look at, replaced by zeros. The files are checked in; run this
script again after changing a block. Needs torch and torch-mlir; a process of its
own, as torch-mlir brings another MLIR.
"""

import pathlib
import re
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch_mlir import fx


class EncoderLayer(nn.Module):
    """nn.TransformerEncoderLayer: attention runs sequence-first inside."""

    def __init__(self, causal=False):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(
            16, 4, 32, dropout=0.0, batch_first=True
        )
        self.causal = causal

    def forward(self, x):
        if not self.causal:
            return self.layer(x)
        n = x.shape[1]
        mask = torch.triu(torch.full((n, n), float("-inf")), diagonal=1)
        return self.layer(x, src_mask=mask)


class PaddedEncoderLayer(EncoderLayer):
    """The same with a mask of each sample's padding."""

    def forward(self, x, padding):
        return self.layer(x, src_key_padding_mask=padding)


class ViTBlock(nn.Module):
    """A pre-norm block as in vision transformers, heads folded into the batch."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(16), nn.LayerNorm(16)
        self.qkv, self.proj = nn.Linear(16, 48), nn.Linear(16, 16)
        self.up, self.down = nn.Linear(16, 32), nn.Linear(32, 16)

    def forward(self, x):
        b, n, d = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(b, n, 3, 4, d // 4)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(y.transpose(1, 2).reshape(b, n, d))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Classifier(nn.Module):
    """Patches, token embeddings, a class token, a block and a head."""

    def __init__(self):
        super().__init__()
        self.block = ViTBlock()
        self.cls = nn.Parameter(torch.zeros(1, 1, 16))
        self.position = nn.Parameter(torch.zeros(1, 7, 16))
        self.patches = nn.Conv2d(3, 16, 2, 2)
        self.norm = nn.BatchNorm2d(16)
        self.tokens = nn.Embedding(11, 16)
        self.head = nn.Linear(16, 10)

    def forward(self, ids, image):
        x = self.norm(self.patches(image)).flatten(2).transpose(1, 2)
        x = x + self.tokens(ids)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1)
        x = self.block(x + self.position)
        return torch.softmax(self.head(x[:, 0]), -1), x.mean(1)


class DynamicAttention(nn.Module):
    """Attention on samples of run-time length: reshapes by computed sizes.

    Without projections: of nn.Linear on two run-time dims, torch-mlir 20261001
    makes a cast of the second one to size 1.
    """

    def forward(self, x):
        b, n, d = x.shape
        q = x.reshape(b, n, 4, d // 4).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, q, q)
        return y.transpose(1, 2).reshape(b, n, d)


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


# What must be refused.
MIXING = {
    "batch_mean": lambda x: x - x.mean(0, keepdim=True),
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True),
    "flip": lambda x: x.flip(0),
    "roll": lambda x: x.roll(1, 0),
    "first_row": lambda x: x + x[0],
    "gram": lambda x: x @ x.T @ x,
    "divide_by_count": lambda x: x / x.shape[0],
    "row_position": lambda x: x
    + torch.arange(x.shape[0], dtype=torch.float32)[:, None],
}


def export(path, model, inputs, dynamic_dims):
    model = model.eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    program = torch.export.export(
        model, inputs, dynamic_shapes=tuple(dynamic_dims for _ in inputs)
    )
    name = path.stem.replace("-", "_")
    module = str(
        fx.export_and_import(program, output_type="linalg-on-tensors", func_name=name)
    )
    module = re.sub(r"\{-#.*#-\}\s*$", "", module, flags=re.S)
    module = re.sub(
        r"dense(_resource)?<[^<>]*> : (tensor<[^<>]*xf32>)",
        r"dense<0.0> : \2",
        module,
    )
    # The function alone, to be put before a test that calls it.
    module = re.sub(r"^module[^\n]*\{\n(.*)^\}\n*", r"\1", module, flags=re.S | re.M)
    path.write_text("// Made by export_blocks.py.\n" + module)


def main():
    out = pathlib.Path(sys.argv[1] if sys.argv[1:] else __file__)
    out = out if out.is_dir() else out.parent
    batch, tokens = torch.export.Dim("batch"), torch.export.Dim("tokens", min=2)
    x = torch.randn(3, 6, 16)
    export(out / "encoder.mlir", EncoderLayer(), (x,), {0: batch})
    export(out / "causal.mlir", EncoderLayer(causal=True), (x,), {0: batch})
    padding = torch.zeros(3, 6, dtype=torch.bool)
    export(out / "padded.mlir", PaddedEncoderLayer(), (x, padding), {0: batch})
    export(out / "vit.mlir", ViTBlock(), (x,), {0: batch})
    export(
        out / "classifier.mlir",
        Classifier(),
        (torch.zeros(3, 6, dtype=torch.int64), torch.randn(3, 3, 4, 6)),
        {0: batch},
    )
    export(
        out / "dynamic-attention.mlir",
        DynamicAttention(),
        (x,),
        {0: batch, 1: tokens},
    )
    for name, function in MIXING.items():
        path = out / ("mixing-" + name.replace("_", "-") + ".mlir")
        export(path, Function(function), (torch.randn(3, 16),), {0: batch})


if __name__ == "__main__":
    main()
