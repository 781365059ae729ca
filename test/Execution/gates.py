# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs that make a routing and return all queries of it."""

import numpy as np

import inputs
from condcomp import reference as ref
from harness import Call, Exact, Suite
from programs import function, queries

QUERIES = [
    ref.row_sizes,
    ref.module_sizes,
    ref.row_offsets,
    ref.weights,
    ref.indices,
    ref.to_dense,
    ref.to_mask,
    ref.num_entries,
]
# Queries whose leading dim is that of the rows, without batch dims.
ROWS, UNIFORM_ROWS = [0, 5, 6], [0, 3, 4, 5, 6]


def describe(routing):
    return [query(routing) for query in QUERIES]


class GateSuite(Suite):
    def gate(
        self, name, of, arguments, text, calls, reference, row_inputs=(), error=None
    ):
        """Adds a function that makes a routing and returns every query of it."""
        query_text, results = queries("r", of)
        rowwise = list(row_inputs) if len(of.dims) == 2 else []
        outputs = UNIFORM_ROWS if of.bound.startswith("exactly") else ROWS
        self.add(
            function(name, arguments, text + "\n" + query_text, results),
            *[
                Call(
                    function=name,
                    inputs=values,
                    reference=lambda *a: describe(reference(*a)),
                    bounds=[Exact()] * len(QUERIES),
                    label=label,
                    row_inputs=rowwise,
                    row_outputs=outputs,
                    error=error,
                )
                for label, values in calls.items()
            ],
        )


def score_calls(shapes, element="f32"):
    kinds = [inputs.separated, inputs.ties, inputs.specials]
    for shape in shapes:
        for kind in kinds:
            yield f"{kind.__name__}-{'x'.join(map(str, shape))}", kind(
                "scores", shape, element
            )


def index(value):
    return np.array(value, dtype=np.int64)
