# -*- Python -*-
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# How lit runs the tests of this directory. `./dev test` (or `ninja -C build
# check-condcomp`) starts it with the site configuration of the build tree.

import os
import shutil

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "CondComp"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".c"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.condcomp_obj_root, "test")
# Inputs of other tests, and the Python tests, which pytest runs.
config.excludes = ["Inputs", "Execution", "Fuzz"]

# The virtual environment of `./dev setup` has NumPy; without it, the system's
# Python serves tests that need the standard library only.
venv_python = os.path.join(config.condcomp_obj_root, "venv", "bin", "python")
python = venv_python if os.path.exists(venv_python) else shutil.which("python3")
if python == venv_python:
    config.available_features.add("numpy")

# Programs that are not built with the sanitizers can't load what is.
if config.condcomp_sanitize == "ON":
    config.available_features.add("sanitized")

# CUDA's assembler, for machine code of NVIDIA GPUs.
if shutil.which("ptxas"):
    config.available_features.add("ptxas")

config.substitutions.append(("%python", python))
config.substitutions.append(("%condcomp_src_root", config.condcomp_src_root))
config.substitutions.append(("%condcomp_lib_dir", config.condcomp_lib_dir))
config.substitutions.append(("%condcomp_tools_dir", config.condcomp_tools_dir))
config.substitutions.append(
    (
        "%condcomp_fake_cuda",
        os.path.join(
            config.condcomp_lib_dir, "libcondcomp_fake_cuda" + config.shlibext
        ),
    )
)
config.substitutions.append(("%shlibext", config.shlibext))
config.substitutions.append(
    (
        "%condcomp_plugin",
        os.path.join(config.condcomp_lib_dir, "CondCompPlugin" + config.shlibext),
    )
)

# The system's locale and the OpenMP settings of the caller must not decide
# what a test prints.
llvm_config.with_system_environment(
    ["HOME", "TMP", "TEMP", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS"]
)
llvm_config.with_environment("LC_ALL", "C")
llvm_config.with_environment(
    "PYTHONPATH", os.path.join(config.condcomp_src_root, "python")
)
llvm_config.use_default_substitutions()

tool_dirs = [config.condcomp_tools_dir, config.llvm_tools_dir]
llvm_config.with_environment("PATH", tool_dirs, append_path=True)
llvm_config.add_tool_substitutions(
    [
        "cc-opt",
        ToolSubst("cc-run", unresolved="ignore"),
        ToolSubst("cc-run-aot", unresolved="ignore"),
        ToolSubst("cc-compile", unresolved="ignore"),
        ToolSubst("cc-lsp-server", unresolved="ignore"),
        ToolSubst("cc-reduce", unresolved="ignore"),
        "mlir-opt",
        "mlir-translate",
    ],
    tool_dirs,
)
