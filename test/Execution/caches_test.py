# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A matrix for each row (a cache, filters, an expert) that is chosen and multiplied by:
carried on unchanged by a cascade and an iterate, or selected from modules."""

import pathlib

import numpy as np

import inputs
from condcomp import reference as ref
from harness import Call, Exact, Program, Suite
from programs import RoutingType, function, tensor

SUITE = Suite("caches")
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
I1 = "tensor<?xi1>"

CONSTANTS = """
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %f0 = arith.constant 0.0 : f32"""


def product(name, left, right, out, maps, loops, types):
    """%name = sums of products of %left and %right from %out on."""
    element = types[2][types[2].rindex("x") + 1 : -1]
    extend = lambda value, type: (
        (f"%{value}_wide", f"%{value}_wide = arith.extf %{value} : bf16 to f32\n")
        if type.endswith("bf16>") and element == "f32"
        else (f"%{value}", "")
    )
    (a, widen_a), (b, widen_b) = extend("left_e", types[0]), extend("right_e", types[1])
    maps = ", ".join(f"affine_map<({loops[0]}) -> ({m})>" for m in maps)
    iterators = ", ".join(f'"{kind}"' for kind in loops[1])
    return f"""
  %{name} = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{iterators}]}}
      ins(%{left}, %{right} : {types[0]}, {types[1]}) outs(%{out} : {types[2]}) {{
  ^bb9(%left_e: {types[0][types[0].rindex("x") + 1 : -1]}, %right_e: {types[1][types[1].rindex("x") + 1 : -1]}, %sum_e: {element}):
    {widen_a}{widen_b}%p_e = arith.mulf {a}, {b} : {element}
    %next_e = arith.addf %sum_e, %p_e : {element}
    linalg.yield %next_e : {element}
  }} -> {types[2]}"""


P, R = "parallel", "reduction"


def attend(n, cache, element):
    """%y{n}: each row's vector by its keys [t, d] or [heads, t, d], and back."""
    heads = cache.count("?") == 4
    vector = "tensor<?x?x?xf32>" if heads else "tensor<?x?xf32>"
    h, sizes = ("h, ", f"%n{n}, %heads{n}") if heads else ("", f"%n{n}")
    t, d = ("%c2", "3") if heads else ("%c1", "2")
    text = f"""
  %n{n} = tensor.dim %k{n}, %c0 : {cache}
  %t{n} = tensor.dim %k{n}, {t} : {cache}
  %d_at{n} = arith.constant {d} : index
  %d{n} = tensor.dim %k{n}, %d_at{n} : {cache}"""
    if heads:
        text += f"\n%heads{n} = tensor.dim %k{n}, %c1 : {cache}"
    for name, size in [("s", "t"), ("r", "d")]:
        text += f"""
  %{name}e{n} = tensor.empty({sizes}, %{size}{n}) : {vector}
  %{name}z{n} = linalg.fill ins(%f0 : f32) outs(%{name}e{n} : {vector}) -> {vector}"""
    kinds = [P] * (3 if heads else 2) + [R]
    text += product(
        f"s{n}", f"x{n}", f"k{n}", f"sz{n}",
        [f"r, {h}d", f"r, {h}t, d", f"r, {h}t"], (f"r, {h}t, d", kinds),
        [vector, cache, vector],
    )  # fmt: skip
    text += product(
        f"y{n}", f"s{n}", f"k{n}", f"rz{n}",
        [f"r, {h}t", f"r, {h}t, d", f"r, {h}d"], (f"r, {h}d, t", kinds),
        [vector, cache, vector],
    )  # fmt: skip
    return vector, text


def reference_attend(x, keys):
    keys = keys.astype(np.float64)
    scores = np.einsum("r...d,r...td->r...t", x.astype(np.float64), keys)
    return np.einsum("r...t,r...td->r...d", scores, keys)


def exits(rows, share):
    draws = inputs.rng("caches", rows, share).random((3, rows))
    return [draw < share for draw in draws]


