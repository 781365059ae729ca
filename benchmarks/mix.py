"""Token pruning, experts and exits in one network, and each by itself."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import math

from networks.report import saved, skipped
from networks.run import Case, parse, run

ALONE = ("experts", "pruning", "exits")


def cases(options):
    shape = {"layers": 12, "width": 384, "heads": 6, "tokens": 196}
    batch = 32 if options.full else 8
    if options.quick:
        shape, batch = {"layers": 4, "width": 192, "heads": 3, "tokens": 196}, 8
    off = {"k": None, "keep": 1.0, "exits": False}
    on = {"k": 2, "keep": 0.7, "exits": True}
    settings = {
        "experts": {**off, "k": 2},
        "pruning": {**off, "keep": 0.7},
        "exits": {**off, "exits": True},
        "all": on,
        "all experts chosen": {**off, "k": 8},
    }
    point = {"batch": batch, "mean_exit": 2.5}
    for title, choice in settings.items():
        yield Case(f"mix, {title}", "mixed", {**shape, **choice}, [point])


def shares(point):
    """Time and FLOPs over those of the dense network."""
    return 1 - saved("condcomp", point), 1 - skipped(point)


def report_product(results):
    """The combined saving against the product of the separate ones. Savings that meet (an
    exit leaves out layers whose tokens pruning has halved) multiply to less than what is
    there to save: the FLOPs say how much less."""
    points = {c["title"].removeprefix("mix, "): c["points"][0] for c in results}
    needed = {"condcomp", "condcomp dense"}
    if not all(needed <= point["programs"].keys() for point in points.values()):
        return
    if not {*ALONE, "all"} <= points.keys():
        return
    print(f"\n{'Of the dense network':20} {'time':>6} {'FLOPs':>6}")
    for name, point in points.items():
        time, flops = shares(point)
        print(f"  {name:18} {time:6.3f} {flops:6.3f}")
    time, flops = (math.prod(s) for s in zip(*(shares(points[n]) for n in ALONE)))
    print(f"  {'product':18} {time:6.3f} {flops:6.3f}   of {', '.join(ALONE)}")
    all_time, all_flops = shares(points["all"])
    reached = f"{time / all_time:6.2f} {flops / all_flops:6.2f}"
    print(f"  {'product over all':18} {reached}")


def main():
    options = parse(__doc__, "mix")
    report_product(run(options, list(cases(options))))


if __name__ == "__main__":
    main()
