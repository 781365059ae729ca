# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conditional ops inside conditional bodies, against the reference composed alike."""

import numpy as np

import inputs
from condcomp import reference as ref
from condcomp.reference import Exit
from harness import Call, Exact, Program, Suite
from programs import elementwise, function, matmul

SUITE = Suite("compose")
X = "tensor<?x4xf32>"
LEFT = "tensor<?xi32>"
ROWS = [0, 1, 2, 9, 40]


def done(name, x, of=X, threshold="%zero"):
    """%name: the first column is above a threshold."""
    columns = ", ".join(["0"] * (of.count("x") - 1))
    return f"""
      %{name}_c0 = arith.constant 0 : index
      %{name}_n = tensor.dim %{x}, %{name}_c0 : {of}
      %{name}_e = tensor.empty(%{name}_n) : tensor<?xi1>
      %{name} = linalg.generic {{indexing_maps = [affine_map<(r) -> (r, {columns})>, affine_map<(r) -> (r)>],
          iterator_types = ["parallel"]}} ins(%{x} : {of}) outs(%{name}_e : tensor<?xi1>) {{
      ^bb9(%v: f32, %o: i1):
        %above = arith.cmpf ogt, %v, {threshold} : f32
        linalg.yield %above : i1
      }} -> tensor<?xi1>"""


def leaving(rows, share):
    """A column of ±1, by which rows leave."""
    draws = inputs.rng("leaving", rows, share).random(rows) < share
    return np.where(draws, 1, -1).astype(np.float32)


def with_shares(make):
    """Calls in which none, some and all rows leave at once."""
    for rows in ROWS:
        for share in [0, 0.5, 1]:
            yield make(rows, share, f"{rows}-{share}")


def experts_after_pruning():
    """Experts on the tokens that a stage keeps; gates on what rows it has."""
    tokens, kept, flat = "tensor<?x6x4xf32>", "tensor<?x3x4xf32>", "tensor<?x4xf32>"
    prune = "!condcomp.routing<?x6, f32, exactly 3>"
    route = "!condcomp.routing<?x4, f32, exactly 2>"
    product, _ = matmul("z", "te", flat, "we", "tensor<4x4xf32>")
    text = f"""
      %zero = arith.constant 0.0 : f32
      %c0 = arith.constant 0 : index
      %y, %left = condcomp.cascade rows(%x, %s : {tokens}, tensor<?x6xf32>) {{
      ^bb0(%h: {tokens}, %sal: tensor<?x6xf32>):
        %best = condcomp.top_k %sal, 3 : tensor<?x6xf32> -> {prune}
        %k = condcomp.select %best from pairs(%h : {tokens}) : {prune} -> {kept}
        %n = tensor.dim %k, %c0 : {kept}
        %t = tensor.collapse_shape %k [[0, 1], [2]] : {kept} into {flat}
        %r = condcomp.top_k %t, 2 : {flat} -> {route}
        %m = condcomp.apply %r : {route} rows(%t : {flat}) params(%w : tensor<4x4x4xf32>)
            outs(%t : {flat}) combine(sum) {{
        ^bb1(%te: {flat}, %we: tensor<4x4xf32>):
          {product}
          condcomp.yield %z : {flat}
        }} -> {flat}
        %e = tensor.expand_shape %m [[0, 1], [2]] output_shape [%n, 3, 4] : {flat} into {kept}
        {done("leaves", "h", tokens)}
        condcomp.exit %leaves : tensor<?xi1> results(%e : {kept}) carry(%e : {kept})
      }}, {{
      ^bb0(%h: {kept}):
        %twice = arith.addf %h, %h : {kept}
        condcomp.yield %twice : {kept}
      }} -> {kept}, {LEFT}"""

    def reference(x, s, w):
        def stage(h, saliency):
            k = ref.select(ref.top_k(saliency, 3), "pairs", h)
            t = k.reshape(-1, 4)
            (m,) = ref.apply(
                ref.top_k(t, 2), lambda t, w: [t @ w], [t], params=[w], outs=[t]
            )
            return Exit(h[:, 0, 0] > 0, [m.reshape(k.shape)], [m.reshape(k.shape)])

        last = lambda h: Exit(results=[2 * h])
        (y,), _, left_at = ref.cascade([stage, last], [x, s])
        return [y, left_at]

    def make(rows, share, label):
        x = inputs.separated("x", (rows, 6, 4)) + np.float32(0.125)
        x[:, 0, 0] = np.abs(x[:, 0, 0]) * leaving(rows, share) + 4
        x[:, 0, 0] -= 4 * (leaving(rows, share) < 0) * 3
        values = [x, inputs.separated("s", (rows, 6)), inputs.normal("w", (4, 4, 4))]
        return Call(
            "experts_after_pruning",
            values,
            reference,
            [Program(), Exact()],
            label,
            row_inputs=[0, 1],
            row_outputs=[0, 1],
        )

    SUITE.add(
        function(
            "experts_after_pruning",
            {"x": tokens, "s": "tensor<?x6xf32>", "w": "tensor<4x4x4xf32>"},
            text,
            {"y": kept, "left": LEFT},
        ),
        *with_shares(make),
    )


