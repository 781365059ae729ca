# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parts of plain PyTorch to functions of linalg."""

import json
import pathlib
import pickle
import re
import subprocess
import sys
import tempfile

from ._errors import ExportError


class Lowering:
    """torch-mlir's process, which starts while a model is traced. A context."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.answer = pathlib.Path(self.folder.name) / "parts.json"
        worker = pathlib.Path(__file__).with_name("_worker.py")
        # -P: the folder of the worker holds no modules to import.
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(worker), str(self.answer)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.communicate()
        self.folder.cleanup()

    def lower(self, parts):
        """[(what, graph, the graph as bytes)] to [{"text", "arguments", "results"}]:
        private functions @part0, @part1, ..., and their types."""
        if not parts:
            return []
        _, said = self.process.communicate(pickle.dumps([data for *_, data in parts]))
        if self.process.returncode or not self.answer.exists():
            lines = said.decode(errors="replace").strip().splitlines()[-20:]
            raise ExportError("torch-mlir's process failed:\n" + "\n".join(lines))
        lowered = json.loads(self.answer.read_text())
        for (what, graph, _), part in zip(parts, lowered):
            if "error" in part:
                raise ExportError(_explain(what, graph, part["error"]))
        return lowered


def _explain(what, graph, error):
    if "No module named 'torch_mlir'" in error:
        return "torch-mlir is not installed: pip install torch-mlir"
    found = re.search(r"failed to legalize operation '([\w.]+)'", error)
    if found:
        return (
            f"{what} uses {found.group(1)}, which torch-mlir can't lower: write it with "
            "other operators"
        )
    targets = {str(n.target) for n in graph.nodes if n.op == "call_function"}
    first = "\n".join(error.strip().splitlines()[:12])
    return (
        f"{what} can't be lowered by torch-mlir; it is among the operators "
        f"{', '.join(sorted(targets))}. torch-mlir says: {first}"
    )
