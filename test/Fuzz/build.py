# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random programs under construction: text in MLIR and the same in NumPy.

A block is a list of steps. Each has lines of text and a function that does the
same to an environment {name: array}, with the ops of condcomp.reference.
"""

from dataclasses import dataclass, field, replace

import numpy as np

import inputs
from arithmetic import Arithmetic
from values import Routing, Value


class Unavailable(Exception):
    """An op cannot be made here: a size is known at run time only."""


class Program:
    """A function, its inputs for each of its calls, and its reference."""

    def __init__(self, name, seed, calls=2):
        self.name, self.random = name, np.random.default_rng(seed)
        self.arguments = {}  # name: type
        self.static, self.sizes = {}, [{} for _ in range(calls)]
        self.made = [{} for _ in range(calls)]  # inputs of each call
        self.count = 0
        self.block = Block(self)

    def fresh(self, prefix="v"):
        self.count += 1
        return f"{prefix}{self.count}"

    def chance(self, probability):
        return self.random.random() < probability

    def pick(self, options):
        options = list(options)
        return options[self.random.integers(len(options))]

    def declare(self, name, choices, dynamic=0.5):
        """A size: static, or `?` and another one in each call."""
        dynamic = self.chance(dynamic)
        value = int(self.pick(choices))
        self.static[name] = None if dynamic else value
        for sizes in self.sizes:
            sizes[name] = int(self.pick(choices)) if dynamic else value

    def dim(self, dim):
        """As it stands in a type."""
        static = dim if isinstance(dim, int) else self.static.get(dim)
        return "?" if static is None else str(static)

    def least(self, dim):
        """The smallest that a size is in any call."""
        return dim if isinstance(dim, int) else min(self.all_sizes(dim))

    def all_sizes(self, dim):
        """What a size is in each call."""
        if isinstance(dim, int):
            return [dim] * len(self.sizes)
        if any(dim not in sizes for sizes in self.sizes):
            raise Unavailable(dim)
        return [sizes[dim] for sizes in self.sizes]

    def derive(self, sizes, known=False):
        """A size that follows from others: an integer if it is known, else the
        name of a `?` with a number for each call, None where that is unknown."""
        if known:
            return int(sizes[0])
        name = self.fresh("m")
        self.static[name] = None
        for of_call, size in zip(self.sizes, sizes):
            if size is not None:
                of_call[name] = int(size)
        return name

    def tensor(self, dims, element="f32"):
        return "tensor<" + "".join(self.dim(d) + "x" for d in dims) + element + ">"

    def type(self, value):
        if not isinstance(value, Routing):
            if value.dims == () and value.element == "index":
                return "index"
            return self.tensor(value.dims, value.element)
        bounds = ""
        if value.row_bound:
            bounds += f", {value.row_bound[0]} {self.dim(value.row_bound[1])}"
        if value.module_bound:
            kind, count = value.module_bound
            bounds += f", per_module {kind} {self.dim(count)}"
        if value.form:
            bounds += f", #condcomp.form<{value.form}>"
        dims = "x".join(self.dim(d) for d in value.dims)
        return f"!condcomp.routing<{dims}, {value.element}{bounds}>"

    def argument(self, type, make, prefix="a"):
        """A new argument; make: gives the array of a call from its sizes."""
        name = self.fresh(prefix)

        def size_in(sizes):
            def size(dim):
                if isinstance(dim, int):
                    return dim
                if dim not in sizes:
                    raise Unavailable(dim)
                return sizes[dim]

            return size

        values = [make(size_in(sizes)) for sizes in self.sizes]
        self.arguments[name] = type
        for made, value in zip(self.made, values):
            made[name] = value
        return name

    def index_argument(self, make):
        return self.argument("index", lambda size: np.array(make(size), np.int64), "i")

    def floats(self, dims, element="f32", kind=None):
        """A new argument of numbers of some kind."""
        kind = kind or self.pick(["integers"] * 5 + ["normal", "normal", "special"])
        random = self.random

        def make(size):
            shape = tuple(size(d) for d in dims)
            if kind == "normal":
                values = random.standard_normal(shape)
            elif kind == "wild":
                pool = [0.0, -0.0, 1e-42, -1e-42, 3e38, -3e38, np.nan, np.inf, -np.inf]
                values = random.choice(pool + [1.0, 1.0 + 2**-23], shape)
            else:
                values = random.integers(-3, 4, shape).astype(np.float64)
                if kind == "special":
                    odd = random.choice([np.nan, np.inf, -np.inf, -0.0], shape)
                    values = np.where(random.random(shape) < 0.2, odd, values)
            with np.errstate(over="ignore"):
                return values.astype(inputs.DTYPES[element])

        name = self.argument(self.tensor(dims, element), make)
        integers = kind in ("integers", "special")
        value = Value(name, tuple(dims), element, size=3 if integers else None)
        return replace(value, wild=kind == "wild")

    def masks(self, dims):
        random, density = self.random, self.pick([0.0, 0.3, 0.6, 1.0])

        def make(size):
            return random.random(tuple(size(d) for d in dims)) < density

        return Value(self.argument(self.tensor(dims, "i1"), make), tuple(dims), "i1")

    # ===-- The whole ------------------------------------------------------===#

    def text(self, outputs):
        taken = ", ".join(f"%{name}: {type}" for name, type in self.arguments.items())
        types = ", ".join(self.type(v) for v in outputs)
        values = ", ".join(map(str, outputs))
        return "\n".join(
            [f"func.func @{self.name}({taken}) -> ({types}) {{"]
            + self.block.text()
            + [f"  return {values} : {types}", "}", ""]
        )

    def reference(self, call):
        env = {name: np.asarray(array) for name, array in self.made[call].items()}
        for name, array in env.items():
            if array.dtype.kind not in "biu":
                env[name] = array.astype(np.float64)
        self.block.run(env)
        return env


@dataclass
class Step:
    lines: list
    run: object


@dataclass
class Block(Arithmetic):
    """The steps of the function or of a body. rows: the size that its rows have
    in a row-wise body."""

    program: Program
    rows: str = None
    steps: list = field(default_factory=list)
    values: list = field(default_factory=list)
    routings: list = field(default_factory=list)
    mixes: bool = False  # a body with scope(group)
    ids: Value = None  # of the rows of a body
    number: Value = None  # the step or module of a body
    depth: int = 0

    def step(self, lines, run):
        lines = [lines] if isinstance(lines, str) else lines
        self.steps.append(Step([l.strip() for l in lines if l.strip()], run))

    def text(self):
        return ["  " + line for step in self.steps for line in step.lines]

    def run(self, env):
        with np.errstate(all="ignore"):
            for step in self.steps:
                step.run(env)

    def add(self, value):
        (self.routings if isinstance(value, Routing) else self.values).append(value)
        return value

    def find(self, accept):
        """One of the values that are accepted, or None."""
        found = [v for v in self.values if accept(v)]
        return self.program.pick(found) if found else None

    def nested(self, **keys):
        return Block(self.program, depth=self.depth + 1, **keys)

    def constant(self, value, type="index"):
        name = self.program.fresh("c")
        self.step(f"%{name} = arith.constant {value} : {type}", lambda env: None)
        return name

    @property
    def rowwise(self):
        """Whether rows are treated one by one."""
        return self.rows is not None and not self.mixes

    def float_constant(self, number, element):
        """A constant of any number: its name."""
        special = {
            "f64": ("0x7FF0000000000000", "0xFFF0000000000000", "0x7FF8000000000000"),
            "f32": ("0x7F800000", "0xFF800000", "0x7FC00000"),
            "bf16": ("0x7F80", "0xFF80", "0x7FC0"),
            "f16": ("0x7C00", "0xFC00", "0x7E00"),
        }[element]
        text = dict(zip(("inf", "-inf", "nan"), special)).get(str(float(number)))
        return self.constant(text or float(number), element)

    def index(self, number, scalar):
        """An operand that is an integer or a value. number: gives it from the
        sizes of a call. Returns (text, number from an environment, integer or
        None). scalar: whether it is a value."""
        if not scalar:
            number = int(number(lambda dim: self.program.least(dim)))
            return str(number), lambda env: number, number
        name = self.program.index_argument(number)
        return f"%{name}", lambda env: int(env[name]), None

    def size(self, value, position):
        """The SSA value of a dim of a value."""
        c, name = self.constant(position), self.program.fresh("n")
        self.step(
            f"%{name} = tensor.dim %{value.name}, %{c} : {self.program.type(value)}",
            lambda env: None,
        )
        return name

    def size_of(self, dim):
        """The SSA value of a size, from a value that has it; None if none does."""
        for value in self.values:
            if dim in value.dims:
                return self.size(value, value.dims.index(dim))
        return None

    def empty(self, dims, element):
        """tensor.empty: its name, or None where a size is not to be had."""
        operands = []
        for dim in dims:
            if self.program.dim(dim) == "?":
                operand = self.size_of(dim)
                if operand is None:
                    return None
                operands.append(f"%{operand}")
        name = self.program.fresh("e")
        of = self.program.tensor(dims, element)
        self.step(
            f"%{name} = tensor.empty({', '.join(operands)}) : {of}", lambda env: None
        )
        return name

    def shape(self, dims, env):
        """The sizes of dims in an environment, from the values that have them."""
        static = self.program.static
        found = {dim: size for dim, size in static.items() if size is not None}
        for value in self.values:
            if value.name in env:
                found.update(zip(value.dims, env[value.name].shape))
        return tuple(d if isinstance(d, int) else found[d] for d in dims)

    def filled(self, dims, number, element="f32"):
        """A tensor of one number, or None."""
        empty = self.empty(dims, element)
        if empty is None:
            return None
        of, name = self.program.tensor(dims, element), self.program.fresh()
        c = self.constant(float(number), element)
        shape = self.shape

        def run(env):
            env[name] = np.full(shape(dims, env), float(number))

        self.step(
            f"%{name} = linalg.fill ins(%{c} : {element}) outs(%{empty} : {of}) -> {of}",
            run,
        )
        return self.add(Value(name, tuple(dims), element, size=abs(number)))

    def tensor_like(self, dims, element="f32"):
        """Some tensor of floats: there already, new, or filled."""
        same = lambda v: v.dims == tuple(dims) and v.element == element and not v.wild
        value = self.find(same) if self.program.chance(0.5) else None
        if value is None and self.depth == 0:
            return self.add(self.program.floats(dims, element))
        return value or self.filled(dims, self.program.pick([0, 0, 1, -2]), element)
