# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tables of the benchmark on a GPU."""

import numpy as np

from common.tables import OURS, best_peer, medians, print_programs

from .programs import COPIED_BYTES, COPY, DENSE

# Of a result in bf16, relative to the largest number of the reference.
MOST_ERROR = 2e-2


def limits(point):
    """Seconds of the dense products with the FLOPs of the layer, and of reading the
    bytes that it needs at the speed of a copy."""
    yardsticks = point["yardsticks"]
    bandwidth = 2 * COPIED_BYTES / np.median(yardsticks[COPY])
    return np.median(yardsticks[DENSE]), point["bytes"] / bandwidth


def is_wrong(entry):
    return not entry["error"] <= MOST_ERROR


def print_point(point):
    dense, read = limits(point)
    print(
        f"\n{point['layer']} {point['dtype']}, {point['tokens']} tokens,"
        f" {point['routing']}: {DENSE} of the same FLOPs {1e3 * dense:.3f} ms"
        f" ({point['flops'] / dense / 1e12:.1f} TFLOP/s), reading the weights"
        f" {1e3 * read:.3f} ms ({point['bytes'] / read / 1e9:.0f} GB/s)"
    )
    print_programs(
        point,
        max(dense, read),
        digits=3,
        rate=("TFLOP/s", point["flops"] / 1e12),
        mark=lambda entry: " WRONG" if is_wrong(entry) else "",
    )


def print_ratios(points):
    """What condcomp is measured by, a line for each point. share: of the larger of
    both limits."""
    print(
        f"\n{'layer':12} {'type':4} {'tokens':>6} {'routing':10} {'condcomp ms':>11}"
        f" {'share':>6} {'best peer':28} {'ms':>9} {'ratio':>6}"
    )
    for point in points:
        ours, best = medians(point).get(OURS), best_peer(point)
        if ours is None:
            continue
        peer = (
            f"{best[0]:28} {1e3 * best[1]:9.3f} {best[1] / ours:6.2f}" if best else ""
        )
        print(
            f"{point['layer']:12} {point['dtype']:4} {point['tokens']:6}"
            f" {point['routing']:10} {1e3 * ours:11.3f}"
            f" {max(limits(point)) / ours:6.2f} {peer}"
        )


def all_right(points):
    """Whether condcomp ran somewhere, and gave the reference's results wherever."""
    entries = [p["programs"][OURS] for p in points if OURS in p["programs"]]
    return bool(entries) and not any(map(is_wrong, entries))
