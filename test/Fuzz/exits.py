# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random cascade, closed and open."""

from dataclasses import replace

import bodies
from condcomp import reference as ref
from values import Value, joined


def cascade(block):
    program = block.program
    top = block.rows or "R"
    leads = lambda v: v.dims[:1] == (top,) and v.of is None
    carried = []
    for _ in range(program.pick([1, 1, 2])):
        value = block.find(leads)
        if value is None and block.depth == 0:
            dims = (top,) + program.pick([("D",), ("D",), ()])
            value = block.add(program.floats(dims, program.pick(["f32"] * 3 + ["f64"])))
        if value is None:
            return None
        carried.append(value)
    operands, state = list(carried), None
    if block.depth == 0 and program.chance(0.3):
        state = program.floats((top, "F"), "f32", "integers")
        if program.dim("F") == "?":
            state = None
    ids = state is not None or program.chance(0.2)
    is_open = program.chance(0.35)
    count, types, stages = program.pick([1, 2, 2, 3]), None, []
    held = state
    for number in range(count):
        last = number == count - 1 and not is_open
        body = block.nested(rows=program.fresh("rows"))
        program.static[body.rows] = None
        arguments = [
            body.add(
                replace(v, name=program.fresh("b"), dims=(body.rows,) + v.dims[1:])
            )
            for v in carried
        ]
        extra = []
        if state is not None:
            held = replace(held, name=program.fresh("b"))
            extra.append(held)
        identity = Value(program.fresh("b"), (body.rows,), "index")
        if ids:
            body.ids = identity
            extra.append(identity)
        if state is not None:
            held = visit_state(body, held, identity)
        bodies.grow(body, int(program.random.integers(0, 4)))
        if types is None:
            results = [bodies.result_of(body) for _ in range(program.pick([1, 1, 2]))]
            if None in results:
                return None
            types = [(v.dims[1:], v.element, False) for v in results]
        else:
            results = [bodies.result_of(body, like) for like in types]
            if None in results:
                return None
        done, onward, soft = None, [], None
        if not last:
            done = decision(body)
            onward = [
                body.find(lambda v: v.dims[:1] == (body.rows,) and v.of is None)
                for _ in range(program.pick([1, 1, 2]))
            ]
            if done is None or None in onward:
                return None
            if program.chance(0.2):
                soft = body.find(
                    lambda v: v.dims == (body.rows,) and v.element in ("f32", "f64")
                )
        stages.append((body, arguments + extra, done, results, onward, held, soft))
        carried = onward

    outs = []
    if is_open or program.chance(0.3):
        outs = [block.tensor_like((top,) + dims, e) for dims, e, _ in types]
        if None in outs:
            return None
    values = []
    for position, (trailing, _, _) in enumerate(types):
        given = [s[3][position] for s in stages] + outs[position : position + 1]
        values.append(joined(program.fresh(), (top,) + trailing, given))
    left = Value(program.fresh(), (top,), "i32")
    kept = [replace(held, name=program.fresh())] if state is not None else []
    survivors, places = [], None
    if is_open:
        there = program.derive([None] * len(program.sizes))
        places = Value(program.fresh(), (there,), "index")
        survivors = [
            replace(v, name=program.fresh(), dims=(there,) + v.dims[1:])
            for v in carried
        ]
    everything = values + kept + [left] + ([places] if is_open else []) + survivors

    typed = lambda vs: f"{', '.join(map(str, vs))} : {', '.join(map(program.type, vs))}"
    lines = [
        f"{', '.join(map(str, everything))} = condcomp.cascade rows({typed(operands)}) "
        f"{f'state({typed([state])}) ' if state is not None else ''}"
        f"{f'outs({typed(outs)}) ' if outs else ''}{'with_ids ' if ids else ''}{{"
    ]
    for number, stage in enumerate(stages):
        body, arguments, done, results, onward, after, soft = stage
        lines += ["}, {"] if number else []
        taken = ", ".join(f"{a}: {program.type(a)}" for a in arguments)
        lines += [f"^bb0({taken}):", *body.text()]
        if done is None:
            end = results + ([after] if state is not None else [])
            lines.append(f"condcomp.yield {typed(end)}")
        else:
            lines.append(
                f"condcomp.exit {done} : {program.type(done)} results({typed(results)}) "
                f"carry({typed(onward)}) "
                f"{f'state({typed([after])}) ' if state is not None else ''}"
                f"{f'soft({typed([soft])})' if soft is not None else ''}"
            )
    lines.append("} -> " + ", ".join(map(program.type, everything)))

    def run(env):
        def stage(body, arguments, done, results, onward, after, soft):
            names = [a.name for a in arguments]
            ends = results + onward + ([done] if done else [])
            ends += [after] if state is not None else []

            def call(*given):
                found = bodies.run_body(body, env, zip(names, given), ends)
                found = dict(zip([v.name for v in ends], found))
                return ref.Exit(
                    found[done.name] if done else None,
                    [found[v.name] for v in results],
                    [found[v.name] for v in onward],
                    [found[after.name]] if state is not None else [],
                )

            return call

        got, states, at, *rest = ref.cascade(
            [stage(*s) for s in stages],
            [env[v.name] for v in operands],
            [env[state.name]] if state is not None else [],
            ids,
            [env[v.name] for v in outs] if outs else None,
            is_open,
        )
        found = [*got, *states, at]
        if is_open:
            found += [rest[0], *rest[1]]
        env.update(zip([v.name for v in everything], found))

    block.step(lines, run)
    # In a body survivors are no rows of it: they are left alone there.
    for value in everything if block.rows is None else values + kept + [left]:
        block.add(value)
    if is_open and block.rows is None and program.chance(0.7):
        put_back(block, places, survivors, [*values, *kept])
    return everything


