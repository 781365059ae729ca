# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""apply: module bodies on the rows routed to them, on replayed decisions."""

import ml_dtypes
import numpy as np

import inputs
from condcomp import reference as ref
from harness import Call, Exact, Program, Suite, Ulps
from programs import RoutingType, elementwise, function, matmul, tensor

SUITE = Suite("apply")
M, D, F = 5, 24, 40
UNIFORM = RoutingType(["?", M], "exactly ?")
PACKED = RoutingType(["?", M])
TOP = {"i": "tensor<?x?xindex>", "w": "tensor<?x?xf32>"}
ASSIGN = f"%r = condcomp.assign %i weights(%w : tensor<?x?xf32>) : tensor<?x?xindex> -> {UNIFORM}"
MASK = {"m": f"tensor<?x{M}xi1>", "w": f"tensor<?x{M}xf32>"}
FROM_MASK = f"""
  %r = condcomp.from_mask %m weights(%w : tensor<?x{M}xf32>) : tensor<?x{M}xi1> -> {PACKED}"""
RELU = """%zero = arith.constant 0.0 : f32
  %y = arith.maximumf %a, %zero : f32"""


def decisions():
    """{label: (indices, weights)}: which modules the rows go to."""
    some = {
        "random": lambda rows: inputs.distinct("i", (rows, 2), M),
        "one_module": lambda rows: np.full((rows, 1), 3),
        "empty_modules": lambda rows: np.tile([4, 1], (rows, 1)),
        "all_modules": lambda rows: inputs.distinct("i", (rows, M), M),
        "no_module": lambda rows: np.zeros((rows, 0), np.int64),
    }
    for rows in [0, 1, 7, 67]:
        for label, make in some.items():
            indices = make(rows).astype(np.int64)
            yield f"{label}-{rows}", [indices, inputs.normal("w", indices.shape)]


def masks():
    for rows in [0, 1, 33]:
        for density in [0.0, 0.4, 1.1]:
            shape = (rows, M)
            values = [inputs.mask("m", shape, density), inputs.normal("w", shape)]
            yield f"mask{density}-{rows}", values


def assigned(i, w):
    return ref.assign(i, M, w)


def gates():
    """(suffix, routing type, arguments, text, reference, inputs) of both kinds."""
    return [
        ("uniform", UNIFORM, TOP, ASSIGN, assigned, dict(decisions())),
        ("packed", PACKED, MASK, FROM_MASK, ref.from_mask, dict(masks())),
    ]


def weight_matrices(*shapes, element="f32"):
    return [inputs.normal("p", s, element, s[-2] ** -0.5) for s in shapes]


def ffn_text(x, up, down, element="f32"):
    """relu(%xe %u) %v."""
    hidden, hidden_type = matmul("h", "xe", x, "u", up)
    relu = elementwise("ha", ["h"], hidden_type, RELU.replace("f32", element))
    out, out_type = matmul("z", "ha", hidden_type, "v", down)
    return hidden + relu + out, out_type


def ffn(xe, u, v):
    return [np.maximum(xe @ u, 0) @ v]


def experts():
    """Expert feed-forwards with every way to combine and to weigh."""
    x, up, down = (
        tensor(["?", D], "f32"),
        f"tensor<{D}x{F}xf32>",
        f"tensor<{F}x{D}xf32>",
    )
    text, out = ffn_text(x, up, down)
    for gate, of, arguments, gate_text, gate_reference, calls in gates():
        for combine in ["sum", "mean", "max", "stack", "none"]:
            for weights in ["output", "input", "none"]:
                if weights != "output" and combine not in ("sum", "none"):
                    continue
                outs_dims = {"stack": ["?", M, D], "none": None}.get(combine, ["?", D])
                outs = tensor(outs_dims, "f32") if outs_dims else of.entries([D])
                taken = {
                    **arguments,
                    "x": x,
                    "up": f"tensor<{M}x{D}x{F}xf32>",
                    "down": f"tensor<{M}x{F}x{D}xf32>",
                }
                if outs_dims:
                    taken["o"] = outs
                name = f"experts_{gate}_{combine}_{weights}"
                body = f"""
                  {gate_text}
                  %y = condcomp.apply %r : {of} rows(%x : {x})
                    params(%up, %down : {taken["up"]}, {taken["down"]})
                    {f"outs(%o : {outs})" if outs_dims else ""}
                    combine({combine}) weights({weights}) {{
                  ^bb0(%xe: {x}, %u: {up}, %v: {down}):
                    {text}
                    condcomp.yield %z : {out}
                  }} -> {outs}"""

                def reference(
                    a, b, x, u, v, *o, make=gate_reference, c=combine, w=weights
                ):
                    return ref.apply(
                        make(a, b),
                        ffn,
                        [x],
                        params=[u, v],
                        outs=o,
                        combine=c,
                        weights=w,
                    )

                params = weight_matrices((M, D, F), (M, F, D))
                made = []
                for label, decided in calls.items():
                    rows = len(decided[0])
                    values = decided + [inputs.normal("x", (rows, D)), *params]
                    if outs_dims:
                        shape = (rows, M, D) if combine == "stack" else (rows, D)
                        values.append(inputs.normal("o", shape))
                    alone = combine != "none" or gate == "uniform"
                    row_inputs = [0, 1, 2] + ([5] if outs_dims else [])
                    made.append(
                        Call(
                            name,
                            values,
                            reference,
                            [Program()],
                            label,
                            row_inputs if alone else [],
                            [0],
                        )
                    )
                SUITE.add(function(name, taken, body, {"y": outs}), *made)


