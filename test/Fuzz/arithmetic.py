# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random linalg on the values of a block."""

from dataclasses import replace

import numpy as np

from values import Value, exact


class Arithmetic:
    """What a block of a program (build.Block) has of linalg."""

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
        operands = [a, b] if numpy else [a]
        value = exact("", a.dims, e, size, unit, operands, of=a.of)
        if value is None:
            return None
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
        value = exact("", dims, a.element, size, a.unit + b.unit, [a, b])
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

    def clamp(self, a, bound):
        """Every element within -bound and bound."""
        e = a.element
        name = self.generic(
            [a],
            [", ".join(f"d{i}" for i in range(len(a.dims)))] * 2,
            a.dims,
            e,
            [
                f"%h$ = arith.constant {float(bound)} : {e}",
                f"%l$ = arith.constant {-float(bound)} : {e}",
                f"%t$ = arith.minimumf %x0$, %h$ : {e}",
                f"%y$ = arith.maximumf %t$, %l$ : {e}",
                f"linalg.yield %y$ : {e}",
            ],
            lambda name: lambda env: env.update(
                {name: np.clip(env[a.name], -bound, bound)}
            ),
        )
        size = None if a.size is None else bound
        return name and self.add(replace(a, name=name, size=size, wild=False))
