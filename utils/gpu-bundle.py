# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the archive that tests programs on a machine with an NVIDIA GPU.

It holds compiled programs, their inputs, the results that are expected, and what
runs them: nothing else but NVIDIA's driver is needed there. The programs are those
of the tests that gpu_emulated_test.py takes as well, and the zoo at its tiny shapes;
what is expected are the results on this machine's CPU, or the zoo's references.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("CONDCOMP_BUILD", ROOT / "build"))
os.environ["CONDCOMP_BUILD"] = str(BUILD)
for folder in ("python", "test/Execution", "examples/zoo"):
    sys.path.insert(0, str(ROOT / folder))

import ccrun  # noqa: E402
import gpu_emulated_test  # noqa: E402
import zoo  # noqa: E402

MOST_BYTES = 60 << 20
# How far from the CPU's results: sums of a row are made in another order.
TOLERANCES = {"float64": 1e-9, "float32": 1e-5, "float16": 2e-3, "bfloat16": 1.6e-2}


def suites():
    """(name, program, calls) of the test files; a call is (function, inputs, results
    or the text of an error)."""
    for module in gpu_emulated_test.MODULES:
        calls = gpu_emulated_test.chosen(module.SUITE)
        texts = ccrun.split("\n".join(module.SUITE.functions))
        used = sorted({call.function for call in calls})
        yield module.SUITE.name, "\n".join(texts[name] for name in used), calls


def expected_of_suite(program, calls):
    jobs = [(call.function, call.inputs, 1) for call in calls]
    for call, outcome in zip(calls, ccrun.run(program, jobs, "compact")):
        if call.error is not None:
            yield call.function, call.inputs, call.error, None
        elif isinstance(outcome, ccrun.Failure):
            sys.exit(f"{call}: {outcome.message}")
        else:
            yield call.function, call.inputs, outcome, None


def expected_of_zoo(name):
    system = zoo.system(name)
    inputs = system.arrays("tiny")
    results = [np.asarray(r) for r in system.reference(**inputs)[0]]
    yield name, list(inputs.values()), results, 10 * system.bound


def tolerances(results, bound):
    """--rtol and --atol for all results of a call."""
    bounds, largest = [], 0.0
    for array in results:
        if array.dtype.kind in "iub":
            continue
        bounds.append(bound or TOLERANCES[array.dtype.name])
        values = np.abs(array.astype(np.float64))
        largest = max(largest, values[np.isfinite(values)].max(initial=0))
    rtol = max(bounds, default=0.0)
    return f"--rtol={rtol:.3g} --atol={rtol * largest:.3g}"


class Bundle:
    def __init__(self, folder):
        self.folder = folder
        self.lines = []
        self.files = 0
        for name in ("bin", "lib", "programs", "data"):
            (folder / name).mkdir(parents=True)
        shutil.copy(BUILD / "bin" / "cc-run-aot", folder / "bin")
        for name in ("runtime", "cuda"):
            shutil.copy(BUILD / "lib" / f"libcondcomp_{name}.so", folder / "lib")
        shutil.copy(ROOT / "utils" / "run-gpu-bundle.sh", folder / "run.sh")

    def save(self, array):
        name = f"data/{self.files}.npy"
        self.files += 1
        np.save(self.folder / name, array)
        return name

    def add(self, program, function, inputs, expected, bound):
        """A line of calls.txt: program, function, error or -, flags."""
        flags = [f"--input=@{self.save(array)}" for array in inputs]
        error = "-"
        if isinstance(expected, str):
            error = expected
        else:
            flags += [f"--expected-output=@{self.save(array)}" for array in expected]
            flags.append(tolerances(expected, bound))
        self.lines.append("\t".join([program, function, error, " ".join(flags)]))


def compile_program(source, chip, output):
    """A chip is sm_90a, ptx-sm_80 or emulated."""
    command = [BUILD / "bin" / "cc-compile", source, "-o", output, "--target=cuda"]
    if chip.startswith("ptx-"):
        chip = chip.removeprefix("ptx-")
        command.append(
            "--pass-pipeline=builtin.module"
            f"(condcomp-to-cuda{{form=compact chip={chip} ptx}})"
        )
    command += [f"--chip={chip}", "--form=compact"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{source.stem} for {chip}: {done.stderr[-2000:]}")


def main():
    parser = argparse.ArgumentParser(prog="./dev bundle", description=__doc__)
    parser.add_argument(
        "--chips",
        default="sm_90a,ptx-sm_80",
        help="what to compile for, ptx-… as PTX (%(default)s)",
    )
    parser.add_argument("--filter", default="", help="only programs with such names")
    parser.add_argument(
        "-o",
        "--output",
        type=pathlib.Path,
        default=BUILD / "bundle" / "condcomp-gpu.tar.gz",
        help="the archive (%(default)s)",
    )
    options = parser.parse_args()
    chips = options.chips.split(",")

    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "condcomp-gpu"
        bundle = Bundle(folder)
        programs = [
            (f"tests-{name}", text, expected_of_suite(text, calls))
            for name, text, calls in suites()
        ]
        programs += [
            (f"zoo-{name}", zoo.system(name).program(), expected_of_zoo(name))
            for name in zoo.names()
        ]
        programs = [p for p in programs if re.search(options.filter, p[0])]
        if not programs:
            sys.exit(f"no program has a name like '{options.filter}'")
        jobs = []
        for name, text, calls in programs:
            source = pathlib.Path(temporary) / f"{name}.mlir"
            source.write_text(text)
            jobs += [
                (source, chip, folder / "programs" / f"{name}.{chip}.so")
                for chip in chips
            ]
            for call in calls:
                bundle.add(name, *call)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda job: compile_program(*job), jobs))
        (folder / "calls.txt").write_text("\n".join(bundle.lines) + "\n")
        options.output.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(options.output, "w:gz") as archive:
            archive.add(folder, "condcomp-gpu")
    size = options.output.stat().st_size
    if size > MOST_BYTES:
        sys.exit(
            f"{options.output} has {size} bytes; {MOST_BYTES} are the limit: "
            "leave programs out with --filter"
        )
    print(
        f"{options.output}: {len(bundle.lines)} calls of {len(programs)} programs for "
        f"{', '.join(chips)}; {size / 2**20:.1f} MiB"
    )


if __name__ == "__main__":
    main()
