# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs of the other files as libraries for NVIDIA GPUs, on a stand-in.

cc-compile makes a library of the functions; cc-run-aot calls it, and the stand-in
for NVIDIA's driver runs its kernels on the CPU.
"""

import functools
import os
import pathlib
import subprocess
import tempfile

import numpy as np
import pytest

import apply_test
import cascade_test
import ccrun
import gates_test
import iterate_test
from gpu_emulated_test import chosen
from harness import compare_with_reference

MODULES = [apply_test, cascade_test, gates_test, iterate_test]
BUILD = ccrun.CC_RUN.parents[1]
FILES = tempfile.TemporaryDirectory()
FOLDER = pathlib.Path(FILES.name)
ENVIRONMENT = {
    **os.environ,
    "CONDCOMP_CUDA_DRIVER": str(BUILD / "lib" / "libcondcomp_fake_cuda.so"),
}


@functools.cache
def library(module):
    """The library of the functions of a file that are called here."""
    texts = ccrun.split("\n".join(module.SUITE.functions))
    used = {call.function for call in chosen(module.SUITE)}
    source = FOLDER / f"{module.SUITE.name}.mlir"
    source.write_text("\n".join(texts[name] for name in sorted(used)))
    made = source.with_suffix(".so")
    subprocess.run(
        [
            BUILD / "bin" / "cc-compile",
            source,
            "-o",
            made,
            "--target=cuda",
            "--chip=emulated",
            "--form=compact",
        ],
        check=True,
    )
    return made, texts


def run(module, call):
    made, texts = library(module)
    command = [BUILD / "bin" / "cc-run-aot", made, f"--function={call.function}"]
    for position, array in enumerate(call.inputs):
        name = FOLDER / f"x{position}.npy"
        np.save(name, array)
        command.append(f"--input=@{name}")
    outputs = [
        FOLDER / f"y{r}.npy" for r in range(ccrun.results_of(texts[call.function]))
    ]
    command += [f"--output=@{name}" for name in outputs]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    if done.returncode:
        return ccrun.Failure(done.stderr)
    return [ccrun.load(name) for name in outputs]


CASES = [
    pytest.param(module, call, id=f"{module.SUITE.name}-{call}")
    for module in MODULES
    for call in chosen(module.SUITE)
]


@pytest.mark.parametrize("module, call", CASES)
def test_on_stand_in(module, call):
    outcome = run(module, call)
    if call.error is not None:
        assert isinstance(outcome, ccrun.Failure)
        assert call.error in outcome.message, outcome.message
    else:
        assert not isinstance(outcome, ccrun.Failure), outcome.message
        compare_with_reference(call, outcome)
