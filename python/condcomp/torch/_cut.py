# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Cuts a graph at its regions."""

import operator

import torch
from torch import fx


def levels(graph):
    """When each node runs: the number of regions that come before it, one after the
    other. Plain nodes run as late as they can, next to what uses them."""
    level = {}
    for node in graph.nodes:
        inputs = [level[n] + is_region(n) for n in node.all_input_nodes]
        level[node] = max(inputs, default=0) if node.op == "call_function" else 0
    last = max(level.values(), default=0)
    for node in reversed(graph.nodes):
        if node.op == "call_function" and not is_region(node) and not is_result(node):
            level[node] = min(
                (level[u] if u.op == "call_function" else last for u in node.users),
                default=level[node],
            )
    return level


def is_region(node):
    return (
        isinstance(node, fx.Node)
        and node.target is torch.ops.condcomp_nn.region.default
    )


def is_result(node):
    return node.target is operator.getitem and is_region(node.args[0])


def is_size(node):
    """Whether a node is a number made of sizes."""
    value = node.meta.get("val")
    return node.op == "call_function" and isinstance(
        value, (torch.SymInt, torch.SymFloat, torch.SymBool, int, float, bool)
    )


def leaves(node):
    """The sym_size nodes that a number is made of."""
    if not is_size(node):
        return []
    if node.target is torch.ops.aten.sym_size.int:
        return [node]
    return [leaf for n in node.all_input_nodes for leaf in leaves(n)]


def dim_of(size, tensors):
    """A tensor and its dim that has this size."""
    for tensor in tensors:
        if tensor is size.args[0]:
            return tensor, size.args[1]
    for tensor in tensors:
        for dim, other in enumerate(tensor.meta["val"].shape):
            if isinstance(other, torch.SymInt) and str(other) == str(size.meta["val"]):
                return tensor, dim
    return None


def part_of(nodes):
    """(graph, inputs, outputs) of plain nodes that run next to each other: a graph of
    their own, and the nodes that its placeholders and results stand for."""
    inside = set(nodes)
    outputs = [
        n for n in nodes if any(u not in inside and not is_size(u) for u in n.users)
    ]
    if not outputs:
        return None, [], []
    inputs = []
    for node in nodes:
        for n in node.all_input_nodes:
            if n not in inside and not is_size(n) and n not in inputs:
                inputs.append(n)
    graph = fx.Graph()
    known = {}
    # Sizes are taken from the part's own tensors.
    sources = list(inputs)
    for node in nodes:
        for n in node.all_input_nodes:
            for leaf in leaves(n):
                tensor, dim = leaf.args
                if tensor in inside or dim_of(leaf, sources) is not None:
                    continue
                inputs.append(tensor)
                sources.append(tensor)
    for number, node in enumerate(inputs):
        known[node] = graph.placeholder(f"x{number}")
        known[node].meta["val"] = node.meta["val"]

    def get(node):
        if node in known:
            return known[node]
        if node.target is torch.ops.aten.sym_size.int and node.args[0] not in known:
            tensor, dim = dim_of(node, sources)
            known[node] = graph.call_function(node.target, (known[tensor], dim))
            known[node].meta["val"] = node.meta["val"]
        else:
            known[node] = graph.node_copy(node, get)
        return known[node]

    for node in nodes:
        get(node)
    graph.output(tuple(known[n] for n in outputs))
    graph.eliminate_dead_code()
    return graph, inputs, outputs
