# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Graphs of plain PyTorch as bytes, and back.

torch.export can save programs, too, but to load one takes longer than to lower it.
"""

import io
import operator
import pickle

import torch
from torch import fx

# Sizes that stand for those known in calls only while tracing: unlike each other
# and unlike most sizes of models.
_EXAMPLES = (11, 13, 17, 19, 23, 29, 31, 37, 41, 43)


def example_inputs(specs, hint):
    """Tensors without contents, and `dynamic_shapes` of torch.export, for inputs with
    these (shape, dtype): a name in a shape is a size known in calls only, which
    becomes the `hint`."""
    names = sorted({s for shape, _ in specs for s in shape if isinstance(s, str)})
    number = lambda s: _EXAMPLES[names.index(s)] if isinstance(s, str) else s
    examples = tuple(
        torch.empty([number(s) for s in shape], dtype=dtype) for shape, dtype in specs
    )
    shapes = tuple(
        {d: hint for d, s in enumerate(shape) if isinstance(s, str)}
        for shape, _ in specs
    )
    return examples, shapes


class _Pickler(pickle.Pickler):
    """Nodes are numbers, operators names."""

    def __init__(self, file, numbers):
        super().__init__(file)
        self.numbers = numbers

    def persistent_id(self, value):
        if isinstance(value, fx.Node):
            return self.numbers[value]
        if isinstance(value, torch._ops.OpOverload):
            return str(value)
        return None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file, nodes):
        super().__init__(file)
        self.nodes = nodes

    def persistent_load(self, key):
        if isinstance(key, int):
            return self.nodes[key]
        return operator.attrgetter(key)(torch.ops)


def _kind(value):
    """What the code made of a node depends on: a tensor's shape and dtype, with None
    for sizes known in calls only; "size"; or the types of other values."""
    if isinstance(value, torch.Tensor):
        sizes = [None if isinstance(s, torch.SymInt) else int(s) for s in value.shape]
        return (sizes, value.dtype)
    if isinstance(value, (list, tuple)):
        return [_kind(v) for v in value]
    return "size" if isinstance(value, torch.SymInt) else str(type(value))


def dump(graph, specs):
    """A graph of tensors, whose nodes have their values, as bytes. specs: (shape, dtype)
    of its inputs, names in shapes for sizes known in calls only."""
    file = io.BytesIO()
    numbers = {node: number for number, node in enumerate(graph.nodes)}
    pickler = _Pickler(file, numbers)
    pickler.dump([tuple(spec) for spec in specs])
    for node in graph.nodes:
        target = node.target if node.op == "call_function" else None
        kind = _kind(node.meta.get("val"))
        pickler.dump((node.op, target, node.args, node.kwargs, kind))
    return file.getvalue()


def load(data):
    """(graph, specs) of `dump`; nodes have their kinds."""
    file, nodes, graph = io.BytesIO(data), [], fx.Graph()
    unpickler = _Unpickler(file, nodes)
    specs = unpickler.load()
    while file.tell() < len(data):
        op, target, args, kwargs, kind = unpickler.load()
        if op == "placeholder":
            node = graph.placeholder(f"x{len(nodes)}")
        elif op == "output":
            node = graph.output(args[0])
        else:
            node = graph.call_function(target, args, kwargs)
        node.meta["kind"] = kind
        nodes.append(node)
    return graph, specs
