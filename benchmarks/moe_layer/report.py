# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tables and plots of the benchmark's results."""

import numpy as np

from common.plots import plt
from common.tables import OURS, best_peer, is_ours, medians, print_programs


def speeds(case):
    """FLOP/s of the fastest matmul and bytes per second of the fastest read."""
    return (max(case["speeds"][kind].values()) for kind in ("matmul", "read"))


def roofline(case, point):
    """Seconds that the machine needs at least, and what for."""
    peak, bandwidth = speeds(case)
    compute, read = point["flops"] / peak, point["bytes"] / bandwidth
    return max(compute, read), "FLOPs" if compute > read else "bytes"


def expert_by_expert(case, point):
    """Seconds if an expert's weights were read while that expert computes, and not
    while another one does."""
    peak, bandwidth = speeds(case)
    experts = [np.array(variant) for variant in point["per_expert"]]
    return np.mean(
        [np.maximum(e[:, 0] / peak, e[:, 1] / bandwidth).sum() for e in experts]
    )


def best_ours(point):
    return next(((p, t) for p, t in medians(point).items() if is_ours(p)), None)


def print_case(case):
    matmul, read = case["speeds"]["matmul"], case["speeds"]["read"]
    fastest, widest = max(matmul, key=matmul.get), max(read, key=read.get)
    print(
        f"\n{case['layer']} {case['dtype']}, {case['threads']} thread(s):"
        f" peak {matmul[fastest] / 1e9:.1f} GFLOP/s ({fastest}),"
        f" read {read[widest] / 1e9:.1f} GB/s ({widest})"
    )
    memory = ", ".join(f"{n} {b / 2**30:.1f}" for n, b in case["peak_bytes"].items())
    print(f"peak memory in GiB: {memory}")
    for name, reason in case["failed"].items():
        print(f"{name} left out: {reason}")
    for point in case["points"]:
        limit, bound = roofline(case, point)
        print(
            f"\n{point['tokens']} tokens, {point['routing']}: roofline"
            f" {1e3 * limit:.2f} ms ({bound}),"
            f" {1e3 * expert_by_expert(case, point):.2f} expert by expert"
            f"{', cold caches' if point['cold'] else ''}"
        )
        print_programs(point, limit)


def print_ratios(results):
    """What condcomp is measured by, a line for each point."""
    print(
        f"\n{'layer':8} {'type':4} thr tokens {'routing':10} {'condcomp ms':>11}"
        f" {'share':>6} {'best peer':24} {'ms':>9} {'ratio':>6}"
    )
    for case in results:
        for point in case["points"]:
            ours, best = best_ours(point), best_peer(point)
            if not ours:
                continue
            limit, _ = roofline(case, point)
            peer = f"{best[0]:24} {1e3 * best[1]:9.2f}" if best else f"{'':34}"
            ratio = f"{best[1] / ours[1]:6.2f}" if best else ""
            print(
                f"{case['layer']:8} {case['dtype']:4} {case['threads']:3}"
                f" {point['tokens']:6} {point['routing']:10} {1e3 * ours[1]:11.2f}"
                f" {limit / ours[1]:6.2f} {peer} {ratio}"
            )


def style(program):
    """The line of a program: ours on weights as they are is dotted."""
    if program == OURS:
        return ":"
    return "--" if program.endswith(", compiled") else "-"


def plot(results, stem):
    """Time against tokens with the roofline, a file per case; the paths."""
    paths = []
    for case in results:
        routings = list(dict.fromkeys(p["routing"] for p in case["points"]))
        if len({p["tokens"] for p in case["points"]}) < 2:
            continue
        figure, axes = plt.subplots(
            1,
            len(routings),
            figsize=(1.5 + 4.5 * len(routings), 5),
            sharey=True,
            squeeze=False,
            layout="constrained",
        )
        programs = list(dict.fromkeys(p for q in case["points"] for p in q["programs"]))
        colors = {p: plt.cm.tab20(i % 20) for i, p in enumerate(sorted(programs))}
        for axis, routing in zip(axes[0], routings):
            points = [p for p in case["points"] if p["routing"] == routing]
            points.sort(key=lambda p: p["tokens"])
            for program in programs:
                drawn = [p for p in points if program in p["programs"]]
                ours = is_ours(program)
                axis.plot(
                    [p["tokens"] for p in drawn],
                    [1e3 * np.median(p["programs"][program]["seconds"]) for p in drawn],
                    marker="o",
                    markersize=5 if ours else 3,
                    linewidth=2.5 if ours else 1,
                    linestyle=style(program),
                    color="black" if ours else colors[program],
                    label=program,
                    zorder=3 if ours else 2,
                )
            tokens = [p["tokens"] for p in points]
            limits = [1e3 * roofline(case, p)[0] for p in points]
            axis.fill_between(
                tokens, limits, 1e-6, color="0.9", label="below the roofline"
            )
            axis.set(xscale="log", yscale="log", xlabel="tokens")
            title = (
                f"{case['layer']}, {case['dtype']}, {routing}, {case['threads']} thread"
            )
            axis.set_title(title + ("s" if case["threads"] > 1 else ""))
            axis.set_xticks(tokens, [str(t) for t in tokens])
            axis.set_xticks([], minor=True)
            axis.grid(alpha=0.3)
        low = min(roofline(case, p)[0] for p in case["points"])
        axes[0][0].set(ylabel="milliseconds", ylim=(500 * low, None))
        handles = {}
        for axis in axes[0]:
            handles |= dict(zip(*axis.get_legend_handles_labels()[::-1]))
        figure.legend(handles.values(), handles.keys(), loc="outside right", fontsize=8)
        path = f"{stem}-{case['layer']}-{case['dtype']}-{case['threads']}.svg"
        figure.savefig(path)
        plt.close(figure)
        paths.append(path)
    return paths
