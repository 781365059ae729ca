# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Expert layers whose modules run together, against the masked form to the bit
and against NumPy in float64."""

import numpy as np
import pytest

from codegen_test import EPSILON, load, run, store

MM = """
    %{r}e = tensor.empty(%n) : tensor<?x{n}x{t}>
    %{r}z = linalg.fill ins(%zero : {t}) outs(%{r}e : tensor<?x{n}x{t}>) -> tensor<?x{n}x{t}>
    %{r} = linalg.matmul ins(%{a}, %{w} : tensor<?x{k}x{t}>, tensor<{k}x{n}x{t}>)
      outs(%{r}z : tensor<?x{n}x{t}>) -> tensor<?x{n}x{t}>"""
MAP = """
    %{r}e = tensor.empty(%n) : tensor<?x{n}x{t}>
    %{r} = linalg.generic {{indexing_maps = [{maps}, affine_map<(i, j) -> (i, j)>],
        iterator_types = ["parallel", "parallel"]}}
      ins({ins} : {types}) outs(%{r}e : tensor<?x{n}x{t}>) {{
    ^bb1({args}, %out: {t}):
      {body}
      linalg.yield %y : {t}
    }} -> tensor<?x{n}x{t}>"""


def elementwise(r, operands, n, t, body):
    """operands: (name, type, whether it has rows)."""
    both, last = "affine_map<(i, j) -> (i, j)>", "affine_map<(i, j) -> (j)>"
    return MAP.format(
        r=r,
        n=n,
        t=t,
        maps=", ".join(both if rows else last for _, _, rows in operands),
        ins=", ".join(f"%{name}" for name, _, _ in operands),
        types=", ".join(of for _, of, _ in operands),
        args=", ".join(f"%{c}: {t}" for c, _ in zip("abc", operands)),
        body=body,
    )


def swiglu(d, f, t):
    rows = f"tensor<?x{f}x{t}>"
    body = (
        MM.format(r="g", a="x", w="p0", k=d, n=f, t=t)
        + MM.format(r="u", a="x", w="p1", k=d, n=f, t=t)
        + elementwise(
            "h", [("g", rows, 1), ("u", rows, 1)], f, t, f"%y = arith.mulf %a, %b : {t}"
        )
        + MM.format(r="y", a="h", w="p2", k=f, n=d, t=t)
    )
    reference = lambda x, g, u, v: ((x @ g) * (x @ u)) @ v
    return [(d, f), (d, f), (f, d)], body, reference


def biased(d, f, t):
    """Biases and a clamp; the second matrix is the same for all modules."""
    rows = f"tensor<?x{f}x{t}>"
    body = (
        MM.format(r="g", a="x", w="p0", k=d, n=f, t=t)
        + elementwise(
            "h",
            [("g", rows, 1), ("p1", f"tensor<{f}x{t}>", 0)],
            f,
            t,
            f"%s = arith.addf %a, %b : {t}\n%y = arith.maximumf %s, %zero : {t}",
        )
        + MM.format(r="v", a="h", w="shared", k=f, n=d, t=t)
        + elementwise(
            "y",
            [("v", f"tensor<?x{d}x{t}>", 1), ("p2", f"tensor<{d}x{t}>", 0)],
            d,
            t,
            f"%y = arith.addf %a, %b : {t}",
        )
    )
    reference = lambda x, w, b, c, shared: np.maximum(x @ w + b, 0) @ shared + c
    return [(d, f), (f,), (d,)], body, reference


def interleaved(d, f, t):
    """Gate and up in turn in the columns of one matrix; one residual."""
    rows = f"tensor<?x{f}x{t}>"
    parts = "".join(f"""
    %{name} = tensor.extract_slice %gu[0, {i}] [%n, {f}] [1, 2]
      : tensor<?x{2 * f}x{t}> to {rows}""" for i, name in enumerate(["g", "u"]))
    body = (
        MM.format(r="gu", a="x", w="p0", k=d, n=2 * f, t=t)
        + parts
        + elementwise(
            "h", [("g", rows, 1), ("u", rows, 1)], f, t, f"%y = arith.mulf %a, %b : {t}"
        )
        + MM.format(r="v", a="h", w="p1", k=f, n=d, t=t)
        + elementwise(
            "y",
            [("v", f"tensor<?x{d}x{t}>", 1), ("x", f"tensor<?x{d}x{t}>", 1)],
            d,
            t,
            f"%y = arith.addf %a, %b : {t}",
        )
    )

    def reference(x, w, v):
        both = x @ w
        return (both[:, 0::2] * both[:, 1::2]) @ v + x

    return [(d, 2 * f), (f, d)], body, reference


def normalized(d, f, t):
    """Rows scaled by their sum of squares, before the only matrix."""
    body = f"""
    %v0 = tensor.empty(%n) : tensor<?x{t}>
    %v1 = linalg.fill ins(%zero : {t}) outs(%v0 : tensor<?x{t}>) -> tensor<?x{t}>
    %v2 = linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>,
        affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}}
      ins(%x : tensor<?x{d}x{t}>) outs(%v1 : tensor<?x{t}>) {{
    ^bb1(%a: {t}, %out: {t}):
      %q = arith.mulf %a, %a : {t}
      %s = arith.addf %q, %out : {t}
      linalg.yield %s : {t}
    }} -> tensor<?x{t}>
    %he = tensor.empty(%n) : tensor<?x{d}x{t}>
    %h = linalg.generic {{indexing_maps = [affine_map<(i, j) -> (i, j)>,
        affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>],
        iterator_types = ["parallel", "parallel"]}}
      ins(%x, %v2 : tensor<?x{d}x{t}>, tensor<?x{t}>) outs(%he : tensor<?x{d}x{t}>) {{
    ^bb1(%a: {t}, %b: {t}, %out: {t}):
      %q = arith.divf %a, %b : {t}
      linalg.yield %q : {t}
    }} -> tensor<?x{d}x{t}>""" + MM.format(r="y", a="h", w="p0", k=d, n=d, t=t)
    reference = lambda x, w: (x / (x * x).sum(1, keepdims=True)) @ w
    return [(d, d)], body, reference


def layer(make, modules, d, f, t):
    shapes, body, _ = make(d, f, t)
    whole = [f"tensor<{'x'.join(map(str, (modules,) + s))}x{t}>" for s in shapes]
    one = [f"tensor<{'x'.join(map(str, s))}x{t}>" for s in shapes]
    x, routing = f"tensor<?x{d}x{t}>", f"!condcomp.routing<?x{modules}, f32>"
    return f"""
