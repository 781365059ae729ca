# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Routing algebra, on uniform and on packed routings."""

import numpy as np

import inputs
from condcomp import reference as ref
from harness import Call, Exact, Suite, Ulps
from programs import RoutingType, function, tensor

SUITE = Suite("algebra")
PACKED = RoutingType(["?", "?"])
UNIFORM = RoutingType(["?", "?"], "exactly ?")
BATCHED = RoutingType([2, "?", 5])
MATRIX, MASK = "tensor<?x?xf32>", "tensor<?x?xi1>"

FROM_MASK = f"%r = condcomp.from_mask %m weights(%w : {MATRIX}) : {MASK} -> {PACKED}"
TOP_K = f"%r = condcomp.top_k %w, %k : {MATRIX} -> {UNIFORM}"


def index(value):
    return np.array(value, dtype=np.int64)


def dense_of(name, of):
    """The result %s as a dense matrix and a mask: text and results."""
    dense, mask = tensor(of.dims, of.element), tensor(of.dims, "i1")
    return (
        f"""
        %{name}_dense = condcomp.to_dense %{name} : {of} -> {dense}
        %{name}_mask = condcomp.to_mask %{name} : {of} -> {mask}""",
        {f"{name}_dense": dense, f"{name}_mask": mask},
    )


def add(name, arguments, text, of, calls, reference, bounds, row_inputs=(), error=None):
    more, results = dense_of("s", of)
    SUITE.add(
        function(name, arguments, text + more, results),
        *[
            Call(
                name, values, reference, bounds, label, list(row_inputs), [0, 1], error
            )
            for label, values in calls.items()
        ],
    )


def pair(routing):
    return ref.to_dense(routing), ref.to_mask(routing)


def masks(kind=inputs.normal, density=0.5):
    return {
        "x".join(map(str, s)): [inputs.mask("m", s, density), kind("w", s)]
        for s in inputs.SHAPES
    }


def reweight():
    add(
        "reweight_dense",
        {"m": MASK, "w": MATRIX, "p": MATRIX},
        FROM_MASK + f"\n%s = condcomp.reweight %r dense(%p : {MATRIX}) : {PACKED}",
        PACKED,
        {
            label: values + [inputs.specials("p", values[0].shape)]
            for label, values in masks().items()
        },
        lambda m, w, p: pair(ref.reweight(ref.from_mask(m, w), dense=p)),
        [Exact(), Exact()],
        [0, 1, 2],
    )
    entries = PACKED.entries([])
    add(
        "reweight_entries",
        {"m": MASK, "w": MATRIX, "e": entries},
        FROM_MASK + f"\n%s = condcomp.reweight %r entries(%e : {entries}) : {PACKED}",
        PACKED,
        {
            label: values + [inputs.specials("e", (int(values[0].sum()),))]
            for label, values in masks().items()
            if values[0].any()
        },
        lambda m, w, e: pair(ref.reweight(ref.from_mask(m, w), entries=e)),
        [Exact(), Exact()],
    )
    narrow = UNIFORM.entries([], "bf16")
    add(
        "reweight_uniform_bf16",
        {"w": MATRIX, "k": "index", "e": narrow},
        TOP_K + f"\n%s = condcomp.reweight %r entries(%e : {narrow}) : {UNIFORM}",
        UNIFORM,
        {
            f"{rows}": [
                inputs.separated("w", (rows, 6)),
                index(2),
                inputs.normal("e", (rows, 2), "bf16"),
            ]
            for rows in [0, 1, 19]
        },
        lambda w, k, e: pair(ref.reweight(ref.top_k(w, int(k)), entries=e)),
        [Exact(), Exact()],
        [0, 2],
    )
    add(
        "reweight_shape",
        {"m": MASK, "w": MATRIX, "e": entries},
        FROM_MASK + f"\n%s = condcomp.reweight %r entries(%e : {entries}) : {PACKED}",
        PACKED,
        {
            "": [
                np.ones((2, 3), bool),
                np.ones((2, 3), np.float32),
                np.ones(5, np.float32),
            ]
        },
        None,
        [],
        error="reweight C2: 5 weights for 6 entries",
    )


def normalize():
    for kind in ["sum", "softmax"]:
        outputs = lambda routing, kind=kind: pair(ref.normalize(routing, kind))
        positive = lambda seed, shape: np.abs(inputs.normal(seed, shape)) + np.float32(
            0.1
        )
        # Sums of mixed signs cancel; their error is bounded by no relative bound.
        plain = positive if kind == "sum" else inputs.normal
        for label, data in [
            ("plain", plain),
            ("specials", inputs.specials),
            ("zero", zeros),
        ]:
            add(
                f"normalize_{kind}_{label}",
                {"m": MASK, "w": MATRIX},
                FROM_MASK + f"\n%s = condcomp.normalize {kind} %r : {PACKED}",
                PACKED,
                {
                    f"{l}-{density}": v
                    for density in [0.5, 1.1]
                    for l, v in masks(data, density).items()
                },
                lambda m, w, outputs=outputs: outputs(ref.from_mask(m, w)),
                [Ulps(24), Exact()],
                [0, 1],
            )
        add(
            f"normalize_{kind}_uniform",
            {"w": MATRIX, "k": "index"},
            TOP_K + f"\n%s = condcomp.normalize {kind} %r : {UNIFORM}",
            UNIFORM,
            {
                f"{rows}x{modules}-k{k}": [
                    inputs.separated("w", (rows, modules)) + np.float32(modules),
                    index(k),
                ]
                for rows, modules in inputs.SHAPES
                for k in sorted({0, 1, modules})
            },
            lambda w, k, outputs=outputs: outputs(ref.top_k(w, int(k))),
            [Ulps(24), Exact()],
            [0],
        )


