# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The activation of an expert, from PyTorch to a scalar MLIR program.

An expert's activation takes the columns of the first projection, [rows, width],
to the hidden columns, [rows, hidden]: SwiGLU takes gate and up, gpt-oss the even
and the odd columns. Instead of knowing the families by name, it is traced with
PyTorch, whatever elementwise operations it consists of.
"""

import math
import operator
from dataclasses import dataclass

import torch
from torch._decomp import get_decompositions
from torch.fx.experimental.proxy_tensor import make_fx

aten = torch.ops.aten


@dataclass(frozen=True)
class Columns:
    """Columns first, first + step, ... of the projection's result."""

    first: int
    step: int
    count: int


@dataclass(frozen=True)
class Activation:
    """columns: what the activation reads, one scalar %in0, %in1, ... for each.
    lines: arith and math ops on them in f32. result: the SSA value that is left."""

    columns: tuple
    lines: tuple
    result: str


# Everything else that activation functions are made of is decomposed by PyTorch.
_DECOMPOSED = get_decompositions(
    [
        aten.silu,
        aten.gelu,
        aten.hardtanh,
        aten.hardsigmoid,
        aten.hardswish,
        aten.leaky_relu,
        aten.elu,
        aten.softplus,
        aten.mish,
        aten.rsub,
        aten.relu6,
    ]
)

_UNARY = {
    aten.neg.default: "arith.negf",
    aten.exp.default: "math.exp",
    aten.expm1.default: "math.expm1",
    aten.log1p.default: "math.log1p",
    aten.log.default: "math.log",
    aten.tanh.default: "math.tanh",
    aten.erf.default: "math.erf",
    aten.sqrt.default: "math.sqrt",
    aten.rsqrt.default: "math.rsqrt",
    aten.abs.default: "math.absf",
}
_BINARY = {
    aten.add: "arith.addf",
    aten.sub: "arith.subf",
    aten.mul: "arith.mulf",
    aten.div: "arith.divf",
    aten.maximum: "arith.maximumf",
    aten.minimum: "arith.minimumf",
}
_COMPARE = {
    aten.gt: "ogt",
    aten.ge: "oge",
    aten.lt: "olt",
    aten.le: "ole",
    aten.eq: "oeq",
    aten.ne: "une",
}
# Nothing to do: shapes and contents stay, and all is computed in f32.
_SAME = {
    aten._to_copy.default,
    aten.clone.default,
    aten.detach.default,
    aten.alias.default,
    aten.lift_fresh_copy.default,
}


