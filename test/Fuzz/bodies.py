# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random apply, whose bodies are random in turn."""

from collections import ChainMap
from dataclasses import replace

import numpy as np

import algebra
import exits
import iterating
import movement
import queries
import routings as gates
from build import Unavailable
from condcomp import reference as ref
from values import MANTISSA, Value, joined, narrowest

INSIDE = [gates.top_k, gates.top_p, gates.threshold, gates.from_mask]
INSIDE += [gates.sample, gates.expert_choice, gates.limit_groups, gates.match_tokens]
INSIDE += [algebra.reweight, algebra.normalize, algebra.scale, algebra.capacity]
INSIDE += [algebra.complement, algebra.slice_modules, algebra.concat_modules]
INSIDE += [algebra.convert_form, queries.query, queries.query, queries.confidence]
INSIDE += [queries.trace, queries.check]
INSIDE += [movement.select, movement.combine, movement.restore]
INSIDE += [movement.pool, movement.mix]


def grow(block, steps):
    """Adds random ops to a body."""
    program = block.program
    for _ in range(steps):
        options = [block.elementwise] * 6 + [block.matmul] * 3
        options += [lambda op=op: op(block) for op in INSIDE]
        if block.depth < 3:
            options += [lambda: apply(block)] * 2
            options += [lambda: exits.cascade(block), lambda: iterating.iterate(block)]
        try:
            program.pick(options)()
        except Unavailable:
            continue


def run_body(block, env, arguments, yielded):
    """What a body yields, in an environment with its arguments."""
    inner = ChainMap(dict(arguments), env)
    block.run(inner)
    return [inner[v.name] for v in yielded]


def result_of(block, like=None):
    """A value to yield: one row per row of the body. like: dims after the rows
    and an element type, made to order if there is no such value."""
    program = block.program
    rows = lambda v: v.dims[:1] == (block.rows,) and v.of is None
    if like is None:
        fixed = lambda v: all(program.dim(d) != "?" for d in v.dims[1:])
        return block.find(lambda v: rows(v) and v.is_float and fixed(v))
    dims, element, decides = like
    value = block.find(
        lambda v: rows(v)
        and (v.dims[1:], v.element) == (dims, element)
        and (v.decides or not decides)
    )
    if value is None or program.chance(0.1):
        value = block.filled((block.rows,) + dims, program.pick([0, 1, -2]), element)
    return value


# ===-- apply --------------------------------------------------------------===#


