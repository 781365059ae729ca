"""An NVIDIA GPU: experts, early exits and token pruning in condcomp and its peers."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse
import gc
import pathlib
import sys
import time

import torch

import exit as exits
import prune
from common.device import NO_GPU, without_gpu
from condcomp import side_by_side
from gpu_layer import measure, programs, report
from networks import run as networks

BUILD = pathlib.Path(__file__).resolve().parents[1] / "build" / "bench"
TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384)
ROUTINGS = ("uniform", "zipf")
NETWORKS = {"exit": exits, "prune": prune}
# Of networks: a GPU is not busy with a few samples.
BATCHES = (32, 128)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--cases",
        nargs="+",
        choices=("experts", *NETWORKS),
        default=["experts", *NETWORKS],
        help="default: all",
    )
    parser.add_argument("--layers", nargs="+", choices=programs.LAYERS)
    parser.add_argument("--tokens", nargs="+", type=int)
    parser.add_argument("--routings", nargs="+", choices=ROUTINGS)
    parser.add_argument("--device", type=int, default=0, help="number of the GPU")
    parser.add_argument("--rounds", type=int, default=5, help="turns of every program")
    parser.add_argument(
        "--budget", type=float, default=0.5, help="seconds per program and point"
    )
    parser.add_argument(
        "--slow", type=float, default=5, help="leave out what takes more seconds a call"
    )
    parser.add_argument(
        "--no-compile", action="store_true", help="leave torch.compile out"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="OLMoE with 1, 64 and 4096 tokens, few networks, no torch.compile",
    )
    parser.add_argument(
        "--only", metavar="TEXT", help="networks with this in the title"
    )
    parser.add_argument(
        "--dtype", choices=programs.KINDS, default="bf16", help="of networks"
    )
    parser.add_argument("--output", type=pathlib.Path, default=BUILD / "gpu.json")
    options = parser.parse_args()
    if options.quick:
        options.layers = options.layers or ["olmoe"]
        options.tokens = options.tokens or [1, 64, 4096]
        options.no_compile = True
    options.layers = options.layers or list(programs.LAYERS)
    options.tokens = options.tokens or list(TOKENS)
    options.routings = options.routings or list(ROUTINGS)
    return options


def run_layer(layer, device, options, points):
    """Measures a layer, and adds to `points`."""
    (dtype,) = layer.dtypes
    weights = programs.make_weights(layer, dtype, device)
    made = programs.make(layer, weights, compiled=not options.no_compile)
    slow = {}
    for routing in options.routings:
        for tokens in options.tokens:
            yardsticks = programs.make_yardsticks(layer, weights, tokens)
            point = measure.Point(layer, dtype, tokens, routing, device)
            points.append(point.run(made, yardsticks, options, slow))
            report.print_point(points[-1])
            sys.stdout.flush()
            # After each point: what was measured stays, whatever happens.
            write(options, device, points)
        slow.clear()


def write(options, device, points):
    settings = dict(vars(options), torch=torch.__version__, gpu=str(device))
    if device.type == "cuda":
        settings["gpu"] = torch.cuda.get_device_name(device)
        settings["cuda"] = torch.version.cuda
    options.output.parent.mkdir(parents=True, exist_ok=True)
    side_by_side.write_report(options.output, settings.items(), points)


def run_experts(options, device):
    """Whether condcomp's results are right."""
    points, start = [], time.monotonic()
    for name in options.layers:
        layer = programs.LAYERS[name]
        needed = layer.weight_bytes(layer.dtypes[0])
        if needed > 0.8 * torch.cuda.mem_get_info(device)[0]:
            print(f"{name}: left out, its weights take {needed / 2**30:.0f} GiB")
            continue
        run_layer(layer, device, options, points)
        torch._dynamo.reset()
        gc.collect()
        torch.cuda.empty_cache()
        print(f"({(time.monotonic() - start) / 60:.0f} min so far)", flush=True)
    report.print_ratios(points)
    return report.all_right(points)


def run_networks(name, options, device):
    """The networks of `./dev bench NAME` on the GPU; whether condcomp's results are
    right."""
    output = options.output.with_stem(f"{options.output.stem}-{name}")
    arguments = ["--device", str(device), "--dtype", options.dtype]
    arguments += ["--rounds", str(options.rounds), "--budget", str(options.budget)]
    arguments += ["--output", str(output), "--batches"]
    arguments += map(str, BATCHES[:1] if options.quick else BATCHES)
    arguments += ["--only", options.only] if options.only else []
    arguments += ["--no-compile"] if options.no_compile else []
    arguments += ["--quick"] if options.quick else []
    module = NETWORKS[name]
    chosen = networks.parse(module.__doc__, name, arguments)
    results = networks.run(chosen, module.cases(chosen))
    return all(
        {"condcomp", "condcomp dense"} <= point["programs"].keys()
        for case in results
        for point in case["points"]
    )


def main():
    options = parse()
    why = without_gpu(options.device)
    if why:
        print(f"./dev bench gpu needs an NVIDIA GPU, and {why}.")
        return NO_GPU
    torch.set_grad_enabled(False)
    torch._dynamo.config.cache_size_limit = 4 * len(TOKENS)
    device = torch.device("cuda", options.device)
    torch.cuda.set_device(device)
    print(f"{torch.cuda.get_device_name(device)}; results go to {options.output}")
    right = []
    for case in options.cases:
        print(f"\n{case}:", flush=True)
        if case == "experts":
            right.append(run_experts(options, device))
        else:
            right.append(run_networks(case, options, device))
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
