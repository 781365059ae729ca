# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random iterate.

What is carried is kept within bounds from step to step, so that what is exact
stays exact, whatever the body does and however often.
"""

from dataclasses import replace

import bodies
import exits
from condcomp import reference as ref
from values import MANTISSA, Value, joined

MOST_STEPS = 5
BOUND = 16  # of what is carried


def held(value, name, rows):
    """An operand as an argument of the body: exact in every step, or in none."""
    size = None if value.size is None else max(value.size, BOUND)
    if size is not None and size * 2.0**value.unit > 2.0 ** MANTISSA[value.element]:
        size = value.size
    return replace(value, name=name, dims=(rows,) + value.dims[1:], size=size)


def carried_on(body, argument):
    """What a step makes of something that is carried: within the same bounds."""
    program = body.program
    if not argument.is_float or argument.wild or program.chance(0.15):
        return argument
    fits = (
        lambda v: v.dims == argument.dims
        and v.element == argument.element
        and v.of is None
        and not v.wild
        and (v.size is not None or argument.size is None)
        and (v.decides or not argument.decides)
        and v.unit <= argument.unit
        and v.name != argument.name
    )
    value = body.find(fits)
    if value is None:
        return argument
    if argument.size is None:
        return body.clamp(value, 4) or argument
    if value.size <= argument.size:
        return value
    return body.clamp(value, int(argument.size)) or argument


def iterate(block):
    program = block.program
    top = block.rows or "R"
    leads = lambda v: v.dims[:1] == (top,) and v.of is None
    operands = []
    for _ in range(program.pick([1, 1, 2, 3])):
        value = block.find(leads)
        if value is None and block.depth == 0:
            dims = (top,) + program.pick([("D",), ("D",), ()])
            value = block.add(program.floats(dims, program.pick(["f32"] * 3 + ["f64"])))
        if value is None:
            return None
        # What decides only as long as it is moved does not after arithmetic.
        if value.is_float and value.size is None and not value.wild:
            narrow = value.tolerance
            value = replace(value, decides=False, narrow=narrow)
        operands.append(value)
    share = program.pick([0, 1, 2, 3, MOST_STEPS])
    how, limit, most = block.index(
        lambda size: min(MOST_STEPS, share + int(program.random.integers(0, 2))),
        block.depth == 0 and program.chance(0.5),
    )
    most = MOST_STEPS if most is None else most
    if most is not None and not how.startswith("%"):
        how = f"%{block.constant(how)}"
    state = None
    if block.depth == 0 and program.chance(0.3) and program.dim("F") != "?":
        state = program.floats((top, "F"), "f32", "integers")
    ids = state is not None or program.chance(0.3)
    with_step = program.chance(0.5)
    params = []
    if program.chance(0.4):
        inner = program.pick([("D",), ("D", "F"), ("D", "D")])
        steps = most + int(program.random.integers(0, 2))
        element = next((v.element for v in operands if v.is_float), "f32")
        if "?" not in map(program.dim, inner) and steps:
            params = [program.floats((steps,) + inner, element, "integers")]

    # The body.
    body = block.nested(rows=program.fresh("rows"))
    program.static[body.rows] = None
    carried = [held(v, program.fresh("b"), body.rows) for v in operands]
    slices = [replace(p, name=program.fresh("b"), dims=p.dims[1:]) for p in params]
    for argument in carried:
        body.add(argument)
    arguments, states = carried + slices, []
    if state is not None:
        states = [replace(state, name=program.fresh("b"))]
    identity = Value(program.fresh("b"), (body.rows,), "index")
    arguments = arguments + states
    if ids:
        body.ids = identity
        arguments = arguments + [identity]
    step = Value(program.fresh("b"), (), "index")
    if with_step:
        body.number = step
        arguments = arguments + [step]
    after = []
    if states:
        size = 2.0**most * 4
        after = [exits.visit_state(body, replace(states[0], size=size), identity)]
        state = replace(state, size=size)
    for p in slices:
        if len(p.dims) == 2:
            fits = (
                lambda v: v.dims == (body.rows, p.dims[0])
                and v.element == p.element
                and not v.wild
            )
            x = body.find(fits)
            if x is not None and x.element in ("f32", "f64"):
                body.matmul(x, p)
    bodies.grow(body, int(program.random.integers(0, 5)))
    results = [bodies.result_of(body) for _ in range(program.pick([1, 1, 2]))]
    if None in results:
        return None
    done = None
    if with_step and program.chance(0.6):
        done = by_step(body, step)
    done = done or exits.decision(body)
    if done is None:
        return None
    onward = [carried_on(body, argument) for argument in carried]
    outs = [block.tensor_like((top,) + v.dims[1:], v.element) for v in results]
    if None in outs:
        return None
    soft = None
    if program.chance(0.2):
        soft = body.find(
            lambda v: v.dims == (body.rows,) and v.element in ("f32", "f64")
        )
    values = [joined(program.fresh(), o.dims, [v, o]) for v, o in zip(results, outs)]
    kept = [replace(state, name=program.fresh()) for _ in after]
    left = Value(program.fresh(), (top,), "i32")
    everything = values + kept + [left]

    # Text.
    typed = lambda vs: f"{', '.join(map(str, vs))} : {', '.join(map(program.type, vs))}"
    group = lambda word, vs: f"{word}({typed(vs)}) " if vs else ""
    taken = ", ".join(f"{a}: {program.type(a)}" for a in arguments)
    given = [state_of for state_of in [state] if state_of is not None]
    lines = [
        f"{', '.join(map(str, everything))} = condcomp.iterate steps({how}) "
        f"rows({typed(operands)}) {group('params', params)}{group('state', given)}"
        f"{group('outs', outs)}{'with_ids ' if ids else ''}"
        f"{'with_step ' if with_step else ''}{{",
        f"^bb0({taken}):",
        *body.text(),
        f"condcomp.exit {done} : {program.type(done)} results({typed(results)}) "
        f"carry({typed(onward)}) {group('state', after)}"
        f"{group('soft', [soft] if soft is not None else [])}",
        "} -> " + ", ".join(map(program.type, everything)),
    ]

    def run(env):
        names = [a.name for a in arguments]
        ends = results + onward + [done] + after

        def call(*values):
            found = bodies.run_body(body, env, zip(names, values), ends)
            found = dict(zip([v.name for v in ends], found))
            take = lambda vs: [found[v.name] for v in vs]
            return ref.Exit(found[done.name], take(results), take(onward), take(after))

        got, states, at = ref.iterate(
            call,
            limit(env),
            [env[v.name] for v in operands],
            [env[v.name] for v in outs],
            [env[v.name] for v in params],
            [env[v.name] for v in given],
            ids,
            with_step,
        )
        env.update(zip([v.name for v in everything], [*got, *states, at]))

    block.step(lines, run)
    for value in everything:
        block.add(value)
    return everything


def by_step(body, step):
    """Done where a column and the step are more than a number; None if there is
    no column."""
    program = body.program
    fits = (
        lambda v: v.decides
        and v.element in ("f32", "f64")
        and v.dims[0] == body.rows
        and v.size is not None
    )
    x = body.find(lambda v: v.dims == (body.rows,) and fits(v))
    column = None
    if x is None:
        x = body.find(
            lambda v: len(v.dims) == 2 and fits(v) and program.least(v.dims[1])
        )
        column = 0
    if x is None:
        return None
    number = program.pick([0, 1, 2, 3])
    read = "d0" if column is None else "d0, 0"
    e = x.element

    def run(name):
        def do(env):
            of_rows = env[x.name] if column is None else env[x.name][:, 0]
            env[name] = of_rows + env[step.name] > number

        return do

    name = body.generic(
        [x],
        [read, "d0"],
        (body.rows,),
        "i1",
        [
            f"%i$ = arith.index_cast {step} : index to i32",
            f"%f$ = arith.sitofp %i$ : i32 to {e}",
            f"%s$ = arith.addf %x0$, %f$ : {e}",
            f"%c$ = arith.constant {float(number)} : {e}",
            f"%y$ = arith.cmpf ogt, %s$, %c$ : {e}",
            "linalg.yield %y$ : i1",
        ],
        run,
    )
    return name and body.add(Value(name, (body.rows,), "i1"))
