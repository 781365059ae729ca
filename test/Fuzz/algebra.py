# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random algebra on routings."""

from dataclasses import replace

import numpy as np

from condcomp import reference as ref
from values import ONE, exact, joined


def as_typed(routing, result):
    """A routing of the reference, uniform as far as its type says so."""
    if result.row_bound[:1] != ("exactly",):
        routing.k = None
    elif routing.k is None:
        sizes = np.unique(routing.presence.sum(-1))
        assert len(sizes) < 2, sizes
        routing.k = int(sizes[0]) if len(sizes) else int(result.row_bound[1])
    return routing


def derived(block, routing, text, reference, arrow=False, types=None, **changes):
    """Adds a routing that differs from another one in `changes`."""
    program = block.program
    result = replace(routing, name=program.fresh("r"), **changes)
    types = types or program.type(routing)
    to = f" -> {program.type(result)}" if arrow else ""

    def run(env):
        env[result.name] = as_typed(reference(env), result)

    block.step(f"%{result.name} = condcomp.{text} : {types}{to}", run)
    return block.add(result)


def pick_routing(block, accept=lambda r: True):
    found = [r for r in block.routings if accept(r)]
    return block.program.pick(found) if found else None


def looks_across(block, dims):
    """Whether what meets rows of a routing's batch index is allowed."""
    return not block.rowwise or len(dims) >= 3


# ===-- The same entries ---------------------------------------------------===#


def reweight(block):
    program, routing = block.program, pick_routing(block)
    if routing is None:
        return None
    fits = lambda v: v.element == "f32" or v.element == routing.element
    entries = block.find(lambda v: v.of == routing.entries and v.is_float and fits(v))
    if entries and len(entries.dims) == len(routing.entry_dims):
        operand, key = entries, "entries"
    else:
        key = "dense"
        operand = block.find(
            lambda v: v.dims == routing.dims and v.is_float and fits(v)
        )
        if operand is None and block.depth == 0:
            operand = program.floats(routing.dims)
        if operand is None:
            return None
    return derived(
        block,
        routing,
        f"reweight {routing} {key}({operand} : {program.type(operand)})",
        lambda env: ref.reweight(env[routing.name], **{key: env[operand.name]}),
        weights=replace(operand, element=routing.element),
    )


def normalize(block):
    # A sum that is 0 in one precision only would be another decision.
    program = block.program
    kind = program.pick(["sum", "softmax"])
    routing = pick_routing(
        block,
        lambda r: not r.weights.wild and (kind == "softmax" or r.weights.size),
    )
    if routing is None:
        return None
    # Of large numbers that are no whole ones, softmax makes errors larger.
    if kind == "softmax" and not routing.weights.decides:
        return None
    return derived(
        block,
        routing,
        f"normalize {kind} {routing}",
        lambda env: ref.normalize(env[routing.name], kind),
        weights=replace(
            routing.weights, decides=False, size=None, narrow=routing.element
        ),
    )


def scale(block):
    program = block.program
    routing = pick_routing(block, lambda r: not r.weights.wild)
    if routing is None:
        return None
    factor = float(program.pick([0, 1, -1, 2, 0.5, np.inf, np.nan]))
    weights, e = routing.weights, routing.element
    finite = abs(factor) if np.isfinite(factor) else 0
    size = None if weights.size is None else weights.size * finite
    unit = weights.unit + (factor == 0.5)
    weights = exact("", weights.dims, e, size, unit, [weights])
    c = block.float_constant(factor, e)
    return derived(
        block,
        routing,
        f"scale {routing}, %{c}",
        lambda env: ref.scale(env[routing.name], factor),
        weights=weights,
    )


def convert_form(block):
    """A part of the program in a form of its own."""
    program, routing = block.program, pick_routing(block)
    if routing is None:
        return None
    form = program.pick(["masked", "compact"])
    return derived(
        block,
        routing,
        f"convert_form {routing}",
        lambda env: env[routing.name].with_weights(env[routing.name].weights),
        arrow=True,
        form=form,
    )


# ===-- Other entries ------------------------------------------------------===#


def capacity(block):
    program = block.program
    order = program.pick(["arrival", "rank", "weight"])
    routing = pick_routing(
        block,
        lambda r: (order == "arrival" or r.weights.decides)
        and looks_across(block, r.dims),
    )
    if routing is None:
        return None
    priority = None
    if order != "weight" and block.depth == 0 and program.chance(0.5):
        kind = program.pick(["integers", "wild", "special"])
        priority = program.floats(routing.lead, routing.element, kind)
    bound, module_bound = routing.row_bound, routing.module_bound
    scalar = block.depth == 0 and program.chance(0.3)
    limit = program.pick([0, 1, 1, 2, 3, 100])
    how, count, c = block.index(lambda size: limit, scalar)
    most = None if program.dim((module_bound + (0, 0))[1]) == "?" else module_bound[1:]
    module_bound = ("at_most", most[0]) if most else ()
    if c is not None:
        module_bound = ("at_most", min([c, *(most or ())]))
    if bound[:1] == ("exactly",):
        known = program.dim(bound[1]) != "?"
        bound = ("at_most", bound[1]) if known else ()
    text = f"capacity {routing}, {how} order({order})"
    if priority:
        text += f" priority({priority} : {program.type(priority)})"
    return derived(
        block,
        routing,
        text,
        lambda env: ref.capacity(
            env[routing.name],
            count(env),
            order,
            env[priority.name] if priority else None,
        ),
        arrow=True,
        row_bound=bound,
        module_bound=module_bound,
        entries=program.fresh("s"),
    )