def specials():
    """NaN and infinities in rows that a module does not get stay away from it."""
    x = "tensor<?x3xf32>"
    body = """%ab = arith.mulf %a, %b : f32
      %y = arith.addf %ab, %c : f32"""
    spread = """
      %n_c0 = arith.constant 0 : index
      %n = tensor.dim %xe, %n_c0 : tensor<?x3xf32>
      %e = tensor.empty(%n) : tensor<?x3xf32>
      %pb = linalg.broadcast ins(%p : tensor<3xf32>) outs(%e : tensor<?x3xf32>) dimensions = [0]"""
    for gate, of, arguments, gate_text, gate_reference, calls in gates():
        for combine in ["sum", "max"]:
            name = f"specials_{gate}_{combine}"
            text = f"""
              {gate_text}
              %y = condcomp.apply %r : {of} rows(%x : {x}) params(%q : tensor<{M}x3xf32>)
                outs(%o : {x}) combine({combine}) weights(none) {{
              ^bb0(%xe: {x}, %p: tensor<3xf32>):
                {spread}
                {elementwise("z", ["xe", "pb", "xe"], x, body)}
                condcomp.yield %z : {x}
              }} -> {x}"""

            def reference(a, b, x, q, o, make=gate_reference, c=combine):
                body = lambda xe, p: [xe * p + xe]
                routing = make(a, b)
                return ref.apply(
                    routing, body, [x], params=[q], outs=[o], combine=c, weights="none"
                )

            SUITE.add(
                function(
                    name,
                    {**arguments, "x": x, "q": f"tensor<{M}x3xf32>", "o": x},
                    text,
                    {"y": x},
                ),
                *[
                    Call(
                        name,
                        decided
                        + [
                            inputs.specials("x", (len(decided[0]), 3)),
                            np.array([[1, 2, 4]] * M, np.float32),
                            inputs.normal("o", (len(decided[0]), 3)),
                        ],
                        reference,
                        [Ulps(4)],
                        label,
                        [0, 1, 2, 4],
                        [0],
                    )
                    for label, decided in calls.items()
                ],
            )


