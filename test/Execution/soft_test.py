# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The soft form: its closed forms, and its gradients against PyTorch's."""

import numpy as np
import pytest

import ccrun
import inputs
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


def experts(name, gate, combine, mixture, outs="tensor<?x4xf64>", modules=3):
    """Modules x W[m]; mixture: of scores, what modules give, and outs."""
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
    bound = ", exactly 1>" if "top_k" in gate else ">"
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
        calls[rows] = ([x, o, g, g > 0.5], [want])
    add(
        name,
        {"x": X, "o": X, "g": G, "d": ANY},
        f"""%y, %left{", " if last else ""}{more[1]} = condcomp.cascade
            rows(%x, %g, %d : {X}, {G}, {ANY}) {outs} {{
        {text}
        }} -> {X}, tensor<?xi32>{", " if last else ""}{more[0]}""",
        {"y": X},
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
        calls[steps] = ([np.int64(steps), x, o, g, g > 2, p], [want if steps else o])
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
        {"z": X},
        calls,
    )


iterate()


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


# ===-- Gradients ----------------------------------------------------------===#

SIGMOID = """%n = arith.negf %a : f64
  %t = math.exp %n : f64
  %one = arith.constant 1.0 : f64
  %d = arith.addf %one, %t : f64
  %y = arith.divf %one, %d : f64"""


def network():
    """Experts by the softmax of a gate, then two classifiers with an exit."""
    scores, st = matmul("s", "x", X, "wg", "tensor<4x3xf64>")
    hidden, ht = matmul("h", "xe", X, "we", "tensor<4x4xf64>")
    relu = """%z = arith.constant 0.0 : f64
      %y = arith.maximumf %a, %z : f64"""
    first, yt = matmul("y0", "h0", X, "u0", "tensor<4x2xf64>")
    last, _ = matmul("y1", "h1", X, "u1", "tensor<4x2xf64>")
    sure, gt = matmul("l", "h0", X, "v", "tensor<4x1xf64>")
    body = f"""
      {scores}
      %se = tensor.empty(%s_n) : {st}
      %p = linalg.softmax dimension(1) ins(%s : {st}) outs(%se : {st}) -> {st}
      %r = condcomp.top_k %p, 2 : {st} -> !condcomp.routing<?x3, f64, exactly 2>
      %mixed = condcomp.apply %r : !condcomp.routing<?x3, f64, exactly 2>
          rows(%x : {X}) params(%w : tensor<3x4x4xf64>) outs(%x : {X}) {{
      ^bb0(%xe: {X}, %we: tensor<4x4xf64>):
        {hidden}
        {elementwise("a1", ["h"], ht, relu)}
        condcomp.yield %a1 : {X}
      }} -> {X}
      %z, %left = condcomp.cascade rows(%mixed : {X}) {{
      ^bb0(%h0: {X}):
        {first}
        {sure}
        {elementwise("g2", ["l"], gt, SIGMOID)}
        %g = tensor.collapse_shape %g2 [[0, 1]] : {gt} into {G}
        %he = tensor.empty(%l_n) : {ANY}
        %half = arith.constant 0.5 : f64
        %done = linalg.generic {{indexing_maps = [affine_map<(r) -> (r)>, affine_map<(r) -> (r)>], iterator_types = ["parallel"]}} ins(%g : {G}) outs(%he : {ANY}) {{
        ^bb1(%gv: f64, %ov: i1):
          %dv = arith.cmpf ogt, %gv, %half : f64
          linalg.yield %dv : i1
        }} -> {ANY}
        %t1 = math.tanh %h0 : {X}
        condcomp.exit %done : {ANY} results(%y0 : {yt}) carry(%t1 : {X}) soft(%g : {G})
      }}, {{
      ^bb0(%h1: {X}):
        {last}
        condcomp.yield %y1 : {yt}
      }} -> {yt}, tensor<?xi32>"""
    arguments = {"x": X, "wg": "tensor<4x3xf64>", "w": "tensor<3x4x4xf64>"}
    arguments |= {
        "v": "tensor<4x1xf64>",
        "u0": "tensor<4x2xf64>",
        "u1": "tensor<4x2xf64>",
    }
    return function("network", arguments, body, {"z": yt})


def test_gradients_are_those_of_pytorch():
    torch = pytest.importorskip("torch")
    shapes = {
        "x": (5, 4),
        "wg": (4, 3),
        "w": (3, 4, 4),
        "v": (4, 1),
        "u0": (4, 2),
        "u1": (4, 2),
    }
    values = [normal(name, *shape) for name, shape in shapes.items()]
    weight = normal("loss", 5, 2)

    x, wg, w, v, u0, u1 = leaves = [torch.tensor(a, requires_grad=True) for a in values]
    p = torch.softmax(x @ wg, dim=1)
    y = x + sum(p[:, m : m + 1] * torch.relu(x @ w[m]) for m in range(3))
    gamma = torch.sigmoid(y @ v)
    z = gamma * (y @ u0) + (1 - gamma) * (torch.tanh(y) @ u1)
    (z * torch.tensor(weight)).sum().backward()

    step, jobs = 1e-5, [("network", values, 1)]
    for number, array in enumerate(values):
        for at in np.ndindex(array.shape):
            for sign in (1, -1):
                moved = array.copy()
                moved[at] += sign * step
                jobs.append(
                    ("network", values[:number] + [moved] + values[number + 1 :], 1)
                )
    results = ccrun.run(network(), jobs, "soft")
    for result in results:
        assert not isinstance(result, ccrun.Failure), result.message
    np.testing.assert_allclose(results[0][0], z.detach().numpy(), rtol=1e-12)
    losses = np.array([(r[0] * weight).sum() for r in results[1:]]).reshape(-1, 2)
    slopes = (losses[:, 0] - losses[:, 1]) / (2 * step)
    wanted = np.concatenate([leaf.grad.numpy().reshape(-1) for leaf in leaves])
    # The step's error is of the order step², that of rounding eps / step.
    np.testing.assert_allclose(slopes, wanted, rtol=1e-7, atol=1e-8)
