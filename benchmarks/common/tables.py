# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What tables have of a point at which condcomp and its peers were timed:
{"programs": {name: {"seconds", "error"}}, "left_out": {name: reason}}."""

import numpy as np

# Programs of ours have names that begin so, as has their worker.
OURS = "condcomp"


def medians(point):
    """{program: median seconds}, fastest first."""
    times = {p: np.median(e["seconds"]) for p, e in point["programs"].items()}
    return dict(sorted(times.items(), key=lambda item: item[1]))


def is_ours(program):
    return program.startswith(OURS)


def best_peer(point):
    """(name, seconds) of the fastest program that is not condcomp, or None."""
    return next(((p, t) for p, t in medians(point).items() if not is_ours(p)), None)


def print_programs(point, limit, digits=2, rate=None, mark=lambda entry: ""):
    """The programs, fastest first. limit: seconds that their share is of; digits: of
    milliseconds; rate: (unit, amount), for a column of the amount per second; mark: what
    is said of a program behind its error."""
    unit = f" {rate[0]:>8}" if rate else ""
    print(
        f"  {'program':28} {'ms':>9} {'quartiles':>19}{unit} {'share':>6}"
        f" {'x best peer':>11} {'error':>8}"
    )
    best = best_peer(point)
    for program, median in medians(point).items():
        entry = point["programs"][program]
        low, high = 1e3 * np.percentile(entry["seconds"], [25, 75])
        speed = f" {rate[1] / median:8.1f}" if rate else ""
        versus = f"{best[1] / median:.2f}" if best else ""
        print(
            f"  {program:28} {1e3 * median:9.{digits}f} {low:9.{digits}f}"
            f"–{high:<9.{digits}f}{speed} {limit / median:6.2f} {versus:>11}"
            f" {entry['error']:8.1e}{mark(entry)}"
        )
    for program, reason in point["left_out"].items():
        print(f"  {program:28} {reason}")
