# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a traced function becomes: plans of parts and regions."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import fx

from ..nn import _region
from ._errors import ExportError


class Spec(NamedTuple):
    """A tensor's shape, with a name for a size known in calls only, and dtype."""

    shape: tuple
    dtype: torch.dtype


@dataclass
class Part:
    """Plain PyTorch: number of the lowered function, nodes in and out."""

    number: int
    inputs: list
    outputs: list


@dataclass
class Conditional:
    """A region: its node, and the plans of its bodies."""

    node: fx.Node
    region: Any
    bodies: list


@dataclass
class Plan:
    """A traced function: placeholders, steps, outputs; constants: node to tensor."""

    inputs: list
    outputs: list
    steps: list = field(default_factory=list)
    constants: dict = field(default_factory=dict)


def spec_of(value, names={}):
    """The kind of a node's value. names: of symbols that are known by others."""
    sizes = (
        names.get(str(s), str(s)) if isinstance(s, torch.SymInt) else s
        for s in value.shape
    )
    return Spec(tuple(sizes), value.dtype)


def bodies_of(name, region, values):
    """(function, specs) of each body of a region, whose inputs have these values."""
    rows = lambda shape, dtype: Spec(("rows", *shape), dtype)

    def whole(tensor):
        spec = spec_of(tensor)
        if any(isinstance(s, str) for s in spec.shape):
            raise ExportError(
                f"{name} uses a tensor {spec.shape} in its body whose size is known in "
                "calls only; just what it gets row by row may have such a size"
            )
        return spec

    if isinstance(region, _region.ApplyRegion):
        x, _, _, _, params = region.split(values)
        lead = region.owner.row_dims(x)
        params = [whole(p) for p in params]
        if region.stacked:
            params = [Spec(p.shape[1:], p.dtype) for p in params]
        return [(region.function, [rows(_sizes(name, x, lead), x.dtype), *params])]
    if isinstance(region, _region.CascadeRegion):
        return [
            (
                stage.function,
                [
                    *(rows(*c) for c in carried),
                    *(whole(values[i]) for i in stage.captured),
                ],
            )
            for stage, carried in zip(region.stages, region.carried)
        ]
    if isinstance(region, _region.IterateRegion):
        moved, _, _, captured = region.split(values)
        moved = [rows(_sizes(name, x, 1), x.dtype) for x in moved]
        return [(region.body, [*moved, *(whole(c) for c in captured)])]
    if isinstance(region, _region.RaggedRegion):
        _, x, *captured = values
        elements = rows(_sizes(name, x, 2), x.dtype)
        return [(region.function, [elements, *(whole(c) for c in captured)])]
    return []


def _sizes(name, tensor, first):
    try:
        return _region._static(name, tensor, first)
    except ValueError as error:
        raise ExportError(str(error)) from None