func.func @f(%rows: {x}, %scores: tensor<?x{modules}xf32>, %outs: {x},
    %shared: tensor<{f}x{d}x{t}>, {", ".join(f"%w{i}: {w}" for i, w in enumerate(whole))}) -> {x} {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : {t}
  %half = arith.constant 0.5 : f32
  %r = condcomp.threshold %scores, %half : tensor<?x{modules}xf32>, f32 -> {routing}
  %result = condcomp.apply %r : {routing} rows(%rows : {x})
      params({", ".join(f"%w{i}" for i in range(len(whole)))} : {", ".join(whole)})
      outs(%outs : {x}) combine(sum) {{
  ^bb0(%x: {x}, {", ".join(f"%p{i}: {w}" for i, w in enumerate(one))}):
    %n = tensor.dim %x, %c0 : {x}
    {body}
    condcomp.yield %y : {x}
  }} -> {x}
  return %result : {x}
}}"""


# Modules, width, inner width: odd ones, more columns than a tile, one module,
# more modules than rows.
LAYERS = [(5, 33, 70, "f32"), (1, 40, 150, "f32"), (300, 16, 24, "f32")]
LAYERS += [(5, 33, 70, "bf16"), (3, 20, 21, "f64"), (3, 34, 600, "f32")]


@pytest.mark.parametrize("modules, d, f, kind", LAYERS)
@pytest.mark.parametrize("make", [swiglu, biased, interleaved, normalized])
def test_layer(run, make, modules, d, f, kind):
    random = np.random.default_rng(3)
    shapes, _, reference = make(d, f, kind)
    source = layer(make, modules, d, f, kind)

    def normal(*shape, scale=1.0):
        return store(random.standard_normal(shape) * scale, kind)

    weights = [normal(modules, *s, scale=s[0] ** -0.5) for s in shapes]
    shared = normal(f, d, scale=f**-0.5)
    for rows, share in [(0, 0.5), (1, 0.5), (13, 0.0), (13, 0.3), (600, 0.2)]:
        x, outs = normal(rows, d), normal(rows, d)
        scores = random.random((rows, modules)).astype(np.float32)
        # Most rows go to the first module, none to the last but one.
        scores[:, 0] += 0.4
        scores = np.where(scores > 1 - share, 1, 0).astype(np.float32)
        if modules > 1:
            scores[:, -2] = 0
        if modules > 100:
            scores[:, 100:] *= scores[:, 100:] * (random.random((rows, 200)) < 0.02)
        inputs = [x, scores, outs, shared, *weights]
        compact = run(source, inputs, form="compact")
        alone = run(source, inputs, threads=1, form="compact")
        assert compact.tobytes() == alone.tobytes()
        if rows <= 13:
            assert compact.tobytes() == run(source, inputs, form="masked").tobytes()
        want = load(outs, kind)
        extra = [load(shared, kind)] if make is biased else []
        size = np.abs(want)
        for e in range(modules):
            at = np.flatnonzero(scores[:, e])
            if at.size:
                y = reference(
                    load(x, kind)[at], *(load(w, kind)[e] for w in weights), *extra
                )
                want[at] += y
                size[at] += np.abs(y).max(1, keepdims=True)
        tolerance = 40 * EPSILON[kind] * size + 1e-6 * (kind != "f64")
        assert (np.abs(load(compact, kind) - want) <= tolerance).all(), rows
