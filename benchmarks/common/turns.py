# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs of several processes in turn."""

import os
import pathlib

import numpy as np


def last_cores(threads):
    """The cores to run on: the first one has the system's own work."""
    return sorted(os.sched_getaffinity(0))[-threads:]


def add_options(parser, patience, output):
    """Options of all benchmarks whose programs take turns."""
    parser.add_argument(
        "--no-compile", action="store_true", help="leave torch.compile out"
    )
    parser.add_argument("--rounds", type=int, help="turns of every program")
    parser.add_argument(
        "--budget", type=float, help="seconds for each program at each point"
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=patience,
        help="seconds to wait for an answer",
    )
    parser.add_argument("--output", type=pathlib.Path, default=output)


def orders(programs, rounds):
    """The order of the programs in every round; each time another one is first."""
    order = list(programs)
    for _ in range(rounds):
        yield order
        order = order[1:] + order[:1]


def calls_per_turn(estimate, budget, rounds):
    """How often a program that takes about `estimate` seconds is called in a turn, given
    the seconds for it in all rounds; 0 where one call is too long to be repeated."""
    if estimate > 4 * budget:
        return 0
    return int(np.clip(budget / rounds / estimate, 1, 20))
