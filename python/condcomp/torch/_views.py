# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Views of tensors with several sizes known in calls only.

torch-mlir guesses which dims such a view merges, and guesses wrong: it takes a `?` for
a 1. Here the sizes are compared as symbols, and dims are merged and split by name.
"""

import itertools
import math

import torch
from torch.fx.experimental.symbolic_shapes import statically_known_true

aten = torch.ops.aten

VIEWS = {aten.view.default, aten.reshape.default, aten._unsafe_view.default}

# What torch-mlir would make views of again.
LEGAL = ["aten.flatten.using_ints", "aten.unflatten.int"]


def group(before, after):
    """[(first, last, first, last)]: which dims of one shape hold the elements of which
    dims of another, smallest groups first. Both shapes have as many elements."""
    found, i, j = [], 0, 0
    while i < len(before) and j < len(after):
        rest = len(before) - i, len(after) - j
        m, n = min(
            itertools.product(range(1, rest[0] + 1), range(1, rest[1] + 1)),
            key=lambda mn: (
                not _same(before[i : i + mn[0]], after[j : j + mn[1]]),
                sum(mn),
            ),
        )
        if not _same(before[i : i + m], after[j : j + n]):
            m, n = rest  # Nothing matches, but all of it does.
        found.append((i, i + m, j, j + n))
        i, j = i + m, j + n
    if found:  # What is left are ones.
        first, _, second, _ = found[-1]
        found[-1] = (first, len(before), second, len(after))
    return found


def _same(sizes, others):
    return statically_known_true(math.prod(sizes) == math.prod(others))


def split_views(graph):
    """Makes views from or to several unknown sizes of `flatten` and `unflatten`. Nodes
    have their values."""
    for node in list(graph.nodes):
        if node.target not in VIEWS:
            continue
        shapes = [n.meta["val"].shape for n in (node.args[0], node)]
        if max(map(unknown, shapes)) > 1:
            with graph.inserting_before(node):
                node.replace_all_uses_with(_split(graph, node))
            graph.erase_node(node)


def unknown(shape):
    return sum(isinstance(size, torch.SymInt) for size in shape)


def _split(graph, node):
    """What a view is, in steps."""
    now, sizes = node.args
    groups = group(now.meta["val"].shape, node.meta["val"].shape)
    # `unflatten` takes a -1 as it is, a view finds out what it stands for.
    split = not any(-1 in sizes[j:end] and end - j > 1 for *_, j, end in groups)
    for i, i_end, j, j_end in reversed(groups):
        if i_end - i > 1:
            now = _call(graph, aten.flatten.using_ints, (now, i, i_end - 1))
        if j_end - j > 1 and split:
            now = _call(graph, aten.unflatten.int, (now, i, list(sizes[j:j_end])))
    return now if split else _call(graph, aten.view.default, (now, sizes))


def _call(graph, target, args):
    node = graph.call_function(target, args)
    value = lambda a: a.meta["val"] if isinstance(a, torch.fx.Node) else a
    node.meta["val"] = target(*torch.fx.map_arg(args, value))
    return node
