# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""select, combine and restore: into entries and out of them."""

import numpy as np

import inputs
from condcomp import reference as ref
from harness import Call, Exact, Suite, Sum, Ulps
from programs import RoutingType, function, tensor

SUITE = Suite("movement")
PACKED = RoutingType(["?", "?"])
UNIFORM = RoutingType(["?", "?"], "exactly ?")
SWITCH = RoutingType(["?", "?"], "at_most 1")
BATCHED = RoutingType([2, "?", 5])
BATCHED_UNIFORM = RoutingType(["?", 6, 7], "exactly 3")
MATRIX = "tensor<?x?xf32>"

# How each kind of routing is made: arguments, text, reference.
GATES = {
    "packed": (
        PACKED,
        {"m": "tensor<?x?xi1>", "w": MATRIX},
        f"%r = condcomp.from_mask %m weights(%w : {MATRIX}) : tensor<?x?xi1> -> {PACKED}",
        ref.from_mask,
    ),
    "uniform": (
        UNIFORM,
        {"w": MATRIX, "k": "index"},
        f"%r = condcomp.top_k %w, %k : {MATRIX} -> {UNIFORM}",
        lambda w, k: ref.top_k(w, int(k)),
    ),
    "batched": (
        BATCHED,
        {"m": "tensor<2x?x5xi1>", "w": "tensor<2x?x5xf32>"},
        f"""%r = condcomp.from_mask %m weights(%w : tensor<2x?x5xf32>)
            : tensor<2x?x5xi1> -> {BATCHED}""",
        ref.from_mask,
    ),
    "batched_uniform": (
        BATCHED_UNIFORM,
        {"w": "tensor<?x6x7xf32>"},
        f"%r = condcomp.top_k %w, 3 : tensor<?x6x7xf32> -> {BATCHED_UNIFORM}",
        lambda w: ref.top_k(w, 3),
    ),
}


def routings(gate):
    """Inputs of a gate over sizes, densities and k: {label: values}."""
    result = {}
    if gate == "packed":
        for shape in inputs.SHAPES:
            for density in [0.0, 0.4, 1.1]:
                label = "x".join(map(str, shape)) + f"-{density}"
                result[label] = [
                    inputs.mask("m", shape, density),
                    inputs.normal("w", shape),
                ]
    elif gate == "uniform":
        for shape in inputs.SHAPES:
            for k in sorted({0, 1, shape[1]}):
                label = "x".join(map(str, shape)) + f"-k{k}"
                result[label] = [inputs.separated("w", shape), np.array(k)]
    elif gate == "batched":
        for rows in [0, 1, 13]:
            shape = (2, rows, 5)
            result[str(rows)] = [inputs.mask("m", shape), inputs.normal("w", shape)]
    else:
        for batch in [0, 1, 4]:
            result[str(batch)] = [inputs.separated("w", (batch, 6, 7))]
    return result


def add(name, gate, arguments, text, result, reference, bound, values_of):
    """A function of a gate's routing and of more arguments.

    reference and values_of (which makes the other inputs) get the routing first.
    """
    _, gate_arguments, gate_text, gate_reference = GATES[gate]
    size = len(gate_arguments)

    def whole(*values):
        return reference(gate_reference(*values[:size]), *values[size:])

    calls = []
    for label, values in routings(gate).items():
        routing = gate_reference(*values)
        bounds = [bound(routing) if callable(bound) else bound]
        calls.append(Call(name, values + values_of(routing), whole, bounds, label))
    SUITE.add(
        function(
            name,
            {**gate_arguments, **arguments},
            gate_text + "\n" + text,
            {"y": result},
        ),
        *calls,
    )


def special_entries(routing, trailing, element="f32", seed="e"):
    return inputs.specials(seed, routing.entry_shape + trailing, element)


