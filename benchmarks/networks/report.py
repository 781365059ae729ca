# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tables and plots of the networks' times."""

import re

import numpy as np

from common.plots import plt

OURS = "condcomp"


def median(entry):
    return float(np.median(entry["seconds"]))


def fastest(point, kinds, ours):
    """(name, seconds) of the fastest program of these kinds, ours or others', or None."""
    times = {
        name: median(entry)
        for name, entry in point["programs"].items()
        if entry["kind"] in kinds and name.startswith(OURS) == ours
    }
    return min(times.items(), key=lambda item: item[1], default=None)


def skipped(point):
    """The share of the dense network's FLOPs that is not run."""
    return 1 - point["flops"]["chosen"] / point["flops"]["dense"]


def own_dense(program, point):
    """Seconds of the dense program of the same library, compiled likewise, or None."""
    name = program.split()[0] + " dense"
    name += ", compiled" if program.endswith(", compiled") else ""
    entry = point["programs"].get(name)
    return median(entry) if entry else None


def saved(program, point):
    """The share of the dense program's time that is saved, or None."""
    dense = own_dense(program, point)
    return 1 - median(point["programs"][program]) / dense if dense else None


def name_of(point):
    named = ("batch", *sorted(set(point) - RESULTS - {"batch"}))
    return ", ".join(f"{key.replace('_', ' ')} {point[key]}" for key in named)


RESULTS = {"flops", "programs", "left_out"}


def print_case(case):
    for point in case["points"]:
        print(
            f"\n{case['title']}, {case['dtype']}, {name_of(point)}: {skipped(point):.1%} of"
            f" {point['flops']['dense'] / 1e9:.2f} GFLOP skipped, ideal speed-up"
            f" {1 / (1 - skipped(point)):.2f}"
        )
        print(
            f"  {'program':26} {'ms':>9} {'quartiles':>19} {'speed-up':>8}"
            f" {'saved/skipped':>13} {'error':>8} {'first s':>8}"
        )
        ordered = sorted(point["programs"].items(), key=lambda item: median(item[1]))
        for program, entry in ordered:
            low, high = np.percentile(entry["seconds"], [25, 75])
            dense = own_dense(program, point)
            speed = f"{dense / median(entry):.2f}" if dense else ""
            share = ""
            if dense and entry["kind"] == "chosen" and skipped(point) > 0.005:
                share = f"{saved(program, point) / skipped(point):.2f}"
            print(
                f"  {program:26} {1e3 * median(entry):9.2f} {1e3 * low:9.2f}"
                f"–{1e3 * high:<9.2f} {speed:>8} {share:>13} {entry['error']:8.1e}"
                f" {entry['first']:8.1f}"
            )
        for program, reason in point["left_out"].items():
            print(f"  {program:26} {reason}")
        for kinds, what in (
            (("dense",), "dense"),
            (("chosen", "masked"), "conditional"),
        ):
            ours, other = (fastest(point, kinds, mine) for mine in (True, False))
            if ours and other:
                print(f"  {what}: {other[1] / ours[1]:.2f} times as fast as {other[0]}")
    memory = ", ".join(f"{n} {b / 2**30:.1f}" for n, b in case["peak_bytes"].items())
    where = "" if case["device"] == "cpu" else " of the host"
    print(f"  peak memory{where} in GiB: {memory}", flush=True)


def plot(results, stem):
    """Speed-up over the own dense program against the skipped share, a file for each
    network and batch with several points; the paths."""
    groups, paths = {}, []
    for case in results:
        for point in case["points"]:
            key = f"{case['title'].split(',')[0]}, batch {point['batch']}"
            groups.setdefault(key, []).append(point)
    for name, points in groups.items():
        points.sort(key=skipped)
        if len(points) < 2:
            continue
        figure, axis = plt.subplots(figsize=(6, 4.5), layout="constrained")
        shares = np.linspace(0, max(0.05, *map(skipped, points)), 50)
        axis.plot(shares, 1 / (1 - shares), color="0.6", label="ideal")
        programs = dict.fromkeys(
            program
            for p in points
            for program, entry in p["programs"].items()
            if entry["kind"] == "chosen"
        )
        for program in programs:
            drawn = [p for p in points if program in p["programs"]]
            drawn = [p for p in drawn if own_dense(program, p)]
            ours = program.startswith(OURS)
            axis.plot(
                [skipped(p) for p in drawn],
                [own_dense(program, p) / median(p["programs"][program]) for p in drawn],
                marker="o",
                linewidth=2.5 if ours else 1,
                color="black" if ours else None,
                label=program,
            )
        axis.set(
            xlabel="share of the FLOPs that is skipped",
            ylabel="speed-up over the own dense program",
            title=name,
        )
        axis.grid(alpha=0.3)
        axis.legend()
        paths.append(f"{stem}-{re.sub('[^a-z0-9]+', '-', name.lower())}.svg")
        figure.savefig(paths[-1])
        plt.close(figure)
    return paths
