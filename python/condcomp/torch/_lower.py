# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parts of plain PyTorch to functions of linalg."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import torch

from ._errors import ExportError


def lower(parts):
    """[(what, exported program)] to [{"text", "arguments", "results"}]: private
    functions @part0, @part1, ..., and their types."""
    if not parts:
        return []
    with tempfile.TemporaryDirectory() as folder:
        for number, (_, program) in enumerate(parts):
            torch.export.save(program, f"{folder}/{number}.pt2")
        worker = pathlib.Path(__file__).with_name("_worker.py")
        # -P: the folder of the worker holds no modules to import.
        ran = subprocess.run(
            [sys.executable, "-P", str(worker), folder], capture_output=True, text=True
        )
        answer = pathlib.Path(folder) / "parts.json"
        if ran.returncode or not answer.exists():
            lines = ran.stderr.strip().splitlines()[-20:]
            raise ExportError("torch-mlir's process failed:\n" + "\n".join(lines))
        lowered = json.loads(answer.read_text())
    for (what, program), part in zip(parts, lowered):
        if "error" in part:
            raise ExportError(_explain(what, program, part["error"]))
    return lowered


def _explain(what, program, error):
    if "No module named 'torch_mlir'" in error:
        return "torch-mlir is not installed: pip install torch-mlir"
    found = re.search(r"failed to legalize operation '([\w.]+)'", error)
    if found:
        return (
            f"{what} uses {found.group(1)}, which torch-mlir can't lower: write it with "
            "other operators"
        )
    targets = {str(n.target) for n in program.graph.nodes if n.op == "call_function"}
    first = "\n".join(error.strip().splitlines()[:12])
    return (
        f"{what} can't be lowered by torch-mlir; it is among the operators "
        f"{', '.join(sorted(targets))}. torch-mlir says: {first}"
    )
