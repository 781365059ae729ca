# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random select, combine, restore, pool and mix."""

from dataclasses import replace

from algebra import looks_across, pick_routing
from build import Unavailable
from condcomp import reference as ref
from values import exact, joined


def select(block):
    program, routing = block.program, pick_routing(block)
    if routing is None:
        return None
    space = program.pick(["rows", "modules", "pairs"])
    lead = {
        "rows": routing.lead,
        "modules": routing.lead[:-1] + routing.dims[-1:],
        "pairs": routing.dims,
    }[space]
    source = block.find(lambda v: v.dims[: len(lead)] == lead and v.of is None)
    captured = space == "modules" and len(lead) == 1
    if source is None and (block.depth == 0 or captured):
        dims = lead + program.pick([(), ("D",), ("D",), ("F", "D")])
        element = program.pick(["f32"] * 3 + ["bf16", "f64"])
        source = block.add(program.floats(dims, element))
    if source is None:
        return None
    dims = routing.entry_dims + source.dims[len(lead) :]
    for dim in dims:
        program.static.setdefault(dim, None)
    value = replace(source, name=program.fresh(), dims=dims, of=routing.entries)

    def run(env):
        env[value.name] = ref.select(env[routing.name], space, env[source.name])

    block.step(
        f"{value} = condcomp.select {routing} from {space}({source} : "
        f"{program.type(source)}) : {program.type(routing)} -> {program.type(value)}",
        run,
    )
    return block.add(value)


def combined(program, kind, routing, values, outs, use_weights, modules):
    """How exact a combination is, as a value of the dims of outs; None where it
    would be none."""
    element = values.element
    size, unit = values.size, values.unit
    if use_weights:
        known = size is not None and routing.weights.size is not None
        size = size * routing.weights.size if known else None
        unit += routing.weights.unit
    if kind == "mean":
        size = None
    elif kind == "sum":
        known = size is not None and outs.size is not None
        size = modules * size + outs.size if known else None
    else:
        size = max(size, outs.size) if None not in (size, outs.size) else None
    unit = max(unit, outs.unit)
    moved = kind in ("replace", "stack") and not use_weights
    if moved:
        return joined("", outs.dims, [values, outs])
    operands = [values, outs] + [routing.weights] * use_weights
    return exact("", outs.dims, element, size, unit, operands)


def most_modules(program, routing):
    return most(program, routing.dims[-1])


def most(program, dim):
    """The largest that a size is; a guess for what is known at run time only."""
    try:
        return max(program.all_sizes(dim))
    except Unavailable:
        return 32


def combine(block):
    program = block.program
    if program.chance(0.5):
        select(block)
    entries = block.find(lambda v: v.of is not None and v.is_float)
    routing = entries and pick_routing(block, lambda r: r.entries == entries.of)
    if routing is None or (block.depth == 0 and routing.weights.wild):
        return None
    kinds = ["sum", "mean", "max", "stack"]
    if routing.row_bound in (("exactly", 1), ("exactly", 0), ("at_most", 1)):
        kinds.append("replace")
    kind = program.pick(kinds)
    use_weights = program.chance(0.6) and not routing.weights.wild
    if entries.wild and (use_weights or kind in ("sum", "mean")):
        return None
    trailing = entries.dims[len(routing.entry_dims) :]
    outs = block.tensor_like(
        (routing.dims if kind == "stack" else routing.lead) + trailing, entries.element
    )
    if outs is None or outs.wild:
        return None
    value = combined(
        program,
        kind,
        routing,
        entries,
        outs,
        use_weights,
        most_modules(program, routing),
    )
    if value is None:
        return None
    value = replace(value, name=program.fresh())

    def run(env):
        env[value.name] = ref.combine(
            env[routing.name], kind, env[entries.name], env[outs.name], use_weights
        )

    block.step(
        f"{value} = condcomp.combine {kind} {routing} entries({entries} : "
        f"{program.type(entries)}) outs({outs} : {program.type(outs)}) "
        f"{'' if use_weights else 'weights(none)'} : {program.type(routing)}",
        run,
    )
    return block.add(value)


