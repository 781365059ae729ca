# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random programs under construction: text in MLIR and the same in NumPy.

A block is a list of steps. Each has lines of text and a function that does the
same to an environment {name: array}, with the ops of condcomp.reference.

Where results could differ by rounding, decisions could differ too. So values
know how exact they are:

- `decides`: the compiled value equals the reference's: inputs, what is moved,
  and arithmetic on small integers, which is exact in every type. Only these
  are compared, ranked or thresholded.
- `size`, `unit`: all finite elements are multiples of 2^-unit and at most size,
  so that sums and products are exact as long as they fit the type's mantissa.
  None: any number; arithmetic on it is compared within a tolerance.
- `wild`: huge and denormal elements, which are moved and compared only.
"""

from dataclasses import dataclass, field, replace

import numpy as np

import inputs

MANTISSA = {"f64": 53, "f32": 24, "f16": 11, "bf16": 8}


@dataclass(frozen=True)
class Value:
    """A tensor. dims: names of sizes (see Program) or integers."""

    name: str
    dims: tuple
    element: str = "f32"
    decides: bool = True
    size: float = None
    unit: int = 0
    wild: bool = False
    of: str = None  # the set of entries that this is an entry tensor of

    @property
    def is_float(self):
        return self.element in MANTISSA

    def __str__(self):
        return f"%{self.name}"


@dataclass(frozen=True)
class Routing:
    """A routing; `weights` says how exact its weights are."""

    name: str
    dims: tuple
    row_bound: tuple  # ("exactly", k), ("at_most", k) or ()
    weights: Value
    entries: str  # its set of entries: the same after reweight and normalize
    module_bound: tuple = ()
    element: str = "f32"

    @property
    def lead(self):
        return self.dims[:-1]

    @property
    def entry_dims(self):
        if self.row_bound[:1] == ("exactly",):
            return self.lead + (self.row_bound[1],)
        return ("in " + self.entries,)

    def __str__(self):
        return f"%{self.name}"


def exact(name, dims, element, size, unit, **more):
    """A value that is exact if its numbers fit the type, and that is not in use
    otherwise for types of few bits, whose rounding would add up."""
    fits = size is not None and size * 2.0**unit <= 2.0 ** MANTISSA[element]
    if not fits and element in ("bf16", "f16"):
        return None
    return Value(
        name,
        tuple(dims),
        element,
        decides=fits,
        size=size if fits else None,
        unit=unit if fits else 0,
        **more,
    )


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
        """A size: static, or `?` and another one in each call.

        Upstream takes no slices of dims that are 0 in their type.
        """
        dynamic = self.chance(dynamic)
        value = int(self.pick(choices))
        dynamic = dynamic or value == 0
        self.static[name] = None if dynamic else value
        for sizes in self.sizes:
            sizes[name] = int(self.pick(choices)) if dynamic else value

    def dim(self, dim):
        """As it stands in a type."""
        static = dim if isinstance(dim, int) else self.static.get(dim)
        return "?" if static is None else str(static)

    def least(self, dim):
        """The smallest that a size is in any call."""
        return dim if isinstance(dim, int) else min(s[dim] for s in self.sizes)

    def tensor(self, dims, element="f32"):
        return "tensor<" + "".join(self.dim(d) + "x" for d in dims) + element + ">"

    def type(self, value):
        if not isinstance(value, Routing):
            return self.tensor(value.dims, value.element)
        bounds = ""
        if value.row_bound:
            bounds += f", {value.row_bound[0]} {self.dim(value.row_bound[1])}"
        if value.module_bound:
            bounds += f", per_module at_most {value.module_bound[1]}"
        dims = "x".join(self.dim(d) for d in value.dims)
        return f"!condcomp.routing<{dims}, {value.element}{bounds}>"

    def argument(self, type, make, prefix="a"):
        """A new argument; make: gives the array of a call from its sizes."""
        name = self.fresh(prefix)
        self.arguments[name] = type
        for sizes, made in zip(self.sizes, self.made):
            made[name] = make(lambda d: d if isinstance(d, int) else sizes[d])
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
class Block:
    """The steps of the function or of a body. rows: the size that its rows have
    in a row-wise body."""

    program: Program
    rows: str = None
    steps: list = field(default_factory=list)
    values: list = field(default_factory=list)
    routings: list = field(default_factory=list)
    mixes: bool = False  # a body with scope(group)
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

    # ===-- Arithmetic -----------------------------------------------------===#

    def generic(self, operands, maps, dims, element, body, run, init=None, kinds=None):
        """linalg.generic into a new tensor: its name, or None."""
        program, name = self.program, self.program.fresh()
        out = init or self.empty(dims, element)
        if out is None:
            return None
        loops = kinds or ["parallel"] * len(dims)
        space = ", ".join(f"d{i}" for i in range(len(loops)))
        maps = ", ".join(f"affine_map<({space}) -> ({m})>" for m in maps)
        iterators = ", ".join(f'"{kind}"' for kind in loops)
        of = program.tensor(dims, element)
        taken = ", ".join(map(str, operands))
        types = ", ".join(program.type(v) for v in operands)
        arguments = [f"%x{i}{name}: {v.element}" for i, v in enumerate(operands)]
        arguments = ", ".join(arguments + [f"%o{name}: {element}"])
        body = [line.replace("$", name) for line in body]
        self.step(
            [
                f"%{name} = linalg.generic {{indexing_maps = [{maps}], "
                f"iterator_types = [{iterators}]}} ins({taken} : {types}) "
                f"outs(%{out} : {of}) {{",
                f"^bb0({arguments}):",
                *body,
                f"}} -> {of}",
            ],
            run(name),
        )
        return name

    def elementwise(self):
        """A unary or binary op on tensors of one type."""
        program = self.program
        a = self.find(lambda v: v.is_float and not v.wild)
        if a is None:
            return None
        b = self.find(
            lambda v: v.dims == a.dims and v.element == a.element and not v.wild
        )
        kind = program.pick(["addf", "subf", "mulf", "maximumf", "negf", "exp", "relu"])
        numpy = {
            "addf": np.add,
            "subf": np.subtract,
            "mulf": np.multiply,
            "maximumf": np.maximum,
        }.get(kind)
        size, unit = a.size, a.unit
        if numpy:
            known = a.size is not None and b.size is not None
            if kind == "mulf":
                size = a.size * b.size if known else None
                unit = a.unit + b.unit
            elif kind == "maximumf":
                size, unit = max(a.size, b.size) if known else None, max(a.unit, b.unit)
            else:
                size, unit = a.size + b.size if known else None, max(a.unit, b.unit)
        elif kind == "exp":
            # Of what is large, exp would make infinities in one precision only.
            if a.size is None or a.size > 4:
                return None
            size = None
        e = a.element
        body = {
            "negf": [f"%y$ = arith.negf %x0$ : {e}"],
            "exp": [f"%y$ = math.exp %x0$ : {e}"],
            "relu": [
                f"%z$ = arith.constant 0.0 : {e}",
                f"%y$ = arith.maximumf %x0$, %z$ : {e}",
            ],
        }.get(kind, [f"%y$ = arith.{kind} %x0$, %x1$ : {e}"])
        value = exact("", a.dims, e, size, unit, of=a.of)
        if value is None:
            return None
        operands = [a, b] if numpy else [a]
        function = (
            numpy
            or {
                "negf": np.negative,
                "exp": np.exp,
                "relu": lambda x: np.maximum(x, 0.0),
            }[kind]
        )

        def run(name):
            def do(env):
                env[name] = function(*(env[v.name] for v in operands))

            return do

        dims = ", ".join(f"d{i}" for i in range(len(a.dims)))
        maps = [dims] * (len(operands) + 1)
        body.append(f"linalg.yield %y$ : {e}")
        name = self.generic(operands, maps, a.dims, e, body, run)
        return name and self.add(replace(value, name=name))

    def matmul(self, a=None, b=None):
        """[.., n, d] by a captured or own [d, f]."""
        program = self.program
        a = a or self.find(lambda v: len(v.dims) == 2 and v.element in ("f32", "f64"))
        if a is None or a.wild or self.program.dim(a.dims[1]) == "?":
            return None
        # A right-hand side that is no row tensor: an argument of the function.
        if b is None:
            columns = program.pick(["D", "F"])
            if program.dim(columns) == "?":
                return None
            kind = "integers" if a.size is not None else "normal"
            b = program.floats((a.dims[1], columns), a.element, kind)
        depth = program.least(a.dims[1])
        known = a.size is not None and b.size is not None
        size = depth * a.size * b.size if known else None
        dims = (a.dims[0], b.dims[1])
        value = exact("", dims, a.element, size, a.unit + b.unit)
        zero = self.filled(dims, 0, a.element) if value else None
        if zero is None:
            return None
        name, of = program.fresh(), program.tensor(dims, a.element)

        def run(env):
            env[name] = env[a.name] @ env[b.name]

        self.step(
            f"%{name} = linalg.matmul ins({a}, {b} : {program.type(a)}, "
            f"{program.type(b)}) outs({zero} : {of}) -> {of}",
            run,
        )
        return self.add(replace(value, name=name))

    def compare(self, a, number, column=None):
        """i1 of a > number, of all elements or of a column of [n, d]."""
        assert a.decides
        e, dims = a.element, a.dims if column is None else a.dims[:1]
        read = ", ".join(f"d{i}" for i in range(len(a.dims)))
        write = read if column is None else "d0"
        if column is not None:
            read = f"d0, {column}"
        body = [
            f"%c$ = arith.constant {float(number)} : {e}",
            f"%y$ = arith.cmpf ogt, %x0$, %c$ : {e}",
            "linalg.yield %y$ : i1",
        ]

        def run(name):
            def do(env):
                x = env[a.name] if column is None else env[a.name][:, column]
                env[name] = x > number

            return do

        name = self.generic([a], [read, write], dims, "i1", body, run)
        return name and self.add(Value(name, tuple(dims), "i1", of=a.of))
