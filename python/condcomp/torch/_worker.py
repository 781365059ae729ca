# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lowers graphs to linalg, in a process of its own.

Run as `python -P _worker.py FILE`: reads pickled bytes of graphs, a list, from its
standard input and writes to FILE, as JSON, a list of {"text", "arguments", "results"}
or {"error"}. torch-mlir carries an MLIR that can't share a process with condcomp's.
"""

import contextlib
import json
import operator
import os
import pathlib
import pickle
import sys
import tempfile
import warnings

import torch
from torch import fx
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv

# Behind everything else, as its names are none of Python's.
sys.path.append(str(pathlib.Path(__file__).parent))

from _exchange import example_inputs, load  # noqa: E402
from _views import LEGAL, VIEWS, split_views  # noqa: E402

aten = torch.ops.aten

# What torch-mlir lowers well as it is. A graph of anything else is exported again and
# decomposed, which takes ten times as long as all that follows.
DIRECT = {
    aten.add.Tensor,
    aten.amax.default,
    aten.bmm.default,
    aten.cat.default,
    aten.contiguous.default,
    aten.div.Tensor,
    aten.exp.default,
    aten.expand.default,
    aten.ge.Scalar,
    aten.ge.Tensor,
    aten.gelu.default,
    aten.gt.Tensor,
    aten.le.Scalar,
    aten.lt.Tensor,
    aten.mm.default,
    aten.mul.Tensor,
    aten.permute.default,
    aten.relu.default,
    aten.reshape.default,
    aten.rsqrt.default,
    aten.select.int,
    aten.sigmoid.default,
    aten.silu.default,
    aten.slice.Tensor,
    aten.squeeze.dim,
    aten.sub.Tensor,
    aten.sum.dim_IntList,
    aten.sym_size.int,
    aten.t.default,
    aten.tanh.default,
    aten.to.dtype,
    aten.transpose.int,
    aten.unflatten.int,
    aten.unsqueeze.default,
    aten.view.default,
    operator.mul,
}


def is_direct(graph):
    calls = [n for n in graph.nodes if n.op == "call_function"]
    return all(n.target in DIRECT and not _is_merging(n) for n in calls)


def _is_merging(node):
    """Whether a view has several sizes known in calls only, which needs their symbols."""
    if node.target not in VIEWS:
        return False
    return any(n.meta["kind"][0].count(None) > 1 for n in (node.args[0], node))


def add_values(graph):
    """Gives the nodes of a graph values like those that tracing gives."""
    mode = FakeTensorMode(shape_env=ShapeEnv())
    # All sizes known in calls only may be the same one: just that they are is read.
    example = mode.from_tensor(torch.empty(2), static_shapes=False)
    (size,) = example.shape

    def value(kind):
        if kind == "size":
            return size
        sizes, dtype = kind
        with mode:
            return torch.empty([size if s is None else s for s in sizes], dtype=dtype)

    for node in graph.nodes:
        if node.op != "output":
            node.meta["val"] = value(node.meta["kind"])


def lower(data, name):
    from torch_mlir import fx as torch_mlir
    from torch_mlir.extras.fx_decomp_util import get_decomposition_table

    graph, specs = load(data)
    code = fx.GraphModule(torch.nn.Module(), graph)
    if is_direct(graph):
        add_values(graph)
        module = torch_mlir.stateless_fx_import(
            code, output_type="linalg-on-tensors", model_name=name
        )
    else:
        examples, shapes = example_inputs(specs, torch.export.Dim.AUTO)
        with torch.no_grad():
            program = torch.export.export(
                code, examples, dynamic_shapes=shapes, strict=False
            ).run_decompositions(get_decomposition_table())
        split_views(program.graph_module.graph)
        module = torch_mlir.export_and_import(
            program,
            output_type="linalg-on-tensors",
            func_name=name,
            decomposition_table={},  # they were run above
            backend_legal_ops=LEGAL,
        )
    function = next(iter(module.body.operations))
    if function.operation.name != "func.func" or len(module.body.operations) != 1:
        names = ", ".join(op.operation.name for op in module.body.operations)
        raise RuntimeError(f"torch-mlir made more than a function: {names}")
    text = module.operation.get_asm(use_local_scope=True)
    lines = text.strip().splitlines()
    lines[1] = lines[1].replace("func.func @", "func.func private @", 1)
    return {
        "text": "\n".join(lines[1:-1]),
        "arguments": [str(t) for t in function.type.inputs],
        "results": [str(t) for t in function.type.results],
    }


@contextlib.contextmanager
def diagnostics():
    """What MLIR prints to the standard error, in a file that can be read."""
    with tempfile.TemporaryFile("w+", errors="replace") as file:
        outside = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield file
        finally:
            os.dup2(outside, 2)
            os.close(outside)


def main():
    warnings.simplefilter("ignore")
    try:
        import torch_mlir.fx  # noqa: F401  while the other process traces
    except ImportError:
        pass  # said for each graph
    parts = []
    for number, data in enumerate(pickle.load(sys.stdin.buffer)):
        with diagnostics() as said:
            try:
                parts.append(lower(data, f"part{number}"))
            except Exception as error:
                said.seek(0)
                parts.append({"error": f"{said.read()}{type(error).__name__}: {error}"})
    pathlib.Path(sys.argv[1]).write_text(json.dumps(parts))


if __name__ == "__main__":
    main()