def cascade_in_an_expert():
    """Experts that stop early on easy rows: ids are those of the expert's rows."""
    of = "!condcomp.routing<?x3, f32, exactly 2>"
    text = f"""
      %zero = arith.constant 0.0 : f32
      %r = condcomp.assign %i : tensor<?x2xindex> -> {of}
      %y = condcomp.apply %r : {of} rows(%x : {X}) params(%w : tensor<3x4xf32>)
          outs(%x : {X}) combine(sum) {{
      ^bb0(%xe: {X}, %we: tensor<4xf32>):
        %c0 = arith.constant 0 : index
        %z, %left = condcomp.cascade rows(%xe : {X}) with_ids {{
        ^bb1(%h: {X}, %ids: tensor<?xindex>):
          {done("leaves", "h")}
          %h1 = arith.negf %h : {X}
          condcomp.exit %leaves : tensor<?xi1> results(%h1 : {X}) carry(%h1 : {X})
        }}, {{
        ^bb1(%h: {X}, %ids: tensor<?xindex>):
          %n = tensor.dim %h, %c0 : {X}
          %at = tensor.expand_shape %ids [[0, 1]] output_shape [%n, 1] : tensor<?xindex> into tensor<?x1xindex>
          %own = tensor.gather %xe[%at] gather_dims([0]) : ({X}, tensor<?x1xindex>) -> {X}
          %e = tensor.empty(%n) : {X}
          %b = linalg.broadcast ins(%we : tensor<4xf32>) outs(%e : {X}) dimensions = [0]
          %p = arith.mulf %own, %b : {X}
          condcomp.yield %p : {X}
        }} -> {X}, {LEFT}
        condcomp.yield %z : {X}
      }} -> {X}"""

    def reference(i, x, w):
        def expert(xe, we):
            first = lambda h, ids: Exit(h[:, 0] > 0, [-h], [-h])
            last = lambda h, ids: Exit(results=[xe[ids] * we])
            return ref.cascade([first, last], [xe], with_ids=True)[0]

        return ref.apply(ref.assign(i, 3), expert, [x], params=[w], outs=[x])

    def make(rows, share, label):
        x = inputs.rng("x", rows).integers(-4, 4, (rows, 4)).astype(np.float32)
        x[:, 0] = leaving(rows, share)
        values = [
            inputs.distinct("i", (rows, 2), 3),
            x,
            inputs.rng("w").integers(-4, 4, (3, 4)).astype(np.float32),
        ]
        return Call(
            "cascade_in_an_expert",
            values,
            reference,
            [Exact()],
            label,
            row_inputs=[0, 1],
            row_outputs=[0],
        )

    SUITE.add(
        function(
            "cascade_in_an_expert",
            {"i": "tensor<?x2xindex>", "x": X, "w": "tensor<3x4xf32>"},
            text,
            {"y": X},
        ),
        *with_shares(make),
    )