def zeros(seed, shape):
    return np.zeros(shape, np.float32)


CAPACITY = {"arrival": [False, True], "rank": [False, True], "weight": [False]}


def capacity():
    for order, priorities in CAPACITY.items():
        for with_priority in priorities:
            for kind in [inputs.separated, inputs.ties, inputs.specials]:
                capacity_of(order, with_priority, kind)
    static = RoutingType([2, "?", 5], "per_module at_most 2")
    add(
        "capacity_batched",
        {"m": "tensor<2x?x5xi1>", "w": "tensor<2x?x5xf32>"},
        f"""%r = condcomp.from_mask %m weights(%w : tensor<2x?x5xf32>)
          : tensor<2x?x5xi1> -> {BATCHED}
        %s = condcomp.capacity %r, 2 order(rank) : {BATCHED} -> {static}""",
        static,
        {
            str(rows): [
                inputs.mask("m", (2, rows, 5), 0.8),
                inputs.separated("w", (2, rows, 5)),
            ]
            for rows in [0, 1, 24]
        },
        lambda m, w: pair(ref.capacity(ref.from_mask(m, w), 2, "rank")),
        [Exact(), Exact()],
    )
    # Few entries per row, whose ranks are counted; priorities of a batch.
    for element in ["f32", "f64"]:
        scores = f"tensor<2x?x5x{element}>"
        top, static = (
            RoutingType([2, "?", 5], bound, element)
            for bound in ["exactly 3", "at_most 3, per_module at_most 2"]
        )
        add(
            f"capacity_bounded_{element}",
            {"w": scores, "p": f"tensor<2x?x{element}>"},
            f"""%r = condcomp.top_k %w, 3 : {scores} -> {top}
            %s = condcomp.capacity %r, 2 order(rank)
              priority(%p : tensor<2x?x{element}>) : {top} -> {static}""",
            static,
            {
                f"{kind.__name__}-{rows}": [
                    kind("w", (2, rows, 5), element),
                    kind("p", (2, rows), element),
                ]
                for kind in [inputs.separated, inputs.ties, inputs.specials]
                for rows in [0, 1, 24]
            },
            lambda w, p: pair(ref.capacity(ref.top_k(w, 3), 2, "rank", p)),
            [Exact(), Exact()],
        )
    add(
        "capacity_negative",
        {"m": MASK, "w": MATRIX, "c": "index"},
        FROM_MASK
        + f"\n%s = condcomp.capacity %r, %c order(arrival) : {PACKED} -> {PACKED}",
        PACKED,
        {"": [np.ones((2, 3), bool), np.ones((2, 3), np.float32), index(-2)]},
        None,
        [],
        error="capacity C3: capacity must not be negative, got -2",
    )


def capacity_of(order, with_priority, kind):
    priority = " priority(%p : tensor<?xf32>)" if with_priority else ""
    calls = {}
    for label, (mask, weights) in masks(kind, 0.8).items():
        for c in [0, 1, 3, 1000]:
            values = [mask, weights, index(c)]
            if with_priority:
                values.append(kind("p", (1, len(mask)))[0])
            calls[f"{label}-c{c}"] = values
    name = f"capacity_{order}{'_priority' if with_priority else ''}_{kind.__name__}"
    add(
        name,
        {"m": MASK, "w": MATRIX, "c": "index"}
        | ({"p": "tensor<?xf32>"} if with_priority else {}),
        FROM_MASK
        + f"\n%s = condcomp.capacity %r, %c order({order}){priority} : {PACKED} -> {PACKED}",
        PACKED,
        calls,
        lambda m, w, c, p=None: pair(
            ref.capacity(ref.from_mask(m, w), int(c), order, p)
        ),
        [Exact(), Exact()],
    )


def convert_form():
    """There and back: a form changes neither entries nor weights."""
    forms = {form: f"#condcomp.form<{form}>" for form in ["masked", "compact"]}
    for bound, gate, arguments, calls, routing in [
        (
            "",
            f"from_mask %m weights(%w : {MATRIX}) : {MASK}",
            {"m": MASK, "w": MATRIX},
            masks(inputs.specials),
            ref.from_mask,
        ),
        (
            "exactly 2, ",
            f"top_k %w, 2 : {MATRIX}",
            {"w": MATRIX},
            {str(s): [inputs.specials("w", s)] for s in [(0, 4), (1, 2), (33, 8)]},
            lambda w: ref.top_k(w, 2),
        ),
    ]:
        masked, compact = [
            f"!condcomp.routing<?x?, f32, {bound}{form}>" for form in forms.values()
        ]
        name = "convert_form_uniform" if bound else "convert_form"
        text = f"""
          %m0 = condcomp.{gate} -> {masked}
          %c0 = condcomp.{gate} -> {compact}
          %s = condcomp.convert_form %m0 : {masked} -> {compact}
          %t = condcomp.convert_form %c0 : {compact} -> {masked}
          %dense = condcomp.to_dense %s : {compact} -> {MATRIX}
          %mask = condcomp.to_mask %s : {compact} -> {MASK}
          %dense2 = condcomp.to_dense %t : {masked} -> {MATRIX}
          %mask2 = condcomp.to_mask %t : {masked} -> {MASK}"""
        results = {"dense": MATRIX, "mask": MASK, "dense2": MATRIX, "mask2": MASK}
        SUITE.add(
            function(name, arguments, text, results),
            *[
                Call(
                    name,
                    values,
                    lambda *a, routing=routing: 2 * pair(routing(*a)),
                    [Exact()] * 4,
                    label,
                )
                for label, values in calls.items()
            ],
        )


reweight()
normalize()
capacity()
convert_form()
test_reference, test_forms, test_rows_alone = SUITE.tests()
test_errors = SUITE.error_test()