def restore(block):
    program = block.program
    if program.chance(0.5):
        select(block)
    entries = block.find(lambda v: v.of is not None and v.is_float and not v.wild)
    routing = entries and pick_routing(block, lambda r: r.entries == entries.of)
    if routing is None:
        return None
    kind = program.pick(["replace", "sum"])
    trailing = entries.dims[len(routing.entry_dims) :]
    outs = block.tensor_like(routing.dims + trailing, entries.element)
    if outs is None:
        return None
    value = combined(
        program,
        "replace" if kind == "replace" else "sum",
        routing,
        entries,
        outs,
        False,
        1,
    )
    if value is None:
        return None
    value = replace(value, name=program.fresh())

    def run(env):
        env[value.name] = ref.restore(
            env[routing.name], kind, env[entries.name], env[outs.name]
        )

    block.step(
        f"{value} = condcomp.restore {kind} {routing} entries({entries} : "
        f"{program.type(entries)}) outs({outs} : {program.type(outs)}) : "
        f"{program.type(routing)}",
        run,
    )
    return block.add(value)


def pool(block):
    program = block.program
    routing = pick_routing(block, lambda r: looks_across(block, r.dims))
    if routing is None:
        return None
    lead = routing.lead
    if len(lead) == 1 and block.mixes:
        return None
    kind = program.pick(["sum", "mean", "max"])
    use_weights = program.chance(0.6) and not routing.weights.wild
    moved = kind == "max" and not use_weights
    fits = lambda v: v.dims[: len(lead)] == lead and v.of is None and v.is_float
    source = block.find(lambda v: fits(v) and (moved or not v.wild))
    if source is None and block.depth == 0:
        dims = lead + program.pick([(), ("D",), ("D",), ("F", "D")])
        source = program.floats(dims, program.pick(["f32"] * 3 + ["bf16", "f64"]))
        if source.wild and not moved:
            return None
    if source is None:
        return None
    trailing = source.dims[len(lead) :]
    outs = block.tensor_like(lead[:-1] + routing.dims[-1:] + trailing, source.element)
    if outs is None or outs.wild:
        return None
    value = combined(
        program,
        kind,
        routing,
        source,
        outs,
        use_weights,
        most(program, routing.dims[-2]),
    )
    if value is None:
        return None
    value = replace(value, name=program.fresh())

    def run(env):
        env[value.name] = ref.pool(
            env[routing.name], kind, env[source.name], env[outs.name], use_weights
        )

    block.step(
        f"{value} = condcomp.pool {kind} {routing} from rows({source} : "
        f"{program.type(source)}) outs({outs} : {program.type(outs)}) "
        f"{'' if use_weights else 'weights(none)'} : {program.type(routing)}",
        run,
    )
    return block.add(value)


def mix(block):
    program, routing = block.program, pick_routing(block)
    if routing is None:
        return None
    lead = routing.lead[:-1] + routing.dims[-1:]
    use_weights = program.chance(0.6) and not routing.weights.wild
    source = block.find(
        lambda v: v.dims[: len(lead)] == lead
        and v.of is None
        and v.is_float
        and not v.wild
    )
    if source is None and (block.depth == 0 or len(lead) == 1):
        dims = lead + program.pick([(), ("D",), ("D",), ("F", "D")])
        source = program.floats(dims, program.pick(["f32"] * 3 + ["bf16", "f64"]))
    if source is None or source.wild:
        return None
    outs = block.tensor_like(routing.lead + source.dims[len(lead) :], source.element)
    if outs is None or outs.wild:
        return None
    modules = most_modules(program, routing)
    value = combined(program, "sum", routing, source, outs, use_weights, modules)
    if value is None:
        return None
    value = replace(value, name=program.fresh())

    def run(env):
        env[value.name] = ref.mix(
            env[routing.name], env[source.name], env[outs.name], use_weights
        )

    block.step(
        f"{value} = condcomp.mix {routing} from modules({source} : "
        f"{program.type(source)}) outs({outs} : {program.type(outs)}) "
        f"{'' if use_weights else 'weights(none)'} : {program.type(routing)}",
        run,
    )
    return block.add(value)
