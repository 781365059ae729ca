# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every system of examples/zoo on a stand-in for a GPU, by calls that do not wait."""

import pathlib
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "examples" / "zoo"), str(ROOT / "test" / "Python")]

import zoo  # noqa: E402
from stand_in import DeviceArray, gpu, read, waits  # noqa: E402

import condcomp  # noqa: E402

# Their results are numbers, or have sizes that follow from data.
WAIT = {"a_vit", "dynamic_vit"}


@pytest.mark.parametrize("name", zoo.names())
def test_matches_reference(gpu, name):
    system = zoo.system(name)
    inputs = system.arrays("tiny")
    wanted = system.reference(**inputs)[0]
    program = condcomp.compile(
        system.program(),
        form="compact",
        target="cuda",
        chip="emulated",
        opt_level=0,
        wait=False,
        cache=False,
    )
    arguments = [
        DeviceArray(np.asarray(a)) if np.ndim(a) else a for a in inputs.values()
    ]
    program.run(name, *arguments)
    before = waits(gpu)
    # Kernels run when the stream is waited for.
    gpu.fake_cuda_configure(b"devices=2,lazy")
    results = program.run(name, *arguments)
    waited = waits(gpu) != before
    condcomp.synchronize(0)
    results = results if isinstance(results, tuple) else (results,)
    results = [read(r)[1] if hasattr(r, "__dlpack__") else r for r in results]
    error = zoo.worst_error(results, wanted)
    assert error <= system.bound, f"{error:.2g}"
    says = [r for r in program.remarks if f"'{name}' wait for the GPU" in r]
    assert waited == bool(says) == (name in WAIT), program.remarks
