# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""cascade: exits, carried rows, ids and state."""

import numpy as np

import inputs
from condcomp import reference as ref
from condcomp.reference import Exit
from harness import Call, Exact, Suite, Ulps
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

# An open cascade, its sizes known at run time only, and what other rows answer.
D, I1 = "tensor<?x?xf32>", "tensor<?xi1>"
OPEN = f"""
    %c0 = arith.constant 0 : index
    %y, %left, %ids, %h, %kept = condcomp.cascade rows(%x, %a, %b : {D}, {I1}, {I1}) outs(%o : {D}) {{
    ^bb0(%h0: {D}, %a0: {I1}, %b0: {I1}):
      %y0 = arith.negf %h0 : {D}
      condcomp.exit %a0 : {I1} results(%y0 : {D}) carry(%h0, %b0 : {D}, {I1})
    }}, {{
    ^bb0(%h1: {D}, %b1: {I1}):
      %y1 = arith.addf %h1, %h1 : {D}
      condcomp.exit %b1 : {I1} results(%y1 : {D}) carry(%y1, %b1 : {D}, {I1})
    }} -> {D}, tensor<?xi32>, tensor<?xindex>, {D}, {I1}"""


def open_reference(x, a, b, o):
    stages = [
        lambda h, a, b: Exit(a, [-h], [h, b]),
        lambda h, b: Exit(b, [h + h], [h + h, b]),
    ]
    (y,), _, left_at, ids, carry = ref.cascade(
        stages, [x, a, b], outs=[o], is_open=True
    )
    return [y, left_at, ids, *carry]


def leavers(rows, share):
    """Which rows leave at the first and at the second stage."""
    draws = inputs.rng("leavers", rows, share).random((2, rows)) < share
    return [draws[0], draws[1]]


def open_calls(name, reference, bounds):
    for rows in [0, 1, 2, 40]:
        for share in [0, 0.5, 1]:
            x = inputs.normal("open", (rows, 3), "f32")
            o = np.full((rows, 3), np.nan, np.float32)
            yield Call(
                name,
                [x, *leavers(rows, share), o],
                reference,
                bounds,
                f"{rows}-{share}",
                row_inputs=[0, 1, 2, 3],
                row_outputs=[0, 1],
            )


SUITE.add(
    function(
        "open",
        {"x": D, "a": I1, "b": I1, "o": D},
        OPEN,
        {
            "y": D,
            "left": "tensor<?xi32>",
            "ids": "tensor<?xindex>",
            "h": D,
            "kept": I1,
        },
    ),
    *open_calls("open", open_reference, [Exact()] * 5),
    Call(
        "open",
        [np.zeros((3, 4), np.float32), *leavers(3, 0.5), np.zeros((3, 2), np.float32)],
        None,
        [],
        "outs",
        error="cascade C8: a result has size 4 in dim 1, expected 2",
    ),
    Call(
        "open",
        [np.zeros((3, 4), np.float32), *leavers(3, 0.5), np.zeros((2, 4), np.float32)],
        None,
        [],
        "rows-of-outs",
        error="cascade C9: an outs operand has 2 rows, expected 3",
    ),
)


def round_trip_reference(x, a, b, o):
    y, left_at, ids, h, _ = open_reference(x, a, b, o)
    y[ids] = h - 1
    return [y, left_at]


# The survivors' answers, put back in place by their ids.
SUITE.add(
    function(
        "round_trip",
        {"x": D, "a": I1, "b": I1, "o": D},
        OPEN + f"""
        %c1 = arith.constant 1 : index
        %f1 = arith.constant 1.0 : f32
        %answers = linalg.map ins(%h : {D}) outs(%h : {D}) (%e: f32, %old: f32) {{
          %less = arith.subf %e, %f1 : f32
          linalg.yield %less : f32
        }}
        %rows = tensor.dim %x, %c0 : {D}
        %width = tensor.dim %x, %c1 : {D}
        %k = tensor.dim %ids, %c0 : tensor<?xindex>
        %at = tensor.expand_shape %ids [[0, 1]] output_shape [1, %k] : tensor<?xindex> into tensor<1x?xindex>
        %r = condcomp.assign %at modules(%rows) : tensor<1x?xindex> -> !condcomp.routing<1x?, f32, exactly ?>
        %entries = tensor.expand_shape %answers [[0, 1], [2]] output_shape [1, %k, %width] : {D} into tensor<1x?x?xf32>
        %whole = tensor.expand_shape %y [[0, 1], [2]] output_shape [1, %rows, %width] : {D} into tensor<1x?x?xf32>
        %put = condcomp.restore replace %r entries(%entries : tensor<1x?x?xf32>) outs(%whole : tensor<1x?x?xf32>) : !condcomp.routing<1x?, f32, exactly ?>
        %all = tensor.collapse_shape %put [[0, 1], [2]] : tensor<1x?x?xf32> into {D}""",
        {"all": D, "left": "tensor<?xi32>"},
    ),
    *open_calls("round_trip", round_trip_reference, [Ulps(1), Exact()]),
)

test_reference, test_forms, test_rows_alone = SUITE.tests()
test_errors = SUITE.error_test()
