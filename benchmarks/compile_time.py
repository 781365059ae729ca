"""How long compiling takes, and how that grows with layers, modules and stages."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse
import pathlib
import tempfile
import time

import ml_dtypes
import numpy as np
import torch

from condcomp import cc_run, side_by_side
from condcomp.torch import export
from networks.exits import ExitEncoder
from networks.network import make

OLMOE = pathlib.Path(__file__).resolve().parents[1] / "examples" / "olmoe_layer.mlir"
COUNTS = (1, 2, 4, 8)
LAYERS = (3, 6, 12, 24)
PARTS = ("compile", "lower", "optimize", "generate", "processor")

MATMUL = """
  %e{i} = tensor.empty(%n) : tensor<?x64xf32>
  %z{i} = linalg.fill ins(%zero : f32) outs(%e{i} : tensor<?x64xf32>) -> tensor<?x64xf32>
  %y{i} = linalg.matmul ins({x}, %w{i} : tensor<?x64xf32>, tensor<64x64xf32>)
    outs(%z{i} : tensor<?x64xf32>) -> tensor<?x64xf32>"""


def function(count, body, result):
    """`count` weight matrices and scores, and a body that knows its rows."""
    weights = "".join(f", %w{i}: tensor<64x64xf32>" for i in range(count))
    weights += "".join(f", %s{i}: tensor<?x8xf32>" for i in range(count))
    return f"""
