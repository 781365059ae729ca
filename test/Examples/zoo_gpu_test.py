# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every system of examples/zoo as a kernel: PTX, and run by an emulated grid."""

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples" / "zoo"))

import zoo  # noqa: E402
from condcomp.cc_run import CC_RUN, Function  # noqa: E402

NAMES = zoo.names()


@pytest.mark.parametrize("name", NAMES)
def test_compiles_to_ptx(name):
    done = subprocess.run(
        [CC_RUN.with_name("cc-opt"), "--condcomp-to-gpu=chip=sm_90a format=ptx"],
        input=zoo.system(name).program(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert f".visible .entry {name}$kernel(" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_emulated_matches_reference(name):
    system = zoo.system(name)
    inputs = system.arrays("tiny")
    wanted = system.reference(**inputs)[0]
    pipeline = "builtin.module(condcomp-to-gpu-emulated{form=compact})"
    with Function(system.program(), name, pipeline=pipeline, opt_level=0) as function:
        results = function.call(list(inputs.values()), len(wanted))
    error = zoo.worst_error(results, wanted)
    assert error <= system.bound, f"{error:.2g}"
