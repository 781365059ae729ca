# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""confidence, and checks of the program's own."""

import numpy as np

import inputs
from condcomp import reference as ref
from harness import Call, Exact, Suite, compare_elements
from programs import function, tensor

SUITE = Suite("confidence")


class Probability:
    """An error of a few roundings at the scale of the measure's range."""

    def __init__(self, scale, element):
        self.bound = 32 * scale * (2.0**-52 if element == "f64" else 2.0**-23)

    def compare(self, got, want, name):
        compare_elements(got, want, self.bound, name)


def one_sure(seed, shape, element):
    """Logits whose other probabilities underflow: 0 ln 0 = 0."""
    logits = np.full(shape, -200.0)
    logits[..., shape[-1] // 2] = 0
    return logits.astype(inputs.DTYPES[element])


for kind in ["max_prob", "entropy", "margin"]:
    for dims, element, shapes in [
        (["?", "?"], "f32", [(0, 3), (1, 2), (7, 10), (65, 33)]),
        (["?", 10], "bf16", [(0, 10), (1, 10), (19, 10)]),
        (["?", 10], "f16", [(0, 10), (1, 10), (19, 10)]),
        ([2, "?", 7], "f64", [(2, 0, 7), (2, 9, 7)]),
        (["?"], "f32", [(2,), (100,)]),
    ]:
        logits, weight = tensor(dims, element), "f64" if element == "f64" else "f32"
        result = tensor(dims[:-1], weight)
        name = f"confidence_{kind}_{len(dims)}d_{element}"
        SUITE.add(
            function(
                name,
                {"l": logits},
                f"%c = condcomp.confidence {kind} %l : {logits} -> {result}",
                {"c": result},
            ),
            *[
                Call(
                    name,
                    [make("logits", shape, element)],
                    lambda l, kind=kind: [ref.confidence(l, kind)],
                    [Probability(np.log(max(shape[-1], 3)), weight)],
                    f"{make.__name__}-{'x'.join(map(str, shape))}",
                    row_inputs=[0] if dims[0] == "?" and len(dims) > 1 else [],
                    row_outputs=[0],
                )
                for shape in shapes
                for make in [inputs.normal, inputs.ties, inputs.specials, one_sure]
            ],
        )

for kind, classes in [("max_prob", 0), ("margin", 1)]:
    SUITE.add(
        function(
            f"confidence_{kind}_classes",
            {"l": "tensor<?x?xf32>"},
            f"%c = condcomp.confidence {kind} %l : tensor<?x?xf32> -> tensor<?xf32>",
            {"c": "tensor<?xf32>"},
        ),
        Call(
            f"confidence_{kind}_classes",
            [np.zeros((3, classes), np.float32)],
            None,
            [],
            error=f"confidence C3: needs at least {classes + 1} classes, got {classes}",
        ),
    )

SUITE.add(
    function(
        "check",
        {"i": "index", "x": "f32"},
        """%c2 = arith.constant 2 : index
        %ok = arith.cmpi ult, %i, %c2 : index
        condcomp.check %ok, "{1} at {0}"(%i, %x) : index, f32""",
        {"i": "index"},
    ),
    *[
        Call(
            "check",
            [np.array(i), np.array(1.5, np.float32)],
            lambda i, x: [i],
            [Exact()],
            str(i),
            error=error,
        )
        for i, error in [(1, None), (7, "1.5 at 7")]
    ],
)

test_reference, test_forms, test_rows_alone = SUITE.tests()
test_errors = SUITE.error_test()
