"""Calls of compiled code and of PyTorch in turn, in one process."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse
import itertools
import pathlib
import tempfile
import time

import numpy as np
import torch

from condcomp import library, side_by_side

# Both compute relu(x w) v, in two parallel regions or more.
SOURCE = """
func.func @mlp(%x: tensor<?x{d}xf32>, %w: tensor<{d}x{d}xf32>, %v: tensor<{d}x{d}xf32>)
    -> tensor<?x{d}xf32> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x{d}xf32>
  %e = tensor.empty(%n) : tensor<?x{d}xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x{d}xf32>) -> tensor<?x{d}xf32>
  %h = linalg.matmul ins(%x, %w : tensor<?x{d}xf32>, tensor<{d}x{d}xf32>)
    outs(%z : tensor<?x{d}xf32>) -> tensor<?x{d}xf32>
  %r = linalg.max ins(%h, %z : tensor<?x{d}xf32>, tensor<?x{d}xf32>)
    outs(%e : tensor<?x{d}xf32>) -> tensor<?x{d}xf32>
  %y = linalg.matmul ins(%r, %v : tensor<?x{d}xf32>, tensor<{d}x{d}xf32>)
    outs(%z : tensor<?x{d}xf32>) -> tensor<?x{d}xf32>
  return %y : tensor<?x{d}xf32>
}}
"""


def seconds_of(functions, repetitions):
    """{name: seconds per call} of functions {name: function} called in turn."""
    time.sleep(0.3)  # threads that ran before stop spinning
    seconds = {name: [] for name in functions}
    for repetition in range(-3, repetitions):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if repetition >= 0:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def bind(function, context, arrays):
    """A function without arguments that calls a compiled one."""
    arguments = [library.describe(array) for array in arrays]
    result = library.descriptor(2)

    def run():
        context.free(result)
        context.call(function, [*arguments, result])
        return result

    run.arrays = arrays  # live as long as the function
    return run


def measure(copies, options):
    """{name: (alone, in turn)}, medians in seconds of the calls of all rounds.

    Of each program there are two copies, on arrays of their own. They take turns
    with each other or with those of the other program, so that the caches hold
    as much foreign data either way.
    """
    alone, in_turn = ({name: [] for name in copies} for _ in range(2))
    for _ in range(options.rounds):
        for name, pair in copies.items():
            times = seconds_of(dict(enumerate(pair)), options.repetitions)
            alone[name] += times[0] + times[1]
        for copy in range(2):
            pair = {name: functions[copy] for name, functions in copies.items()}
            for name, times in seconds_of(pair, options.repetitions).items():
                in_turn[name] += times
    return {
        name: (float(np.median(alone[name])), float(np.median(in_turn[name])))
        for name in copies
    }


def make_copies(function, n, d, context):
    """{name: two programs} that were seen to compute the same."""
    rng = np.random.default_rng(0)
    copies = {"condcomp": [], "PyTorch": []}
    for _ in range(2):
        arrays = {
            name: [
                rng.standard_normal(shape, dtype="f4") * d**-0.5
                for shape in ((n, d), (d, d), (d, d))
            ]
            for name in copies
        }
        x, w, v = map(torch.from_numpy, arrays["PyTorch"])
        ours = bind(function, context, arrays["condcomp"])
        y = context.to_numpy(ours(), np.float32)
        tensors = map(torch.from_numpy, arrays["condcomp"])
        np.testing.assert_allclose(y, mlp(*tensors), 1e-4, 1e-5)
        copies["condcomp"].append(ours)
        copies["PyTorch"].append(lambda x=x, w=w, v=v: mlp(x, w, v))
    return copies


def mlp(x, w, v):
    return torch.relu(x @ w) @ v


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--widths", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--rows", type=int, nargs="+", default=[8, 64, 256])
    parser.add_argument("--output", help="a JSON file")
    options = parser.parse_args()
    rows = []
    print(
        "microseconds      |         condcomp |          PyTorch |\n"
        "rows x d  threads |   alone  in turn |   alone  in turn |  loss"
    )
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        for d in options.widths:
            source = pathlib.Path(folder) / f"mlp{d}.mlir"
            source.write_text(SOURCE.format(d=d))
            function = library.compile_library(source).mlp
            for n, threads in itertools.product(options.rows, options.threads):
                torch.set_num_threads(threads)
                copies = make_copies(function, n, d, library.Context(threads))
                times = measure(copies, options)
                alone, in_turn = (sum(t[i] for t in times.values()) for i in (0, 1))
                columns = [
                    f"{1e6 * t[0]:8.1f} {1e6 * t[1]:8.1f} |" for t in times.values()
                ]
                print(
                    f"{f'{n} x {d}':10} {threads:6} |",
                    *columns,
                    f"{100 * (in_turn / alone - 1):5.1f} %",
                    flush=True,
                )
                rows.append({"rows": n, "width": d, "threads": threads, "times": times})
    side_by_side.write_report(options.output, vars(options).items(), rows)


if __name__ == "__main__":
    main()
