# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random gates.

Each function adds an op to a block if it can and returns what it made, or None.
"""

from dataclasses import replace

import numpy as np

import inputs
from algebra import as_typed, looks_across
from condcomp import reference as ref
from values import ONE, Routing, Value

NEAR = 1e-4  # sums with noise that are closer may come in another order


SHAPES = [("R", "M")] * 6 + [("B", "R", "M")] * 2 + [("R", "K"), ("A", "B", "R", "M")]


class NearTie(Exception):
    """Rounding decides: forms agree, but they need not agree with NumPy."""


def scores_of(block, elements=("f32", "f64", "bf16", "f16")):
    """A tensor to choose by, at the top a new one."""
    program = block.program
    if block.rows is None:
        if block.depth == 0 and program.chance(0.7):
            dims = program.pick(SHAPES)
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


def in_weight_type(scores, env):
    """Scores as a compiled gate adds them up: float32, or float64."""
    return env[scores.name].astype(
        np.float64 if scores.element == "f64" else np.float32
    )


def gate(
    block,
    scores,
    row_bound,
    text,
    reference,
    weights=None,
    dims=None,
    module_bound=(),
):
    program = block.program
    name = program.fresh("r")
    element = "f64" if scores.element == "f64" else "f32"
    weights = replace(weights or scores, dims=dims or scores.dims, element=element)
    routing = Routing(
        name, dims or scores.dims, row_bound, weights, name, module_bound, element
    )

    def run(env):
        env[name] = as_typed(reference(env), routing)

    block.step(f"%{name} = condcomp.{text} -> {program.type(routing)}", run)
    return block.add(routing)


def count_of(block, dim):
    """A number of modules (rows) to choose: text, number from an environment and
    bound."""
    program = block.program
    share = program.random.random()
    scalar = block.depth == 0 and program.chance(0.3)
    text, number, bound = block.index(lambda size: int(share * (size(dim) + 1)), scalar)
    if bound is None:
        bound = program.derive([int(made[text[1:]]) for made in program.made])
    return text, number, bound


def top_k(block):
    program, scores = block.program, scores_of(block)
    if scores is None:
        return None
    how, count, bound = count_of(block, scores.dims[-1])
    return gate(
        block,
        scores,
        ("exactly", bound),
        f"top_k {scores}, {how} : {program.type(scores)}",
        lambda env: ref.top_k(env[scores.name], count(env)),
    )


def top_p(block):
    program, scores = block.program, scores_of(block)
    if scores is None:
        return None
    element = "f64" if scores.element == "f64" else "f32"
    p = float(program.pick([0, 1, 2, 4, -1, 0.5, np.inf, np.nan]))
    c = block.float_constant(p, element)
    text, bound, low, high = "", (), lambda env: None, lambda env: None
    modules = scores.dims[-1]
    if program.chance(0.5):
        how, high, most = count_of(block, modules)
        text = f" max({how})"
        if program.dim(most) != "?":
            bound = ("at_most", most)
        share = program.random.random()
        if program.chance(0.5):
            scalar = block.depth == 0 and program.chance(0.3)
            least = min(program.all_sizes(most))
            how, low, _ = block.index(lambda size: int(share * (least + 1)), scalar)
            text = f" min({how}){text}"
    elif program.chance(0.3):
        how, low, _ = count_of(block, modules)
        text = f" min({how})"
    return gate(
        block,
        scores,
        bound,
        f"top_p {scores}, %{c}{text} : {program.type(scores)}, {element}",
        lambda env: ref.top_p(in_weight_type(scores, env), p, low(env), high(env)),
    )


def expert_choice(block):
    program, scores = block.program, scores_of(block)
    if scores is None or not looks_across(block, scores.dims):
        return None
    how, count, bound = count_of(block, scores.dims[-2])
    return gate(
        block,
        scores,
        (),
        f"expert_choice {scores}, {how} : {program.type(scores)}",
        lambda env: ref.expert_choice(env[scores.name], count(env)),
        module_bound=("exactly", bound),
    )


def sample(block):
    program, logits = block.program, scores_of(block)
    if logits is None:
        return None
    rows, ids, text = logits.dims[:-1], None, ""
    # In a body, noise is that of the rows' ids; those of a body in a body are
    # positions, which row-wise bodies may not compute with.
    usable = block.ids is not None and block.depth == 1 and len(rows) == 1
    if block.rows is not None and not usable:
        return None
    number = int(program.random.integers(-(2**63), 2**63))
    key = block.constant(number, "i64")
    step = program.pick([None, 0, 1, 2**32 - 1])
    if step is not None:
        text += f" step(%{block.constant(step)})"
    if block.rows is not None:
        ids = block.ids
    elif program.chance(0.4):
        random = program.random
        make = lambda size: random.integers(0, 2**40, [size(d) for d in rows])
        of = program.tensor(rows, "index")
        ids = Value(program.argument(of, make), rows, "index")
    if ids is not None:
        text += f" ids({ids} : {program.type(ids)})"
    how, count, bound = count_of(block, logits.dims[-1])

    def reference(env):
        values = in_weight_type(logits, env)
        k, of_rows = count(env), env[ids.name] if ids else None
        at = number, step or 0, of_rows
        noise = ref.gumbel(values.shape, *at, values.dtype == np.float64)
        noisy = -np.sort(-(values.astype(np.float64) + noise), axis=-1)
        if 0 < k < noisy.shape[-1]:
            gap = noisy[..., k - 1] - noisy[..., k]
            if (gap[np.isfinite(gap)] < NEAR).any():
                raise NearTie
        return ref.sample(values, k, *at)

    return gate(
        block,
        logits,
        ("exactly", bound),
        f"sample {logits}, {how} key(%{key}){text} : {program.type(logits)}",
        reference,
    )


def limit_groups(block):
    """Not a gate: new scores."""
    program, scores = block.program, scores_of(block)
    if scores is None:
        return None
    sizes = program.all_sizes(scores.dims[-1])
    common = int(np.gcd.reduce(sizes))
    groups = program.pick([g for g in range(1, 9) if common % g == 0])
    share = program.random.random()
    scalar = block.depth == 0 and program.chance(0.3)
    how, keep, _ = block.index(lambda size: int(share * (groups + 1)), scalar)
    size = min(sizes) // groups
    sum_of = int(program.random.integers(1, max(size, 1) + 1))
    if size == 0 and program.dim(scores.dims[-1]) != "?":
        return None
    fill = float(program.pick([-np.inf, -np.inf, 0, 2, np.nan]))
    c = block.float_constant(fill, scores.element)
    known = scores.size is not None and np.isfinite(fill)
    largest = max(scores.size, abs(fill)) if known else scores.size
    value = replace(scores, name=program.fresh(), size=largest)

    def run(env):
        env[value.name] = ref.limit_groups(
            in_weight_type(scores, env), groups, keep(env), fill, sum_of
        ).astype(np.float64)

    text = f" sum_of({sum_of})" if sum_of > 1 or program.chance(0.3) else ""
    block.step(
        f"{value} = condcomp.limit_groups {scores} groups({groups}) keep({how}){text} "
        f"fill(%{c}) : {program.type(scores)}",
        run,
    )
    return block.add(value)


def match_tokens(block):
    program, scores = block.program, scores_of(block)
    if scores is None or not looks_across(block, scores.dims):
        return None
    a, b = scores.dims[-2:]
    if block.mixes and len(scores.dims) == 2:
        return None
    left, right = program.all_sizes(a), program.all_sizes(b)
    share, possible = program.random.random(), min(right) > 0
    most = lambda size: int(share * (size(a) + 1)) if possible else 0
    how, r, number = block.index(most, block.depth == 0 and program.chance(0.3))
    merged = [number if number is not None else int(m[how[1:]]) for m in program.made]
    static = program.dim(a) != "?" and program.dim(b) != "?"
    rows = program.derive([x + y for x, y in zip(left, right)], static)
    modules = program.derive(
        [x + y - z for x, y, z in zip(left, right, merged)],
        static and number is not None,
    )
    if modules == 0:  # routing C4: no type for one entry per row of none
        return None
    dims = scores.dims[:-2] + (rows, modules)
    return gate(
        block,
        scores,
        ("exactly", 1),
        f"match_tokens {scores}, {how} : {program.type(scores)}",
        lambda env: ref.match_tokens(env[scores.name], r(env)),
        ONE,
        dims,
    )


def threshold(block):
    program, scores = block.program, scores_of(block)
    if scores is None:
        return None
    tau = float(program.pick([0, 1, -1, 2.5, np.inf, np.nan]))
    element = "f64" if scores.element == "f64" else "f32"
    c = block.float_constant(tau, element)
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
        dims = program.pick(SHAPES)
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
    element = program.pick(["index", "i64", "i32"])

    def make(size):
        shape, modules = tuple(size(d) for d in lead), size("M")
        chosen = random.random(shape + (modules,)).argsort(-1)[..., :k]
        if drop:
            far = -(2**40) if element != "i32" else -(2**31)
            away = random.choice([-1, modules, modules + 7, far], chosen.shape)
            chosen = np.where(random.random(chosen.shape) < 0.3, away, chosen)
        return chosen.astype(inputs.DTYPES[element])

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
