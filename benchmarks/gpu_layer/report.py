# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tables of the benchmark on a GPU."""

import numpy as np

from .programs import COPIED_BYTES, COPY, DENSE, OURS

# Of a result in bf16, relative to the largest number of the reference.
MOST_ERROR = 2e-2


def medians(point):
    """{program: median seconds}, fastest first."""
    times = {p: np.median(e["seconds"]) for p, e in point["programs"].items()}
    return dict(sorted(times.items(), key=lambda item: item[1]))


def best_peer(point):
    """(name, seconds) of the fastest program that is not condcomp, or None."""
    return next(((p, t) for p, t in medians(point).items() if p != OURS), None)


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
    print(
        f"  {'program':28} {'ms':>9} {'quartiles':>19} {'TFLOP/s':>8} {'share':>6}"
        f" {'x best peer':>11} {'error':>8}"
    )
    best = best_peer(point)
    for program, median in medians(point).items():
        entry = point["programs"][program]
        low, high = np.percentile(entry["seconds"], [25, 75])
        versus = f"{best[1] / median:.2f}" if best else ""
        print(
            f"  {program:28} {1e3 * median:9.3f} {1e3 * low:9.3f}–{1e3 * high:<9.3f}"
            f" {point['flops'] / median / 1e12:8.1f} {max(dense, read) / median:6.2f}"
            f" {versus:>11} {entry['error']:8.1e}{' WRONG' if is_wrong(entry) else ''}"
        )
    for program, reason in point["left_out"].items():
        print(f"  {program:28} {reason}")


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
