# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""cascade: exits, carried rows, ids and state."""

import numpy as np

import inputs
from condcomp import reference as ref
from condcomp.reference import Exit
from harness import Call, Exact, Suite
from programs import function

SUITE = Suite("cascade")
X, S = "tensor<?x4xf32>", "tensor<?x3xf32>"


def stage(number, last=False):
    """Rows whose column `number` is positive leave; state doubles at the ids."""
    n = number
    text = f"""
      ^bb0(%h{n}: {X}, %s{n}: {S}, %ids{n}: tensor<?xindex>):
        %rows{n} = tensor.dim %ids{n}, %c0 : tensor<?xindex>
        %at{n} = tensor.expand_shape %ids{n} [[0, 1]] output_shape [%rows{n}, 1] : tensor<?xindex> into tensor<?x1xindex>
        %old{n} = tensor.gather %s{n}[%at{n}] gather_dims([0]) : ({S}, tensor<?x1xindex>) -> {S}
        %twice{n} = arith.addf %old{n}, %old{n} : {S}
        %new{n} = tensor.scatter %twice{n} into %s{n}[%at{n}] scatter_dims([0]) unique : ({S}, {S}, tensor<?x1xindex>) -> {S}
        %y{n} = arith.negf %h{n} : {X}"""
    if last:
        return text + f"""
        condcomp.yield %y{n}, %ids{n}, %new{n} : {X}, tensor<?xindex>, {S}
      }}"""
    return text + f"""
        %e{n} = tensor.empty(%rows{n}) : tensor<?xi1>
        %done{n} = linalg.generic {{indexing_maps = [affine_map<(r) -> (r, {n})>, affine_map<(r) -> (r)>], iterator_types = ["parallel"]}} ins(%h{n} : {X}) outs(%e{n} : tensor<?xi1>) {{
        ^bb1(%v{n}: f32, %o{n}: i1):
          %p{n} = arith.cmpf ogt, %v{n}, %f0 : f32
          linalg.yield %p{n} : i1
        }} -> tensor<?xi1>
        condcomp.exit %done{n} : tensor<?xi1> results(%y{n}, %ids{n} : {X}, tensor<?xindex>) carry(%y{n} : {X}) state(%new{n} : {S})
      }}, {{"""


def reference_stage(number, last=False):
    def run(h, state, ids):
        state = state.copy()
        state[ids] *= 2
        done = None if last else h[:, number] > 0
        return Exit(done=done, results=[-h, ids], carry=[-h], state=[state])

    return run


def reference(x, s):
    stages = [reference_stage(0), reference_stage(1), reference_stage(2, last=True)]
    results, state, left_at = ref.cascade(stages, [x], [s], with_ids=True)
    return [*results, *state, left_at]


def all_leave(value):
    """Every row leaves at the first stage (1) or at the last one (0)."""
    x = np.full((9, 4), float(value), np.float32)
    x[:, 1] = 0
    return x


calls = {
    f"{make.__name__}-{rows}": make("x", (rows, 4), "f32")
    for rows in [0, 1, 2, 7, 64]
    for make in [inputs.normal, inputs.ties, inputs.specials]
}
calls |= {"first": all_leave(1), "last": all_leave(0)}
SUITE.add(
    function(
        "cascade_state",
        {"x": X, "s": S},
        f"""
        %c0 = arith.constant 0 : index
        %f0 = arith.constant 0.0 : f32
        %y, %ids, %state, %left = condcomp.cascade rows(%x : {X}) state(%s : {S}) with_ids {{
        {stage(0)}{stage(1)}{stage(2, last=True)} -> {X}, tensor<?xindex>, {S}, tensor<?xi32>""",
        {"y": X, "ids": "tensor<?xindex>", "state": S, "left": "tensor<?xi32>"},
    ),
    *[
        Call(
            "cascade_state",
            [x, inputs.normal("state", (len(x), 3), "f32")],
            reference,
            [Exact(), Exact(), Exact(), Exact()],
            label,
            row_inputs=[0, 1],
            row_outputs=[0, 2, 3],
        )
        for label, x in calls.items()
    ],
    Call(
        "cascade_state",
        [np.zeros((3, 4), np.float32), np.zeros((2, 3), np.float32)],
        None,
        [],
        "rows",
        error="cascade C1",
    ),
)

test_reference, test_forms, test_rows_alone = SUITE.tests()
test_errors = SUITE.error_test()
