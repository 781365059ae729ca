# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the compiled networks with cc-run, for the demo and the benchmark."""

import contextlib
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np
from reference import BLOCKS, EXPERTS, HIDDEN, WIDTH

HERE = pathlib.Path(__file__).parent
CC_RUN = HERE.parents[1] / "build" / "bin" / "cc-run"
SHARED = ("embed", "position", "q", "k", "v", "o", "router")


def dense_weights(weights):
    """The experts' hidden units side by side, and only the last exit."""
    up = weights["up"].transpose(0, 2, 1, 3)
    return [
        *(weights[name] for name in SHARED),
        up.reshape(BLOCKS, WIDTH, EXPERTS * HIDDEN),
        weights["up_bias"].reshape(BLOCKS, EXPERTS * HIDDEN),
        weights["down"].reshape(BLOCKS, EXPERTS * HIDDEN, WIDTH),
        *(weights[name][-1] for name in ("saliency", "classify", "bias")),
    ]


def dynamic_weights(weights):
    names = (*SHARED, "up", "up_bias", "down", "saliency", "classify", "bias")
    return [weights[name] for name in names]


class Compiled:
    """A function of a .mlir file in one form, compiled by a cc-run of its own.

    The process stays, so that calls and timings need no compiling again.
    """

    def __init__(self, file, function, weights, form="auto"):
        self.file, self.function, self.form = str(HERE / file), function, form
        self.folder = tempfile.TemporaryDirectory()
        self.weights = []
        for number, array in enumerate(weights):
            path = f"{self.folder.name}/weight{number}.npy"
            np.save(path, array)
            self.weights.append(f"@{path}")
        self.process = subprocess.Popen(
            [CC_RUN, "--batch=-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def request(self, inputs, **keys):
        paths = []
        for number, array in enumerate(inputs):
            path = f"{self.folder.name}/input{number}.npy"
            np.save(path, array)
            paths.append(f"@{path}")
        keys.update(module=self.file, function=self.function, form=self.form)
        keys.update(inputs=paths + self.weights)
        print(json.dumps(keys), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"cc-run ended while it ran {self.function}.")
        reply = json.loads(line)
        if reply["status"] != "ok":
            raise SystemExit(
                f"cc-run: {reply['message']}{reply.get('diagnostics', '')}"
            )
        return reply

    def call(self, inputs, results, threads=0):
        """Returns the first `results` results; 0 threads: as many as cores."""
        paths = [f"{self.folder.name}/output{i}.npy" for i in range(results)]
        self.request(inputs, outputs=[f"@{path}" for path in paths], threads=threads)
        return [np.load(path) for path in paths]

    def times(self, inputs, repetitions, threads=0):
        """Seconds of each of the repetitions; 0 threads: as many as cores."""
        # Threads of the process that ran before may spin for 0.2 s yet.
        time.sleep(0.3)
        return self.request(inputs, repetitions=repetitions, warmup=2, threads=threads)[
            "seconds"
        ]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()


@contextlib.contextmanager
def programs(weights, names=("dense", "masked", "compact")):
    """The dense program, the dynamic one in both forms, and its trace."""
    if not CC_RUN.exists():
        raise SystemExit(f"{CC_RUN} is missing: run ./dev build first.")
    dynamic = dynamic_weights(weights)
    made = {
        "dense": lambda: Compiled("mnist_dense.mlir", "dense", dense_weights(weights)),
        "masked": lambda: Compiled("mnist.mlir", "dynamic", dynamic, "masked"),
        "compact": lambda: Compiled("mnist.mlir", "dynamic", dynamic, "compact"),
        "trace": lambda: Compiled("mnist.mlir", "trace", dynamic, "compact"),
    }
    opened = {name: made[name]() for name in names}
    try:
        yield opened
    finally:
        for program in opened.values():
            program.close()
