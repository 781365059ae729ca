"""An early-exit encoder exported from PyTorch, against eager with compacted batches."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse

import torch
from torch import nn

from condcomp import nn as cnn, side_by_side
from condcomp.torch import compile as compile_model

# layers, width, heads, feed-forward, tokens
SHAPES = {
    "4x64": (4, 64, 4, 256, 64),
    "6x256": (6, 256, 8, 1024, 64),
    # BERT-tiny's layers, and three of BERT-base's.
    "2x128": (2, 128, 2, 512, 128),
    "3x768": (3, 768, 12, 3072, 64),
}
CLASSES = 10


class Head(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.classify = nn.Linear(width, CLASSES)

    def forward(self, x):
        return self.classify(x[:, 0])


class Encoder(nn.Module):
    """Layers with exits behind each."""

    def __init__(self, layers, width, heads, hidden, tokens):
        super().__init__()
        layer = lambda: nn.TransformerEncoderLayer(
            width, heads, hidden, activation="gelu", batch_first=True, norm_first=True
        )
        self.exits = cnn.EarlyExit([(layer(), Head(width)) for _ in range(layers)])

    def forward(self, x):
        return self.exits(x)


def compacted(model, x):
    """The model by hand: rows that leave are taken out of the batch."""
    exits = model.exits
    result = x.new_empty(len(x), CLASSES)
    here = torch.arange(len(x))
    for number, stage in enumerate(exits.stages):
        logits, x = stage(x)
        if number + 1 == len(exits.stages):
            result[here] = logits
            break
        done = logits.softmax(-1).amax(-1) > exits.threshold[number]
        result[here[done]] = logits[done]
        here, x = here[~done], x[~done]
        if not len(here):
            break
    return result


@torch.no_grad()
def set_thresholds(model, x, share):
    """So that this share of the rows that reach an exit leave there."""
    for number, stage in enumerate(list(model.exits.stages)[:-1]):
        logits, x = stage(x)
        sure = logits.softmax(-1).amax(-1)
        threshold = sure.quantile(1 - share)
        model.exits.threshold[number] = threshold
        x = x[sure <= threshold]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    side_by_side.add_options(parser)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--leave", type=float, default=0.4, help="share at each exit")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = []
    print("layers x width  condcomp  compacted by hand  all layers ms  speed")
    for shape in options.shapes:
        torch.manual_seed(0)
        model = Encoder(*SHAPES[shape]).eval()
        _, width, _, _, tokens = SHAPES[shape]
        x = torch.randn(options.batch, tokens, width)
        set_thresholds(model, torch.randn(256, tokens, width), options.leave)
        fast = compile_model(model, x, threads=options.threads)
        runs = {
            "condcomp": lambda: fast(x),
            "compacted": lambda: compacted(model, x),
            "all layers": lambda: model(x),
        }
        timed = lambda run: lambda: side_by_side.time_here(run, options.repetitions)
        with torch.inference_mode():
            error = (fast(x).result - compacted(model, x)).abs().max().item()
            times = side_by_side.interleave(
                {name: timed(run) for name, run in runs.items()}, options.rounds
            )
            left = model(x).stage.bincount(minlength=len(model.exits.stages))
        times = side_by_side.summary(times)
        ms = {name: 1e3 * t["median"] for name, t in times.items()}
        print(
            f"{shape:14} {ms['condcomp']:9.2f} {ms['compacted']:18.2f}"
            f" {ms['all layers']:14.2f} {ms['compacted'] / ms['condcomp']:6.2f}"
        )
        print(f"  left at {left.tolist()}, largest difference {error:.1e}")
        rows.append({"shape": shape, "times": times, "left": left.tolist()})
    side_by_side.write_report(options.output, vars(options).items(), rows)


if __name__ == "__main__":
    main()
