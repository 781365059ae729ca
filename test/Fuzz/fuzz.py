# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs random programs masked, compact and in NumPy; they must agree.

Masked (one thread), compact (two threads) and what the compiler chooses agree bit
for bit. Values whose arithmetic is exact equal the reference's, others are within a
tolerance. A program that fails is cut down to one result, and to what that depends
on. With --malformed the programs are made wrong somewhere and only compiled
(malformed.py).
"""

import argparse
import pathlib
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import ccrun
import harness
import malformed
from generate import generate
from routings import NearTie

FORMS = {"masked": 1, "compact": 2, "auto": 2}  # and threads
TOLERANCE = {"f64": 1e-12, "f32": 1e-5, "f16": 2e-2, "bf16": 2e-2}
ROOT = pathlib.Path(__file__).resolve().parents[2]
FAILURES = ROOT / "build" / "fuzz"


class Tolerance:
    """Relative l2 error, of values of about 1."""

    def __init__(self, element):
        self.bound = TOLERANCE[element]

    def compare(self, got, want, name):
        got, want = got.astype(np.float64), np.asarray(want, dtype=np.float64)
        finite = np.isfinite(want)
        odd, even = (np.where(finite, 0, x) for x in (got, want))
        harness.compare_elements(odd, even, 0, name)
        got, want = (np.where(finite, x, 0) for x in (got, want))
        error = np.linalg.norm(got - want)
        size = np.linalg.norm(want) + np.sqrt(want.size)
        assert error <= self.bound * size, f"{name}: l2 error {error:.3g} of {size:.3g}"


def compare(program, outputs, call, results):
    """Raises AssertionError where forms or the reference differ."""
    for form in FORMS:
        for value, a, b in zip(outputs, results["masked"], results[form]):
            harness.same_bits(a, b, f"{value}, masked and {form},")
    try:
        env = program.reference(call)
    except NearTie:
        return
    for value, got in zip(outputs, results["compact"]):
        want, name = np.asarray(env[value.name]), f"{value} of the reference"
        assert got.shape == want.shape, f"{name}: {got.shape}, wanted {want.shape}"
        bound = Tolerance(value.tolerance) if not value.decides else harness.Exact()
        bound.compare(got, want, name)


def run(programs, jobs=2, opt_level=0):
    """[failure or None] for [(program, outputs)]: what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        requests = {form: [] for form in FORMS}
        for number, (program, outputs) in enumerate(programs):
            text = program.text(outputs)
            for call, made in enumerate(program.made):
                place = f"{folder}/{number}.{call}"
                for name, array in made.items():
                    np.save(f"{place}.{name}.npy", array)
                for form, threads in FORMS.items():
                    results = range(len(outputs))
                    requests[form].append(
                        {
                            "id": f"{number}.{call}",
                            "source": text,
                            "function": program.name,
                            "inputs": [f"@{place}.{n}.npy" for n in program.arguments],
                            "outputs": [f"@{place}.{form}.{r}.npy" for r in results],
                            "form": form,
                            "threads": threads,
                            "opt_level": opt_level,
                        }
                    )
        with ThreadPoolExecutor(jobs) as pool:
            replies = dict(zip(FORMS, pool.map(ccrun.batch, requests.values())))
        results = {
            form: [ccrun.outcome(*pair) for pair in zip(requests[form], replies[form])]
            for form in FORMS
        }
    failures, at = [], 0
    for program, outputs in programs:
        failure = None
        for call in range(len(program.made)):
            got = {form: results[form][at] for form in FORMS}
            at += 1
            bad = [f for f in FORMS if isinstance(got[f], ccrun.Failure)]
            try:
                assert not bad, f"{bad[0]}: {got[bad[0]].message}"
                compare(program, outputs, call, got)
            except Exception as error:  # of the reference, too
                failure = failure or f"call {call}: {error}"
        failures.append(failure)
    return failures


# ===-- Failures -----------------------------------------------------------===#


def cut(program, outputs):
    """Drops what the outputs do not depend on."""
    needed, kept = {v.name for v in outputs}, []
    for step in reversed(program.block.steps):
        text = "\n".join(step.lines)
        # A step may begin with constants of its own.
        made = [line.split(" = ")[0] for line in step.lines if " = " in line]
        defined = re.findall(r"%(\w+)", " ".join(made))
        if needed & set(defined):
            needed |= set(re.findall(r"%(\w+)", text))
            kept.append(step)
    program.block.steps = kept[::-1]
    dropped = set(program.arguments) - needed
    for arguments in [program.arguments, *program.made]:
        for name in dropped:
            del arguments[name]


