# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The soft form against its closed forms."""

import numpy as np
import pytest

import ccrun
import inputs
from condcomp import reference as ref
from programs import elementwise, function, matmul

X, G, ANY = "tensor<?x4xf64>", "tensor<?xf64>", "tensor<?xi1>"
TEXT, CASES = [], []


def add(name, arguments, body, results, calls):
    """calls: {label: (inputs, expected)}."""
    TEXT.append(function(name, arguments, body, results))
    CASES.extend((f"{name}-{label}", name, *call) for label, call in calls.items())


def normal(seed, *shape):
    return inputs.normal(seed, shape, "f64")


# ===-- Gates and apply ----------------------------------------------------===#


def experts(
    name, gate, combine, mixture, outs="tensor<?x4xf64>", modules=3, bound=None
):
    """Modules x W[m]; mixture: of scores, what modules give, and outs.

    bound: of the routing %r, if it is not that of a top_k or threshold.
    """
    text, y = matmul("y", "xe", X, "we", "tensor<4x4xf64>")
    of = f"!condcomp.routing<?x{modules}, f64"
    body = f"""
      {gate}
      %z = condcomp.apply %r : {{of}} rows(%x : {X}) params(%w : tensor<{modules}x4x4xf64>)
          outs(%o : {outs}) combine({combine[0]}) weights({combine[1]}) {{{{
      ^bb0(%xe: {X}, %we: tensor<4x4xf64>):
        {text}
        condcomp.yield %y : {y}
      }}}} -> {outs}"""
    if bound is None:
        bound = ", exactly 1" if "top_k" in gate else ""
    bound += ">"
    calls = {}
    for rows in [0, 1, 7]:
        s, x, w = (
            normal("s", rows, modules),
            normal("x", rows, 4),
            normal("w", modules, 4, 4),
        )
        o = normal("o", *((rows, modules, 4) if "stack" in combine else (rows, 4)))
        given = np.einsum("rd,mde->rme", x, w)
        calls[rows] = ([s, x, w, o], [mixture(s, given, o)])
    add(
        name,
        {
            "s": f"tensor<?x{modules}xf64>",
            "x": X,
            "w": f"tensor<{modules}x4x4xf64>",
            "o": outs,
        },
        body.format(of=of + bound),
        {"z": outs},
        calls,
    )


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def weighted(w, y):
    return np.einsum("rm,rme->re", w, y)


ONE = "!condcomp.routing<?x3, f64, exactly 1>"
TOP_1 = f"%r = condcomp.top_k %s, 1 : tensor<?x3xf64> -> {ONE}"
NORMAL = f"""%a = condcomp.top_k %s, 1 : tensor<?x3xf64> -> {ONE}
  %b = condcomp.capacity %a, 1 order(arrival) : {ONE}
    -> !condcomp.routing<?x3, f64, at_most 1, per_module at_most 1>
  %r = condcomp.normalize softmax %a : {ONE}"""
REACH = """%tau = arith.constant 0.5 : f64
  %r = condcomp.threshold %s, %tau : tensor<?x{0}xf64>, f64 -> !condcomp.routing<?x{0}, f64>"""

experts("top_k", TOP_1, ("sum", "output"), lambda s, y, o: o + weighted(s, y))
experts(
    "normalized", NORMAL, ("sum", "none"), lambda s, y, o: o + weighted(softmax(s), y)
)
experts("mean", REACH.format(3), ("mean", "output"), lambda s, y, o: weighted(s, y) / 3)
experts(
    "replace",
    TOP_1,
    ("replace", "none"),
    lambda s, y, o: weighted(s, y) + (1 - s.sum(-1, keepdims=True)) * o,
)
experts(
    "stack",
    REACH.format(3),
    ("stack", "output"),
    lambda s, y, o: s[..., None] * y,
    "tensor<?x3x4xf64>",
)
experts(
    "reweight",
    """%tau = arith.constant 0.5 : f64
    %i = condcomp.threshold %s, %tau : tensor<?x1xf64>, f64
      -> !condcomp.routing<?x1, f64>
    %r = condcomp.reweight %i dense(%s : tensor<?x1xf64>)
      : !condcomp.routing<?x1, f64>""",
    ("sum", "output"),
    lambda s, y, o: o + s * y[:, 0],
    modules=1,
)

