# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions of .mlir files as Python callables: a driver of `cc-run --batch`."""

import json
import os
import pathlib
import subprocess
import tempfile
import time

import ml_dtypes
import numpy as np

# The build whose tools are used; `./dev test --sanitize` names another.
BUILD = pathlib.Path(
    os.environ.get("CONDCOMP_BUILD", pathlib.Path(__file__).parents[2] / "build")
).resolve()
CC_RUN = BUILD / "bin" / "cc-run"
BF16 = np.dtype(ml_dtypes.bfloat16)


class CcRunError(RuntimeError):
    """What cc-run says when a program does not compile or a call fails."""


def load(path):
    """An array of a file; NumPy reads bf16 as two-byte voids."""
    array = np.load(path)
    return array.view(BF16) if array.dtype == np.dtype("V2") else array


class Function:
    """A function of a module in one form, compiled by a cc-run of its own.

    module: the path of a .mlir file, or a module's text. constants: arrays, or
    paths of .npy files, that are the function's last arguments in every call;
    arrays are written to disk once. The process stays, so that calls and timings
    need no compiling again. With prepack, arguments marked condcomp.constant are
    prepared at the first call. A pipeline takes the place of condcomp-to-cpu;
    opt_level is LLVM's, 0 to 3.
    """

    def __init__(
        self,
        module,
        function,
        constants=(),
        form="auto",
        prepack=False,
        pipeline="",
        opt_level=3,
    ):
        if not CC_RUN.exists():
            raise CcRunError(f"{CC_RUN} is missing: run ./dev build first")
        self.folder = tempfile.TemporaryDirectory()
        self.constants = self._write("constant", constants)
        kind = "module" if isinstance(module, pathlib.Path) else "source"
        self.keys = {
            kind: str(module),
            "function": function,
            "form": form,
            "prepack": prepack,
            "pipeline": pipeline,
            "opt_level": opt_level,
        }
        self.process = subprocess.Popen(
            [str(CC_RUN), "--batch=-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()

    def _write(self, name, arrays):
        paths = []
        for number, array in enumerate(arrays):
            path = array
            if not isinstance(array, pathlib.Path):
                path = f"{self.folder.name}/{name}{number}.npy"
                np.save(path, array)
            paths.append(f"@{path}")
        return paths

    def request(self, inputs, **keys):
        """cc-run's answer to one call, a dict: docs/cc-run.md, --batch."""
        keys.update(self.keys)
        keys["inputs"] = self._write("input", inputs) + self.constants
        print(json.dumps(keys), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise CcRunError(f"cc-run ended while it ran {self.keys['function']}")
        reply = json.loads(line)
        if reply["status"] != "ok":
            raise CcRunError(reply["message"] + reply.get("diagnostics", ""))
        return reply

    def call(self, inputs, results, threads=0):
        """The first `results` results; 0 threads: as many as cores."""
        paths = [f"{self.folder.name}/output{i}.npy" for i in range(results)]
        self.request(inputs, outputs=[f"@{p}" for p in paths], threads=threads)
        return [load(path) for path in paths]

    def times(self, inputs, repetitions, threads=0):
        """Seconds of each of the repetitions, after two that do not count."""
        # Threads of the process that ran before may spin for 0.2 s yet.
        time.sleep(0.3)
        reply = self.request(inputs, repetitions=repetitions, warmup=2, threads=threads)
        return reply["seconds"]