def cached(name, cache, element):
    """Stages of which the second one only hands the keys on, and steps."""
    vector, first = attend(0, cache, element)
    _, last = attend(2, cache, element)
    cascade = f"""{CONSTANTS}
  %y, %left = condcomp.cascade rows(%x, %k, %a, %b : {vector}, {cache}, {I1}, {I1}) outs(%x : {vector}) {{
  ^bb0(%x0: {vector}, %k0: {cache}, %a0: {I1}, %b0: {I1}):
    {first}
    condcomp.exit %a0 : {I1} results(%y0 : {vector}) carry(%x0, %k0, %b0 : {vector}, {cache}, {I1})
  }}, {{
  ^bb0(%x1: {vector}, %k1: {cache}, %b1: {I1}):
    %y1 = arith.negf %x1 : {vector}
    condcomp.exit %b1 : {I1} results(%y1 : {vector}) carry(%y1, %k1 : {vector}, {cache})
  }}, {{
  ^bb0(%x2: {vector}, %k2: {cache}):
    {last}
    condcomp.yield %y2 : {vector}
  }} -> {vector}, tensor<?xi32>"""
    iterate = f"""{CONSTANTS}
  %y, %left = condcomp.iterate steps(%c2) rows(%x, %k, %a : {vector}, {cache}, {I1}) outs(%x : {vector}) {{
  ^bb0(%x0: {vector}, %k0: {cache}, %a0: {I1}):
    {first}
    condcomp.exit %a0 : {I1} results(%y0 : {vector}) carry(%y0, %k0, %a0 : {vector}, {cache}, {I1})
  }} -> {vector}, tensor<?xi32>"""

    def of_cascade(x, k, a, b):
        stages = [
            lambda x, k, a, b: ref.Exit(a, [reference_attend(x, k)], [x, k, b]),
            lambda x, k, b: ref.Exit(b, [-x], [-x, k]),
            lambda x, k: ref.Exit(None, [reference_attend(x, k)], []),
        ]
        (y,), _, left_at = ref.cascade(stages, [x, k, a, b], outs=[x])
        return [y, left_at]

    def of_iterate(x, k, a, b):
        # Rows that are never done leave with the last step's results.
        y = reference_attend(x, k)
        at_once = a.reshape(-1, *[1] * (x.ndim - 1))
        return [np.where(at_once, y, reference_attend(y, k)), np.where(a, 0, 2)]

    results = {"y": vector, "left": "tensor<?xi32>"}
    arguments = {"x": vector, "k": cache, "a": I1, "b": I1}
    heads = [3] if cache.count("?") == 4 else []
    for kind, text, wanted in [
        ("cascade", cascade, of_cascade),
        ("iterate", iterate, of_iterate),
    ]:
        calls = []
        for rows, t, d in [(0, 3, 4), (1, 1, 1), (7, 5, 9), (33, 40, 24)]:
            for share in [0, 0.4, 1]:
                x = inputs.normal("x", (rows, *heads, d), "f32", 0.3)
                k = inputs.normal("k", (rows, *heads, t, d), element, 0.3)
                calls.append(
                    Call(
                        f"{kind}_{name}",
                        [x, k, *exits(rows, share)[:2]],
                        wanted,
                        [Program(), Exact()],
                        f"{rows}-{t}-{d}-{share}",
                        row_inputs=[0, 1, 2, 3],
                        row_outputs=[0, 1],
                    )
                )
        few = inputs.normal("few", (3, *heads, 2, 4), element)
        calls.append(
            Call(
                f"{kind}_{name}",
                [np.zeros((4, *heads, 4), np.float32), few, *exits(4, 0.5)[:2]],
                None,
                [],
                "rows",
                error=f"{kind} C1: a rows operand has 3 rows, expected 4",
            )
        )
        SUITE.add(function(f"{kind}_{name}", arguments, text, results), *calls)


cached("keys", "tensor<?x?x?xf32>", "f32")
cached("heads", "tensor<?x?x?x?xf32>", "f32")
cached("bf16", "tensor<?x?x?xbf16>", "bf16")


