# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random queries of routings, traces, checks and confidences."""

from dataclasses import replace

import numpy as np

from algebra import looks_across, pick_routing
from condcomp import reference as ref
from values import Value


def query(block, kind=None):
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
    if looks_across(block, routing.dims):
        kinds["module_sizes"] = (routing.lead[:-1] + routing.dims[-1:], "index")
    if block.rows is None:
        static = all(program.dim(d) != "?" for d in routing.lead)
        count = (
            int(np.prod([int(program.dim(d)) for d in routing.lead])) + 1
            if static
            else None
        )
        kinds["row_offsets"] = (
            (count if static else program.derive([None] * len(program.sizes)),),
            "index",
        )
        kinds["num_entries"] = ((), "index")
    kind = program.pick(kinds)
    dims, element = kinds[kind]
    for dim in dims:
        program.static.setdefault(dim, None)
    of = routing.entries if kind in ("weights", "indices") else None
    value = Value(program.fresh(), dims, element, of=of)
    if kind in ("weights", "to_dense"):
        value = replace(routing.weights, name=value.name, dims=dims, of=of)

    def run(env):
        env[value.name] = getattr(ref, kind)(env[routing.name])

    arrow = "" if kind == "num_entries" else f" -> {program.type(value)}"
    block.step(
        f"{value} = condcomp.{kind} {routing} : {program.type(routing)}{arrow}", run
    )
    return block.add(value)


def trace(block):
    """Nothing but the text: there is no sink."""
    program, routing = block.program, pick_routing(block)
    if routing is None:
        return None
    ids = ""
    if block.ids is not None and len(routing.dims) == 2:
        ids = f" ids({block.ids} : {program.type(block.ids)})"
    block.step(
        f'condcomp.trace {routing} "{routing.name}"{ids} : {program.type(routing)}',
        lambda env: None,
    )
    return routing


def check(block):
    """A check that holds."""
    value = block.find(lambda v: v.dims)
    if value is None:
        return None
    n = block.size(value, 0)
    c, c0 = block.program.fresh("c"), block.constant(0)
    block.step(
        [
            f"%{c} = arith.cmpi sge, %{n}, %{c0} : index",
            f'condcomp.check %{c}, "fuzz: {{0}} rows"(%{n}) : index',
        ],
        lambda env: None,
    )
    return value


def confidence(block):
    program = block.program
    kind = program.pick(["max_prob", "entropy", "margin"])
    classes = 2 if kind == "margin" else 1
    logits = block.find(
        lambda v: v.is_float
        and v.decides
        and not v.wild
        and len(v.dims) >= 1 + (block.rows is not None)
        and v.of is None
        and program.least(v.dims[-1]) >= classes
    )
    if logits is None:
        return None
    element = "f64" if logits.element == "f64" else "f32"
    dims = logits.dims[:-1]
    value = Value(program.fresh(), dims, element, decides=False, narrow=element)

    def run(env):
        env[value.name] = ref.confidence(env[logits.name], kind)

    block.step(
        f"{value} = condcomp.confidence {kind} {logits} : {program.type(logits)}"
        f" -> {program.type(value)}",
        run,
    )
    return block.add(value)