# Other gates, algebra on modules, and what they leave out.
experts(
    "top_p",
    """%p = arith.constant 0.5 : f64
    %r = condcomp.top_p %s, %p max(2) : tensor<?x3xf64>, f64
      -> !condcomp.routing<?x3, f64, at_most 2>
    """,
    ("sum", "output"),
    lambda s, y, o: o + weighted(s, y),
    bound=", at_most 2",
)
experts(
    "expert_choice",
    """%c0 = arith.constant 0 : index
    %n = tensor.dim %s, %c0 : tensor<?x3xf64>
    %e = condcomp.expert_choice %s, %n : tensor<?x3xf64>
      -> !condcomp.routing<?x3, f64, per_module exactly ?>
    %two = arith.constant 2.0 : f64
    %r = condcomp.scale %e, %two : !condcomp.routing<?x3, f64, per_module exactly ?>""",
    ("sum", "output"),
    lambda s, y, o: o + weighted(2 * s, y),
    bound=", per_module exactly ?",
)
experts(
    "limit_groups",
    f"""%least = arith.constant 0xFFF0000000000000 : f64
    %l = condcomp.limit_groups %s groups(3) keep(1) fill(%least) : tensor<?x3xf64>
    %r = condcomp.top_k %l, 1 : tensor<?x3xf64> -> {ONE}""",
    ("sum", "output"),
    lambda s, y, o: o + weighted(s, y),
    bound=", exactly 1",
)
experts(
    "complement",
    f"""%a = condcomp.top_k %s, 1 : tensor<?x3xf64> -> {ONE}
    %r = condcomp.complement %a : {ONE} -> !condcomp.routing<?x3, f64, exactly 2>""",
    ("sum", "output"),
    lambda s, y, o: o + weighted(1 - s, y),
    bound=", exactly 2",
)
experts(
    "modules",
    f"""%a = condcomp.top_k %s, 1 : tensor<?x3xf64> -> {ONE}
    %l = condcomp.slice_modules %a [1, 2] : {ONE}
      -> !condcomp.routing<?x2, f64, at_most 1>
    %f = condcomp.slice_modules %a [0, 1] : {ONE}
      -> !condcomp.routing<?x1, f64, at_most 1>
    %r = condcomp.concat_modules %l, %f : !condcomp.routing<?x2, f64, at_most 1>,
      !condcomp.routing<?x1, f64, at_most 1> -> !condcomp.routing<?x3, f64, at_most 2>""",
    ("sum", "output"),
    lambda s, y, o: o + weighted(s[:, [1, 2, 0]], y),
    bound=", at_most 2",
)


def noisy(s, temperature):
    noise = ref.gumbel(s.shape, 11, 3, double=True)
    return softmax((s + noise) / temperature)


# Gumbel-softmax at temperature 0.5, with the noise of the draw.
experts(
    "sample",
    f"""%key = arith.constant 11 : i64
    %step = arith.constant 3 : index
    %d = condcomp.sample %s, 1 key(%key) step(%step) : tensor<?x3xf64> -> {ONE}
    %two = arith.constant 2.0 : f64
    %t = condcomp.scale %d, %two : {ONE}
    %r = condcomp.normalize softmax %t : {ONE}""",
    ("sum", "output"),
    lambda s, y, o: o + weighted(noisy(s, 0.5), y),
    bound=", exactly 1",
)


def products():
    """pool and mix: dense products with the scores."""
    for kind in ["sum", "mean"]:
        calls = {}
        for rows in [1, 7]:
            s, x, o = normal("s", rows, 3), normal("x", rows, 4), normal("o", 3, 4)
            slots = s.T @ x / rows if kind == "mean" else o + s.T @ x
            calls[rows] = ([s, x, o], [slots, x + s @ slots])
        add(
            f"pool_{kind}",
            {"s": "tensor<?x3xf64>", "x": X, "o": "tensor<3x4xf64>"},
            f"""%r = condcomp.top_k %s, 1 : tensor<?x3xf64> -> {ONE}
            %y = condcomp.pool {kind} %r from rows(%x : {X})
              outs(%o : tensor<3x4xf64>) weights(none) : {ONE}
            %z = condcomp.mix %r from modules(%y : tensor<3x4xf64>) outs(%x : {X}) : {ONE}""",
            {"y": "tensor<3x4xf64>", "z": X},
            calls,
        )


