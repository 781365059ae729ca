# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""iterate: steps, limits, params, ids and state."""

import numpy as np

import inputs
from condcomp import reference as ref
from condcomp.reference import Exit
from harness import Call, Exact, Suite
from programs import function

SUITE = Suite("iterate")
X, P, S, W = "tensor<?x4xf32>", "tensor<?xf32>", "tensor<?x3xf32>", "tensor<?x4xf32>"

# A row is done once what it has gathered in p, the positive values of column 0,
# passes 2. State counts the steps of a row at its id.
BODY = """
    %c0 = arith.constant 0 : index
    %f0 = arith.constant 0.0 : f32
    %f1 = arith.constant 1.0 : f32
    %f2 = arith.constant 2.0 : f32
    %rows = tensor.dim %h, %c0 : tensor<?x4xf32>
    %column = linalg.generic {indexing_maps = [affine_map<(r) -> (r, 0)>, affine_map<(r) -> (r)>, affine_map<(r) -> (r)>],
        iterator_types = ["parallel"]} ins(%h, %p : tensor<?x4xf32>, tensor<?xf32>) outs(%p : tensor<?xf32>) {
    ^bb1(%a: f32, %b: f32, %o: f32):
      %positive = arith.maximumf %a, %f0 : f32
      %sum = arith.addf %b, %positive : f32
      linalg.yield %sum : f32
    } -> tensor<?xf32>
    %de = tensor.empty(%rows) : tensor<?xi1>
    %done = linalg.generic {indexing_maps = [affine_map<(r) -> (r)>, affine_map<(r) -> (r)>],
        iterator_types = ["parallel"]} ins(%column : tensor<?xf32>) outs(%de : tensor<?xi1>) {
    ^bb1(%a: f32, %o: i1):
      %past = arith.cmpf ogt, %a, %f2 : f32
      linalg.yield %past : i1
    } -> tensor<?xi1>
    %next = linalg.generic {indexing_maps = [affine_map<(r, c) -> (r, c)>, affine_map<(r, c) -> (c)>, affine_map<(r, c) -> (r, c)>],
        iterator_types = ["parallel", "parallel"]} ins(%h, %w : tensor<?x4xf32>, tensor<4xf32>) outs(%h : tensor<?x4xf32>) {
    ^bb1(%a: f32, %b: f32, %o: f32):
      %moved = arith.addf %a, %b : f32
      linalg.yield %moved : f32
    } -> tensor<?x4xf32>
    %i = arith.index_cast %step : index to i32
    %t = arith.sitofp %i : i32 to f32
    %y = linalg.map ins(%h : tensor<?x4xf32>) outs(%h : tensor<?x4xf32>) (%a: f32, %o: f32) {
      %b = arith.addf %a, %t : f32
      linalg.yield %b : f32
    }
    %at = tensor.expand_shape %ids [[0, 1]] output_shape [%rows, 1] : tensor<?xindex> into tensor<?x1xindex>
    %old = tensor.gather %s[%at] gather_dims([0]) : (tensor<?x3xf32>, tensor<?x1xindex>) -> tensor<?x3xf32>
    %more = linalg.map ins(%old : tensor<?x3xf32>) outs(%old : tensor<?x3xf32>) (%a: f32, %o: f32) {
      %b = arith.addf %a, %f1 : f32
      linalg.yield %b : f32
    }
    %new = tensor.scatter %more into %s[%at] scatter_dims([0]) unique : (tensor<?x3xf32>, tensor<?x3xf32>, tensor<?x1xindex>) -> tensor<?x3xf32>
    condcomp.exit %done : tensor<?xi1> results(%y, %ids : tensor<?x4xf32>, tensor<?xindex>)
      carry(%next, %column : tensor<?x4xf32>, tensor<?xf32>) state(%new : tensor<?x3xf32>)
"""


def body(h, p, w, state, ids, step):
    gathered = p + np.maximum(h[:, 0], 0)
    state = state.copy()
    state[ids] += 1
    return Exit(gathered > 2, [h + step, ids], [h + w, gathered], [state])


def reference(n, x, p, w, s, o, q):
    results, state, left_at = ref.iterate(
        body, int(n), [x, p], [o, q], [w], [s], with_ids=True, with_step=True
    )
    return [*results, *state, left_at]


