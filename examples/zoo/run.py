#!/usr/bin/env python3
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs systems of the zoo and prints the table of docs/zoo.md: `./dev zoo`."""

import argparse
import pathlib
import tempfile
import threading

import numpy as np
import zoo

from condcomp.cc_run import CcRunError, Function, load

HEAD = ["system", "shape", "ops", "skipped", "agrees with", "error"]
HEAD += ["masked, ms", "compact, ms"]
# Timed until they took so long together.
TIMED_SECONDS = 0.5


def main():
    options = parse()
    for name in options.names:
        if options.module:
            print(zoo.system(name).program())
    if options.module:
        return
    print(line(HEAD), line(["-"] * len(HEAD)), sep="\n", flush=True)
    failed = []
    for name in options.names:
        try:
            row = measure(zoo.system(name), options)
        except CcRunError as error:
            # The others may run still.
            failed.append(f"{name}: {error}")
            continue
        print(line(row), flush=True)
        if options.markdown:
            replace_row(options.markdown, row)
    if failed:
        raise SystemExit("\n".join(failed))


def parse():
    parser = argparse.ArgumentParser(prog="./dev zoo", description=__doc__)
    parser.add_argument("names", nargs="*", help="default: all")
    parser.add_argument("--tiny", action="store_true", help="the shapes of the tests")
    parser.add_argument("--limit", type=float, default=40, help="seconds per form")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--markdown", type=pathlib.Path, help="a page with the table")
    parser.add_argument("--module", action="store_true", help="only print the modules")
    options = parser.parse_args()
    known = zoo.names()
    for name in options.names:
        if name not in known:
            parser.error(f"there is no system '{name}'; there are {', '.join(known)}")
    options.names = options.names or known
    if options.markdown:
        try:
            options.markdown.touch()
        except OSError as error:
            parser.error(f"--markdown: {options.markdown}: {error.strerror}")
    return options


def measure(system, options):
    """A row of the table."""
    shape = "tiny" if options.tiny else "published"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        arrays = system.arrays(shape)
        wanted, chosen = system.reference(**arrays)
        paths = [folder / f"{name}.npy" for name in arrays]
        for path, array in zip(paths, arrays.values()):
            np.save(path, array)
        del arrays, array  # they may be as large as what is left of the memory
        runs = {
            form: run(system, form, paths, folder, len(wanted), options)
            for form in ("masked", "compact")
        }
    results = [outputs for outputs, _ in runs.values() if outputs]
    same = len(results) < 2 or zoo.same_bits(*results)
    error = zoo.worst_error(results[-1], wanted) if results else np.nan
    return [
        f"[{system.title}](../examples/zoo/{system.name}.mlir) "
        f"([{system.paper}](https://arxiv.org/abs/{system.paper}))",
        describe(system, shape),
        " ".join(system.ops()),
        f"{1 - chosen:.1%}",
        ", ".join(filter(None, ["NumPy", system.also])),
        f"{error:.1e}" + ("" if same else ", **forms differ**"),
        runs["masked"][1],
        runs["compact"][1],
    ]


def run(system, form, paths, folder, results, options):
    """The outputs of a form and its time as text; None if it ran out of time."""
    files = [folder / f"{form}{number}.npy" for number in range(results)]
    with Function(system.program(), system.name, paths, form) as function:
        limit = threading.Timer(options.limit, function.process.kill)
        limit.start()
        try:
            keys = {"threads": options.threads}
            reply = function.request(
                [],
                outputs=[f"@{file}" for file in files],
                repetitions=1,
                warmup=0,
                **keys,
            )
            outputs = [load(file) for file in files]
            seconds = reply["median_seconds"]
            if seconds < TIMED_SECONDS:
                repetitions = int(min(max(TIMED_SECONDS / seconds, 3), 100))
                reply = function.request([], repetitions=repetitions, warmup=1, **keys)
                seconds = reply["median_seconds"]
            return outputs, milliseconds(seconds)
        except CcRunError as error:
            if limit.is_alive():
                raise CcRunError(f"{form}: {error}") from None
            return None, f"> {options.limit:.0f} s"
        finally:
            limit.cancel()


def milliseconds(seconds):
    value = seconds * 1e3
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def describe(system, shape):
    sizes = ", ".join(f"{n} {v}" for n, v in getattr(system, shape).items())
    return f"{sizes}; {system.less}" if system.less else sizes


def line(cells):
    return "| " + " | ".join(cells) + " |"


def replace_row(page, row):
    """Puts a row into the table of a page: in place of the one of the same system,
    else last."""
    lines = page.read_text().splitlines()
    if line(HEAD) not in lines:
        lines += [line(HEAD), line(["-"] * len(HEAD))]
    table = [i for i, text in enumerate(lines) if text.startswith("| ")]
    old = [i for i in table if lines[i].startswith(f"| {row[0]} |")]
    if old:
        lines[old[0]] = line(row)
    else:
        lines.insert(table[-1] + 1, line(row))
    page.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