def shrink(number, seed, opt_level):
    """The program with one output that fails, if one alone does."""
    _, outputs = generate(number, seed)
    for position in range(len(outputs)):
        program, outputs = generate(number, seed)
        chosen = [outputs[position]]
        cut(program, chosen)
        failure = run([(program, chosen)], opt_level=opt_level)[0]
        if failure:
            return program, chosen, failure
    program, outputs = generate(number, seed)
    failure = run([(program, outputs)], opt_level=opt_level)[0]
    return program, outputs, failure or "not repeated"


def report(number, seed, opt_level):
    """Writes a failing program with its inputs; returns what to print."""
    program, outputs, failure = shrink(number, seed, opt_level)
    folder = FAILURES / f"{seed}-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    module = folder / "program.mlir"
    module.write_text(program.text(outputs))
    for call, made in enumerate(program.made):
        for name in program.arguments:
            np.save(folder / f"{call}.{name}.npy", made[name])
    call = re.search(r"call (\d+)", failure)
    inputs = [f"--input=@{folder}/{call[1]}.{n}.npy" for n in program.arguments]
    command = f"--function={program.name} {' '.join(inputs)} --opt-level={opt_level}"
    script = folder / "fails.sh"
    script.write_text(still_fails(folder, command, failure))
    script.chmod(0o755)
    reduce = f"{ccrun.CC_RUN.parent}/cc-reduce {module}"
    lines = [
        f"program {number} of seed {seed}: {failure[:3000]}",
        f"run:    {ccrun.CC_RUN} {module} {command} --form=masked",
        f"reduce: {reduce} --reduction-tree='traversal-mode=0 test={script}'",
    ]
    (folder / "failure.txt").write_text("\n".join(lines + [""]))
    return "\n".join(lines)


def still_fails(folder, command, failure):
    """A script for cc-reduce: exit code 1 if a module fails as the program did.

    A module cut further has no reference: only the forms are compared.
    """
    error = re.search(r"error: (?:'[^']*' )?(?:op )?(.*)", failure)
    error = error or re.search(r"(was freed twice|Stack dump)", failure)
    fails = f"! cmp -s {folder}/masked.npy {folder}/compact.npy"
    if error:
        quoted = error[1].replace("'", "'\\''")
        fails = f"grep -qF '{quoted}' {folder}/masked.log {folder}/compact.log"
    runs = "\n".join(
        f"timeout 60 {ccrun.CC_RUN} $1 {command} --form={form} --threads={threads} "
        f"--output=@{folder}/{form}.npy > {folder}/{form}.log 2>&1 {'' if error else '|| exit 0'}"
        for form, threads in FORMS.items()
    )
    return f"#!/bin/sh\nrm -f {folder}/*.log\n{runs}\nif {fails}; then exit 1; fi\n"


def fuzz(first, count, seed, batch=25, limit=10, log=print):
    """Runs programs; returns reports of those that fail.

    Most are compiled without optimization, which takes half the time.
    """
    failures, start, done = [], time.monotonic(), 0
    for begin in range(first, first + count, batch):
        numbers = range(begin, min(begin + batch, first + count))
        programs = [generate(number, seed) for number in numbers]
        opt_level = 3 if begin // batch % 8 == 7 else 0
        found = run(programs, opt_level=opt_level)
        done += len(programs)
        for number, failure in zip(numbers, found):
            if failure:
                failures.append(report(number, seed, opt_level))
                log(failures[-1])
        seconds = time.monotonic() - start
        log(f"{done} programs, {len(failures)} failures, {done / seconds:.1f} a second")
        if len(failures) >= limit:
            break
    return failures


def main():
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("--print", action="store_true", help="only print the programs")
    parser.add_argument("--failures", type=int, default=10, help="stop after so many")
    parser.add_argument("--malformed", action="store_true", help="make them wrong")
    options = parser.parse_args()
    if options.malformed:
        print(f"seed {options.seed}")
        failures = malformed.fuzz(
            options.first, options.programs, options.seed, FAILURES, options.failures
        )
        return 1 if failures else 0
    if options.print:
        for number in range(options.first, options.first + options.programs):
            program, outputs = generate(number, options.seed)
            print(program.text(outputs))
        return 0
    print(f"seed {options.seed}")
    failures = fuzz(
        options.first, options.programs, options.seed, limit=options.failures
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