def all_operands():
    """Entries, params, ids read from a captured table, the module, two results."""
    x, wide = "tensor<?x3xf32>", "tensor<?x1xindex>"
    body = f"""
      {ASSIGN}
      %a, %b = condcomp.apply %r : {UNIFORM} rows(%x : {x}) entries(%e : tensor<?x?x3xf32>)
        params(%p : tensor<{M}xf32>) outs(%o, %o2 : {x}, tensor<?xf32>) combine(sum)
        weights(output) with_ids with_module {{
      ^bb0(%xe: {x}, %ee: {x}, %pe: tensor<f32>, %ids: tensor<?xindex>, %module: index):
        %c0 = arith.constant 0 : index
        %n = tensor.dim %xe, %c0 : {x}
        %at = tensor.expand_shape %ids [[0, 1]] output_shape [%n, 1]
          : tensor<?xindex> into {wide}
        %own = tensor.gather %table[%at] gather_dims([0])
          : ({x}, {wide}) -> {x}
        %m64 = arith.index_cast %module : index to i64
        %mf = arith.sitofp %m64 : i64 to f32
        %s = tensor.extract %pe[] : tensor<f32>
        {elementwise("z", ["xe", "ee", "own"], x, '''%t0 = arith.mulf %a, %s : f32
          %t1 = arith.addf %t0, %b : f32
          %t2 = arith.addf %t1, %c : f32
          %y = arith.addf %t2, %mf : f32''')}
        %e2 = tensor.empty(%n) : tensor<?xf32>
        %z2 = linalg.fill ins(%mf : f32) outs(%e2 : tensor<?xf32>) -> tensor<?xf32>
        condcomp.yield %z, %z2 : {x}, tensor<?xf32>
      }} -> {x}, tensor<?xf32>"""

    def reference(i, w, x, e, p, table, o, o2):
        def run(xe, ee, s, ids, module):
            return [
                xe * s + ee + table[ids].astype(np.float64) + module,
                np.full(len(xe), 1.0 * module),
            ]

        return ref.apply(
            assigned(i, w), run, [x], [e], [p], [o, o2], with_ids=True, with_module=True
        )

    calls = []
    for label, (indices, weights) in decisions():
        rows, k = indices.shape
        values = [
            indices,
            weights,
            inputs.normal("x", (rows, 3)),
            inputs.normal("e", (rows, k, 3)),
        ]
        values += [inputs.normal("p", (M,)), inputs.normal("t", (rows, 3))]
        values += [inputs.normal("o", (rows, 3)), inputs.normal("o2", (rows,))]
        bounds = [Program(), Program()]
        calls.append(
            Call(
                "all_operands",
                values,
                reference,
                bounds,
                label,
                [0, 1, 2, 3, 5, 6, 7],
                [0, 1],
            )
        )
    taken = {
        **TOP,
        "x": x,
        "e": "tensor<?x?x3xf32>",
        "p": f"tensor<{M}xf32>",
        "table": x,
        "o": x,
        "o2": "tensor<?xf32>",
    }
    SUITE.add(
        function("all_operands", taken, body, {"a": x, "b": "tensor<?xf32>"}), *calls
    )


def branches():
    """A region per module: identity, zero, a linear layer."""
    of, x = RoutingType(["?", 3], "exactly 1"), f"tensor<?x{D}xf32>"
    linear, _ = matmul("z2", "x2", x, "q", f"tensor<{D}x{D}xf32>")
    body = f"""
      %r = condcomp.assign %i : tensor<?x1xi32> -> {of}
      %y = condcomp.apply %r : {of} rows(%x : {x}) outs(%x : {x}) combine(replace) weights(none) {{
      ^bb0(%x0: {x}):
        condcomp.yield %x0 : {x}
      }}, {{
      ^bb0(%x1: {x}):
        %c0 = arith.constant 0 : index
        %f0 = arith.constant 0.0 : f32
        %n = tensor.dim %x1, %c0 : {x}
        %e = tensor.empty(%n) : {x}
        %z1 = linalg.fill ins(%f0 : f32) outs(%e : {x}) -> {x}
        condcomp.yield %z1 : {x}
      }}, {{
      ^bb0(%x2: {x}):
        {linear}
        condcomp.yield %z2 : {x}
      }} -> {x}"""

    def reference(i, x, q):
        bodies = [
            lambda x0: [x0],
            lambda x1: [x1 * 0],
            lambda x2: [x2 @ q.astype(np.float64)],
        ]
        return ref.apply(
            ref.assign(i, 3), bodies, [x], outs=[x], combine="replace", weights="none"
        )

    SUITE.add(
        function(
            "branches",
            {"i": "tensor<?x1xi32>", "x": x, "q": f"tensor<{D}x{D}xf32>"},
            body,
            {"y": x},
        ),
        *[
            Call(
                "branches",
                [
                    make(rows).astype(np.int32),
                    inputs.normal("x", (rows, D)),
                    *weight_matrices((D, D)),
                ],
                reference,
                [Program()],
                f"{label}-{rows}",
                [0, 1],
                [0],
            )
            for rows in [0, 1, 50]
            for label, make in {
                "mixed": lambda rows: np.arange(rows)[:, None] % 3,
                "identity": lambda rows: np.zeros((rows, 1)),
                "linear": lambda rows: np.full((rows, 1), 2),
            }.items()
        ],
    )