def complement(block):
    program, routing = block.program, pick_routing(block)
    if routing is None:
        return None
    row, module = (), ()
    rows, modules = routing.dims[-2:]
    static = lambda *dims: "?" not in map(program.dim, dims)
    if routing.row_bound[:1] == ("exactly",):
        k = routing.row_bound[1]
        if static(modules, k):
            row = ("exactly", int(program.dim(modules)) - k)
        else:
            row = ("exactly", program.derive([None] * len(program.sizes)))
    if routing.module_bound[:1] == ("exactly",):
        if static(rows, routing.module_bound[1]):
            module = ("exactly", int(program.dim(rows)) - routing.module_bound[1])
    return derived(
        block,
        routing,
        f"complement {routing}",
        lambda env: ref.complement(env[routing.name]),
        arrow=True,
        row_bound=row,
        module_bound=module,
        weights=replace(ONE, dims=routing.dims, element=routing.element),
        entries=program.fresh("s"),
    )


def slice_modules(block):
    program, routing = block.program, pick_routing(block)
    if routing is None:
        return None
    modules, random = routing.dims[-1], program.random
    sizes = program.all_sizes(modules)
    scalars = [block.depth == 0 and program.chance(0.3) for _ in range(2)]
    # Both hold together in every call: the size is what an offset leaves.
    share, wanted = random.random(), random.random()
    least = min(sizes)
    whole = program.chance(0.15)
    offset = lambda size: 0 if whole else int(share * (least + 1))
    first = offset(None)

    def count(size):
        left = (size(modules) if scalars[1] else least) - first
        return left if whole else int(wanted * (left + 1))

    at, offset_of, _ = block.index(offset, scalars[0])
    how, size_of, static = block.index(count, scalars[1])
    made = program.made
    if static is None:
        taken = program.derive([int(m[how[1:]]) for m in made])
    else:
        taken = static
    full = not any(scalars) and first == 0 and program.dim(modules) == str(static)
    bound = routing.row_bound
    if not full and bound:
        k = bound[1]
        if program.dim(k) == "?":
            bound = ()
        else:
            bound = ("at_most", k if static is None else min(k, static))
    return derived(
        block,
        routing,
        f"slice_modules {routing} [{at}, {how}]",
        lambda env: ref.slice_modules(env[routing.name], offset_of(env), size_of(env)),
        arrow=True,
        dims=routing.lead + (taken,),
        row_bound=bound,
        weights=replace(routing.weights, dims=routing.lead + (taken,)),
        entries=program.fresh("s"),
    )


def concat_modules(block):
    program, first = block.program, pick_routing(block)
    if first is None:
        return None
    accept = (
        lambda r: r.lead == first.lead
        and r.element == first.element
        and r.form == first.form
    )
    count = program.pick([1, 2, 2, 2, 3])
    parts = [first] + [pick_routing(block, accept) for _ in range(count - 1)]
    known = lambda dim: program.dim(dim) != "?"
    sizes = [program.all_sizes(r.dims[-1]) for r in parts]
    modules = program.derive(
        [sum(s) for s in zip(*sizes)], all(known(r.dims[-1]) for r in parts)
    )
    bounds = [r.row_bound for r in parts]
    row = ()
    if all(b[:1] == ("exactly",) for b in bounds):
        if all(known(b[1]) for b in bounds):
            row = ("exactly", sum(b[1] for b in bounds))
        elif len(parts) == 1:
            row = bounds[0]
        else:
            row = ("exactly", program.derive([None] * len(program.sizes)))
    elif all(b and known(b[1]) for b in bounds):
        row = ("at_most", sum(b[1] for b in bounds))
    bounds, module = [r.module_bound for r in parts], ()
    if all(b and known(b[1]) for b in bounds):
        same = len(set(bounds)) == 1
        module = bounds[0] if same else ("at_most", max(b[1] for b in bounds))
    elif len(parts) == 1:
        module = bounds[0]
    return derived(
        block,
        first,
        f"concat_modules {', '.join(map(str, parts))}",
        lambda env: ref.concat_modules(*(env[r.name] for r in parts)),
        arrow=True,
        types=", ".join(map(program.type, parts)),
        dims=first.lead + (modules,),
        row_bound=row,
        module_bound=module,
        weights=joined(
            "",
            first.lead + (modules,),
            [replace(r.weights, element=first.element) for r in parts],
        ),
        entries=program.fresh("s"),
    )
