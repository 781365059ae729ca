"""A dense transformer block exported from PyTorch, against PyTorch and IREE."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse
import concurrent.futures
import multiprocessing
import pathlib
import tempfile

import numpy as np
import torch
from networks.layers import Block
from torch._inductor import config as inductor

import condcomp
from condcomp import side_by_side
from condcomp.torch import compile as compile_model

# width, heads, feed-forward, batch, tokens
SHAPES = {
    "bert-8": (768, 12, 3072, 8, 128),
    "bert-32": (768, 12, 3072, 32, 128),
    "deit-s": (384, 6, 1536, 32, 197),
    "small": (96, 6, 384, 256, 49),
}


def make(shape):
    width, heads, hidden, batch, tokens = SHAPES[shape]
    torch.manual_seed(0)
    return Block(width, heads, hidden).eval(), torch.randn(batch, tokens, width)


def flops(shape):
    """Of the matrix products."""
    width, _, hidden, batch, tokens = SHAPES[shape]
    per_token = 2 * width * (4 * width + 2 * hidden + 2 * tokens)
    return batch * tokens * per_token


def alone(function, *arguments):
    """The function's result, computed in a process of its own: thread pools and
    compilers keep the settings of their first use, and torch-mlir's MLIR can't share a
    process with others."""
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(function, *arguments).result()


class Eager:
    def __init__(self, shape, block, x, threads):
        self.call = lambda: block(x)


class TorchCompile(Eager):
    """With weights as constants, which lets the compiler lay them out."""

    def __init__(self, shape, block, x, threads):
        torch.compiler.reset()
        with inductor.patch(freezing=True):
            compiled = torch.compile(block)
            compiled(x)
        self.call = lambda: compiled(x)


class CondComp(Eager):
    def __init__(self, shape, block, x, threads):
        compiled = compile_model(block, x, threads=threads)
        self.call = lambda: compiled(x)

    def peak(self):
        """Bytes of temporary memory and results in a call."""
        before = condcomp.memory_live_bytes()
        condcomp.memory_peak_bytes(reset=True)
        self.call()
        return condcomp.memory_peak_bytes() - before


def export_for_iree(shape, path):
    """Writes the block with its weights as constants and all sizes fixed."""
    from torch_mlir import fx

    block, x = make(shape)
    module = fx.export_and_import(
        block, x, output_type="linalg-on-tensors", func_name="block"
    )
    pathlib.Path(path).write_text(str(module))


class IREE(Eager):
    """Compiled for this machine at the highest level."""

    def __init__(self, shape, block, x, threads):
        import iree.compiler
        import iree.runtime

        iree.runtime.flags.parse_flags(f"--task_topology_group_count={threads}")
        driver = "local-sync" if threads == 1 else "local-task"
        with tempfile.TemporaryDirectory() as folder:
            source, code = f"{folder}/block.mlir", f"{folder}/block.vmfb"
            alone(export_for_iree, shape, source)
            options = [
                "--iree-llvmcpu-target-cpu=host",
                "--iree-opt-level=O3",
                # Layer norms in f64, as torch-mlir writes them, need more than 32 KiB.
                "--iree-llvmcpu-stack-allocation-limit=1048576",
            ]
            iree.compiler.compile_file(
                source,
                target_backends=["llvm-cpu"],
                extra_args=options,
                output_file=code,
            )
            module = iree.runtime.load_vm_flatbuffer_file(code, driver=driver)
        device = iree.runtime.get_device(driver)
        array = iree.runtime.asdevicearray(device, x.numpy())
        self.call = lambda: torch.from_numpy(module.block(array).to_host())


PROGRAMS = {
    "condcomp": CondComp,
    "eager": Eager,
    "torch.compile": TorchCompile,
    "IREE": IREE,
}


@torch.inference_mode()
def measure(shape, threads, options):
    torch.set_num_threads(threads)
    block, x = make(shape)
    programs = {p: PROGRAMS[p](shape, block, x, threads) for p in options.programs}

    timed = lambda call: lambda: side_by_side.time_here(call, options.repetitions)
    seconds = side_by_side.interleave(
        {name: timed(program.call) for name, program in programs.items()},
        options.rounds,
    )
    results = {name: program.call() for name, program in programs.items()}
    peak = programs["condcomp"].peak() if "condcomp" in programs else None
    want = block.double()(x.double())
    errors = {
        name: ((y - want).norm() / want.norm()).item() for name, y in results.items()
    }
    return side_by_side.summary(seconds), errors, peak


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    side_by_side.add_options(parser, rounds=5, repetitions=3, threads=[1, 2])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument(
        "--programs", nargs="+", choices=PROGRAMS, default=list(PROGRAMS)
    )
    options = parser.parse_args()
    rows = []
    print(
        f"{'block':8} threads "
        + "".join(f"{name:>14}" for name in options.programs)
        + "  ms; speed  GFLOP/s  error   peak MiB"
    )
    for shape in options.shapes:
        for threads in options.threads:
            times, errors, peak = alone(measure, shape, threads, options)
            ms = {name: 1e3 * t["median"] for name, t in times.items()}
            line = f"{shape:8} {threads:7} " + "".join(
                f"{t:14.2f}" for t in ms.values()
            )
            ours = ms.pop("condcomp", None)
            if ours:
                speed = min(ms.values()) / ours if ms else float("nan")
                line += f"  {speed:9.2f}  {1e-6 * flops(shape) / ours:7.1f}"
                line += f"  {errors['condcomp']:.1e}  {peak / 2**20:.1f}"
            print(line, flush=True)
            rows.append(
                {
                    "shape": shape,
                    "threads": threads,
                    "times": times,
                    "errors": errors,
                    "peak_bytes": peak,
                }
            )
    side_by_side.write_report(options.output, vars(options).items(), rows)


if __name__ == "__main__":
    main()
