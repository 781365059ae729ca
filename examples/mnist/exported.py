# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The network of network.py exported from PyTorch and compiled: no IR is written by
hand. Compares its answers with PyTorch's, its time with mnist.mlir's and PyTorch's.

Needs PyTorch (`./dev setup --with-torch`).
"""

import argparse

import compiled
import digits
import network
import numpy as np
import reference
import torch

import condcomp
from condcomp import side_by_side
from condcomp.torch import compile as compile_model


def load():
    """The trained network, and its thresholds."""
    weights = reference.load_weights()
    return network.from_weights(weights), torch.from_numpy(weights["thresholds"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=256)
    side_by_side.add_options(parser)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    net, thresholds = load()
    images, labels = (torch.from_numpy(a) for a in digits.load()["held_out"])

    print("Exporting and compiling ...", flush=True)
    fast = compile_model(net, (images[:2], thresholds), threads=options.threads)
    by_hand = condcomp.compile(compiled.HERE / "mnist.mlir", threads=options.threads)
    weights = compiled.dynamic_weights(reference.load_weights())
    by_hand = by_hand.bind("dynamic", dict(enumerate(weights, 2)))

    with torch.inference_mode():
        logits, left_at = fast(images, thresholds)
        expected, expected_left = net.compacted(images, thresholds)
    hits = (logits.argmax(1) == labels).float().mean()
    print(f"{'accuracy':32} {hits:.1%}")
    print(f"{'largest difference of logits':32} {(logits - expected).abs().max():.1e}")
    same = (left_at == expected_left).sum()
    print(f"{'left where PyTorch says':32} {same} of {len(images)}")

    batch = images[: options.batch]
    runs = {
        "exported": lambda: fast(batch, thresholds),
        "mnist.mlir": lambda: by_hand(batch, thresholds),
        "PyTorch, compacted by hand": lambda: net.compacted(batch, thresholds),
    }
    timed = lambda run: lambda: side_by_side.time_here(run, options.repetitions)
    with torch.inference_mode():
        seconds = side_by_side.interleave(
            {name: timed(run) for name, run in runs.items()}, options.rounds
        )
    for name, times in seconds.items():
        micros = [1e6 * t / len(batch) for t in (min(times), np.median(times))]
        print(f"{name:32} {micros[0]:.1f} us per image, median {micros[1]:.1f}")
    rows = [{"name": n, "seconds": t} for n, t in seconds.items()]
    side_by_side.write_report(options.output, vars(options).items(), rows)


if __name__ == "__main__":
    main()
