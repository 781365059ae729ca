# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Passes on conditional structure change no bit, and what is chosen at run time neither.

Every program runs masked, compact and as the compiler chooses, with all of these passes
and without any, and is compared with NumPy. Values are small whole numbers, so that
results are exact.
"""

import functools

import numpy as np
import pytest

import ccrun
from condcomp import reference as ref
from harness import same_bits
from programs import elementwise, function, matmul, tensor

D = 8
X = tensor(["?", D], "f32")
W = tensor([D, D], "f32")
SKIP = "!condcomp.routing<?x1, f32>"
GATE = f"""
  %zero = arith.constant 0.0 : f32
  %r = condcomp.threshold %g, %zero : tensor<?x1xf32>, f32 -> {SKIP}"""
RELU = """%z = arith.constant 0.0 : f32
  %y = arith.maximumf %a, %z : f32"""
ADD_ONE = """%one = arith.constant 1.0 : f32
  %y = arith.addf %a, %one : f32"""
SWITCHES = [
    "fold-static-routings",
    "keep-module-order",
    "hoist-invariants",
    "sink-into-conditions",
    "merge-applies",
    "run-time-choice",
]


PLAIN = "form=compact " + " ".join(f"{switch}=false" for switch in SWITCHES)
PIPELINES = ["form=auto", "form=masked", "form=compact", PLAIN]


def relu(x):
    return np.maximum(x, 0)


def whole(seed, *shape):
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(np.float32)


def gates():
    """Scores of one module with all shares of rows that it takes."""
    for rows in (0, 1, 40):
        for taken in sorted({0, 1, rows // 2, rows - 1, rows}):
            if 0 <= taken <= rows:
                scores = np.full((rows, 1), -1, np.float32)
                at = np.random.default_rng(rows).permutation(rows)[:taken]
                scores[at] = 2
                yield scores


CASES = {}


def case(name, arguments, text, results, reference, calls):
    """A function, what NumPy gives for it, and its inputs."""
    CASES[name] = (function(name, arguments, text, results), reference, list(calls))


def skipped_layers():
    """A layer that rows skip, with every way to combine and to weigh."""
    body, out = matmul("h", "xe", X, "w", W)
    body += elementwise("y", ["h"], out, RELU)
    for combine, weights in [
        ("replace", "none"),
        ("replace", "output"),
        ("sum", "output"),
        ("mean", "none"),
        ("max", "output"),
        ("none", "none"),
        ("sum", "input"),
    ]:
        outs = "" if combine == "none" else f"outs(%x : {X})"
        text = f"""{GATE}
          %o = condcomp.apply %r : {SKIP} rows(%x : {X}) {outs}
              combine({combine}) weights({weights}) {{
          ^bb0(%xe: {X}):
            {body}
            condcomp.yield %y : {out}
          }} -> {X}"""

        def reference(g, x, w, combine=combine, weights=weights):
            return ref.apply(
                ref.threshold(g, 0),
                lambda xe: [relu(xe @ w)],
                [x],
                outs=None if combine == "none" else [x],
                combine=combine,
                weights=weights,
            )

        case(
            f"skipped_{combine}_{weights}",
            {"g": "tensor<?x1xf32>", "x": X, "w": W},
            text,
            {"o": X},
            reference,
            ([g, whole(1, len(g), D), whole(2, D, D)] for g in gates()),
        )


def sunk_projection():
    """Work in front of an apply, and a layer that is skipped together with it."""
    first, _ = matmul("h", "x", X, "w", W)
    second, _ = matmul("k", "he", X, "w", W)
    text = f"""{GATE}
      {first}
      {elementwise("p", ["h"], X, RELU)}
      %u = condcomp.apply %r : {SKIP} rows(%p : {X}) outs(%x : {X})
          combine(replace) weights(none) {{
      ^bb0(%he: {X}):
        {second}
        condcomp.yield %k : {X}
      }} -> {X}
      %o = condcomp.apply %r : {SKIP} rows(%u : {X}) outs(%u : {X})
          combine(replace) weights(none) {{
      ^bb0(%ae: {X}):
        {elementwise("q", ["ae"], X, ADD_ONE)}
        condcomp.yield %q : {X}
      }} -> {X}"""

    def reference(g, x, w):
        return [np.where(g >= 0, relu(x @ w) @ w + 1, x)]

    case(
        "sunk_projection",
        {"g": "tensor<?x1xf32>", "x": X, "w": W},
        text,
        {"o": X},
        reference,
        ([g, whole(1, len(g), D), whole(2, D, D)] for g in gates()),
    )


def cheap_stages():
    """Stages that take less than moving rows does; rows leave a few at a time."""
    numbers, mask = tensor(["?"], "i32"), tensor(["?"], "i1")
    stages = []
    for i in range(4):
        text = elementwise(f"g{i}", [f"h{i}"], X, ADD_ONE)
        if i < 3:
            text += f"""
              %z{i} = arith.constant 0 : index
              %s{i} = tensor.dim %n{i}, %z{i} : {numbers}
              %e{i} = tensor.empty(%s{i}) : {mask}
              %d{i} = linalg.generic {{iterator_types = ["parallel"],
                  indexing_maps = [affine_map<(r) -> (r)>, affine_map<(r) -> (r)>]}}
                  ins(%n{i} : {numbers}) outs(%e{i} : {mask}) {{
              ^bb1(%a: i32, %out: i1):
                %at = arith.constant {i} : i32
                %y = arith.cmpi sle, %a, %at : i32
                linalg.yield %y : i1
              }} -> {mask}
              condcomp.exit %d{i} : {mask} results(%g{i} : {X})
                carry(%g{i}, %n{i} : {X}, {numbers})"""
        else:
            text += f"\ncondcomp.yield %g{i} : {X}"
        stages.append(f"^bb0(%h{i}: {X}, %n{i}: {numbers}):\n{text}")
    text = f"""
      %y, %left = condcomp.cascade rows(%x, %n : {X}, {numbers}) {{
      {"}, {".join(stages)}
      }} -> {X}, {numbers}"""

    def reference(x, n):
        left = np.clip(n, 0, 3)
        return [x + 1 + left[:, None], left]

    def calls():
        for rows in (0, 1, 60):
            for few in (0, 1, rows // 3, rows):
                n = np.full(rows, 3, np.int32)
                n[:few] = np.random.default_rng(few).integers(0, 3, min(few, rows))
                yield [whole(1, rows, D), n]

    case(
        "cheap_stages",
        {"x": X, "n": numbers},
        text,
        {"y": X, "left": numbers},
        reference,
        calls(),
    )


def work_past_an_exit():
    """What only rows that stay need, computed before they are known."""
    text, _ = matmul("p", "h", X, "w", W)
    mask = tensor(["?"], "i1")
    text = f"""
      %y, %left = condcomp.cascade rows(%x, %d : {X}, {mask}) {{
      ^bb0(%h: {X}, %dh: {mask}):
        {text}
        {elementwise("q", ["p"], X, RELU)}
        condcomp.exit %dh : {mask} results(%h : {X}) carry(%q : {X})
      }}, {{
      ^bb0(%h: {X}):
        condcomp.yield %h : {X}
      }} -> {X}, tensor<?xi32>"""
    case(
        "work_past_an_exit",
        {"x": X, "d": mask, "w": W},
        text,
        {"y": X, "left": "tensor<?xi32>"},
        lambda x, d, w: [np.where(d[:, None], x, relu(x @ w)), 1 - d.astype(int)],
        ([whole(1, len(g), D), g[:, 0] >= 0, whole(2, D, D)] for g in gates()),
    )


def dequantized():
    """Steps that all make the same matrix."""
    mask, small = tensor(["?"], "i1"), tensor([D, D], "i8")
    product, _ = matmul("p", "h", X, "f", W)
    text = f"""
      %y, %left = condcomp.iterate steps(%n) rows(%x, %d : {X}, {mask})
          outs(%x : {X}) {{
      ^bb0(%h: {X}, %dh: {mask}):
        %f = arith.sitofp %w : {small} to {W}
        {product}
        condcomp.exit %dh : {mask} results(%p : {X}) carry(%p, %dh : {X}, {mask})
      }} -> {X}, tensor<?xi32>"""

    def reference(n, x, d, w):
        once, all_steps = x @ w, x
        for _ in range(n):
            all_steps = all_steps @ w
        first = d[:, None] & (n > 0)
        return [np.where(first, once, all_steps), np.where(d & (n > 0), 0, n)]

    case(
        "dequantized",
        {"n": "index", "x": X, "d": mask, "w": small},
        text,
        {"y": X, "left": "tensor<?xi32>"},
        reference,
        (
            [
                np.int64(n),
                whole(1, len(g), D),
                g[:, 0] >= 0,
                whole(2, D, D).astype("i1"),
            ]
            for g in gates()
            for n in (0, 1, 3)
        ),
    )


def entries_go_on():
    """Entries through two applies, put in place and taken out again, side by side."""
    two = "!condcomp.routing<?x3, f32, exactly 2>"
    entries = tensor(["?", 2, D], "f32")
    pairs = tensor(["?", 3, D], "f32")
    text = f"""
      %r = condcomp.top_k %s, 2 : tensor<?x3xf32> -> {two}
      %e = condcomp.apply %r : {two} rows(%x : {X}) params(%p : tensor<3x{D}x{D}xf32>)
          combine(none) weights(none) {{
      ^bb0(%xe: {X}, %pe: {W}):
        {matmul("h", "xe", X, "pe", W)[0]}
        condcomp.yield %h : {X}
      }} -> {entries}
      %put = condcomp.restore replace %r entries(%e : {entries}) outs(%q : {pairs}) : {two}
      %back = condcomp.select %r from pairs(%put : {pairs}) : {two} -> {entries}
      %u = condcomp.apply %r : {two} entries(%back : {entries}) outs(%x : {X}) {{
      ^bb0(%be: {X}):
        {elementwise("g", ["be"], X, RELU)}
        condcomp.yield %g : {X}
      }} -> {X}
      %v = condcomp.apply %r : {two} rows(%x : {X}) outs(%x : {X}) {{
      ^bb0(%xe: {X}):
        {elementwise("k", ["xe"], X, ADD_ONE)}
        condcomp.yield %k : {X}
      }} -> {X}"""

    def reference(s, x, p, q):
        order = np.argsort(-s, axis=1, kind="stable")[:, :2]
        a, b = x.astype(np.float64), x.astype(np.float64)
        for row, chosen in enumerate(np.sort(order, axis=1)):
            for m in chosen:
                a[row] += s[row, m] * relu(x[row] @ p[m])
                b[row] += s[row, m] * (x[row] + 1)
        return [a, b]

    case(
        "entries_go_on",
        {"s": "tensor<?x3xf32>", "x": X, "p": f"tensor<3x{D}x{D}xf32>", "q": pairs},
        text,
        {"u": X, "v": X},
        reference,
        (
            [whole(3, n, 3), whole(1, n, D), whole(2, 3, D, D), whole(4, n, 3, D)]
            for n in (0, 1, 23)
        ),
    )


def fixed_module():
    """Every row uses the module that a constant names."""
    routing = "!condcomp.routing<?x3, f32, exactly 1>"
    weights = tensor([3, D, D], "f32")
    body, out = matmul("h", "xe", X, "we", W)
    for combine in ("sum", "replace"):
        text = f"""
          %c0 = arith.constant 0 : index
          %two = arith.constant 2 : i32
          %n = tensor.dim %x, %c0 : {X}
          %e = tensor.empty(%n) : tensor<?x1xi32>
          %i = linalg.fill ins(%two : i32) outs(%e : tensor<?x1xi32>)
              -> tensor<?x1xi32>
          %r = condcomp.assign %i : tensor<?x1xi32> -> {routing}
          %o = condcomp.apply %r : {routing} rows(%x : {X}) params(%w : {weights})
              outs(%x : {X}) combine({combine}) {{
          ^bb0(%xe: {X}, %we: {W}):
            {body}
            condcomp.yield %h : {out}
          }} -> {X}"""

        def reference(x, w, combine=combine):
            return [x @ w[2] + (x if combine == "sum" else 0)]

        case(
            f"fixed_module_{combine}",
            {"x": X, "w": weights},
            text,
            {"o": X},
            reference,
            ([whole(1, n, D), whole(2, 3, D, D)] for n in (0, 1, 23)),
        )


skipped_layers()
fixed_module()
sunk_projection()
cheap_stages()
work_past_an_exit()
dequantized()
entries_go_on()


@functools.cache
def results(pipeline):
    """{(case, number of the call): outputs} of all programs, compiled once."""
    text = "".join(program for program, _, _ in CASES.values())
    jobs = {
        (name, number): (name, inputs, 2)
        for name, (_, _, calls) in CASES.items()
        for number, inputs in enumerate(calls)
    }
    passes = f"builtin.module(condcomp-to-cpu{{{pipeline}}})"
    outcomes = ccrun.run(text, list(jobs.values()), "auto", pipeline=passes)
    return dict(zip(jobs, outcomes))


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("name", CASES)
def test_no_bit_changes(name, pipeline):
    _, reference, calls = CASES[name]
    for number, inputs in enumerate(calls):
        outputs = results(pipeline)[name, number]
        assert not isinstance(outputs, ccrun.Failure), outputs.message
        for got, want in zip(outputs, reference(*inputs), strict=True):
            want = np.asarray(want).astype(got.dtype)
            np.testing.assert_array_equal(got, want, err_msg=f"call {number}")
        for got, want in zip(outputs, results(PLAIN)[name, number]):
            same_bits(got, want, f"{name}, call {number}")
