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

    def lower(self, parts, places):
        """[(what, graph, the graph as bytes)] to [{"text", "arguments", "results"}]:
        private functions @part0, @part1, ..., and their types. places: the model's
        Places, for errors."""
        if not parts:
            return []
        _, said = self.process.communicate(pickle.dumps([data for *_, data in parts]))
        if self.process.returncode or not self.answer.exists():
            lines = said.decode(errors="replace").strip().splitlines()[-20:]
            raise ExportError("torch-mlir's process failed:\n" + "\n".join(lines))
        lowered = json.loads(self.answer.read_text())
        for (what, graph, _), part in zip(parts, lowered):
            if "error" in part:
                raise ExportError(_explain(what, graph, part["error"], places))
            _check(what, graph, part["text"], places)
        return lowered


_CAST = re.compile(r"(%\S+) = tensor\.cast (%\S+) : tensor<(.*)> to tensor<(.*)>")


def takes_for_one(text):
    """Whether a view in the text takes a size known in calls only for a 1, which is
    how torch-mlir lowers views that it does not understand."""
    viewed = set(re.findall(r"tensor\.collapse_shape (%\S+) ", text))
    slices = set(re.findall(r"(%\S+) = tensor\.extract_slice ", text))
    return any(
        ("?", "1") in zip(before.split("x"), after.split("x"))
        for made, of, before, after in _CAST.findall(text)
        if made in viewed and of not in slices
    )


# Operators that torch-mlir makes of others' dialects: in the text, in PyTorch, and what
# can be used in their place.
_FOREIGN = [
    (
        "tm_tensor.scan",
        ("cumsum", "cumprod", "logcumsumexp", "cummax", "cummin"),
        "running sums are made along a dim of at most 4096 elements whose size is "
        "fixed; else select with a triangle of ones and reduce",
    ),
    (
        "tm_tensor.sort",
        ("sort", "argsort", "topk", "msort"),
        "choose with condcomp.nn (TopK for modules, TokenSelect for tokens), or take "
        "the largest by amax and argmax",
    ),
    ("tm_tensor.topk", ("kthvalue", "topk"), "choose with condcomp.nn (TokenSelect)"),
    (
        "tm_tensor.scatter",
        ("scatter", "index_put", "index_add", "index_copy", "bincount"),
        "write it with torch.where, or multiply by torch.nn.functional.one_hot",
    ),
    (
        "complex<",
        ("complex", "polar", "view_as_real", "fft"),
        "compute with real and imaginary parts in tensors of their own, a rotary "
        "embedding as x * cos + rotate_half(x) * sin",
    ),
    ("tm_tensor.", (), "write it with other operators"),
]


def _calls(graph):
    """The nodes that call operators of PyTorch."""
    nodes = (n for n in graph.nodes if n.op == "call_function")
    return [n for n in nodes if str(n.target).startswith("aten.")]


def _listed(nodes):
    return ", ".join(dict.fromkeys(str(n.target) for n in nodes))


def _foreign(graph, text):
    """(nodes, what to do) of what condcomp has no code for, or None."""
    for mark, names, todo in _FOREIGN:
        if mark in text:
            calls = _calls(graph)
            found = [n for n in calls if any(name in str(n.target) for name in names)]
            return found or calls, todo
    return None


def _check(what, graph, text, places):
    """Refuses text that would compute something else, or that does not compile."""
    if takes_for_one(text):
        raise ExportError(
            f"{what} has a view of a tensor with several sizes known in calls only "
            "that torch-mlir can't lower: merge dims by x.flatten(first, last), or name "
            "fewer sizes in `dynamic`"
        )
    found = _foreign(graph, text)
    if found:
        nodes, todo = found
        raise ExportError(
            f"{what} uses {_listed(nodes)}, which condcomp has no code for: {todo}"
            + places.of(nodes)
        )


def _explain(what, graph, error, places):
    if "No module named 'torch_mlir'" in error:
        return "torch-mlir is not installed: pip install torch-mlir"
    named = _named(graph, error)
    if named:
        return (
            f"{what} uses {_listed(named)}, which torch-mlir can't lower: write it with "
            "other operators" + places.of(named)
        )
    first = "\n".join(error.strip().splitlines()[:12])
    return (
        f"{what} can't be lowered by torch-mlir; it is among the operators "
        f"{_listed(_calls(graph))}. torch-mlir says: {first}"
    )


# Stands before the culprit's name in torch-mlir's errors.
_CULPRIT = (
    "(legalize operation 'torch\\.aten|original_aten.*aten|name = \"torch\\.aten)\\."
)


def _named(graph, error):
    """The nodes that torch-mlir's error is about: those whose operator has the culprit's
    name, or the longest beginning of it (of grid_sampler_2d, grid_sampler)."""
    found = {}
    for node in _calls(graph):
        name = node.target.overloadpacket.__name__
        if re.search(_CULPRIT + re.escape(name), error):
            found.setdefault(len(name), []).append(node)
    return found[max(found)] if found else []