def apply(block):
    program = block.program
    batched = lambda r: block.rows is None or len(r.dims) == 2
    routing = algebra.pick_routing(block, batched)
    if routing is None:
        return None
    lead, uniform = routing.lead, routing.row_bound[:1] == ("exactly",)

    # Operands.
    def rows_operand():
        fits = lambda v: v.dims[: len(lead)] == lead and v.of is None
        found = block.find(lambda v: fits(v) and v.is_float and not v.wild)
        if found is None and block.depth == 0:
            dims = lead + program.pick([(), ("D",), ("D",), ("D",), ("F", "D")])
            element = program.pick(["f32"] * 4 + ["f64", "bf16"])
            found = block.add(program.floats(dims, element))
        return found

    rows = [v for v in (rows_operand() for _ in range(program.pick([1, 1, 2]))) if v]
    entries = []
    if program.chance(0.3) and (uniform or block.rows is None):
        found = block.find(
            lambda v: v.of == routing.entries and v.is_float and not v.wild
        )
        entries = [found] if found else []
    if not rows and not entries:
        return None
    params = []
    if block.depth == 0 and program.chance(0.5):
        inner = program.pick([("D",), ("D", "F"), ("D", "D")])
        params = [
            program.floats(
                routing.dims[-1:] + inner, rows[0].element if rows else "f32"
            )
        ]
    ids, module = program.chance(0.2), program.chance(0.2)

    # How results are combined.
    kinds = ["sum", "sum", "mean", "max", "stack"]
    if uniform or block.rows is None:
        kinds.append("none")
    if routing.row_bound in (("exactly", 1), ("exactly", 0), ("at_most", 1)):
        kinds += ["replace", "replace"]
    kind = program.pick(kinds)
    uses = ["output", "input", "none"] if not routing.weights.wild else ["none"]
    use = program.pick(uses)
    group = block.rows is None and program.chance(0.15)

    # Bodies.
    modules = program.dim(routing.dims[-1])
    separate = modules.isdigit() and 1 <= int(modules) <= 3 and program.chance(0.4)
    bodies, types = [], None
    for _ in range(int(modules) if separate else 1):
        body = block.nested(rows=program.fresh("rows"), mixes=group)
        program.static[body.rows] = None
        # Sizes of the function are to be had in its bodies.
        arguments = []
        for operand, skip in [(v, len(lead)) for v in rows] + [
            (v, len(routing.entry_dims)) for v in entries
        ]:
            value = replace(
                operand,
                name=program.fresh("b"),
                dims=(body.rows,) + operand.dims[skip:],
                of=None,
            )
            if use == "input":
                w = routing.weights
                known = None not in (value.size, w.size)
                value = replace(
                    value,
                    size=value.size * w.size if known else None,
                    unit=value.unit + w.unit if known else 0,
                )
                limit = MANTISSA[value.element]
                if value.size is None or value.size * 2.0**value.unit > 2.0**limit:
                    if value.element in ("bf16", "f16"):
                        return None
                    narrow = narrowest(value, w) or value.element
                    narrow = min(narrow, value.element, key=MANTISSA.get)
                    value = replace(
                        value, decides=False, size=None, unit=0, narrow=narrow
                    )
            arguments.append(body.add(value))
        slices = [replace(p, name=program.fresh("b"), dims=p.dims[1:]) for p in params]
        arguments += slices
        if ids:
            body.ids = Value(program.fresh("b"), (body.rows,), "index")
            arguments.append(body.ids)
        number = Value(program.fresh("b"), (), "index")
        for p in slices:
            if len(p.dims) == 2:
                fits = (
                    lambda v: v.dims == (body.rows, p.dims[0])
                    and v.element == p.element
                )
                x = body.find(fits)
                if x and "?" not in (program.dim(p.dims[0]), program.dim(p.dims[1])):
                    if x.element in ("f32", "f64"):
                        body.matmul(x, p)
        if group:
            sum_rows(body)
        grow(body, int(program.random.integers(0, 5)))
        if types is None:
            yielded = [result_of(body) for _ in range(program.pick([1, 1, 2]))]
            if None in yielded:
                return None
            types = [(v.dims[1:], v.element, False) for v in yielded]
        else:
            yielded = [result_of(body, like) for like in types]
            if None in yielded:
                return None
        bodies.append((body, arguments, number, yielded))

    # Results.
    outs, results, result_types = [], [], types
    for position, (trailing, element, _) in enumerate(types):
        yields = [b[3][position] for b in bodies]
        value = joined("", yields[0].dims, yields)
        if value.wild and (use == "output" or kind in ("sum", "mean", "max")):
            return None
        if kind == "none":
            dims = routing.entry_dims + trailing
            for dim in dims:
                program.static.setdefault(dim, None)
            out = Value("", dims, element, size=0, of=routing.entries)
        else:
            dims = (routing.dims if kind == "stack" else lead) + trailing
            out = block.tensor_like(dims, element)
            if out is None:
                return None
            outs.append(out)
        result = movement.combined(
            program,
            "replace" if kind == "none" else kind,
            routing,
            value,
            out,
            use == "output",
            movement.most_modules(program, routing),
        )
        if result is None:
            return None
        results.append(
            replace(result, name=program.fresh(), of=out.of if kind == "none" else None)
        )

    # Text.
    def group_of(word, values):
        if not values:
            return ""
        types = ", ".join(map(program.type, values))
        return f"{word}({', '.join(map(str, values))} : {types})"

    lines = [
        f"{', '.join(map(str, results))} = condcomp.apply {routing} : "
        f"{program.type(routing)} {group_of('rows', rows)} "
        f"{group_of('entries', entries)} {group_of('params', params)} "
        f"{group_of('outs', outs)} combine({kind}) weights({use}) "
        f"{'scope(group) ' if group else ''}{'with_ids ' if ids else ''}"
        f"{'with_module ' if module else ''}{{"
    ]
    for position, (body, arguments, number, yielded) in enumerate(bodies):
        taken = [f"{a}: {program.type(a)}" for a in arguments]
        taken += [f"{number}: index"] if module else []
        lines += ["}, {"] if position else []
        lines += [f"^bb0({', '.join(taken)}):", *body.text()]
        types = ", ".join(map(program.type, yielded))
        lines.append(f"condcomp.yield {', '.join(map(str, yielded))} : {types}")
    lines.append("} -> " + ", ".join(map(program.type, results)))

    def run(env):
        def call(body, arguments, number, yielded):
            names = [a.name for a in arguments] + ([number.name] if module else [])
            return lambda *values: run_body(body, env, zip(names, values), yielded)

        functions = [call(*b) for b in bodies]
        values = ref.apply(
            env[routing.name],
            functions if separate else functions[0],
            [env[v.name] for v in rows],
            [env[v.name] for v in entries],
            [env[v.name] for v in params],
            [env[v.name] for v in outs],
            kind,
            use,
            "group" if group else "row",
            ids,
            module,
        )
        if not values:  # no module, and no outs
            entries_shape = env[routing.name].entry_shape
            values = [np.zeros(entries_shape + trailing) for trailing in trailings]
        env.update(zip([v.name for v in results], values))

    least = program.least
    trailings = [tuple(least(d) for d in trailing) for trailing, *_ in result_types]
    block.step(lines, run)
    for result in results:
        block.add(result)
    return results


def sum_rows(body):
    """In a group: each row plus the sum of all, of small integers."""
    program = body.program
    x = body.find(
        lambda v: len(v.dims) == 2
        and v.dims[0] == body.rows
        and v.size is not None
        and v.element in ("f32", "f64")
    )
    if x is None or program.dim(x.dims[1]) == "?":
        return None
    e, out = x.element, body.filled(x.dims[1:], 0, x.element)
    total = body.generic(
        [x],
        ["d1, d0", "d0"],
        x.dims[1:],
        e,
        [f"%y$ = arith.addf %o$, %x0$ : {e}", f"linalg.yield %y$ : {e}"],
        lambda name: lambda env: env.update({name: env[x.name].sum(0)}),
        init=out.name,
        kinds=["parallel", "reduction"],
    )
    total = Value(total, x.dims[1:], e)
    name = body.generic(
        [x, total],
        ["d0, d1", "d1", "d0, d1"],
        x.dims,
        e,
        [f"%y$ = arith.addf %x0$, %x1$ : {e}", f"linalg.yield %y$ : {e}"],
        lambda name: lambda env: env.update({name: env[x.name] + env[total.name]}),
    )
    # The number of rows is not known here, but it is small.
    return body.add(replace(x, name=name, size=x.size * 128))
