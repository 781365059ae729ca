# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""pool and mix: rows to modules and modules to rows, sparse and dense."""

import numpy as np

import inputs
from condcomp import reference as ref
from harness import Call, Exact, Suite, Sum, Ulps
from programs import RoutingType, function, tensor

SUITE = Suite("pool")
PACKED = RoutingType(["?", "?"])
UNIFORM = RoutingType(["?", "?"], "exactly ?")
SWITCH = RoutingType([9, 4], "exactly 1")
BATCHED = RoutingType([2, "?", 5])
TWICE_BATCHED = RoutingType(["?", 2, 6, 3], "exactly 3")

# How each kind of routing is made: type, arguments, text, reference, inputs.
# Densities above 1 make every entry present: a dense matrix.
GATES = {
    "packed": (
        PACKED,
        {"m": "tensor<?x?xi1>", "w": "tensor<?x?xf32>"},
        f"""%r = condcomp.from_mask %m weights(%w : tensor<?x?xf32>)
            : tensor<?x?xi1> -> {PACKED}""",
        ref.from_mask,
        {
            f"{'x'.join(map(str, s))}-{kind}": [make(s), inputs.normal("w", s)]
            for s in inputs.SHAPES
            for kind, make in [
                ("empty", lambda s: np.zeros(s, bool)),
                ("some", lambda s: inputs.mask("m", s, 0.4)),
                ("full", lambda s: np.ones(s, bool)),
            ]
        },
    ),
    "uniform": (
        UNIFORM,
        {"w": "tensor<?x?xf32>", "k": "index"},
        f"%r = condcomp.top_k %w, %k : tensor<?x?xf32> -> {UNIFORM}",
        lambda w, k: ref.top_k(w, int(k)),
        {
            f"{rows}x{modules}-k{k}": [
                inputs.separated("w", (rows, modules)),
                np.array(k),
            ]
            for rows, modules in [(0, 4), (1, 5), (33, 8)]
            for k in sorted({0, 1, modules})
        },
    ),
    "switch": (
        SWITCH,
        {"w": "tensor<9x4xf32>"},
        f"%r = condcomp.top_k %w, 1 : tensor<9x4xf32> -> {SWITCH}",
        lambda w: ref.top_k(w, 1),
        {"": [inputs.ties("w", (9, 4))]},
    ),
    "batched": (
        BATCHED,
        {"m": "tensor<2x?x5xi1>", "w": "tensor<2x?x5xf32>"},
        f"""%r = condcomp.from_mask %m weights(%w : tensor<2x?x5xf32>)
            : tensor<2x?x5xi1> -> {BATCHED}""",
        ref.from_mask,
        {
            f"{rows}-{density}": [
                inputs.rng(rows, density).random((2, rows, 5)) < density,
                inputs.normal("w", (2, rows, 5)),
            ]
            for rows in [0, 1, 13]
            for density in [0.3, 1.1]
        },
    ),
    "full": (
        TWICE_BATCHED,
        {"w": "tensor<?x2x6x3xf32>"},
        f"%r = condcomp.top_k %w, 3 : tensor<?x2x6x3xf32> -> {TWICE_BATCHED}",
        lambda w: ref.top_k(w, 3),
        {str(b): [inputs.separated("w", (b, 2, 6, 3))] for b in [0, 3]},
    ),
}


def spaces(op, shape):
    """The leading dims of source and outs."""
    *batch, rows, modules = shape
    rows, modules = (*batch, rows), (*batch, modules)
    return (rows, modules) if op == "pool" else (modules, rows)


def longest(routing, axis):
    return int(routing.presence.sum(axis).max(initial=1)) + 1


def product(gate, op, kind, trailing, element, weighted, make=inputs.normal):
    """A function of one op on the routings of a gate, and its calls."""
    of, arguments, gate_text, gate_reference, routings = GATES[gate]
    source, outs = (tensor([*d, *trailing], element) for d in spaces(op, of.dims))
    word = "rows" if op == "pool" else "modules"
    suffix = "" if weighted else " weights(none)"
    kind_word = f"{kind} " if op == "pool" else ""
    text = f"""{gate_text}
      %y = condcomp.{op} {kind_word}%r from {word}(%x : {source}) outs(%o : {outs}){suffix} : {of}"""
    size = len(arguments)

    def run(routing, x, o):
        if op == "pool":
            return ref.pool(routing, kind, x, o, weighted)
        return ref.mix(routing, x, o, weighted)

    def whole(*values):
        routing, (x, o) = gate_reference(*values[:size]), values[size:]
        results = [run(routing, x, o)]
        if isinstance(bound_of(routing), Sum):
            absolute = routing.with_weights(np.abs(routing.weights))
            results.append(run(absolute, np.abs(x), np.abs(o)))
        return results

    def bound_of(routing):
        if element == "i32" or (kind == "max" and not weighted):
            return Exact()
        if kind == "max" or make is inputs.specials:
            return Ulps(1, element)
        return Sum(longest(routing, -2 if op == "pool" else -1), element)

    name = f"{op}_{kind}_{gate}_{element}_{len(trailing)}"
    name += ("" if weighted else "_unweighted") + (
        "_specials" if make is inputs.specials else ""
    )
    sizes = tuple(7 if d == "?" else d for d in trailing)
    calls = []
    for label, values in routings.items():
        routing = gate_reference(*values)
        leads = spaces(op, routing.shape)
        if element == "i32":
            tensors = [
                inputs.rng(lead).integers(-99, 99, lead + sizes, dtype=np.int32)
                for lead in leads
            ]
        elif trailing:
            tensors = [
                maker(seed, lead + sizes, element)
                for seed, maker, lead in zip("xo", [make, inputs.normal], leads)
            ]
        else:
            tensors = [
                inputs.normal(seed, lead, element) for seed, lead in zip("xo", leads)
            ]
        calls.append(
            Call(name, values + tensors, whole, [bound_of(routing)], label=label)
        )
    arguments = {**arguments, "x": source, "o": outs}
    SUITE.add(function(name, arguments, text, {"y": outs}), *calls)


