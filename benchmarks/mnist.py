"""The network of examples/mnist, compiled, against PyTorch eager."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse
import json
import pathlib
import sys

import numpy as np
import torch

from condcomp import side_by_side

MNIST = pathlib.Path(__file__).parents[1] / "examples" / "mnist"
sys.path.insert(0, str(MNIST))

import compiled  # noqa: E402
import digits  # noqa: E402
import network  # noqa: E402
import reference  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="of all programs in turn")
    parser.add_argument("--repetitions", type=int, default=10, help="in a round")
    parser.add_argument("--output", type=pathlib.Path, help="a JSON file")
    options = parser.parse_args()
    if min(options.batch, options.threads, options.rounds, options.repetitions) < 1:
        parser.error("batch, threads, rounds and repetitions are at least 1")

    torch.set_num_threads(options.threads)
    weights = reference.load_weights()
    held_out, _ = digits.load()["held_out"]
    images = held_out[np.arange(options.batch) % len(held_out)]
    batch = torch.from_numpy(images)
    thresholds = weights["thresholds"]
    net = network.from_weights(weights)

    with compiled.programs(weights) as programs:
        dense, masked, compact = programs.values()
        repetitions, threads = options.repetitions, options.threads
        runs = {
            "dense": lambda: dense.times([images], repetitions, threads),
            "PyTorch dense": lambda: side_by_side.time_here(
                lambda: net.dense(batch), repetitions
            ),
            "masked": lambda: masked.times([images, thresholds], repetitions, threads),
            "compact": lambda: compact.times(
                [images, thresholds], repetitions, threads
            ),
            "PyTorch dynamic": lambda: side_by_side.time_here(
                lambda: net.compacted(batch, thresholds), repetitions
            ),
        }
        with torch.inference_mode():
            seconds = side_by_side.interleave(runs, options.rounds)
        _, left_at = compact.call([images, thresholds], 2)

    median = {name: float(np.median(times)) for name, times in seconds.items()}
    report = {
        "processor": side_by_side.processor(),
        "threads": options.threads,
        "batch": options.batch,
        "pytorch": torch.__version__,
        "seconds": {
            name: {"min": min(times), "median": median[name], "all": times}
            for name, times in seconds.items()
        },
        "dense_over_pytorch_dense": median["dense"] / median["PyTorch dense"],
        "dense_over_compact": median["dense"] / median["compact"],
        "pytorch_dynamic_over_compact": median["PyTorch dynamic"] / median["compact"],
        "operations_compact_over_dense": reference.executed(left_at)["flops"],
    }
    for name, times in seconds.items():
        per_image = [1e6 * t / options.batch for t in (min(times), median[name])]
        print(f"{name:16} {per_image[0]:9.1f} {per_image[1]:9.1f} us per image")
    print("                 (fastest and median)")
    for name, value in list(report.items())[-4:]:
        print(f"{name.replace('_', ' '):34} {value:.3f}")
    if options.output:
        options.output.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
