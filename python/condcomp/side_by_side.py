# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shared by the benchmarks: programs timed in turn, and what is reported of them."""

import json
import pathlib
import platform
import time

import numpy as np


def time_here(function, repetitions):
    """Seconds of each call of a Python function, after two that do not count."""
    time.sleep(0.3)  # as in condcomp.cc_run: threads of others stop spinning
    seconds = []
    for repetition in range(-2, repetitions):
        start = time.perf_counter()
        function()
        if repetition >= 0:
            seconds.append(time.perf_counter() - start)
    return seconds


def interleave(runs, rounds):
    """{name: seconds} of runs {name: function giving seconds}, in turn."""
    seconds = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            seconds[name] += run()
    return seconds


def summary(seconds):
    """{name: {min, median}} in seconds."""
    return {
        name: {"min": min(times), "median": float(np.median(times))}
        for name, times in seconds.items()
    }


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def available_memory():
    """Bytes that programs may still take."""
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable"):
            return int(line.split()[1]) << 10
    return 0


def write_report(path, options, rows):
    """Writes the measurements as JSON, with the machine and the options."""
    if not path:
        return
    settings = {k: str(v) if isinstance(v, pathlib.Path) else v for k, v in options}
    report = {"processor": processor(), "options": settings, "rows": rows}
    pathlib.Path(path).write_text(json.dumps(report, indent=2) + "\n")


def add_options(parser, rounds=5, repetitions=5, threads=2):
    """threads: the default, a list where a benchmark takes several numbers."""
    several = {"nargs": "+"} if isinstance(threads, list) else {}
    parser.add_argument("--threads", type=int, default=threads, **several)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--repetitions", type=int, default=repetitions)
    parser.add_argument("--output", help="a JSON file")