def select():
    for gate, (of, *_) in GATES.items():
        lead = of.dims
        for space, dims in [
            ("rows", lead[:-1]),
            ("modules", lead[:-2] + lead[-1:]),
            ("pairs", lead),
        ]:
            for trailing, element in [([3], "f32"), ([], "i64")]:
                if element == "i64" and gate != "packed":
                    continue
                source, result = tensor(dims + trailing, element), of.entries(
                    trailing, element
                )

                def values_of(routing, space=space, trailing=trailing, element=element):
                    batch, rows, modules = routing.batch, routing.rows, routing.modules
                    shape = {
                        "rows": batch + (rows,),
                        "modules": batch + (modules,),
                        "pairs": batch + (rows, modules),
                    }[space] + tuple(trailing)
                    if element == "i64":
                        return [inputs.rng(shape).integers(-(2**60), 2**60, shape)]
                    return [inputs.specials("x", shape)]

                add(
                    f"select_{space}_{gate}_{element}",
                    gate,
                    {"x": source},
                    f"%y = condcomp.select %r from {space}(%x : {source}) : {of} -> {result}",
                    result,
                    lambda routing, x, space=space: [ref.select(routing, space, x)],
                    Exact(),
                    values_of,
                )


def longest(routing):
    return int(routing.presence.sum(-1).max(initial=1)) + 1


def combine():
    """All kinds and types on packed routings, fewer where only entry dims differ."""
    kinds = ["sum", "mean", "max", "stack"]
    types = [("f32", True), ("bf16", True), ("f32", False), ("i32", False)]
    for gate, (of, *_) in GATES.items():
        for kind in kinds if not gate.startswith("batched") else ["sum", "stack"]:
            for element, weighted in types if gate == "packed" else types[:1]:
                if kind != "mean" or element != "i32":
                    combine_of(gate, of, kind, element, weighted)


def combine_of(gate, of, kind, element, weighted):
    lead = of.dims if kind == "stack" else of.dims[:-1]
    entries, outs = of.entries([3], element), tensor(lead + [3], element)
    suffix = "" if weighted else " weights(none)"

    def reference(routing, e, o):
        result = ref.combine(routing, kind, e, o, weighted)
        if kind not in ("sum", "mean") or element == "i32":
            return [result]
        magnitude = ref.combine(routing, kind, np.abs(e), np.abs(o), False)
        if weighted:
            absolute = routing.with_weights(np.abs(routing.weights))
            magnitude = ref.combine(absolute, kind, np.abs(e), np.abs(o), True)
        return [result, magnitude]

    def bound(routing):
        if element == "i32" or (not weighted and kind in ("max", "stack")):
            return Exact()
        if kind in ("max", "stack"):
            return Ulps(1, element)
        return Sum(longest(routing), element)

    def values_of(routing):
        lead = routing.shape if kind == "stack" else routing.shape[:-1]
        shapes = [routing.entry_shape + (3,), lead + (3,)]
        if element == "i32":
            return [
                inputs.rng(s).integers(-1000, 1000, s, dtype=np.int32) for s in shapes
            ]
        kinds = (
            [inputs.normal, inputs.specials] if kind == "max" else [inputs.normal] * 2
        )
        return [make("eo", s, element) for make, s in zip(kinds, shapes)]

    add(
        f"combine_{kind}_{gate}_{element}{'' if weighted else '_unweighted'}",
        gate,
        {"e": entries, "o": outs},
        f"%y = condcomp.combine {kind} %r entries(%e : {entries}) outs(%o : {outs}){suffix} : {of}",
        outs,
        reference,
        bound,
        values_of,
    )


def combine_specials():
    """Infinities and NaN in entries: they reach their own row and no other."""
    for kind in ["sum", "mean", "max", "stack"]:
        lead = ["?", "?"] if kind == "stack" else ["?"]
        outs = tensor(lead + [2], "f32")
        add(
            f"combine_{kind}_specials",
            "packed",
            {"e": "tensor<?x2xf32>", "o": outs},
            f"""%y = condcomp.combine {kind} %r entries(%e : tensor<?x2xf32>) outs(%o : {outs})
                weights(none) : {PACKED}""",
            outs,
            lambda routing, e, o, kind=kind: [ref.combine(routing, kind, e, o, False)],
            Ulps(1),
            lambda routing, kind=kind: [
                special_entries(routing, (2,)),
                inputs.specials(
                    "o",
                    (routing.shape if kind == "stack" else routing.shape[:1]) + (2,),
                ),
            ],
        )


