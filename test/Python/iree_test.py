# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs of the zoo compiled by IREE, through condcomp-to-portable-linalg."""

# Requires: torch

import pathlib
import subprocess
import sys

import numpy as np
import pytest

compiler = pytest.importorskip("iree.compiler", reason="needs IREE: --with-torch")
runtime = pytest.importorskip("iree.runtime", reason="needs IREE: --with-torch")

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples/zoo"))
import zoo  # noqa: E402

# What IREE 3.13 compiles and runs; docs/codegen.md says what it stops at.
MASKED = ["deebert", "d2dmoe"]
COMPACT = ["switch", "deebert", "branchynet"]


@pytest.mark.parametrize(
    "name, form",
    [(n, "masked") for n in MASKED] + [(n, "compact") for n in COMPACT],
)
def test_programs_give_the_reference_results(name, form, tmp_path):
    system = zoo.system(name)
    source, lowered = tmp_path / "source.mlir", tmp_path / "lowered.mlir"
    source.write_text(system.program())
    subprocess.run(
        [
            ROOT / "build/bin/cc-opt",
            source,
            f"--condcomp-to-portable-linalg=form={form}",
            "-o",
            lowered,
        ],
        check=True,
    )
    code = compiler.compile_file(
        str(lowered),
        target_backends=["llvm-cpu"],
        extra_args=["--iree-llvmcpu-target-cpu=host"],
    )
    (tmp_path / "code.vmfb").write_bytes(code)
    module = runtime.load_vm_flatbuffer_file(
        str(tmp_path / "code.vmfb"), driver="local-sync"
    )
    arrays = system.arrays("tiny")
    results = getattr(module, name)(
        *(a if a.ndim else a.item() for a in arrays.values())
    )
    wanted, _ = system.reference(**arrays)
    results = results if isinstance(results, (list, tuple)) else [results]
    for result, want in zip(results, wanted, strict=True):
        distance = np.linalg.norm(result.to_host() - want)
        assert distance <= system.bound * np.linalg.norm(want)
