# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gates, with all queries of their routings."""

import numpy as np

import inputs
from condcomp import reference as ref
from gates import GateSuite, index, score_calls
from programs import RoutingType, tensor

SUITE = GateSuite("gates")
gate = SUITE.gate


def top_k():
    for dims, shapes in [("??", inputs.SHAPES), ("???", inputs.BATCHED)]:
        dims = list(dims)
        of = RoutingType(dims, "exactly ?")
        scores = tensor(dims, "f32")
        gate(
            f"top_k_{len(dims)}d",
            of,
            {"scores": scores, "k": "index"},
            f"%r = condcomp.top_k %scores, %k : {scores} -> {of}",
            {
                f"{label}-k{k}": [values, index(k)]
                for label, values in score_calls(shapes)
                for k in sorted({0, 1, values.shape[-1] // 2, values.shape[-1]})
            },
            lambda scores, k: ref.top_k(scores, int(k)),
            row_inputs=[0],
        )
    for element in ["f16", "bf16", "f64"]:
        of = RoutingType(["?", 8], "exactly 3", "f64" if element == "f64" else "f32")
        scores = tensor(["?", 8], element)
        gate(
            f"top_3_{element}",
            of,
            {"scores": scores},
            f"%r = condcomp.top_k %scores, 3 : {scores} -> {of}",
            {
                label: [v]
                for label, v in score_calls([(0, 8), (1, 8), (37, 8)], element)
            },
            lambda scores: ref.top_k(scores, 3),
            row_inputs=[0],
        )
    of = RoutingType(["?", "?"], "exactly ?")
    gate(
        "top_k_out_of_range",
        of,
        {"scores": "tensor<?x?xf32>", "k": "index"},
        f"%r = condcomp.top_k %scores, %k : tensor<?x?xf32> -> {of}",
        {"more": [np.zeros((3, 4), np.float32), index(5)]},
        None,
        error="top_k C3: k = 5",
    )
    gate(
        "top_k_negative",
        of,
        {"scores": "tensor<?x?xf32>", "k": "index"},
        f"%r = condcomp.top_k %scores, %k : tensor<?x?xf32> -> {of}",
        {"k": [np.zeros((3, 4), np.float32), index(-1)]},
        None,
        error="top_k C3: k = -1",
    )
    none = RoutingType(["?", "?"], "exactly 0")
    gate(
        "top_k_none",
        none,
        {"s": "tensor<?x?xf32>"},
        f"%r = condcomp.top_k %s, 0 : tensor<?x?xf32> -> {none}",
        {str(s): [inputs.normal("s", s)] for s in [(0, 3), (1, 1), (5, 4), (3, 0)]},
        lambda s: ref.top_k(s, 0),
        row_inputs=[0],
    )


def threshold():
    for dims, shapes, element in [
        (["?", "?"], inputs.SHAPES, "f32"),
        (["?", "?", 4], [(0, 3, 4), (2, 0, 4), (3, 5, 4)], "f32"),
        ([7, "?"], [(7, 3), (7, 19)], "f64"),
    ]:
        of = RoutingType(dims, element=element)
        scores = tensor(dims, element)
        gate(
            f"threshold_{len(dims)}d_{element}",
            of,
            {"scores": scores, "tau": element},
            f"%r = condcomp.threshold %scores, %tau : {scores}, {element} -> {of}",
            {
                f"{label}-{tau}": [values, inputs.DTYPES[element](tau)]
                for label, values in score_calls(shapes, element)
                for tau in [0.5, 0.0, np.inf, -np.inf, np.nan]
            },
            ref.threshold,
            row_inputs=[0] if dims[0] == "?" else [],
        )
    of = RoutingType(["?", 6])
    gate(
        "threshold_bf16",
        of,
        {"scores": "tensor<?x6xbf16>", "tau": "f32"},
        f"%r = condcomp.threshold %scores, %tau : tensor<?x6xbf16>, f32 -> {of}",
        {
            label: [values, np.float32(0.25)]
            for label, values in score_calls([(0, 6), (1, 6), (21, 6)], "bf16")
        },
        ref.threshold,
        row_inputs=[0],
    )


def assign():
    for element in ["index", "i32", "i64"]:
        of = RoutingType(["?", 6], "exactly 2")
        indices = tensor(["?", 2], element)
        gate(
            f"assign_{element}",
            of,
            {"i": indices, "w": "tensor<?x2xf32>"},
            f"%r = condcomp.assign %i weights(%w : tensor<?x2xf32>) : {indices} -> {of}",
            {
                f"{rows}": [
                    inputs.distinct("assign", (rows, 2), 6, element),
                    inputs.specials("assign", (rows, 2)),
                ]
                for rows in [0, 1, 29]
            },
            lambda i, w: ref.assign(i, 6, w),
            row_inputs=[0, 1],
        )
    of = RoutingType(["?", "?"], "exactly ?")
    any_size = {"i": "tensor<?x?xindex>", "m": "index"}
    text = f"%r = condcomp.assign %i modules(%m) : tensor<?x?xindex> -> {of}"
    gate(
        "assign_modules",
        of,
        any_size,
        text,
        {
            f"{rows}x{k}of{m}": [inputs.distinct("modules", (rows, k), m), index(m)]
            for rows, k, m in [(0, 2, 4), (5, 0, 3), (1, 1, 1), (17, 3, 3), (40, 2, 19)]
        },
        lambda i, m: ref.assign(i, int(m)),
        row_inputs=[0],
    )
    for label, values, error in [
        ("too_large", [[0, 1], [2, 4]], "assign C3: row 1 has index 4"),
        ("negative", [[0, -3]], "assign C3: row 0 has index -3"),
        ("twice", [[0, 1], [3, 3]], "assign C4: row 1 has index 3"),
    ]:
        gate(
            f"assign_{label}",
            of,
            any_size,
            text,
            {"": [index(values), index(4)]},
            None,
            (),
            error,
        )
    dropping = RoutingType(["?", 5], "at_most 3")
    gate(
        "assign_drop",
        dropping,
        {"i": "tensor<?x3xindex>"},
        f"%r = condcomp.assign %i out_of_range(drop) : tensor<?x3xindex> -> {dropping}",
        {
            "mixed": [index([[4, 5, 0], [-1, 7, 9], [2, 1, 0], [5, 5, 5]])],
            "none": [index(np.zeros((0, 3)))],
        },
        lambda i: ref.assign(i, 5, out_of_range="drop"),
        row_inputs=[0],
    )
    gate(
        "assign_drop_twice",
        dropping,
        {"i": "tensor<?x3xindex>"},
        f"%r = condcomp.assign %i out_of_range(drop) : tensor<?x3xindex> -> {dropping}",
        {"": [index([[2, 7, 2]])]},
        None,
        error="assign C4: row 0 has index 2",
    )


def from_mask():
    of, batched = RoutingType(["?", "?"]), RoutingType([2, "?", 4])
    gate(
        "from_mask",
        of,
        {"m": "tensor<?x?xi1>", "w": "tensor<?x?xf32>"},
        f"%r = condcomp.from_mask %m weights(%w : tensor<?x?xf32>) : tensor<?x?xi1> -> {of}",
        {
            "x".join(map(str, s))
            + f"-{d}": [inputs.mask("m", s, d), inputs.specials("w", s)]
            for s in inputs.SHAPES
            for d in [0, 0.3, 1.1]
        },
        ref.from_mask,
        row_inputs=[0, 1],
    )
    gate(
        "from_mask_batched",
        batched,
        {"m": "tensor<2x?x4xi1>"},
        f"%r = condcomp.from_mask %m : tensor<2x?x4xi1> -> {batched}",
        {str(rows): [inputs.mask("m", (2, rows, 4))] for rows in [0, 1, 9]},
        ref.from_mask,
    )
    gate(
        "from_mask_shapes",
        of,
        {"m": "tensor<?x?xi1>", "w": "tensor<?x?xf32>"},
        f"%r = condcomp.from_mask %m weights(%w : tensor<?x?xf32>) : tensor<?x?xi1> -> {of}",
        {"": [np.ones((3, 4), bool), np.ones((3, 5), np.float32)]},
        None,
        error="5",
    )


def from_offsets():
    of = RoutingType(["?", "?"], "exactly 1")
    arguments = {"o": "tensor<?xindex>"}
    text = f"%r = condcomp.from_offsets %o : tensor<?xindex> -> {of}"
    good = [[0], [0, 0], [0, 4], [0, 0, 3, 3, 7, 20], [0, 1, 2, 3]]
    calls = {"-".join(map(str, o)): [index(o)] for o in good}
    gate("from_offsets", of, arguments, text, calls, ref.from_offsets)
    for label, offsets, error in [
        ("start", [2, 3], "from_offsets C2: the first offset must be 0, got 2"),
        (
            "decrease",
            [0, 5, 4],
            "from_offsets C2: offsets must not decrease, but they do after position 1",
        ),
    ]:
        gate(
            f"from_offsets_{label}",
            of,
            arguments,
            text,
            {"": [index(offsets)]},
            None,
            (),
            error,
        )
    fixed = RoutingType([6, 2], "exactly 1")
    text = f"%r = condcomp.from_offsets %o : tensor<3xindex> -> {fixed}"
    arguments = {"o": "tensor<3xindex>"}
    gate(
        "from_offsets_static",
        fixed,
        arguments,
        text,
        {"": [index([0, 2, 6])]},
        lambda o: ref.from_offsets(o, 6),
    )
    gate(
        "from_offsets_rows",
        fixed,
        arguments,
        text,
        {"": [index([0, 2, 5])]},
        None,
        error="from_offsets C2: the last offset, 5",
    )


def protected(seed, shape):
    """Scores in which the first token of a is a class token."""
    scores = inputs.separated(seed, shape)
    scores[..., :1, :] = -np.inf
    return scores


def match_tokens():
    kinds = [inputs.separated, inputs.ties, inputs.specials, protected]
    for dims, shapes in [
        ("??", [(0, 3), (1, 1), (4, 1), (7, 9), (40, 33)]),
        ("???", [(0, 3, 4), (3, 6, 5)]),
    ]:
        for element in ["f32", "bf16", "f64"] if dims == "??" else ["f32"]:
            scores = tensor(list(dims), element)
            weight = "f64" if element == "f64" else "f32"
            of = RoutingType(list(dims), "exactly 1", weight)
            gate(
                f"match_tokens_{len(dims)}d_{element}",
                of,
                {"scores": scores, "count": "index"},
                f"%r = condcomp.match_tokens %scores, %count : {scores} -> {of}",
                {
                    f"{kind.__name__}-{'x'.join(map(str, shape))}-r{r}": [
                        kind("s", shape).astype(inputs.DTYPES[element]),
                        index(r),
                    ]
                    for shape in shapes
                    for kind in (kinds if element == "f32" else kinds[1:3])
                    for r in sorted({0, 1, shape[-2] // 2, shape[-2]})
                    if r <= shape[-2]
                },
                lambda s, r: ref.match_tokens(s, int(r)),
            )
    static = RoutingType([2, 12, 9], "exactly 1")
    gate(
        "match_tokens_static",
        static,
        {"scores": "tensor<2x7x5xf32>"},
        f"%r = condcomp.match_tokens %scores, 3 : tensor<2x7x5xf32> -> {static}",
        {"": [protected("s", (2, 7, 5))]},
        lambda s: ref.match_tokens(s, 3),
    )
    of = RoutingType(["?", "?"], "exactly 1")
    for label, shape, r in [
        ("many", (3, 2), 4),
        ("none", (3, 0), 1),
        ("few", (3, 2), -1),
    ]:
        gate(
            f"match_tokens_{label}",
            of,
            {"scores": "tensor<?x?xf32>", "count": "index"},
            f"%r = condcomp.match_tokens %scores, %count : tensor<?x?xf32> -> {of}",
            {"": [np.zeros(shape, np.float32), index(r)]},
            None,
            error=f"match_tokens C3: r = {r}",
        )
    promised = RoutingType([9, "?"], "exactly 1")
    gate(
        "match_tokens_rows",
        promised,
        {"scores": "tensor<?x?xf32>"},
        f"%r = condcomp.match_tokens %scores, 1 : tensor<?x?xf32> -> {promised}",
        {"": [np.zeros((4, 4), np.float32)]},
        None,
        error="match_tokens C1: size 8 in dim 0",
    )


top_k()
threshold()
match_tokens()
assign()
from_mask()
from_offsets()
test_reference, test_forms, test_rows_alone = SUITE.tests()
test_errors = SUITE.error_test()