def steps(limit, seed=0, slope=None):
    weights = inputs.rng("steps", seed).integers(-1, 3, (limit, 4)).astype(np.float32)
    if slope is not None:
        weights[:] = slope
    return weights


def call(label, n, x, weights, error=None):
    rows = len(x)
    arguments = [
        np.int64(n),
        x,
        np.zeros(rows, np.float32),
        weights,
        inputs.ties("state", (rows, 3)),
        np.full((rows, 4), np.nan, np.float32),
        np.full(rows, -1, np.int64),
    ]
    if error:
        return Call("iterate", arguments, None, [], label, error=error)
    return Call(
        "iterate",
        arguments,
        reference,
        [Exact()] * 4,
        label,
        row_inputs=[1, 2, 4, 5, 6],
        row_outputs=[0, 2, 3],
    )


def some(rows, seed=0):
    return inputs.rng("rows", rows, seed).integers(-4, 3, (rows, 4)).astype(np.float32)


SUITE.add(
    function(
        "iterate",
        {
            "n": "index",
            "x": X,
            "p0": P,
            "w0": W,
            "s0": S,
            "outs": X,
            "q": "tensor<?xindex>",
        },
        f"""
        %y, %which, %state, %left = condcomp.iterate steps(%n) rows(%x, %p0 : {X}, {P})
            params(%w0 : {W}) state(%s0 : {S}) outs(%outs, %q : {X}, tensor<?xindex>) with_ids with_step {{
        ^bb0(%h: {X}, %p: {P}, %w: tensor<4xf32>, %s: {S}, %ids: tensor<?xindex>, %step: index):
        {BODY}
        }} -> {X}, tensor<?xindex>, {S}, tensor<?xi32>""",
        {"y": X, "which": "tensor<?xindex>", "state": S, "left": "tensor<?xi32>"},
    ),
    *[
        call(f"{rows}-rows-{n}-steps", n, some(rows), steps(n + 1))
        for rows in [0, 1, 2, 7, 64]
        for n in [0, 1, 2, 5]
    ],
    call("long", 60, some(33), steps(60, slope=0.125)),
    call("none-leaves", 4, np.full((5, 4), -9, np.float32), steps(4, slope=0)),
    call("all-at-once", 4, np.full((5, 4), 3, np.float32), steps(4)),
    call("all-at-the-limit", 3, np.full((5, 4), 1, np.float32), steps(3, slope=0)),
    call("specials", 4, inputs.specials("x", (9, 4), "f32"), steps(4)),
    call(
        "below-zero",
        -1,
        some(3),
        steps(2),
        error="iterate C11: the limit of steps is -1",
    ),
    call(
        "params",
        3,
        some(3),
        steps(2),
        error="iterate C12: a params operand has 2 steps, the limit is 3",
    ),
)

# What is carried must keep its size: here it loses a column in every step.
D = "tensor<?x?xf32>"
SUITE.add(
    function(
        "shrinking",
        {"x": D, "by": "index"},
        f"""
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %n = arith.constant 3 : index
        %false = arith.constant false
        %y, %left = condcomp.iterate steps(%n) rows(%x : {D}) outs(%x : {D}) {{
        ^bb0(%h: {D}):
          %rows = tensor.dim %h, %c0 : {D}
          %width = tensor.dim %h, %c1 : {D}
          %less = arith.subi %width, %by : index
          %done = tensor.splat %false[%rows] : tensor<?xi1>
          %part = tensor.extract_slice %h[0, 0] [%rows, %less] [1, 1] : {D} to {D}
          condcomp.exit %done : tensor<?xi1> results(%h : {D}) carry(%part : {D})
        }} -> {D}, tensor<?xi32>""",
        {"y": D, "left": "tensor<?xi32>"},
    ),
    Call(
        "shrinking",
        [some(5), np.int64(0)],
        lambda x, by: [x, np.full(len(x), 3)],
        [Exact(), Exact()],
        "by-0",
    ),
    Call(
        "shrinking",
        [some(5), np.int64(1)],
        None,
        [],
        "by-1",
        error="iterate C8: a carried tensor has size 3 in dim 1, expected 4",
    ),
)

test_reference, test_forms, test_rows_alone = SUITE.tests()
test_errors = SUITE.error_test()