def selected():
    """Each row's k experts, a matrix each: of the row's vector, where a row's
    experts are columns of one product, and of a vector per entry, where they
    are not."""
    of = RoutingType(["?", "?"], "exactly ?")
    scores, rows = "tensor<?x?xf32>", "tensor<?x?xf32>"
    entries, experts = "tensor<?x?x?xf32>", "tensor<?x?x?xf32>"
    chosen = "tensor<?x?x?x?xf32>"
    for name, x, map_x in [("rows", rows, "r, d"), ("entries", entries, "r, j, d")]:
        last = "%c1" if name == "rows" else "%c2"
        text = f"""{CONSTANTS}
  %r = condcomp.top_k %scores, %count : {scores} -> {of}
  %mine = condcomp.select %r from modules(%w : {experts}) : {of} -> {chosen}
  %n = tensor.dim %x, %c0 : {x}
  %h = tensor.dim %w, %c2 : {experts}
  %e = tensor.empty(%n, %count, %h) : {entries}
  %z = linalg.fill ins(%f0 : f32) outs(%e : {entries}) -> {entries}""" + product(
            "y", "x", "mine", "z",
            [map_x, "r, j, d, h", "r, j, h"], ("r, j, h, d", [P, P, P, R]),
            [x, chosen, entries],
        )  # fmt: skip

        def wanted(scores, count, w, x, name=name):
            order = np.argsort(-scores, axis=1, kind="stable")[:, : int(count)]
            mine = w.astype(np.float64)[np.sort(order, axis=1)]
            of_x = "rd" if name == "rows" else "rjd"
            return [np.einsum(f"{of_x},rjdh->rjh", x.astype(np.float64), mine)]

        calls = []
        for n, m, k, d, h in [(0, 3, 2, 4, 5), (1, 2, 1, 3, 1), (9, 6, 3, 17, 20)]:
            shape = (n, d) if name == "rows" else (n, k, d)
            calls.append(
                Call(
                    f"selected_{name}",
                    [
                        inputs.normal("scores", (n, m), "f32"),
                        np.array(k),
                        inputs.normal("w", (m, d, h), "f32"),
                        inputs.normal("x", shape, "f32"),
                    ],
                    wanted,
                    [Program()],
                    f"{n}-{m}-{k}-{d}-{h}",
                    row_inputs=[0, 3],
                    row_outputs=[0],
                )
            )
        arguments = {"scores": scores, "count": "index", "w": experts, "x": x}
        SUITE.add(function(f"selected_{name}", arguments, text, {"y": entries}), *calls)


selected()


def example():
    """examples/cached_attention.mlir."""
    text = (EXAMPLES / "cached_attention.mlir").read_text()

    def wanted(x, keys, values, steps):
        h = x.astype(np.float64)
        for step in range(min(steps.max(initial=0), 64)):
            scores = np.einsum("rd,rtd->rt", h, keys.astype(np.float64))
            powers = np.exp(scores - scores.max(1, keepdims=True))
            shares = powers / powers.sum(1, keepdims=True)
            read = np.einsum("rt,rtd->rd", shares, values.astype(np.float64))
            h = np.where((steps > step)[:, None], h + read, h)
        return [h, np.maximum(steps, 1) - 1]

    calls = [
        Call(
            "attend",
            [
                inputs.normal("x", (rows, d), "f32"),
                inputs.normal("keys", (rows, t, d), "f32", 0.3),
                inputs.normal("values", (rows, t, d), "f32", 0.1),
                inputs.rng("steps").integers(1, 9, rows).astype(np.int32),
            ],
            wanted,
            [Program(), Exact()],
            f"{rows}-{t}-{d}",
            row_inputs=[0, 1, 2, 3],
            row_outputs=[0, 1],
        )
        for rows, t, d in [(0, 3, 4), (1, 7, 9), (12, 50, 33)]
    ]
    SUITE.add(text, *calls)


example()

test_reference, test_forms, test_rows_alone = SUITE.tests()
test_errors = SUITE.error_test()
