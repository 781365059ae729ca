# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gradients of the soft form, by differences, against those of PyTorch."""

import numpy as np
import pytest

import ccrun
import inputs
from condcomp import reference as ref
from programs import elementwise, function, matmul

X, G, ANY = "tensor<?x4xf64>", "tensor<?xf64>", "tensor<?xi1>"
ONE = "!condcomp.routing<?x3, f64, exactly 1>"
SIGMOID = """%minus = arith.negf %a : f64
  %power = math.exp %minus : f64
  %unit = arith.constant 1.0 : f64
  %sum = arith.addf %unit, %power : f64
  %y = arith.divf %unit, %sum : f64"""


def normal(seed, *shape):
    return inputs.normal(seed, shape, "f64")


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


def halting():
    """Tokens pooled and mixed by drawn modules, experts by what a gate leaves,
    then steps that halt and add up what they saw in a state."""
    scores, st = matmul("s", "x", X, "wg", "tensor<4x3xf64>")
    hidden, ht = matmul("h", "xe", X, "we", "tensor<4x4xf64>")
    stepped, _ = matmul("n", "hs", X, "u", "tensor<4x4xf64>")
    sure, gt = matmul("l", "hs", X, "v", "tensor<4x1xf64>")
    two = "!condcomp.routing<?x3, f64, exactly 2>"
    slots = "tensor<3x4xf64>"
    body = f"""
      {scores}
      %key = arith.constant 5 : i64
      %d = condcomp.sample %s, 1 key(%key) : {st} -> {ONE}
      %m = condcomp.normalize softmax %d : {ONE}
      %zero = arith.constant dense<0.0> : {slots}
      %slots = condcomp.pool sum %m from rows(%x : {X}) outs(%zero : {slots}) : {ONE}
      %tokens = condcomp.mix %m from modules(%slots : {slots}) outs(%x : {X}) : {ONE}
      %se = tensor.empty(%s_n) : {st}
      %p = linalg.softmax dimension(1) ins(%s : {st}) outs(%se : {st}) -> {st}
      %best = condcomp.top_k %p, 1 : {st} -> {ONE}
      %others = condcomp.complement %best : {ONE} -> {two}
      %mixed = condcomp.apply %others : {two}
          rows(%tokens : {X}) params(%w : tensor<3x4x4xf64>) outs(%tokens : {X}) {{
      ^bb0(%xe: {X}, %we: tensor<4x4xf64>):
        {hidden}
        condcomp.yield %h : {ht}
      }} -> {X}
      %limit = arith.constant 3 : index
      %z, %t, %left = condcomp.iterate steps(%limit) rows(%mixed : {X})
          state(%x : {X}) outs(%x : {X}) with_ids {{
      ^bb0(%hs: {X}, %seen: {X}, %ids: tensor<?xindex>):
        {sure}
        {elementwise("g2", ["l"], gt, SIGMOID)}
        %g = tensor.collapse_shape %g2 [[0, 1]] : {gt} into {G}
        %done = tensor.splat %never[%l_n] : {ANY}
        {stepped}
        %next = math.tanh %n : {X}
        %at = tensor.expand_shape %ids [[0, 1]] output_shape [%l_n, 1]
          : tensor<?xindex> into tensor<?x1xindex>
        %old = tensor.gather %seen[%at] gather_dims([0]) : ({X}, tensor<?x1xindex>) -> {X}
        %product = arith.mulf %old, %next : {X}
        %new = tensor.scatter %product into %seen[%at] scatter_dims([0]) unique
          : ({X}, {X}, tensor<?x1xindex>) -> {X}
        condcomp.exit %done : {ANY} results(%next : {X}) carry(%next : {X})
          state(%new : {X}) soft(%g : {G})
      }} -> {X}, {X}, tensor<?xi32>"""
    arguments = {
        "x": X,
        "wg": "tensor<4x3xf64>",
        "w": "tensor<3x4x4xf64>",
        "v": "tensor<4x1xf64>",
        "u": "tensor<4x4xf64>",
    }
    body = f"%never = arith.constant false\n{body}"
    return function("halting", arguments, body, {"z": X, "t": X})


def network_of_torch(torch, x, wg, w, v, u0, u1):
    p = torch.softmax(x @ wg, dim=1)
    y = x + sum(p[:, m : m + 1] * torch.relu(x @ w[m]) for m in range(3))
    gamma = torch.sigmoid(y @ v)
    return [gamma * (y @ u0) + (1 - gamma) * (torch.tanh(y) @ u1)]


def halting_of_torch(torch, x, wg, w, v, u):
    s = x @ wg
    m = torch.softmax(s + torch.tensor(ref.gumbel((5, 3), 5, double=True)), dim=1)
    y = x + m @ (m.T @ x)
    rest = 1 - torch.softmax(s, dim=1)
    h = y + sum(rest[:, m : m + 1] * (y @ w[m]) for m in range(3))
    stays, z, t, seen = torch.ones(5, 1, dtype=torch.float64), 0, 0, x
    for step in range(3):
        leaves = stays * torch.sigmoid(h @ v) if step < 2 else stays
        h = torch.tanh(h @ u)
        seen = seen * h
        stays, z, t = stays - leaves, z + leaves * h, t + leaves * seen
    return [z, t]


@pytest.mark.frameworks
@pytest.mark.parametrize(
    "make, of_torch, shapes",
    [
        (
            network,
            network_of_torch,
            {
                "x": (5, 4),
                "wg": (4, 3),
                "w": (3, 4, 4),
                "v": (4, 1),
                "u0": (4, 2),
                "u1": (4, 2),
            },
        ),
        (
            halting,
            halting_of_torch,
            {"x": (5, 4), "wg": (4, 3), "w": (3, 4, 4), "v": (4, 1), "u": (4, 4)},
        ),
    ],
    ids=["exits", "halting"],
)
def test_gradients_are_those_of_pytorch(make, of_torch, shapes):
    torch = pytest.importorskip("torch")
    values = [normal(name, *shape) for name, shape in shapes.items()]
    leaves = [torch.tensor(a, requires_grad=True) for a in values]
    wanted = of_torch(torch, *leaves)
    weights = [normal(f"loss{n}", *z.shape) for n, z in enumerate(wanted)]
    sum((z * torch.tensor(w)).sum() for z, w in zip(wanted, weights)).backward()

    step, name = 1e-5, make.__name__
    jobs = [(name, values, 1)]
    for number, array in enumerate(values):
        for at in np.ndindex(array.shape):
            for sign in (1, -1):
                moved = array.copy()
                moved[at] += sign * step
                jobs.append((name, values[:number] + [moved] + values[number + 1 :], 1))
    results = ccrun.run(make(), jobs, "soft")
    for result in results:
        assert not isinstance(result, ccrun.Failure), result.message
    for got, want in zip(results[0], wanted):
        np.testing.assert_allclose(got, want.detach().numpy(), rtol=1e-12)
    losses = [sum((z * w).sum() for z, w in zip(r, weights)) for r in results[1:]]
    losses = np.array(losses).reshape(-1, 2)
    slopes = (losses[:, 0] - losses[:, 1]) / (2 * step)
    gradients = np.concatenate([leaf.grad.numpy().reshape(-1) for leaf in leaves])
    # The step's error is of the order step², that of rounding eps / step.
    np.testing.assert_allclose(slopes, gradients, rtol=1e-7, atol=1e-8)