def groups():
    """scope(group): rows of a module minus their mean, in two batch indices."""
    of, x = RoutingType([2, "?", 3], "exactly 1"), "tensor<2x?x4xf32>"
    flat = "tensor<?x4xf32>"
    body = f"""
      %r = condcomp.assign %i : tensor<2x?x1xindex> -> {of}
      %y = condcomp.apply %r : {of} rows(%x : {x}) outs(%x : {x}) combine(replace)
        weights(none) scope(group) {{
      ^bb0(%xe: {flat}):
        %c0 = arith.constant 0 : index
        %f0 = arith.constant 0.0 : f32
        %n = tensor.dim %xe, %c0 : {flat}
        %e = tensor.empty() : tensor<4xf32>
        %f = linalg.fill ins(%f0 : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
        %sum = linalg.reduce ins(%xe : {flat}) outs(%f : tensor<4xf32>) dimensions = [0]
          (%v: f32, %acc: f32) {{
            %t = arith.addf %v, %acc : f32
            linalg.yield %t : f32
          }}
        %eb = tensor.empty(%n) : {flat}
        %sb = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%eb : {flat}) dimensions = [0]
        %ni = arith.index_cast %n : index to i64
        %nf = arith.sitofp %ni : i64 to f32
        {elementwise("z", ["xe", "sb"], flat, '''%mean = arith.divf %b, %nf : f32
          %y = arith.subf %a, %mean : f32''')}
        condcomp.yield %z : {flat}
      }} -> {x}"""

    def reference(i, x):
        with np.errstate(all="ignore"):
            return ref.apply(
                ref.assign(i, 3),
                lambda xe: [xe - xe.sum(0) / len(xe) if len(xe) else xe],
                [x],
                outs=[x],
                combine="replace",
                weights="none",
                scope="group",
            )

    SUITE.add(
        function("groups", {"i": "tensor<2x?x1xindex>", "x": x}, body, {"y": x}),
        *[
            Call(
                "groups",
                [
                    inputs.distinct("g", (2, rows, 1), 3),
                    inputs.normal("x", (2, rows, 4)),
                ],
                reference,
                [Program()],
                str(rows),
            )
            for rows in [0, 1, 2, 37]
        ],
    )


def bf16():
    """bf16 experts: no further from float64 than 1.5 times what PyTorch does."""
    x, up, down = (
        f"tensor<?x{D}xbf16>",
        f"tensor<{D}x{F}xbf16>",
        f"tensor<{F}x{D}xbf16>",
    )
    text, out = ffn_text(x, up, down, "bf16")
    body = f"""
      {ASSIGN}
      %y = condcomp.apply %r : {UNIFORM} rows(%x : {x})
        params(%up, %down : tensor<{M}x{D}x{F}xbf16>, tensor<{M}x{F}x{D}xbf16>)
        outs(%o : {x}) combine(sum) {{
      ^bb0(%xe: {x}, %u: {up}, %v: {down}):
        {text}
        condcomp.yield %z : {out}
      }} -> {x}"""

    def reference(i, w, x, u, v, o):
        routing = assigned(i, w)
        (exact,) = ref.apply(routing, ffn, [x], params=[u, v], outs=[o])
        return [np.stack([exact, as_pytorch(routing, x, u, v, o)])]

    calls = []
    for label, (indices, weights) in decisions():
        rows = len(indices)
        values = [indices, weights, inputs.normal("x", (rows, D), "bf16")]
        values += weight_matrices((M, D, F), (M, F, D), element="bf16")
        values += [inputs.normal("o", (rows, D), "bf16")]
        calls.append(
            Call("bf16", values, reference, [NoWorse()], label, [0, 1, 2, 5], [0])
        )
    taken = {
        **TOP,
        "x": x,
        "up": f"tensor<{M}x{D}x{F}xbf16>",
        "down": f"tensor<{M}x{F}x{D}xbf16>",
        "o": x,
    }
    SUITE.add(function("bf16", taken, body, {"y": x}), *calls)


class NoWorse:
    """Relative l2 error at most 1.5 times that of PyTorch's bf16."""

    stacked = True

    def compare(self, got, want, name):
        exact, pytorch = want
        error = np.linalg.norm(got.astype(np.float64) - exact)
        theirs = np.linalg.norm(pytorch - exact)
        assert (
            error <= 1.5 * theirs
        ), f"{name}: error {error:.3g}, PyTorch's {theirs:.3g}"


