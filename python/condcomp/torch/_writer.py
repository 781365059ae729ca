# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The text of a module: values, casts, calls, reshapes."""

import math
import struct
from dataclasses import dataclass
from typing import Optional

import torch

from ._errors import ExportError

ELEMENTS = {
    torch.float64: "f64",
    torch.float32: "f32",
    torch.bfloat16: "bf16",
    torch.float16: "f16",
    torch.int64: "i64",
    torch.int32: "i32",
    torch.int8: "i8",
    torch.bool: "i1",
}


@dataclass(frozen=True)
class Value:
    """An SSA value: a tensor; None in its shape is a size known in calls only."""

    name: str
    shape: tuple[Optional[int], ...]
    element: str

    @property
    def type(self):
        return tensor_type(self.shape, self.element)

    @property
    def typed(self):
        return f"{self.name} : {self.type}"


def dims(shape):
    return "x".join("?" if s is None else str(s) for s in shape)


def tensor_type(shape, element):
    return f"tensor<{'x'.join([*(dims([s]) for s in shape), element])}>"


def listed(values):
    """`%a, %b : type, type`."""
    names = ", ".join(v.name for v in values)
    return f"{names} : {', '.join(v.type for v in values)}"


def element_of(dtype, what):
    if dtype not in ELEMENTS:
        raise ExportError(
            f"{what} has dtype {dtype}, which compiled code does not have; it has "
            f"{', '.join(str(d).removeprefix('torch.') for d in ELEMENTS)}"
        )
    return ELEMENTS[dtype]


def shape_of(tensor):
    return tuple(None if isinstance(s, torch.SymInt) else int(s) for s in tensor.shape)


