# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The commands of python -m condcomp. Each takes its options and returns 0."""

import pathlib
import statistics
import time

import numpy as np

from . import _inputs, _progress
from ._compile import compile
from ._memory import memory_live_bytes, memory_peak_bytes


def _compile(options, **compile_options):
    with _progress.elapsed(f"compiling {options.file}"):
        # A path: what does not end with .mlir would be a module's text.
        return compile(pathlib.Path(options.file), **compile_options)


def info(options):
    program = _compile(options)
    for function in program.functions.values():
        print(function.describe())
        for name, count in sorted(function.ops.items()):
            if name.startswith("condcomp.") and name != "condcomp.yield":
                print(f"  {count:4d} {name}")
        others = sum(
            n for o, n in function.ops.items() if not o.startswith("condcomp.")
        )
        print(f"  {others:4d} of other dialects")
    return 0


def _prepare(options, **compile_options):
    """The function that the options name, and its arguments."""
    program = _compile(options, threads=options.threads, **compile_options)
    name = options.function
    if name is None:
        if len(program.functions) > 1:
            raise ValueError(
                f"there are several functions ({', '.join(program.functions)}): "
                "name one with --function"
            )
        (name,) = program.functions
    if name not in program.functions:
        raise LookupError(program._missing(name))
    function = program.functions[name]
    with _progress.elapsed("making arguments"):
        if options.inputs:
            arguments = [_inputs.parse(text) for text in options.inputs]
        else:
            arguments = _inputs.make(function, options.size, options.seed)
    return program, function, arguments


def run(options):
    _, function, arguments = _prepare(options, form=options.form)
    with _progress.elapsed(f"running {function.name}"):
        results = function(*arguments)
    if not isinstance(results, tuple):
        results = () if results is None else (results,)
    if len(options.outputs) > len(results):
        raise ValueError(
            f"'{function.name}' has {len(results)} results, but "
            f"{len(options.outputs)} outputs are given"
        )
    for output in options.outputs:
        if not output.startswith("@"):
            raise ValueError(f"output {output!r} is not a file (@y.npy)")
    for output, result in zip(options.outputs, results):
        with open(output[1:], "wb") as file:
            np.save(file, result)
    if not options.outputs:
        for number, (type, result) in enumerate(zip(function.results, results)):
            print(f"result {number}: {type}\n{result}")
    return 0


def _bind(function, arguments):
    """A call of the function with its constant arguments packed."""
    constants = {
        i: a for i, a in enumerate(arguments) if function.arguments[i].constant
    }
    others = [a for i, a in enumerate(arguments) if i not in constants]
    called = function.bind(constants) if constants else function
    return lambda: called(*others)


def bench(options):
    calls, results = {}, {}
    for form in ("masked", "compact"):
        start = time.perf_counter()
        program, function, arguments = _prepare(options, form=form)
        seconds = time.perf_counter() - start
        print(
            f"{form}: {'loaded' if program.cached else 'compiled'} in {seconds:.2f} s"
        )
        with _progress.elapsed(f"running {function.name}, {form}"):
            calls[form] = _bind(function, arguments)
            results[form] = calls[form]()
    if _bytes(results["masked"]) != _bytes(results["compact"]):
        raise ValueError("masked and compact give other results: please report it")
    times = _time(calls, options.seconds)
    for form, seconds in times.items():
        print(
            f"{form}: min {min(seconds) * 1e3:.3f} ms, "
            f"median {statistics.median(seconds) * 1e3:.3f} ms, {len(seconds)} calls"
        )
    masked, compact = (statistics.median(times[form]) for form in ("masked", "compact"))
    print(f"compact is {masked / compact:.2f} times as fast as masked")
    return 0


def _bytes(results):
    """Results to compare bit for bit, NaN included."""
    if not isinstance(results, tuple):
        results = (results,)
    return [np.asarray(result).tobytes() for result in results]


def _time(calls, seconds):
    """Seconds of each call, in turn, until each form had its seconds."""
    times = {name: [] for name in calls}
    with _progress.bar(total=round(seconds * len(calls), 1), unit="s") as bar:
        while min(sum(t) for t in times.values()) < seconds or len(times["masked"]) < 3:
            for name, call in calls.items():
                start = time.perf_counter()
                call()
                times[name].append(time.perf_counter() - start)
                bar.update(min(times[name][-1], bar.total - bar.n))
    return times


# How remarks of `condcomp-report-cost` end.
_COST = " [condcomp-report-cost]"


def report(options):
    start = time.perf_counter()
    program, function, arguments = _prepare(options, form=options.form, trace="all")
    seconds = time.perf_counter() - start
    print(function.describe())
    print(
        f"form {program.form}, "
        f"{'loaded' if program.cached else 'compiled'} in {seconds:.2f} s"
    )
    constants = {
        i: a for i, a in enumerate(arguments) if function.arguments[i].constant
    }
    if constants:
        with _progress.elapsed("packing weights"):
            packed = function.bind(constants).nbytes
        given = sum(np.asarray(a).nbytes for a in constants.values())
        print(f"weights: {_format_bytes(given)}, packed {_format_bytes(packed)}")
    costs = [r for r in program.remarks if r.endswith(_COST)]
    print("\nstatic cost:")
    for remark in costs:
        print(f"  {remark.removesuffix(_COST)}")
    remarks = [r for r in program.remarks if r not in costs]
    print(f"\nremarks of the compiler: {len(remarks) or 'none'}")
    for remark in remarks:
        print(f"  {remark}")
    traces = []
    memory_peak_bytes(reset=True)
    before = memory_live_bytes()
    with _progress.elapsed(f"running {function.name}"):
        function.run(*arguments, trace=traces.append)
    print(
        "\nmemory of one call, weights that it packs included: at most "
        f"{_format_bytes(memory_peak_bytes() - before)}"
    )
    print(f"routings of one call: {len(traces) or 'none'}")
    for trace in traces:
        print(_describe(trace))
    return 0


def _format_bytes(count):
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            break
        count /= 1024
    else:
        unit = "GiB"
    return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"


def _describe(trace):
    """What a routing leaves out, and how evenly it uses the modules."""
    modules = trace.dims[-1]
    pairs = int(np.prod(trace.dims))
    entries = len(trace.modules)
    load = np.bincount(trace.modules, minlength=modules)
    row_sizes = np.diff(trace.row_offsets)
    lines = [
        f"  {trace.name}: {'x'.join(map(str, trace.dims[:-1]))} rows, {modules} "
        f"modules: {entries} of {pairs} pairs are run"
        + (f", {100 - 100 * entries / pairs:.1f}% skipped" if pairs else "")
    ]
    if entries:
        share = load[load > 0] / entries
        evenness = (
            -(share * np.log(share)).sum() / np.log(modules) if modules > 1 else 1
        )
        lines += [
            f"    entries per row: {row_sizes.min()} to {row_sizes.max()}",
            f"    entries per module: at most {load.max()}, on average "
            f"{load.mean():.1f}; {np.count_nonzero(load == 0)} modules have none",
            f"    load: the largest is {load.max() / load.mean():.2f} times the mean; "
            f"evenness (entropy over its maximum) {evenness:.2f}",
        ]
    return "\n".join(lines)