def as_pytorch(routing, x, u, v, o):
    """The usual loop over experts in bf16, rounded where PyTorch rounds."""
    round_ = lambda a: a.astype(ml_dtypes.bfloat16)
    single = lambda a: a.astype(np.float32)
    result = o.copy()
    for module in range(routing.modules):
        own = np.flatnonzero(routing.presence[:, module])
        hidden = round_(np.maximum(single(x[own]) @ single(u[module]), 0))
        out = round_(single(hidden) @ single(v[module]))
        weight = single(routing.weights[own, module])[:, None]
        result[own] = round_(single(result[own]) + single(round_(single(out) * weight)))
    return result.astype(np.float64)


def errors():
    x = "tensor<?x3xf32>"
    body = f"""
      {ASSIGN}
      %y = condcomp.apply %r : {UNIFORM} rows(%x : {x}) outs(%x : {x}) scope(group) {{
      ^bb0(%xe: {x}):
        %e = tensor.empty(%rows) : {x}
        %f0 = arith.constant 0.0 : f32
        %z = linalg.fill ins(%f0 : f32) outs(%e : {x}) -> {x}
        condcomp.yield %z : {x}
      }} -> {x}"""
    indices, weights = np.zeros((4, 1), np.int64), np.ones((4, 1), np.float32)
    call = lambda label, rows, out, error: Call(
        "apply_errors",
        [indices, weights, np.ones((rows, 3), np.float32), np.array(out)],
        None,
        [],
        label,
        error=error,
    )
    SUITE.add(
        function("apply_errors", {**TOP, "x": x, "rows": "index"}, body, {"y": x}),
        call("rows", 9, 4, "apply C1: a rows operand"),
        call("yield", 4, 17, "apply C11: a yielded tensor"),
    )
    wide = "tensor<?x?xf32>"
    body = f"""
      {ASSIGN}
      %y = condcomp.apply %r : {UNIFORM} rows(%x : {wide}) outs(%o : {wide}) {{
      ^bb0(%xe: {wide}):
        condcomp.yield %xe : {wide}
      }} -> {wide}"""
    ones = lambda columns: np.ones((4, columns), np.float32)
    error = "apply C6: a yielded tensor has size 3 in dim 1, its outs {}"
    SUITE.add(
        function("apply_sizes", {**TOP, "x": wide, "o": wide}, body, {"y": wide}),
        *[
            Call(
                "apply_sizes",
                [indices, weights, ones(3), ones(columns)],
                None,
                [],
                str(columns),
                error=error.format(columns),
            )
            for columns in (1, 5)
        ],
    )


def no_entries():
    """A bound of no entry per row: rows keep outs, entry tensors are empty."""
    x, of = "tensor<?x3xf32>", RoutingType(["?", M], "exactly 0")
    out_of = {"replace": x, "mean": x, "none": "tensor<?x0x3xf32>"}
    for kind, out in out_of.items():
        outs = "" if kind == "none" else f"outs(%o : {x})"
        SUITE.add(
            function(
                f"no_entries_{kind}",
                {"i": "tensor<?x0xindex>", "x": x, "o": x},
                f"""%r = condcomp.assign %i : tensor<?x0xindex> -> {of}
                %y = condcomp.apply %r : {of} rows(%x : {x}) {outs} combine({kind}) {{
                ^bb0(%xe: {x}):
                  condcomp.yield %xe : {x}
                }} -> {out}""",
                {"y": out},
            ),
            *[
                Call(
                    f"no_entries_{kind}",
                    [np.zeros((rows, 0), np.int64)]
                    + [inputs.normal(name, (rows, 3)) for name in "xo"],
                    lambda i, x, o, kind=kind: ref.apply(
                        ref.assign(i, M),
                        lambda x: [x],
                        [x],
                        outs=[] if kind == "none" else [o],
                        combine=kind,
                    ),
                    [Exact()],
                    str(rows),
                    row_inputs=[0, 1, 2],
                    row_outputs=[0],
                )
                for rows in [0, 1, 7]
            ],
        )


experts()
specials()
no_entries()
all_operands()
branches()
groups()
bf16()
errors()
test_reference, test_forms, test_rows_alone = SUITE.tests()
test_errors = SUITE.error_test()