class _Emitter:
    """Walks a traced graph; a value is Columns, an SSA name, or a number."""

    def __init__(self):
        self.columns = []
        self.lines = []

    def emit(self, op, *operands, suffix="f32"):
        operands = ", ".join([self.scalar(x) for x in operands])
        name = f"%v{len(self.lines)}"
        self.lines.append(f"{name} = {op} {operands} : {suffix}")
        return name

    def scalar(self, value):
        """The SSA value of columns, of a name, or of a Python number."""
        if isinstance(value, str):
            return value
        if isinstance(value, Columns):
            if value not in self.columns:
                self.columns.append(value)
            return f"%in{self.columns.index(value)}"
        value = float(value)
        if math.isfinite(value):
            text = f"{value:.9e}"
        else:
            text = {math.inf: "0x7F800000", -math.inf: "0xFF800000"}.get(value)
            text = text or "0x7FC00000"
        name = f"%v{len(self.lines)}"
        self.lines.append(f"{name} = arith.constant {text} : f32")
        return name

    def clamp(self, x, low=None, high=None):
        if low is not None:
            x = self.emit("arith.maximumf", x, low)
        if high is not None:
            x = self.emit("arith.minimumf", x, high)
        return x

    def power(self, x, exponent):
        if isinstance(exponent, (int, float)) and exponent in (1, 2, 3, 4):
            x = result = self.scalar(x)
            for _ in range(int(exponent) - 1):
                result = self.emit("arith.mulf", result, x)
            return result
        return self.emit("math.powf", x, exponent)

    def slice(self, x, dim=0, start=None, end=None, step=1):
        if not isinstance(x, Columns) or dim not in (1, -1):
            return None
        at = range(x.count)[slice(start, end, step)]
        return Columns(x.first + x.step * at.start, x.step * at.step, len(at))

    def split(self, x, size, dim=0):
        if not isinstance(x, Columns) or dim not in (1, -1) or x.count % size:
            return None
        return [self.slice(x, 1, at, at + size) for at in range(0, x.count, size)]

    def call(self, target, args, kwargs):
        """The value of a node, None when the operation is not known."""
        packet = getattr(target, "overloadpacket", None)
        if target is operator.getitem:
            return args[0][args[1]]
        if target in _SAME:
            return args[0]
        if packet is aten.slice:
            # Of rows: all of them.
            if args[1:2] == (0,) or len(args) == 1:
                return args[0]
            return self.slice(*args)
        if packet is aten.split:
            return self.split(*args, **kwargs)
        if target in _UNARY:
            return self.emit(_UNARY[target], args[0])
        if packet in _BINARY:
            right = args[1]
            if kwargs.get("alpha", 1) != 1:
                right = self.emit("arith.mulf", right, kwargs["alpha"])
            if kwargs.get("rounding_mode"):
                return None
            return self.emit(_BINARY[packet], args[0], right)
        if packet in _COMPARE:
            compare = f"arith.cmpf {_COMPARE[packet]},"
            return self.emit(compare, args[0], args[1])
        if packet is aten.where and len(args) == 3:
            return self.emit("arith.select", *args)
        if packet is aten.sigmoid:
            denominator = self.emit("arith.negf", args[0])
            denominator = self.emit("math.exp", denominator)
            denominator = self.emit("arith.addf", denominator, 1)
            return self.emit("arith.divf", 1, denominator)
        if packet is aten.relu:
            return self.emit("arith.maximumf", args[0], 0)
        if packet is aten.clamp:
            return self.clamp(
                *args, **{"low" if k == "min" else "high": v for k, v in kwargs.items()}
            )
        if packet is aten.clamp_min:
            return self.clamp(args[0], low=args[1])
        if packet is aten.clamp_max:
            return self.clamp(args[0], high=args[1])
        if packet is aten.pow:
            return self.power(*args)
        if packet is aten.square:
            return self.power(args[0], 2)
        return None


def trace(function, width, hidden):
    """The activation `function` as scalar ops.

    function: takes a float tensor [rows, width], gives [rows, hidden]; made of
    elementwise operations and of slices of columns. Raises ValueError, which
    names the operation, for anything else.
    """
    graph = make_fx(lambda x: function(x), decomposition_table=_DECOMPOSED)(
        torch.zeros(2, width)
    )
    emitter = _Emitter()
    values = {}

    def value(argument):
        return values[argument] if isinstance(argument, torch.fx.Node) else argument

    for node in graph.graph.nodes:
        if node.op == "placeholder":
            values[node] = Columns(0, 1, width)
        elif node.op == "call_function":
            args = tuple(torch.fx.node.map_arg(a, value) for a in node.args)
            kwargs = {k: value(v) for k, v in node.kwargs.items()}
            values[node] = emitter.call(node.target, args, kwargs)
            if values[node] is None:
                raise ValueError(
                    f"the experts' activation uses {node.target}, which is not an elementwise operation that condcomp knows"
                )
        elif node.op == "output":
            (result,) = torch.fx.node.map_arg(node.args, value)
            if node.args[0].meta["val"].shape != (2, hidden):
                raise ValueError(
                    f"the experts' activation gives {node.args[0].meta['val'].shape[1]} columns where {hidden} are expected"
                )
            result = emitter.scalar(result)
        else:  # get_attr: a tensor of the module, a learned activation
            raise ValueError(
                f"the experts' activation reads the tensor {node.target!r}: only numbers are supported"
            )
    return Activation(tuple(emitter.columns), tuple(emitter.lines), result)