def products():
    for gate in GATES:
        product(gate, "pool", "sum", [3], "f32", True)
        product(gate, "mix", "sum", [2, "?"], "f32", True)
    for kind in ["sum", "mean", "max"]:
        product("packed", "pool", kind, ["?"], "bf16", True)
        product("packed", "pool", kind, [2], "f32", False, inputs.specials)
    product("packed", "pool", "mean", ["?", 2], "f32", True)
    product("packed", "mix", "sum", [], "bf16", True)
    product("packed", "mix", "sum", [3], "i32", False)
    product("packed", "pool", "max", [3], "i32", False)
    product("uniform", "pool", "sum", [], "f64", False)


def wide():
    """More than one panel of 4,096 elements, and a dense product of real size."""
    for op in ["pool", "mix"]:
        lead, out = spaces(op, [6, 3])
        source, outs = tensor([*lead, "?"], "f32"), tensor([*out, "?"], "f32")
        word = "sum %r from rows" if op == "pool" else "%r from modules"
        of = RoutingType([6, 3])
        name = f"{op}_wide"

        def whole(m, x, o, op=op):
            routing = ref.from_mask(m)
            args = (routing, "sum") if op == "pool" else (routing,)
            run = getattr(ref, op)
            return [run(*args, x, o), run(*args, np.abs(x), np.abs(o))]

        SUITE.add(
            function(
                name,
                {"m": "tensor<6x3xi1>", "x": source, "o": outs},
                f"""%r = condcomp.from_mask %m : tensor<6x3xi1> -> {of}
                %y = condcomp.{op} {word}(%x : {source}) outs(%o : {outs}) : {of}""",
                {"y": outs},
            ),
            *[
                Call(
                    name,
                    [
                        inputs.rng(width, density).random((6, 3)) < density,
                        inputs.normal("x", lead + (width,)),
                        inputs.normal("o", out + (width,)),
                    ],
                    whole,
                    [Sum(7)],
                    f"{width}-{density}",
                )
                for width in [4095, 4096, 9001]
                for density in [0.5, 1.1]
            ],
        )


def absent_parts():
    """Infinities and NaN of rows without an entry reach no module."""
    of = RoutingType(["?", "?"])
    x = inputs.normal("x", (4, 3))
    x[[0, 2]] = [[np.inf, np.nan, -np.inf]]
    mask = np.array([[0, 0], [1, 0], [0, 0], [1, 1]], bool)
    SUITE.add(
        function(
            "pool_absent",
            {"m": "tensor<?x?xi1>", "x": "tensor<?x3xf32>", "o": "tensor<?x3xf32>"},
            f"""%r = condcomp.from_mask %m : tensor<?x?xi1> -> {of}
            %y = condcomp.pool sum %r from rows(%x : tensor<?x3xf32>)
              outs(%o : tensor<?x3xf32>) : {of}""",
            {"y": "tensor<?x3xf32>"},
        ),
        Call(
            "pool_absent",
            [mask, x, np.zeros((2, 3), np.float32)],
            lambda m, x, o: [ref.pool(ref.from_mask(m), "sum", x, o)],
            [Ulps(2)],
        ),
    )


def shape_errors():
    of = RoutingType(["?", "?"])
    for op, word, good in [
        ("pool", "sum %r from rows", [(3, 5), (2, 5)]),
        ("mix", "%r from modules", [(2, 5), (3, 5)]),
    ]:
        SUITE.add(
            function(
                f"{op}_shapes",
                {"m": "tensor<?x?xi1>", "x": "tensor<?x?xf32>", "o": "tensor<?x?xf32>"},
                f"""%r = condcomp.from_mask %m : tensor<?x?xi1> -> {of}
                %y = condcomp.{op} {word}(%x : tensor<?x?xf32>)
                  outs(%o : tensor<?x?xf32>) : {of}""",
                {"y": "tensor<?x?xf32>"},
            ),
            *[
                Call(
                    f"{op}_shapes",
                    [np.ones((3, 2), bool)]
                    + [np.ones(shape, np.float32) for shape in shapes],
                    None,
                    [],
                    label,
                    error=error,
                )
                for label, shapes, error in [
                    ("source", [(9, 5), good[1]], f"{op} C1: the source has size 9"),
                    (
                        "outs",
                        [good[0], (8, 5)],
                        f"{op} C2: the outs operand has size 8",
                    ),
                    ("trailing", [good[0], (good[1][0], 6)], f"{op} C2: the source"),
                ]
            ],
        )


products()
wide()
absent_parts()
shape_errors()
test_reference, test_forms, test_rows_alone = SUITE.tests()
test_errors = SUITE.error_test()
