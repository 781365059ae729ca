"""A mixture-of-experts layer in condcomp and in other libraries, side by side."""

# Requires: bench
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse
import itertools
import os
import pathlib
import shutil
import time

from common import turns
from condcomp import side_by_side
from moe_layer import ggml_peer, peer, report, shapes, worker
from moe_layer.run import Case

BUILD = pathlib.Path(__file__).resolve().parents[1] / "build" / "bench"
TOKENS = (1, 4, 32, 128, 512, 2048)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="all shapes in full")
    size.add_argument("--quick", action="store_true", help="at most ten minutes")
    parser.add_argument("--layers", nargs="+", choices=shapes.LAYERS)
    parser.add_argument("--tokens", nargs="+", type=int)
    parser.add_argument("--routings", nargs="+", choices=shapes.ROUTINGS)
    parser.add_argument("--dtypes", nargs="+", choices=shapes.DTYPES)
    parser.add_argument("--threads", nargs="+", type=int)
    parser.add_argument(
        "--peers",
        nargs="+",
        metavar="NAME",
        help="libraries to run: " + ", ".join(worker.PEERS),
    )
    parser.add_argument(
        "--slow",
        type=float,
        default=10,
        help="leave a program out at points that will take it more seconds",
    )
    turns.add_options(parser, patience=300, output=BUILD / "moe.json")
    options = parser.parse_args()
    options.no_compile |= options.quick  # compiling takes longer than the rest
    options.rounds = options.rounds or (3 if options.quick else 5)
    options.budget = options.budget or (0.6 if options.quick else 2.0)
    return options


def grid(options):
    """(layer, dtype, threads) and its points, (tokens, routing)."""
    names = options.layers or (["olmoe"] if options.quick else list(shapes.LAYERS))
    for name in names:
        layer = shapes.LAYERS[name]
        whole = options.full or (name == "olmoe" and not options.quick)
        tokens = options.tokens or (TOKENS if whole else (1, 32, 512))
        routings = shapes.ROUTINGS if whole else shapes.ROUTINGS[:2]
        routings = options.routings or (routings[:1] if options.quick else routings)
        dtypes = [d for d in options.dtypes or layer.dtypes if d in layer.dtypes]
        cores = len(os.sched_getaffinity(0))
        counts = options.threads or ((1, 2) if whole and cores > 1 else (1,))
        for dtype, threads in itertools.product(dtypes, counts):
            points = [(t, r) for r in routings for t in tokens]
            yield layer, dtype, threads, points


def main():
    options = parse()
    start = time.monotonic()
    cases = list(grid(options))
    total = sum(len(points) for *_, points in cases)
    print(f"{total} points in {len(cases)} cases; results go to {options.output}")
    if "ggml" in (options.peers or worker.PEERS):
        if ggml_peer.is_missing():
            print("building ggml, which takes some minutes once", flush=True)
        try:
            ggml_peer.build()
        except peer.Unsuitable as error:
            print(f"  {error}")  # its worker will say so again, for the report
    scratch = BUILD / "scratch"
    results, done = [], 0
    try:
        for layer, dtype, threads, points in cases:
            with Case(layer, dtype, threads, options, BUILD) as case:
                for tokens, routing in points:
                    done += 1
                    minutes = (time.monotonic() - start) / 60
                    print(
                        f"[{done}/{total}, {minutes:.1f} min] {layer.name} {dtype},"
                        f" {threads} thread(s), {tokens} tokens, {routing}",
                        flush=True,
                    )
                    case.measure(tokens, routing)
            results.append(case.results())
            side_by_side.write_report(options.output, vars(options).items(), results)
            report.print_case(results[-1])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    report.print_ratios(results)
    for path in report.plot(results, options.output.with_suffix("")):
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