def iterate_in_iterate():
    """Steps within steps, both counted by their limits and by the rows."""
    grow = elementwise(
        "g1",
        ["g"],
        X,
        "%one = arith.constant 1.0 : f32\n%y = arith.addf %a, %one : f32",
    )
    text = f"""
      %five = arith.constant 5.0 : f32
      %two = arith.constant 2.0 : f32
      %y, %left, %inner = condcomp.iterate steps(%n) rows(%x : {X})
          state(%s : tensor<?xi32>) outs(%x : {X}) with_ids {{
      ^bb0(%h: {X}, %t: tensor<?xi32>, %ids: tensor<?xindex>):
        %c0 = arith.constant 0 : index
        %z, %at = condcomp.iterate steps(%m) rows(%h : {X}) outs(%h : {X}) {{
        ^bb1(%g: {X}):
          {grow}
          {done("enough", "g1", X, "%two")}
          condcomp.exit %enough : tensor<?xi1> results(%g1 : {X}) carry(%g1 : {X})
        }} -> {X}, {LEFT}
        %rows = tensor.dim %h, %c0 : {X}
        %where = tensor.expand_shape %ids [[0, 1]] output_shape [%rows, 1] : tensor<?xindex> into tensor<?x1xindex>
        %u = tensor.scatter %at into %t[%where] scatter_dims([0]) unique : (tensor<?xi32>, tensor<?xi32>, tensor<?x1xindex>) -> tensor<?xi32>
        {done("leaves", "z", X, "%five")}
        condcomp.exit %leaves : tensor<?xi1> results(%z : {X}) carry(%z : {X}) state(%u : tensor<?xi32>)
      }} -> {X}, tensor<?xi32>, {LEFT}"""

    def reference(n, m, x, s):
        def inner(g):
            return Exit(g[:, 0] + 1 > 2, [g + 1], [g + 1])

        def outer(h, t, ids):
            (z,), _, at = ref.iterate(inner, int(m), [h], [h])
            t = t.copy()
            t[ids] = at
            return Exit(z[:, 0] > 5, [z], [z], [t])

        (y,), (t,), left_at = ref.iterate(
            outer, int(n), [x], [x], state=[s], with_ids=True
        )
        return [y, t, left_at]

    SUITE.add(
        function(
            "iterate_in_iterate",
            {"n": "index", "m": "index", "x": X, "s": LEFT},
            text,
            {"y": X, "left": LEFT, "inner": LEFT},
        ),
        *[
            Call(
                "iterate_in_iterate",
                [
                    np.int64(n),
                    np.int64(m),
                    inputs.rng("x", rows).integers(-6, 7, (rows, 4)).astype(np.float32),
                    np.full(rows, -1, np.int32),
                ],
                reference,
                [Exact()] * 3,
                f"{rows}-{n}-{m}",
                row_inputs=[2, 3],
                row_outputs=[0, 1, 2],
            )
            for rows in ROWS
            for n, m in [(0, 3), (3, 0), (4, 3), (9, 1)]
        ],
    )


def cascade_in_iterate():
    """Inner ids number the inner op's rows: those that the step has left."""
    text = f"""
      %zero = arith.constant 0.0 : f32
      %six = arith.constant 6.0 : f32
      %y, %left = condcomp.iterate steps(%n) rows(%x, %k : {X}, {X})
          params(%w : tensor<?x4xf32>) outs(%x : {X}) {{
      ^bb0(%h: {X}, %keep: {X}, %ws: tensor<4xf32>):
        %c0 = arith.constant 0 : index
        %z, %at = condcomp.cascade rows(%h : {X}) with_ids {{
        ^bb1(%g: {X}, %ids: tensor<?xindex>):
          {done("easy", "g")}
          %n0 = tensor.dim %g, %c0 : {X}
          %e0 = tensor.empty(%n0) : {X}
          %b0 = linalg.broadcast ins(%ws : tensor<4xf32>) outs(%e0 : {X}) dimensions = [0]
          %y0 = arith.addf %g, %b0 : {X}
          condcomp.exit %easy : tensor<?xi1> results(%y0 : {X}) carry(%y0 : {X})
        }}, {{
        ^bb1(%g: {X}, %ids: tensor<?xindex>):
          %n1 = tensor.dim %g, %c0 : {X}
          %e1 = tensor.empty(%n1) : {X}
          %y1 = linalg.generic {{indexing_maps = [affine_map<(r, c) -> (r)>, affine_map<(r, c) -> (r, c)>, affine_map<(r, c) -> (r, c)>],
              iterator_types = ["parallel", "parallel"]}} ins(%ids, %g : tensor<?xindex>, {X}) outs(%e1 : {X}) {{
          ^bb2(%id: index, %a: f32, %o: f32):
            %c = linalg.index 1 : index
            %own = tensor.extract %keep[%id, %c] : {X}
            %sum = arith.addf %a, %own : f32
            linalg.yield %sum : f32
          }} -> {X}
          condcomp.yield %y1 : {X}
        }} -> {X}, {LEFT}
        {done("leaves", "z", X, "%six")}
        condcomp.exit %leaves : tensor<?xi1> results(%z : {X}) carry(%z, %keep : {X}, {X})
      }} -> {X}, {LEFT}"""

    def reference(n, x, k, w):
        def step(h, keep, ws):
            first = lambda g, ids: Exit(g[:, 0] > 0, [g + ws], [g + ws])
            last = lambda g, ids: Exit(results=[g + keep[ids]])
            (z,), _, _ = ref.cascade([first, last], [h], with_ids=True)
            return Exit(z[:, 0] > 6, [z], [z, keep])

        (y,), _, left_at = ref.iterate(step, int(n), [x, k], [x], [w])
        return [y, left_at]

    def integers(seed, rows, low, high):
        return inputs.rng(seed, rows).integers(low, high, (rows, 4)).astype(np.float32)

    SUITE.add(
        function(
            "cascade_in_iterate",
            {"n": "index", "x": X, "k": X, "w": X},
            text,
            {"y": X, "left": LEFT},
        ),
        *[
            Call(
                "cascade_in_iterate",
                [
                    np.int64(5),
                    integers("x", rows, low, high),
                    integers("k", rows, -1, 4),
                    integers("w", 5, 0, 4),
                ],
                reference,
                [Exact()] * 2,
                f"{rows}-{low}",
                row_inputs=[1, 2],
                row_outputs=[0, 1],
            )
            for rows in ROWS
            for low, high in [(-5, 6), (7, 9), (-90, -80)]
        ],
    )