products()

# Layer skipping, with replace: σ f(x) + (1 − σ) x.
double = elementwise("y", ["xe", "xe"], X, "%y = arith.addf %a, %b : f64")
skipped = {}
for rows in [0, 1, 7]:
    s, x = normal("s", rows, 1), normal("x", rows, 4)
    skipped[rows] = ([s, x], [s * 2 * x + (1 - s) * x])
add(
    "skip",
    {"s": "tensor<?x1xf64>", "x": X},
    f"""%tau = arith.constant 0.5 : f64
    %r = condcomp.threshold %s, %tau : tensor<?x1xf64>, f64 -> !condcomp.routing<?x1, f64>
    %z = condcomp.apply %r : !condcomp.routing<?x1, f64>
        rows(%x : {X}) outs(%x : {X}) combine(replace) weights(none) {{
    ^bb0(%xe: {X}):
      {double}
      condcomp.yield %y : {X}
    }} -> {X}""",
    {"z": X},
    skipped,
)

# ===-- Exits --------------------------------------------------------------===#


def cascade(name, last):
    """Stages that double their rows; γ is column 0 of what a stage sees."""
    stage = f"""
      ^bb0(%h#: {X}, %g#: {G}, %d#: {ANY}):
        %y# = arith.addf %h#, %h# : {X}"""
    leave = f"""
        condcomp.exit %d# : {ANY} results(%y# : {X})
          carry(%y#, %g#, %d# : {X}, {G}, {ANY}) soft(%g# : {G})"""
    stages = [stage + leave, stage + leave, stage]
    stages[2] += leave if last else f"\ncondcomp.yield %y# : {X}"
    text = "}, {".join(s.replace("#", str(n)) for n, s in enumerate(stages))
    more = [f"tensor<?xindex>, {X}, {G}, {ANY}", "%i, %a, %b, %c"] if last else ["", ""]
    outs = f"outs(%o : {X})" if last else ""
    calls = {}
    for rows in [0, 1, 5]:
        x, o, g = (
            normal("x", rows, 4),
            normal("o", rows, 4),
            np.abs(normal("g", rows)) % 1,
        )
        column = g[:, None]
        later = column * 8 * x + (1 - column) * o if last else 8 * x
        want = column * 2 * x + (1 - column) * (column * 4 * x + (1 - column) * later)
        left = np.where(g > 0.5, 0, 3 if last else 2)
        calls[rows] = ([x, o, g, g > 0.5], [want, left])
    add(
        name,
        {"x": X, "o": X, "g": G, "d": ANY},
        f"""%y, %left{", " if last else ""}{more[1]} = condcomp.cascade
            rows(%x, %g, %d : {X}, {G}, {ANY}) {outs} {{
        {text}
        }} -> {X}, tensor<?xi32>{", " if last else ""}{more[0]}""",
        {"y": X, "left": "tensor<?xi32>"},
        calls,
    )


cascade("cascade", False)
cascade("open_cascade", True)


def iterate():
    """PonderNet's expectation; the last step takes what is left."""
    calls = {}
    for steps in [0, 1, 2, 5]:
        x, o, g = normal("x", 6, 4), normal("o", 6, 4), np.abs(normal("g", 6)) % 1
        p = normal("p", 5, 4)
        h, rest, want = x, np.ones((6, 1)), np.zeros((6, 4))
        for step in range(steps):
            h = h + p[step]
            leaves = rest if step == steps - 1 else rest * g[:, None]
            want, rest = want + leaves * h, rest - leaves
        left = np.where(g > 0.5, 0, steps)
        results = [want if steps else o, left]
        calls[steps] = ([np.int64(steps), x, o, g, g > 0.5, p], results)
    plus, _ = elementwise("y", ["h", "pb"], X, "%y = arith.addf %a, %b : f64"), None
    add(
        "iterate",
        {"n": "index", "x": X, "o": X, "g": G, "d": ANY, "p": "tensor<5x4xf64>"},
        f"""%z, %left = condcomp.iterate steps(%n) rows(%x, %g, %d : {X}, {G}, {ANY})
            params(%p : tensor<5x4xf64>) outs(%o : {X}) with_ids with_step {{
        ^bb0(%h: {X}, %gh: {G}, %dh: {ANY}, %ps: tensor<4xf64>, %ids: tensor<?xindex>, %step: index):
          %c0 = arith.constant 0 : index
          %rows = tensor.dim %h, %c0 : {X}
          %e = tensor.empty(%rows) : {X}
          %pb = linalg.broadcast ins(%ps : tensor<4xf64>) outs(%e : {X}) dimensions = [0]
          {plus}
          condcomp.exit %dh : {ANY} results(%y : {X}) carry(%y, %gh, %dh : {X}, {G}, {ANY}) soft(%gh : {G})
        }} -> {X}, tensor<?xi32>""",
        {"z": X, "left": "tensor<?xi32>"},
        calls,
    )


