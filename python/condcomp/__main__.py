# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""python -m condcomp: what a module has, runs and skips."""

import argparse
import sys

from . import CheckError, CompileError
from ._commands import bench, info, report, run

_COMMANDS = {
    "info": (info, "functions, their signatures and ops"),
    "run": (run, "call a function; print or write its results"),
    "bench": (bench, "time a function masked and compact"),
    "report": (report, "what the compiler remarks, and what a call skips"),
}
_INPUTS = """
Inputs are given in order: @x.npy, a value for all elements (4x4xf32=1), values
(2x2xf32=1,2,3,4), or a scalar (index=3). Without any, arguments are random numbers,
with the size --size wherever the type has ?, and scalars are 1.
"""


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m condcomp", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (function, summary) in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        command.set_defaults(run=function)
        command.add_argument("file", help="a .mlir file")
        if name == "info":
            continue
        command.epilog = _INPUTS
        command.add_argument(
            "--function", help="its name (default: the only public function)"
        )
        command.add_argument("--input", action="append", default=[], dest="inputs")
        command.add_argument("--size", type=int, default=64, help="default: 64")
        command.add_argument("--seed", type=int, default=0, help="default: 0")
        command.add_argument("--threads", type=int, default=0)
        if name in ("run", "report"):
            command.add_argument("--form", default="auto")
        if name == "run":
            command.add_argument(
                "--output", action="append", default=[], dest="outputs", help="@y.npy"
            )
        if name == "bench":
            command.add_argument(
                "--seconds", type=float, default=2, help="of calls per form (2)"
            )
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except (CheckError, CompileError, LookupError, OSError, TypeError, ValueError) as e:
        print(f"{parser.prog} {options.command}: error: {e}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
