"""A dense transformer block exported from PyTorch, against PyTorch eager."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse
import subprocess
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from condcomp import cc_run, side_by_side

# width, heads, feed-forward, batch, tokens
SHAPES = {
    "BERT-base": (768, 12, 3072, 8, 128),
    "DeiT-S": (384, 6, 1536, 8, 197),
    "small": (96, 6, 384, 256, 49),
}


class Block(nn.Module):
    """A pre-norm block: attention and a GELU feed-forward."""

    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x):
        b, n, d = x.shape
        y = self.norm1(x)
        q, k, v = (
            layer(y).reshape(b, n, self.heads, d // self.heads).transpose(1, 2)
            for layer in (self.q, self.k, self.v)
        )
        p = F.softmax(q @ k.transpose(-1, -2) * (d // self.heads) ** -0.5, dim=-1)
        x = x + self.o((p @ v).transpose(1, 2).reshape(b, n, d))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class WithWeights(nn.Module):
    """The block as a function of its input and its weights."""

    def __init__(self, block):
        super().__init__()
        self.names = [name for name, _ in block.named_parameters()]
        self.block = [block]  # in a list: its weights are no weights of this module

    def forward(self, x, *weights):
        weights = dict(zip(self.names, weights))
        return torch.func.functional_call(self.block[0], weights, (x,))


def make(shape):
    width, heads, hidden, batch, tokens = SHAPES[shape]
    torch.manual_seed(0)
    return Block(width, heads, hidden).eval(), torch.randn(batch, tokens, width)


def export(shape):
    """Prints the block's MLIR; torch-mlir has a process of its own."""
    from torch_mlir import fx

    block, x = make(shape)
    weights = [p.detach() for p in block.parameters()]
    batch = {0: torch.export.Dim("batch", min=1)}
    module = fx.export_and_import(
        WithWeights(block),
        x,
        *weights,
        output_type="linalg-on-tensors",
        func_name="block",
        dynamic_shapes={"x": batch, "weights": (None,) * len(weights)},
    )
    print(module)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    side_by_side.add_options(parser, rounds=3, repetitions=5)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--export", choices=SHAPES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.export:
        export(options.export)
        return
    torch.set_num_threads(options.threads)
    rows = []
    print("block        condcomp  PyTorch ms  speed  error (relative l2)")
    for shape in options.shapes:
        source = subprocess.run(
            [sys.executable, __file__, "--export", shape],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        block, x = make(shape)
        weights = [p.detach().numpy() for p in block.parameters()]
        with torch.inference_mode(), cc_run.Function(source, "block", weights) as ours:
            runs = {
                "condcomp": lambda: ours.times(
                    [x.numpy()], options.repetitions, options.threads
                ),
                "PyTorch": lambda: side_by_side.time_here(
                    lambda: block(x), options.repetitions
                ),
            }
            times = side_by_side.summary(side_by_side.interleave(runs, options.rounds))
            (y,) = ours.call([x.numpy()], 1, options.threads)
            want = block.double()(x.double()).numpy()
        error = np.linalg.norm(y - want) / np.linalg.norm(want)
        ms = {program: 1e3 * t["median"] for program, t in times.items()}
        print(
            f"{shape:12} {ms['condcomp']:8.2f} {ms['PyTorch']:11.2f}"
            f" {ms['PyTorch'] / ms['condcomp']:6.2f}  {error:.1e}"
        )
        rows.append({"shape": shape, "times": times, "error": error})
    side_by_side.write_report(options.output, vars(options).items(), rows)


if __name__ == "__main__":
    main()
