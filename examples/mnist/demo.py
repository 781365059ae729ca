# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the trained networks, compiled, on the 1,000 held-out digits.

Dense (mnist_dense.mlir: nothing is skipped), masked and compact (the two forms
of mnist.mlir); prints what they do and how long it takes, and draws a picture.
"""

import argparse
import concurrent.futures
import pathlib

import compiled
import digits
import numpy as np
import picture
import reference

from condcomp import cc_run

BATCH = 256


def trace_of(kept0, kept1, *experts, left_at):
    """Tokens and experts per stage, as in reference.Trace; -1 where skipped.

    The compiled @trace numbers tokens as in the stage before, and runs every
    stage for every image.
    """
    n = len(left_at)
    every = np.broadcast_to(np.arange(reference.TOKENS[0]), (n, reference.TOKENS[0]))
    third = np.take_along_axis(kept0, kept1, 1)
    kept = [every, kept0, third, third]
    experts = [e.reshape(n, -1, reference.CHOSEN) for e in experts]
    for stage in range(reference.BLOCKS):
        gone = left_at < stage
        kept[stage] = np.where(gone[:, None], -1, kept[stage])
        experts[stage] = np.where(gone[:, None, None], -1, experts[stage])
    return reference.Trace(None, left_at, kept, experts)


def percent(share):
    return f"{100 * share:.1f} %"


def table(columns):
    """Prints {heading: {row: text}} with the row names on the left."""
    rows = list(next(iter(columns.values())))
    print(f"{'':28}" + "".join(f"{heading:>12}" for heading in columns))
    for row in rows:
        print(f"{row:28}" + "".join(f"{c[row]:>12}" for c in columns.values()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    build = cc_run.CC_RUN.parents[1]
    parser.add_argument("--picture", type=pathlib.Path, default=build / "mnist.png")
    parser.add_argument("--repetitions", type=int, default=15)
    options = parser.parse_args()

    weights = reference.load_weights()
    images, labels = digits.load()["held_out"]
    with np.load(compiled.HERE / "pytorch.npz") as arrays:
        pytorch = dict(arrays)

    print(f"Compiling and running on {len(images)} held-out digits ...", flush=True)
    dynamic_inputs = lambda batch: [batch, weights["thresholds"]]
    inputs = {
        "dense": lambda batch: [batch],
        "masked": dynamic_inputs,
        "compact": dynamic_inputs,
        "trace": lambda batch: [batch],
    }
    counts = {"dense": 1, "masked": 2, "compact": 2, "trace": 6}
    with compiled.programs(weights, counts) as programs:
        run = lambda name: programs[name].call(inputs[name](images), counts[name])
        with concurrent.futures.ThreadPoolExecutor() as pool:
            results = dict(zip(programs, pool.map(run, programs)))

        print(f"Timing batches of {BATCH} ...", flush=True)
        seconds = {name: [] for name in ("dense", "masked", "compact")}
        for _ in range(3):
            for name, times in seconds.items():
                batch = inputs[name](images[:BATCH])
                times += programs[name].times(batch, options.repetitions)
    left_at = results["compact"][1]
    trace = trace_of(*results["trace"], left_at=left_at)

    work = {
        "dense": reference.executed_dense(),
        "masked": reference.executed_masked(),
        "compact": reference.executed(left_at),
    }
    timed = {
        name: reference.executed(left_at[:BATCH]) if name == "compact" else work[name]
        for name in work
    }
    columns = {}
    for name in seconds:
        predicted = results[name][0].argmax(1)
        expected = pytorch["dense" if name == "dense" else "dynamic"]
        fastest, median = min(seconds[name]), np.median(seconds[name])
        columns[name] = {
            "accuracy": percent((predicted == labels).mean()),
            "same digit as PyTorch": f"{(predicted == expected).sum()}",
            "tokens executed": percent(work[name]["tokens"]),
            "experts executed": percent(work[name]["experts"]),
            "layers executed": percent(work[name]["layers"]),
            "us per image, fastest": f"{fastest / BATCH * 1e6:.1f}",
            "us per image, median": f"{median / BATCH * 1e6:.1f}",
            "fastest time, of dense": percent(fastest / min(seconds["dense"])),
            "operations, of dense": percent(timed[name]["flops"]),
        }
    print()
    table(columns)

    same = np.array_equal(
        results["masked"][0].view(np.int32), results["compact"][0].view(np.int32)
    )
    print(
        f"\nMasked and compact logits bit for bit the same: {'yes' if same else 'NO'}"
    )
    print("\nDigits that leave at")
    for stage, count in enumerate(np.bincount(left_at, minlength=reference.BLOCKS)):
        bar = "#" * round(50 * count / len(left_at))
        print(f"  exit {stage + 1}  {count:4}  {bar}")
    picture.draw(images, labels, results["compact"][0], trace, options.picture)
    print(f"\nPicture: {options.picture}")


if __name__ == "__main__":
    main()