def put_back(block, places, survivors, wholes):
    """What survivors carry in the place of their rows, by assign and restore."""
    program = block.program
    pairs = [
        (s, w)
        for s in survivors
        for w in wholes
        if (s.dims[1:], s.element) == (w.dims[1:], w.element) and s.is_float
    ]
    if not pairs or any(program.dim(d) == "?" for d in pairs[0][0].dims[1:]):
        return None
    survivor, whole = program.pick(pairs)
    k, n = block.size(places, 0), block.size(whole, 0)
    at, r, e, o, y, result = (program.fresh("p") for _ in range(6))
    top = whole.dims[0]
    rows, trailing = program.dim(top), whole.dims[1:]
    groups = ", ".join(["[0, 1]"] + [f"[{i + 2}]" for i in range(len(trailing))])
    tail = "".join(f"{program.dim(d)}x" for d in trailing) + whole.element
    shape = lambda size: ", ".join(["1", size, *map(program.dim, trailing)])
    of_routing = f"!condcomp.routing<1x{rows}, f32, exactly ?>"
    modules = f"modules(%{n}) " if rows == "?" else ""
    wide = f"tensor<1x{rows}x{tail}>"
    all_rows = f"%{n}" if rows == "?" else rows

    def run(env):
        env[result] = env[whole.name].copy()
        env[result][env[places.name]] = env[survivor.name]

    block.step(
        [
            f"%{at} = tensor.expand_shape {places} [[0, 1]] output_shape [1, %{k}] : "
            "tensor<?xindex> into tensor<1x?xindex>",
            f"%{r} = condcomp.assign %{at} {modules}: tensor<1x?xindex> -> {of_routing}",
            f"%{e} = tensor.expand_shape {survivor} [{groups}] output_shape "
            f"[{shape('%' + k)}] : {program.type(survivor)} into tensor<1x?x{tail}>",
            f"%{o} = tensor.expand_shape {whole} [{groups}] output_shape "
            f"[{shape(all_rows)}] : {program.type(whole)} into {wide}",
            f"%{y} = condcomp.restore replace %{r} entries(%{e} : tensor<1x?x{tail}>) "
            f"outs(%{o} : {wide}) : {of_routing}",
            f"%{result} = tensor.collapse_shape %{y} [{groups}] : {wide} into "
            f"{program.type(whole)}",
        ],
        run,
    )
    return block.add(joined(result, whole.dims, [survivor, whole]))


def decision(body):
    """Which rows leave: those with a large number in one column."""
    program = body.program
    number = program.pick([0, -1, 1, 5, -5])
    fits = lambda v: v.decides and v.is_float and v.dims[0] == body.rows
    x = body.find(lambda v: fits(v) and len(v.dims) == 1)
    if x is not None:
        return body.compare(x, number)
    x = body.find(lambda v: fits(v) and len(v.dims) == 2 and program.least(v.dims[1]))
    if x is None:
        return None
    return body.compare(
        x, number, int(program.random.integers(program.least(x.dims[1])))
    )


def visit_state(body, state, ids):
    """State at the rows' ids, doubled and one more."""
    program = body.program
    rows = Value(ids.name, (body.rows,), "index")
    n = body.size(rows, 0)
    at, old, back = (program.fresh("s") for _ in range(3))
    c = body.constant("1.0", "f32")
    whole = program.type(state)
    part = program.tensor((body.rows,) + state.dims[1:], "f32")
    index = "tensor<?x1xindex>"
    body.step(
        [
            f"%{at} = tensor.expand_shape {ids} [[0, 1]] output_shape [%{n}, 1] : "
            f"tensor<?xindex> into {index}",
            f"%{old} = tensor.gather {state}[%{at}] gather_dims([0]) : "
            f"({whole}, {index}) -> {part}",
        ],
        lambda env: env.update({old: env[state.name][env[ids.name]]}),
    )
    value = body.add(
        Value(old, (body.rows,) + state.dims[1:], "f32", size=state.size, unit=0)
    )
    name = body.generic(
        [value],
        ["d0, d1"] * 2,
        value.dims,
        "f32",
        [
            f"%t$ = arith.addf %x0$, %x0$ : f32",
            f"%y$ = arith.addf %t$, %{c} : f32",
            "linalg.yield %y$ : f32",
        ],
        lambda name: lambda env: env.update({name: 2 * env[old] + 1}),
    )

    def run(env):
        env[back] = env[state.name].copy()
        env[back][env[ids.name]] = env[name]

    body.step(
        f"%{back} = tensor.scatter %{name} into {state}[%{at}] scatter_dims([0]) "
        f"unique : ({part}, {whole}, {index}) -> {whole}",
        run,
    )
    return replace(state, name=back, size=2 * state.size + 1)