def combine_replace():
    text = f"""
      %r = condcomp.top_k %w, 1 : {MATRIX} -> !condcomp.routing<?x?, f32, exactly 1>
      %y = condcomp.combine replace %r entries(%e : tensor<?x1x3xf32>)
        outs(%o : tensor<?x3xf32>) weights(none) : !condcomp.routing<?x?, f32, exactly 1>"""
    SUITE.add(
        function(
            "combine_replace",
            {"w": MATRIX, "e": "tensor<?x1x3xf32>", "o": "tensor<?x3xf32>"},
            text,
            {"y": "tensor<?x3xf32>"},
        ),
        *[
            Call(
                "combine_replace",
                [
                    inputs.separated("w", shape),
                    inputs.specials("e", (shape[0], 1, 3)),
                    inputs.normal("o", (shape[0], 3)),
                ],
                lambda w, e, o: [ref.combine(ref.top_k(w, 1), "replace", e, o, False)],
                [Exact()],
                "x".join(map(str, shape)),
                row_inputs=[0, 1, 2],
                row_outputs=[0],
            )
            for shape in inputs.SHAPES
        ],
    )


def restore():
    for gate, (of, *_) in GATES.items():
        for kind in ["replace", "sum"]:
            for element in ["f32", "bf16", "i32"] if gate == "packed" else ["f32"]:
                entries, outs = of.entries([3], element), tensor(of.dims + [3], element)

                def values_of(routing, element=element):
                    shapes = [routing.entry_shape + (3,), routing.shape + (3,)]
                    if element == "i32":
                        return [
                            inputs.rng(s).integers(-9, 9, s, dtype=np.int32)
                            for s in shapes
                        ]
                    return [inputs.specials("e", s, element) for s in shapes]

                add(
                    f"restore_{kind}_{gate}_{element}",
                    gate,
                    {"e": entries, "o": outs},
                    f"%y = condcomp.restore {kind} %r entries(%e : {entries}) outs(%o : {outs}) : {of}",
                    outs,
                    lambda routing, e, o, kind=kind: [ref.restore(routing, kind, e, o)],
                    (
                        Exact()
                        if element == "i32" or kind == "replace"
                        else Ulps(1, element)
                    ),
                    values_of,
                )


def shape_errors():
    outs = tensor(["?", 3], "f32")
    entries = PACKED.entries([3])
    SUITE.add(
        function(
            "combine_shapes",
            {"m": "tensor<?x?xi1>", "e": entries, "o": outs},
            f"""%r = condcomp.from_mask %m : tensor<?x?xi1> -> {PACKED}
            %y = condcomp.combine sum %r entries(%e : {entries}) outs(%o : {outs}) : {PACKED}""",
            {"y": outs},
        ),
        Call(
            "combine_shapes",
            [
                np.ones((2, 2), bool),
                np.ones((5, 3), np.float32),
                np.ones((2, 3), np.float32),
            ],
            None,
            [],
            "entries",
            error="5",
        ),
        Call(
            "combine_shapes",
            [
                np.ones((2, 2), bool),
                np.ones((4, 3), np.float32),
                np.ones((7, 3), np.float32),
            ],
            None,
            [],
            "outs",
            error="7",
        ),
    )
    SUITE.add(
        function(
            "select_shapes",
            {"m": "tensor<?x?xi1>", "x": "tensor<?x3xf32>"},
            f"""%r = condcomp.from_mask %m : tensor<?x?xi1> -> {PACKED}
            %y = condcomp.select %r from rows(%x : tensor<?x3xf32>) : {PACKED} -> {entries}""",
            {"y": entries},
        ),
        Call(
            "select_shapes",
            [np.ones((2, 2), bool), np.ones((9, 3), np.float32)],
            None,
            [],
            error="9",
        ),
    )


def select_no_modules():
    of = RoutingType(["?", 0])
    SUITE.add(
        function(
            "select_no_modules",
            {"m": "tensor<?x0xi1>", "x": "tensor<?x0x3xf32>"},
            f"""%r = condcomp.from_mask %m : tensor<?x0xi1> -> {of}
            %y = condcomp.select %r from pairs(%x : tensor<?x0x3xf32>) : {of} -> tensor<?x3xf32>""",
            {"y": "tensor<?x3xf32>"},
        ),
        Call(
            "select_no_modules",
            [np.ones((5, 0), bool), np.ones((5, 0, 3), np.float32)],
            lambda m, x: [ref.select(ref.from_mask(m), "pairs", x)],
            [Exact()],
        ),
    )


select()
select_no_modules()
combine()
combine_specials()
combine_replace()
restore()
shape_errors()
test_reference, test_forms, test_rows_alone = SUITE.tests()
test_errors = SUITE.error_test()
