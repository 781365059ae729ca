# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random gates, algebra and queries.

Each function adds an op to a block if it can and returns what it made, or None.
"""

from dataclasses import replace

import numpy as np

from build import Routing, Value
from condcomp import reference as ref

ONE = Value("", (), size=1)


# ===-- Gates --------------------------------------------------------------===#


def scores_of(block, elements=("f32", "f64", "bf16", "f16")):
    """A tensor to choose by, at the top a new one."""
    program = block.program
    if block.rows is None:
        if block.depth == 0 and program.chance(0.7):
            dims = program.pick([("R", "M")] * 3 + [("B", "R", "M"), ("R", "K")])
            element = program.pick(["f32"] * 4 + ["f64", "bf16", "f16"])
            kind = program.pick([None, None, None, "wild"])
            return program.floats(dims, element, kind)
    return block.find(
        lambda v: v.decides
        and len(v.dims) >= 2
        and v.element in elements
        and v.of is None
        and (block.rows is None or v.dims[0] == block.rows)
    )


def gate(block, scores, row_bound, text, reference, weights=None, dims=None):
    program = block.program
    name = program.fresh("r")
    element = "f64" if scores.element == "f64" else "f32"
    weights = replace(weights or scores, dims=dims or scores.dims, element=element)
    routing = Routing(
        name, dims or scores.dims, row_bound, weights, name, element=element
    )

    def run(env):
        env[name] = reference(env)

    block.step(f"%{name} = condcomp.{text} -> {program.type(routing)}", run)
    return block.add(routing)


def top_k(block):
    program, scores = block.program, scores_of(block)
    if scores is None:
        return None
    modules = scores.dims[-1]
    if block.depth == 0 and program.chance(0.3):
        bound = program.fresh("k")
        k = program.index_argument(
            lambda size: program.random.integers(0, size(modules) + 1)
        )
        program.static[bound] = None
        for made, sizes in zip(program.made, program.sizes):
            sizes[bound] = int(made[k])
        how, count = f"%{k}", lambda env: int(env[k])
    else:
        bound = int(program.random.integers(0, program.least(modules) + 1))
        how, count = str(bound), lambda env: bound
    return gate(
        block,
        scores,
        ("exactly", bound),
        f"top_k {scores}, {how} : {program.type(scores)}",
        lambda env: ref.top_k(env[scores.name], count(env)),
    )


def threshold(block):
    program, scores = block.program, scores_of(block)
    if scores is None:
        return None
    tau = float(program.pick([0, 1, -1, 2.5, np.inf, np.nan]))
    element = "f64" if scores.element == "f64" else "f32"
    text = {"inf": "0x7F800000", "nan": "0x7FC00000"}.get(str(tau), str(tau))
    if element == "f64":
        text = text.replace("0x7F800000", "0x7FF0000000000000")
        text = text.replace("0x7FC00000", "0x7FF8000000000000")
    c = block.constant(text, element)
    return gate(
        block,
        scores,
        (),
        f"threshold {scores}, %{c} : {program.type(scores)}, {element}",
        lambda env: ref.threshold(env[scores.name], tau),
    )


def from_mask(block):
    program = block.program
    if block.rows is None and block.depth == 0:
        dims = program.pick([("R", "M"), ("R", "M"), ("B", "R", "M"), ("R", "K")])
        mask = program.masks(dims)
        weights = program.floats(dims) if program.chance(0.7) else None
    else:
        scores = scores_of(block, ("f32",))
        mask = scores and block.compare(scores, program.pick([0, -1, 5]))
        weights = scores if program.chance(0.7) else None
    if mask is None:
        return None
    text = f"weights({weights} : {program.type(weights)})" if weights else ""
    return gate(
        block,
        replace(mask, element="f32"),
        (),
        f"from_mask {mask} {text} : {program.type(mask)}",
        lambda env: ref.from_mask(
            env[mask.name], env[weights.name] if weights else None
        ),
        weights or replace(ONE, dims=mask.dims),
    )


def assign(block):
    program = block.program
    if block.depth:
        return None
    lead = program.pick([("R",), ("R",), ("B", "R")])
    dims = lead + ("M",)
    drop = program.chance(0.4)
    k = int(program.random.integers(0, min(program.least("M"), 3) + 1))
    random = program.random

    def make(size):
        shape, modules = tuple(size(d) for d in lead), size("M")
        chosen = random.random(shape + (modules,)).argsort(-1)[..., :k]
        if drop:
            away = random.choice([-1, modules, modules + 7, -(2**40)], chosen.shape)
            chosen = np.where(random.random(chosen.shape) < 0.3, away, chosen)
        return chosen.astype(np.int64)

    element = program.pick(["index", "i64"])
    of = program.tensor(lead + (k,), element)
    indices = program.argument(of, make)
    weights = program.floats(lead + (k,)) if program.chance(0.7) else None
    text = f"assign %{indices}"
    if weights:
        text += f" weights({weights} : {program.type(weights)})"
    if program.dim("M") == "?":
        text += f" modules(%{program.index_argument(lambda size: size('M'))})"
    if drop:
        text += " out_of_range(drop)"
    size = lambda env: next(
        s["M"]
        for s, made in zip(program.sizes, program.made)
        if made[indices] is env[indices]
    )
    return gate(
        block,
        replace(ONE, dims=dims),
        ("at_most" if drop else "exactly", k),
        f"{text} : {of}",
        lambda env: ref.assign(
            env[indices],
            size(env),
            env[weights.name] if weights else None,
            "drop" if drop else "error",
        ),
        weights or ONE,
        dims,
    )


def from_offsets(block):
    program = block.program
    if block.depth or min(s["M"] for s in program.sizes) == 0:
        return None
    random = program.random

    def make(size):
        cuts = np.sort(random.integers(0, size("R") + 1, size("M") - 1))
        return np.concatenate([[0], cuts, [size("R")]]).astype(np.int64)

    count = program.dim("M")
    of = f"tensor<{count if count == '?' else int(count) + 1}xindex>"
    offsets = program.argument(of, make)
    return gate(
        block,
        replace(ONE, dims=("R", "M")),
        ("exactly", 1),
        f"from_offsets %{offsets} : {of}",
        lambda env: ref.from_offsets(env[offsets]),
    )


# ===-- Algebra ------------------------------------------------------------===#


def derived(block, routing, text, reference, **changes):
    program = block.program
    result = replace(routing, name=program.fresh("r"), **changes)
    arrow = f" -> {program.type(result)}" if "capacity" in text else ""

    def run(env):
        env[result.name] = reference(env)

    block.step(
        f"%{result.name} = condcomp.{text} : {program.type(routing)}{arrow}", run
    )
    return block.add(result)


def pick_routing(block, accept=lambda r: True):
    found = [r for r in block.routings if accept(r)]
    return block.program.pick(found) if found else None


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
    return derived(
        block,
        routing,
        f"normalize {kind} {routing}",
        lambda env: ref.normalize(env[routing.name], kind),
        weights=replace(routing.weights, decides=False, size=None),
    )


def capacity(block):
    program = block.program
    if block.rows is not None:
        return None
    order = program.pick(["arrival", "rank", "weight"])
    routing = pick_routing(block, lambda r: order == "arrival" or r.weights.decides)
    if routing is None:
        return None
    priority = None
    if order != "weight" and block.depth == 0 and program.chance(0.5):
        kind = program.pick(["integers", "wild", "special"])
        priority = program.floats(routing.lead, routing.element, kind)
    bound, module_bound = routing.row_bound, routing.module_bound
    if block.depth == 0 and program.chance(0.3):
        c = program.index_argument(lambda size: program.random.integers(0, 4))
        how, count = f"%{c}", lambda env: int(env[c])
    else:
        c = int(program.pick([0, 1, 1, 2, 3, 100]))
        how, count = str(c), lambda env: c
        smaller = min([c] + list(module_bound[1:]))
        module_bound = ("at_most", smaller)
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
        row_bound=bound,
        module_bound=module_bound,
        entries=program.fresh("s"),
    )


# ===-- Queries ------------------------------------------------------------===#


def query(block):
    program, routing = block.program, pick_routing(block)
    if routing is None:
        return None
    kinds = {
        "row_sizes": (routing.lead, "index"),
        "weights": (routing.entry_dims, routing.element),
        "indices": (routing.entry_dims, "index"),
        "to_dense": (routing.dims, routing.element),
        "to_mask": (routing.dims, "i1"),
    }
    if block.rows is None:
        kinds["module_sizes"] = (routing.lead[:-1] + routing.dims[-1:], "index")
    kind = program.pick(kinds)
    dims, element = kinds[kind]
    for dim in dims:
        program.static.setdefault(dim, None)
    of = routing.entries if kind in ("weights", "indices") else None
    value = Value(program.fresh(), dims, element, of=of)
    if kind in ("weights", "to_dense"):
        w = routing.weights
        value = replace(value, decides=w.decides, size=w.size, unit=w.unit, wild=w.wild)

    def run(env):
        env[value.name] = getattr(ref, kind)(env[routing.name])

    block.step(
        f"{value} = condcomp.{kind} {routing} : {program.type(routing)}"
        f" -> {program.type(value)}",
        run,
    )
    return block.add(value)