iterate()


def state(op):
    """State adds up what rows carry; where a row leaves in part its state does."""
    table = "tensor<?x4xf64>"
    visit = f"""
      %n# = tensor.dim %h#, %c0 : {X}
      %at# = tensor.expand_shape %ids# [[0, 1]] output_shape [%n#, 1] : tensor<?xindex> into tensor<?x1xindex>
      %old# = tensor.gather %s#[%at#] gather_dims([0]) : ({table}, tensor<?x1xindex>) -> {X}
      %sum# = arith.addf %old#, %h# : {X}
      %new# = tensor.scatter %sum# into %s#[%at#] scatter_dims([0]) unique : ({X}, {table}, tensor<?x1xindex>) -> {table}
      %y# = arith.addf %h#, %h# : {X}"""
    stage = f"""
      ^bb0(%h#: {X}, %g#: {G}, %d#: {ANY}, %s#: {table}, %ids#: tensor<?xindex>):{visit}"""
    leave = f"""
      condcomp.exit %d# : {ANY} results(%y# : {X}) carry(%y#, %g#, %d# : {X}, {G}, {ANY})
        state(%new# : {table}) soft(%g# : {G})"""
    operands = f"rows(%x, %g, %d : {X}, {G}, {ANY}) state(%s : {table})"
    x, s, g = normal("x", 5, 4), normal("s", 5, 4), np.abs(normal("g", 5)) % 1
    column = g[:, None]
    states = [s + x, s + 3 * x, s + 7 * x]
    if op == "cascade":
        last = f"\ncondcomp.yield %y#, %new# : {X}, {table}"
        body = (
            (stage + leave).replace("#", "0")
            + "}, {"
            + (stage + last).replace("#", "1")
        )
        text = f"condcomp.cascade {operands} with_ids"
        want = [
            column * 2 * x + (1 - column) * 4 * x,
            column * states[0] + (1 - column) * states[1],
        ]
        calls = {"": ([x, s, g, g > 0.5], want)}
        arguments = {}
    else:
        body = (stage + leave).replace("#", "0")
        text = f"condcomp.iterate steps(%limit) {operands} outs(%x : {X}) with_ids"
        shares = [column, (1 - column) * column, (1 - column) ** 2]
        mixed = lambda values: sum(a * b for a, b in zip(shares, values))
        calls = {
            0: ([x, s, g, g > 0.5, np.int64(0)], [x, s]),
            3: (
                [x, s, g, g > 0.5, np.int64(3)],
                [mixed([2 * x, 4 * x, 8 * x]), mixed(states)],
            ),
        }
        arguments = {"limit": "index"}
    add(
        f"state_{op}",
        {"x": X, "s": table, "g": G, "d": ANY, **arguments},
        f"""%c0 = arith.constant 0 : index
        %z, %t, %left = {text} {{{body}
        }} -> {X}, {table}, tensor<?xi32>""",
        {"z": X, "t": table},
        calls,
    )


state("cascade")
state("iterate")


@pytest.fixture(scope="module")
def outcomes():
    jobs = [(name, arrays, 2) for _, name, arrays, _ in CASES]
    return dict(zip((c[0] for c in CASES), ccrun.run("\n".join(TEXT), jobs, "soft")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_closed_form(case, outcomes):
    label, _, _, wanted = case
    got = outcomes[label]
    assert not isinstance(got, ccrun.Failure), got.message
    for a, b in zip(got, wanted):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