func.func @f(%x: tensor<?x64xf32>{weights}) -> tensor<?x64xf32> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x64xf32>{body}
  return {result} : tensor<?x64xf32>
}}"""


def layers(count):
    """Mixture-of-experts layers, one after the other."""
    body, x = "", "%x"
    for i in range(count):
        body += f"""
  %o{i} = tensor.empty(%n) : tensor<?x64xf32>
  %f{i} = linalg.fill ins(%zero : f32) outs(%o{i} : tensor<?x64xf32>) -> tensor<?x64xf32>
  %r{i} = condcomp.top_k %s{i}, 2 : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, exactly 2>
  %l{i} = condcomp.apply %r{i} : !condcomp.routing<?x8, f32, exactly 2>
      rows({x} : tensor<?x64xf32>) outs(%f{i} : tensor<?x64xf32>) {{
  ^bb0(%rows: tensor<?x64xf32>):
  %n = tensor.dim %rows, %c0 : tensor<?x64xf32>{MATMUL.format(i=i, x='%rows')}
    condcomp.yield %y{i} : tensor<?x64xf32>
  }} -> tensor<?x64xf32>""".replace(
            "%n = tensor.dim %rows", f"%m{i} = tensor.dim %rows"
        ).replace(f"%e{i} = tensor.empty(%n)", f"%e{i} = tensor.empty(%m{i})")
        x = f"%l{i}"
    return function(count, body, x)


def modules(count):
    """Modules with a body each."""
    regions = ", ".join(f"""{{
  ^bb0(%rows: tensor<?x64xf32>):
  %m = tensor.dim %rows, %c0 : tensor<?x64xf32>{MATMUL.format(i=i, x='%rows')}
    condcomp.yield %y{i} : tensor<?x64xf32>
  }}""".replace("tensor.empty(%n)", "tensor.empty(%m)") for i in range(count))
    body = f"""
  %sizes = tensor.dim %s0, %c0 : tensor<?x8xf32>
  %slice = tensor.extract_slice %s0[0, 0] [%sizes, {count}] [1, 1]
    : tensor<?x8xf32> to tensor<?x{count}xf32>
  %o = tensor.empty(%n) : tensor<?x64xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%o : tensor<?x64xf32>) -> tensor<?x64xf32>
  %r = condcomp.top_k %slice, 1 : tensor<?x{count}xf32>
    -> !condcomp.routing<?x{count}, f32, exactly 1>
  %l = condcomp.apply %r : !condcomp.routing<?x{count}, f32, exactly 1>
      rows(%x : tensor<?x64xf32>) outs(%fill : tensor<?x64xf32>) {regions}
    -> tensor<?x64xf32>"""
    return function(count, body, "%l")


def stages(count):
    """Stages of a cascade; rows leave where their first value is positive."""
    regions = []
    for i in range(count):
        region = f"""{{
  ^bb0(%h: tensor<?x64xf32>):
  %m = tensor.dim %h, %c0 : tensor<?x64xf32>{MATMUL.format(i=i, x='%h')}
""".replace("tensor.empty(%n)", "tensor.empty(%m)")
        if i + 1 < count:
            region += f"""
  %sure = condcomp.confidence max_prob %y{i} : tensor<?x64xf32> -> tensor<?xf32>
  %de = tensor.empty(%m) : tensor<?xi1>
  %done = linalg.generic {{
      indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]}}
      ins(%sure : tensor<?xf32>) outs(%de : tensor<?xi1>) {{
  ^bb1(%p: f32, %out: i1):
    %d = arith.cmpf ogt, %p, %zero : f32
    linalg.yield %d : i1
  }} -> tensor<?xi1>
  condcomp.exit %done : tensor<?xi1> results(%y{i} : tensor<?x64xf32>) carry(%y{i} : tensor<?x64xf32>)
  }}"""
        else:
            region += f"    condcomp.yield %y{i} : tensor<?x64xf32>\n  }}"
        regions.append(region)
    body = f"""
  %c, %at = condcomp.cascade rows(%x : tensor<?x64xf32>) {", ".join(regions)}
    -> tensor<?x64xf32>, tensor<?xi32>"""
    return function(count, body, "%c")


def olmoe(folder):
    """Weights of zeros in files that take no space on disk, and no tokens."""
    sizes = [(2048, 64), (64, 2048, 1024), (64, 2048, 1024), (64, 1024, 2048)]
    constants = []
    for i, shape in enumerate(sizes):
        path = pathlib.Path(folder) / f"zeros{i}.npy"
        np.lib.format.open_memmap(path, "w+", ml_dtypes.bfloat16, shape)
        constants.append(path)
    return np.zeros((0, 2048), ml_dtypes.bfloat16), constants


def encoder(layers, folder):
    """BERT-base with an exit behind each layer, exported: the text, weights of zeros,
    and the seconds that exporting took."""
    shape = {"layers": layers, "width": 768, "heads": 12, "tokens": 128}
    network = make(ExitEncoder, shape)
    start = time.perf_counter()
    exported = export(network, torch.empty(2, 128, 768))
    seconds = time.perf_counter() - start
    constants = []
    for i, tensor in enumerate(exported.weights.values()):
        path = pathlib.Path(folder) / f"encoder{i}.npy"
        np.lib.format.open_memmap(path, "w+", np.float32, tuple(tensor.shape))
        constants.append(path)
    return exported.text, constants, seconds


def processor_seconds(pid):
    """What all threads of a process have run, other processes left aside."""
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return 1e-9 * sum(int(task.read_text().split()[0]) for task in tasks)


def measure(source, name, inputs, constants, rounds, prepack=False):
    """Medians of the seconds of each part; each round is a new process.

    `processor` is that of all of cc-run, from its start to the answer: a measure
    that other programs disturb less.
    """
    times = {part: [] for part in PARTS}
    for _ in range(rounds):
        with cc_run.Function(
            source, name, constants, form="compact", prepack=prepack
        ) as compiled:
            before = processor_seconds(compiled.process.pid)
            reply = compiled.request(inputs, threads=1)
            after = processor_seconds(compiled.process.pid)
        reply["processor_seconds"] = after - before
        for part in PARTS:
            times[part].append(reply[f"{part}_seconds"])
    return {part: float(np.median(seconds)) for part, seconds in times.items()}


def show(what, seconds, first=None):
    ratio = f"{seconds['processor'] / first['processor']:8.2f}" if first else ""
    print(f"{what:16}" + "".join(f"{seconds[p]:10.2f}" for p in PARTS) + ratio)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--layers",
        type=int,
        nargs="*",
        default=LAYERS,
        help="of BERT-base with exits (default: 3 6 12 24)",
    )
    parser.add_argument("--output", help="a JSON file")
    options = parser.parse_args()
    rows = []
    print(f"{'seconds':16}" + "".join(f"{part:>10}" for part in PARTS) + "  to one")
    with tempfile.TemporaryDirectory() as folder:
        x, constants = olmoe(folder)
        seconds = measure(OLMOE, "layer_bf16", [x], constants, options.rounds)
    show("OLMoE layer", seconds)
    rows.append({"program": "OLMoE layer", "seconds": seconds})
    rng = np.random.default_rng(0)
    x, s = (rng.standard_normal((4, n), dtype="f4") for n in (64, 8))
    for make in layers, modules, stages:
        first = None
        for count in COUNTS:
            constants = [np.zeros((64, 64), "f4")] * count + [s] * count
            seconds = measure(make(count), "f", [x], constants, options.rounds)
            first = first or seconds
            show(f"{count} {make.__name__}", seconds, first)
            rows.append({"program": make.__name__, "count": count, "seconds": seconds})
    first = None
    for count in options.layers:
        with tempfile.TemporaryDirectory() as folder:
            text, constants, exporting = encoder(count, folder)
            x = np.zeros((0, 128, 768), "f4")
            seconds = measure(text, "forward", [x], constants, options.rounds, True)
        first = first or seconds
        show(f"{count} exits", seconds, first)
        print(f"  exported from PyTorch in {exporting:.1f} s")
        seconds["export"] = exporting
        rows.append({"program": "exit network", "count": count, "seconds": seconds})
    side_by_side.write_report(options.output, vars(options).items(), rows)


if __name__ == "__main__":
    main()