def ragged_attention():
    """Each sample's tokens above a threshold attend to each other."""
    tokens, flat = "tensor<?x6x4xf32>", "tensor<?x4xf32>"
    chosen, groups = (
        "!condcomp.routing<?x6, f32>",
        "!condcomp.routing<?x?, f32, exactly 1>",
    )
    text = f"""
      %c0 = arith.constant 0 : index
      %f0 = arith.constant 0.0 : f32
      %r = condcomp.threshold %s, %tau : tensor<?x6xf32>, f32 -> {chosen}
      %p = condcomp.select %r from pairs(%x : {tokens}) : {chosen} -> {flat}
      %offsets = condcomp.row_offsets %r : {chosen} -> tensor<?xindex>
      %g = condcomp.from_offsets %offsets : tensor<?xindex> -> {groups}
      %a = condcomp.apply %g : {groups} rows(%p : {flat}) outs(%p : {flat})
          combine(replace) weights(none) scope(group) {{
      ^bb0(%t: {flat}):
        %n = tensor.dim %t, %c0 : {flat}
        %se = tensor.empty(%n, %n) : tensor<?x?xf32>
        %sz = linalg.fill ins(%f0 : f32) outs(%se : tensor<?x?xf32>) -> tensor<?x?xf32>
        %scores = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>]
            ins(%t, %t : {flat}, {flat}) outs(%sz : tensor<?x?xf32>) -> tensor<?x?xf32>
        %q = linalg.softmax dimension(1) ins(%scores : tensor<?x?xf32>) outs(%se : tensor<?x?xf32>) -> tensor<?x?xf32>
        %ye = tensor.empty(%n) : {flat}
        %yz = linalg.fill ins(%f0 : f32) outs(%ye : {flat}) -> {flat}
        %y = linalg.matmul ins(%q, %t : tensor<?x?xf32>, {flat}) outs(%yz : {flat}) -> {flat}
        condcomp.yield %y : {flat}
      }} -> {flat}
      %all = condcomp.restore replace %r entries(%a : {flat}) outs(%x : {tokens}) : {chosen}"""

    def reference(x, s, tau):
        routing = ref.threshold(s, tau)
        packed = ref.select(routing, "pairs", x)

        def attend(t):
            scores = np.exp(t @ t.T)
            return [scores / scores.sum(-1, keepdims=True) @ t]

        (attended,) = ref.apply(
            ref.from_offsets(ref.row_offsets(routing)),
            attend,
            [packed],
            outs=[packed],
            combine="replace",
            weights="none",
            scope="group",
        )
        return [ref.restore(routing, "replace", attended, x)]

    SUITE.add(
        function(
            "ragged_attention",
            {"x": tokens, "s": "tensor<?x6xf32>", "tau": "f32"},
            text,
            {"all": tokens},
        ),
        *[
            Call(
                "ragged_attention",
                [
                    inputs.normal("x", (rows, 6, 4)),
                    inputs.normal("s", (rows, 6)),
                    np.float32(tau),
                ],
                reference,
                [Program()],
                f"{rows}-{tau}",
                row_inputs=[0, 1],
                row_outputs=[0],
            )
            for rows in ROWS
            for tau in [-100, 0.3, 100]
        ],
    )


experts_after_pruning()
cascade_in_an_expert()
iterate_in_iterate()
cascade_in_iterate()
ragged_attention()
test_reference, test_forms, test_rows_alone = SUITE.tests()