class Writer:
    """Lines of a function, and the ops that all regions need."""

    def __init__(self):
        self.lines = []
        self.count = 0
        self.indent = 1
        self.in_body = False

    def line(self, text):
        self.lines.append("  " * self.indent + text)

    def name(self, kind="v"):
        self.count += 1
        return f"%{kind}{self.count}"

    def op(self, text, kind="v"):
        """One op with one result: its name."""
        name = self.name(kind)
        self.line(f"{name} = {text}")
        return name

    def value(self, text, shape, element, kind="v"):
        return Value(self.op(text, kind), tuple(shape), element)

    def constant(self, number, element):
        text = str(number)
        if element in ("f32", "f64"):
            text = f"{number:.17e}" if element == "f64" else f"{number:.9e}"
            if not math.isfinite(number):  # These are written as their bits.
                bits = struct.pack(">d" if element == "f64" else ">f", number)
                text = f"0x{bits.hex().upper()}"
        return self.op(f"arith.constant {text} : {element}", "c")

    def dim(self, value, dim):
        """A size, as an index."""
        at = self.constant(dim, "index")
        return self.op(f"tensor.dim {value.name}, {at} : {value.type}", "n")

    def sizes(self, value, dims=None):
        """The sizes of a value that are known in calls only, as operands."""
        return [
            self.dim(value, d)
            for d in (range(len(value.shape)) if dims is None else dims)
            if value.shape[d] is None
        ]

    def cast(self, value, shape):
        """The value with another static shape."""
        shape = tuple(shape)
        if shape == value.shape:
            return value
        if not all(
            a is None or b is None or a == b for a, b in zip(shape, value.shape)
        ):
            raise ExportError(
                f"a value of shape {value.shape} is used as one of {shape}; this is an "
                "error of the export, please report it"
            )
        target = tensor_type(shape, value.element)
        return self.value(
            f"tensor.cast {value.typed} to {target}", shape, value.element
        )

    def empty(self, shape, element, sizes):
        """`sizes`: operands for the dims known in calls only."""
        text = f"tensor.empty({', '.join(sizes)}) : {tensor_type(shape, element)}"
        return self.value(text, shape, element, "e")

    def zeros(self, shape, element, sizes):
        out = self.empty(shape, element, sizes)
        zero = self.constant(0.0, element)
        return self.value(
            f"linalg.fill ins({zero} : {element}) outs({out.typed}) -> {out.type}",
            shape,
            element,
            "z",
        )

    def collapse(self, value, lead):
        """The first `lead` dims as one."""
        if lead == 1:
            return value
        first, shape = value.shape[:lead], value.shape[lead:]
        size = 1
        for s in first:
            size = None if size is None or s is None else size * s
        groups = [list(range(lead)), *([d] for d in range(lead, len(value.shape)))]
        shape = (size, *shape)
        return self.value(
            f"tensor.collapse_shape {value.name} {groups} : {value.type} into "
            f"{tensor_type(shape, value.element)}",
            shape,
            value.element,
        )

    def expand(self, value, like, lead):
        """The first dim as the first `lead` dims of `like`."""
        if lead == 1:
            return value
        shape = (*like.shape[:lead], *value.shape[1:])
        given = []
        for d, size in enumerate(shape):
            if size is not None:
                given.append(str(size))
            else:
                given.append(
                    self.dim(like, d) if d < lead else self.dim(value, d - lead + 1)
                )
        groups = [list(range(lead)), *([d + lead] for d in range(len(value.shape) - 1))]
        return self.value(
            f"tensor.expand_shape {value.name} {groups} output_shape "
            f"[{', '.join(given)}] : {value.type} into "
            f"{tensor_type(shape, value.element)}",
            shape,
            value.element,
        )

    def elementwise(self, value, body, element):
        """body: lines of scalar ops on %a that end in %b."""
        out = self.empty(value.shape, element, self.sizes(value))
        rank = len(value.shape)
        at = ", ".join(f"d{i}" for i in range(rank))
        map_ = f"affine_map<({at}) -> ({at})>"
        kinds = ", ".join(['"parallel"'] * rank)
        name = self.name()
        self.line(
            f"{name} = linalg.generic {{indexing_maps = [{map_}, {map_}], "
            f"iterator_types = [{kinds}]}} ins({value.typed}) outs({out.typed}) {{"
        )
        self.line(f"^bb0(%a: {value.element}, %o: {element}):")
        for line in [*body, f"linalg.yield %b : {element}"]:
            self.line("  " + line)
        self.line(f"}} -> {out.type}")
        return Value(name, value.shape, element)

    def number(self, number, element):
        """The operand of a number, or of a tensor without dims, as this type."""
        if not isinstance(number, Value):
            return self.constant(number, element)
        made = self.op(f"tensor.extract {number.name}[] : {number.type}", "s")
        if number.element == element:
            return made
        if "index" in (element, number.element):
            cast = "arith.index_cast"
        else:
            width = lambda e: int(e.strip("bfi"))
            kind = "f" if "f" in element else "i"
            wider = width(element) > width(number.element)
            cast = (
                "arith.ext" + ("si" if kind == "i" else "f")
                if wider
                else (f"arith.trunc{kind}")
            )
        return self.op(f"{cast} {made} : {number.element} to {element}", "s")

    def integer(self, number):
        """An integer of an op, as it is written, and in a bound."""
        if isinstance(number, Value):
            return self.number(number, "index"), "?"
        return number, number

    def call(self, number, signature, inputs, shapes):
        """A call of a lowered part; shapes: of its results."""
        arguments = [
            self.cast(v, parse(t)[0]) for v, t in zip(inputs, signature["arguments"])
        ]
        results = [Value(self.name(), *parse(t)) for t in signature["results"]]
        self.line(
            f"{', '.join(r.name for r in results)} = func.call @part{number}("
            f"{', '.join(a.name for a in arguments)}) : "
            f"({', '.join(a.type for a in arguments)}) -> "
            f"({', '.join(r.type for r in results)})"
        )
        return [self.cast(r, shape) for r, shape in zip(results, shapes)]


def parse(text):
    """Shape and element of a `tensor<...>`."""
    *sizes, element = text.removeprefix("tensor<").removesuffix(">").split("x")
    return tuple(None if s == "?" else int(s) for s in sizes), element
