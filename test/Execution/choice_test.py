# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""top_p, expert_choice, limit_groups and sample."""

import numpy as np
import pytest

import inputs
from condcomp import reference as ref
from gates import GateSuite, index, score_calls
from harness import Call, Exact
from programs import RoutingType, function, tensor

SUITE = GateSuite("choice")
ELEMENTS = ["f16", "bf16", "f64"]


def probabilities(shape, element="f32", scale=3.0):
    """Softmax of random logits: few modules hold most of it."""
    logits = inputs.normal("probabilities", shape, "f64", scale)
    powers = np.exp(logits - logits.max(-1, keepdims=True, initial=-np.inf))
    return (powers / powers.sum(-1, keepdims=True)).astype(inputs.DTYPES[element])


def weight_of(element):
    return "f64" if element == "f64" else "f32"


def name_of(shape):
    return "x".join(map(str, shape))


def top_p():
    for dims, shapes in [("??", inputs.SHAPES + [(70, 256)]), ("???", inputs.BATCHED)]:
        dims = list(dims)
        of, scores = RoutingType(dims), tensor(dims, "f32")
        calls = [(name_of(s), probabilities(s)) for s in shapes]
        SUITE.gate(
            f"top_p_{len(dims)}d",
            of,
            {"scores": scores, "p": "f32"},
            f"%r = condcomp.top_p %scores, %p : {scores}, f32 -> {of}",
            {
                f"{label}-p{p}": [values, np.float32(p)]
                for label, values in calls + list(score_calls(shapes[-2:]))
                for p in (
                    [0.4, 0.9] if label in dict(calls) else [1.0, 0.0, np.inf, np.nan]
                )
            },
            ref.top_p,
            row_inputs=[0],
        )
        SUITE.gate(
            f"top_p_bounded_{len(dims)}d",
            of,
            {"scores": scores, "p": "f32", "lo": "index", "hi": "index"},
            f"%r = condcomp.top_p %scores, %p min(%lo) max(%hi) : {scores}, f32 -> {of}",
            {
                f"{label}-{lo}-{hi}": [values, np.float32(0.6), index(lo), index(hi)]
                for label, values in calls
                for m in [values.shape[-1]]
                for lo, hi in sorted({(0, 0), (0, 1), (m // 2, m), (m, m), (1, 1)})
            },
            lambda s, p, lo, hi: ref.top_p(s, p, int(lo), int(hi)),
            row_inputs=[0],
        )
    for element in ELEMENTS:
        of = RoutingType(["?", 8], "at_most 3", weight_of(element))
        scores = tensor(["?", 8], element)
        SUITE.gate(
            f"top_p_{element}",
            of,
            {"scores": scores, "p": weight_of(element)},
            f"%r = condcomp.top_p %scores, %p min(2) max(3) : {scores}, "
            f"{weight_of(element)} -> {of}",
            {
                label: [v, inputs.DTYPES[weight_of(element)](0.7)]
                for label, v in [
                    ("probabilities", probabilities((37, 8), element)),
                    *score_calls([(0, 8), (1, 8), (37, 8)], element),
                ]
            },
            lambda scores, p: ref.top_p(scores, p, 2, 3),
            row_inputs=[0],
        )
    of = RoutingType(["?", "?"], "at_most 0")
    SUITE.gate(
        "top_p_none",
        of,
        {"scores": "tensor<?x?xf32>", "p": "f32"},
        f"%r = condcomp.top_p %scores, %p max(0) : tensor<?x?xf32>, f32 -> {of}",
        {name_of(s): [probabilities(s), np.float32(0.5)] for s in [(3, 4), (2, 0)]},
        lambda s, p: ref.top_p(s, p, most=0),
        row_inputs=[0],
    )
    of = RoutingType(["?", "?"])
    for label, lo, hi, error in [
        ("order", 3, 2, "top_p C3: min = 3 and max = 2"),
        ("more", 1, 5, "top_p C3: min = 1 and max = 5"),
        ("negative", -1, 2, "top_p C3: min = -1"),
    ]:
        SUITE.gate(
            f"top_p_{label}",
            of,
            {"s": "tensor<?x?xf32>", "p": "f32", "lo": "index", "hi": "index"},
            f"%r = condcomp.top_p %s, %p min(%lo) max(%hi) : tensor<?x?xf32>, f32 -> {of}",
            {"": [probabilities((3, 4)), np.float32(0.5), index(lo), index(hi)]},
            None,
            error=error,
        )


def expert_choice():
    shapes = inputs.SHAPES + [(5, 0), (300, 40)]
    for dims, shapes in [("??", shapes), ("???", inputs.BATCHED)]:
        dims = list(dims)
        of = RoutingType(dims, "per_module exactly ?")
        scores = tensor(dims, "f32")
        SUITE.gate(
            f"expert_choice_{len(dims)}d",
            of,
            {"scores": scores, "c": "index"},
            f"%r = condcomp.expert_choice %scores, %c : {scores} -> {of}",
            {
                f"{label}-c{c}": [values, index(c)]
                for label, values in score_calls(shapes)
                for rows in [values.shape[-2]]
                for c in sorted({min(1, rows), rows // 2, rows})
            },
            lambda scores, c: ref.expert_choice(scores, int(c)),
        )
    for element in ELEMENTS:
        of = RoutingType([2, "?", 5], "per_module exactly 3", weight_of(element))
        scores = tensor([2, "?", 5], element)
        SUITE.gate(
            f"expert_choice_3_{element}",
            of,
            {"scores": scores},
            f"%r = condcomp.expert_choice %scores, 3 : {scores} -> {of}",
            {label: [v] for label, v in score_calls([(2, 3, 5), (2, 37, 5)], element)},
            lambda scores: ref.expert_choice(scores, 3),
        )
    of = RoutingType(["?", "?"], "per_module exactly ?")
    for label, c in [("more", 4), ("negative", -1)]:
        SUITE.gate(
            f"expert_choice_{label}",
            of,
            {"s": "tensor<?x?xf32>", "c": "index"},
            f"%r = condcomp.expert_choice %s, %c : tensor<?x?xf32> -> {of}",
            {"": [np.zeros((3, 4), np.float32), index(c)]},
            None,
            error=f"expert_choice C3: c = {c}",
        )


def limit_groups():
    def add(name, element, dims, groups, sum_of, calls, error=None):
        scores = tensor(dims, element)
        summed = "" if sum_of == 1 else f"sum_of({sum_of}) "
        SUITE.add(
            function(
                name,
                {"s": scores, "keep": "index", "f": element},
                f"%y = condcomp.limit_groups %s groups({groups}) keep(%keep) "
                f"{summed}fill(%f) : {scores}",
                {"y": scores},
            ),
            *[
                Call(
                    name,
                    [values, index(keep), inputs.DTYPES[element](fill)],
                    lambda s, k, f: [ref.limit_groups(s, groups, int(k), f, sum_of)],
                    [Exact()],
                    label,
                    row_inputs=[0] if len(dims) == 2 else [],
                    row_outputs=[0],
                    error=error,
                )
                for label, values, keep, fill in calls
            ],
        )

    # Scores below zero, and a fill that wins over them or never does.
    for element, sum_of in [
        ("f32", 1),
        ("f32", 2),
        ("f32", 7),
        ("bf16", 2),
        ("f64", 2),
    ]:
        shapes = [(0, 28), (9, 28)]
        add(
            f"limit_groups_{element}_{sum_of}",
            element,
            ["?", 28],
            4,
            sum_of,
            [
                (f"{label}-{keep}-{fill}", values, keep, fill)
                for label, values in [
                    ("normal", inputs.normal("groups", (70, 28), element)),
                    *score_calls(shapes, element),
                ]
                for keep, fill in [(0, 0.0), (1, -np.inf), (3, 0.0), (4, 0.0)]
            ],
        )
    for groups, shapes in [(1, inputs.BATCHED), (2, [(2, 3, 6), (3, 0, 2), (1, 2, 0)])]:
        add(
            f"limit_{groups}_batched",
            "f32",
            ["?", "?", "?"],
            groups,
            1,
            [(label, values, 1, np.nan) for label, values in score_calls(shapes)],
        )
    four = inputs.normal("groups", (3, 12))
    # Sizes that are known, though the type does not have them.
    SUITE.add(
        function(
            "limit_groups_cast",
            {"s": tensor([3, 12], "f32"), "f": "f32"},
            """%c = tensor.cast %s : tensor<3x12xf32> to tensor<?x?xf32>
            %y = condcomp.limit_groups %c groups(4) keep(2) sum_of(3) fill(%f)
                : tensor<?x?xf32>""",
            {"y": tensor(["?", "?"], "f32")},
        ),
        Call(
            "limit_groups_cast",
            [four, np.float32(-np.inf)],
            lambda s, f: [ref.limit_groups(s, 4, 2, f, 3)],
            [Exact()],
        ),
    )
    for label, values, keep, sum_of, error in [
        (
            "divide",
            inputs.normal("groups", (3, 10)),
            1,
            1,
            "limit_groups C1: the number of groups, 4",
        ),
        ("keep", four, 5, 1, "limit_groups C2: keep = 5"),
        ("negative", four, -1, 1, "limit_groups C2: keep = -1"),
        ("sum", four, 1, 4, "limit_groups C3: sum_of = 4"),
    ]:
        add(
            f"limit_groups_{label}",
            "f32",
            ["?", "?"],
            4,
            sum_of,
            [("", values, keep, 0.0)],
            error,
        )


# |error| of f32 noise is below this.
MARGIN = 1e-4


def spread(logits, k, key, step=0, ids=None):
    """Logits with rows of minus infinity where a draw is too close to call."""
    noise = ref.gumbel(logits.shape, key, step, ids, logits.dtype == np.float64)
    ordered = -np.sort(-(logits.astype(np.float64) + noise), axis=-1)
    if not 0 < k < logits.shape[-1]:
        return logits
    with np.errstate(invalid="ignore"):
        close = ordered[..., k - 1] - ordered[..., k] < MARGIN
    return np.where(close[..., None], logits.dtype.type(-np.inf), logits)


def sample():
    keys = [0, 1, -1, 0x0123456789ABCDEF]
    for dims, shapes in [("??", inputs.SHAPES + [(300, 256)]), ("???", inputs.BATCHED)]:
        dims = list(dims)
        of, logits = RoutingType(dims, "exactly ?"), tensor(dims, "f32")
        SUITE.gate(
            f"sample_{len(dims)}d",
            of,
            {"l": logits, "k": "index", "key": "i64", "step": "index"},
            f"%r = condcomp.sample %l, %k key(%key) step(%step) : {logits} -> {of}",
            {
                f"{name_of(shape)}-k{k}-{key}": [
                    spread(inputs.normal("sample", shape), k, key, step),
                    index(k),
                    index(key),
                    index(step),
                ]
                for shape in shapes
                for k in sorted({0, 1, shape[-1] // 2, shape[-1]})
                for key, step in zip(keys, [0, 1, 2**32 - 1, 5])
            },
            lambda l, k, key, step: ref.sample(l, int(k), int(key), int(step)),
        )
    of = RoutingType(["?", 8], "exactly 3")
    far = index([2**40 + 7, -1, 3, 0, 2**32, 2**32 - 1, 12])
    SUITE.gate(
        "sample_by_id",
        of,
        {"l": "tensor<?x8xf32>", "ids": "tensor<?xindex>"},
        f"""%key = arith.constant 42 : i64
        %r = condcomp.sample %l, 3 key(%key) ids(%ids : tensor<?xindex>)
          : tensor<?x8xf32> -> {of}""",
        {
            str(len(ids)): [
                spread(inputs.normal("ids", (len(ids), 8)), 3, 42, 0, ids),
                ids,
            ]
            for ids in [far, far[:1], far[:0], np.arange(90)[::-1].copy()]
        },
        lambda l, ids: ref.sample(l, 3, 42, 0, ids),
        row_inputs=[0, 1],
    )
    for element in ELEMENTS:
        of = RoutingType([5, "?", 6], "exactly 2", weight_of(element))
        logits = tensor([5, "?", 6], element)
        SUITE.gate(
            f"sample_{element}",
            of,
            {"l": logits, "key": "i64"},
            f"%r = condcomp.sample %l, 2 key(%key) : {logits} -> {of}",
            {
                str(rows): [
                    spread(inputs.normal("element", (5, rows, 6), element), 2, 9),
                    index(9),
                ]
                for rows in [0, 1, 33]
            },
            lambda l, key: ref.sample(l, 2, int(key)),
        )
    # Minus infinity is never drawn before a number, NaN never before either.
    of = RoutingType(["?", "?"], "exactly ?")
    arguments = {
        "l": "tensor<?x?xf32>",
        "k": "index",
        "step": "index",
        "ids": "tensor<?xindex>",
    }
    text = f"""%key = arith.constant 3 : i64
      %r = condcomp.sample %l, %k key(%key) step(%step) ids(%ids : tensor<?xindex>)
        : tensor<?x?xf32> -> {of}"""
    masked = np.array([[0, -np.inf, 0, np.nan], [-np.inf, np.nan, np.nan, 1]], "f4")
    SUITE.gate(
        "sample_masked",
        of,
        arguments,
        text,
        {f"k{k}": [masked, index(k), index(0), np.arange(2)] for k in [2, 3, 4]},
        lambda l, k, step, ids: ref.sample(l, int(k), 3, 0, ids),
    )
    for label, k, step, rows, error in [
        ("more", 5, 0, 2, "sample C3: k = 5"),
        ("negative", -1, 0, 2, "sample C3: k = -1"),
        ("step", 1, 2**32, 2, "sample C4: step = 4294967296"),
        ("before", 1, -1, 2, "sample C4: step = -1"),
        ("ids", 1, 0, 3, "expected 2"),
    ]:
        SUITE.gate(
            f"sample_{label}",
            of,
            arguments,
            text,
            {"": [masked, index(k), index(step), np.arange(rows)]},
            None,
            error=error,
        )


def body_ids():
    """Draws of rows in a body are those of the same rows outside of it."""
    SUITE.add(
        function(
            "sample_in_body",
            {"l": "tensor<?x8xf32>", "on": "tensor<?x1xi1>"},
            """
            %c0 = arith.constant 0 : index
            %key = arith.constant 11 : i64
            %n = tensor.dim %l, %c0 : tensor<?x8xf32>
            %zero = arith.constant 0.0 : f32
            %e = tensor.empty(%n) : tensor<?x8xf32>
            %o = linalg.fill ins(%zero : f32) outs(%e : tensor<?x8xf32>)
              -> tensor<?x8xf32>
            %r = condcomp.from_mask %on : tensor<?x1xi1> -> !condcomp.routing<?x1, f32>
            %y = condcomp.apply %r : !condcomp.routing<?x1, f32>
                rows(%l : tensor<?x8xf32>) outs(%o : tensor<?x8xf32>) with_ids {
            ^bb0(%some: tensor<?x8xf32>, %ids: tensor<?xindex>):
              %s = condcomp.sample %some, 2 key(%key) ids(%ids : tensor<?xindex>)
                : tensor<?x8xf32> -> !condcomp.routing<?x8, f32, exactly 2>
              %d = condcomp.to_dense %s : !condcomp.routing<?x8, f32, exactly 2>
                -> tensor<?x8xf32>
              condcomp.yield %d : tensor<?x8xf32>
            } -> tensor<?x8xf32>
            """,
            {"y": "tensor<?x8xf32>"},
        ),
        *[
            Call(
                "sample_in_body",
                [
                    spread(inputs.normal("body", (rows, 8)), 2, 11),
                    inputs.mask("body", (rows, 1)),
                ],
                lambda l, on: [np.where(on, ref.to_dense(ref.sample(l, 2, 11)), 0)],
                [Exact()],
                str(rows),
            )
            for rows in [0, 1, 50]
        ],
    )


# Draws of the first module: 20,000 rows of the same logits.
PROBABILITIES = np.array([0.4, 0.3, 0.2, 0.06, 0.03, 0.01])
ROWS = 20000


def statistics():
    of = RoutingType(["?", 6], "exactly 1")
    logits = np.tile(np.log(PROBABILITIES).astype(np.float32), (ROWS, 1))
    SUITE.gate(
        "sample_statistics",
        of,
        {"l": "tensor<?x6xf32>", "key": "i64"},
        f"%r = condcomp.sample %l, 1 key(%key) : tensor<?x6xf32> -> {of}",
        {str(key): [spread(logits, 1, key), index(key)] for key in range(3)},
        lambda l, key: ref.sample(l, 1, int(key)),
    )


@pytest.mark.parametrize("key", range(3))
def test_draws_follow_softmax(key):
    call = next(c for c in SUITE.calls if str(c) == f"sample_statistics-{key}")
    drawn = np.isfinite(call.inputs[0][:, 0])
    counts = np.bincount(SUITE.outputs(call)[4][drawn, 0], minlength=len(PROBABILITIES))
    expected = PROBABILITIES * drawn.sum()
    statistic = ((counts - expected) ** 2 / expected).sum()
    # The 99.9% quantile of chi-squared with 5 degrees of freedom.
    assert statistic < 20.5, (counts, expected)
    assert drawn.mean() > 0.999


top_p()
expert_choice()
limit_groups()
sample()
body_ids()
statistics()
test_reference, test_forms, test_rows_alone = SUITE.tests()
test_errors = SUITE.error_test()
