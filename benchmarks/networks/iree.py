# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model exported by condcomp.torch, compiled by IREE."""

import pathlib
import tempfile

from iree import compiler, runtime

from condcomp import library
from condcomp.torch import export


def build(model, x, threads):
    """A function of an input; the model has no conditions."""
    exported = export(model, x)
    with tempfile.TemporaryDirectory() as folder:
        source, lowered = (pathlib.Path(folder) / n for n in ("a.mlir", "b.mlir"))
        source.write_text(exported.text)
        library.run_tool(
            "cc-opt", source, "--condcomp-to-portable-linalg", "-o", lowered
        )
        code = compiler.compile_file(
            str(lowered),
            target_backends=["llvm-cpu"],
            extra_args=["--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3"],
        )
    driver = "local-sync" if threads == 1 else "local-task"
    config = runtime.Config(driver)
    module = runtime.load_vm_module(
        runtime.VmModule.copy_buffer(config.vm_instance, code), config
    )
    weights = [
        runtime.asdevicearray(config.device, array)
        for array in exported.arrays().values()
    ]
    return lambda x: module.forward(x.numpy(), *weights).to_host()
