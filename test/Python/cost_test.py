# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""condcomp-report-cost against the FLOPs that PyTorch counts.

The same networks written in PyTorch, which gathers the rows that a run chose; its
counter looks at matrix products as they are done.
"""

# Requires: torch

import json
import subprocess

import numpy as np
import pytest

import condcomp
from condcomp.cc_run import BUILD

torch = pytest.importorskip("torch")
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402


def matmul(name, inner, columns):
    """A private function: a matrix product with any number of rows."""
    return f"""
func.func private @{name}(%x: tensor<?x{inner}xf32>, %w: tensor<{inner}x{columns}xf32>)
    -> tensor<?x{columns}xf32> {{
  %c0 = arith.constant 0 : index
  %f0 = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x{inner}xf32>
  %e = tensor.empty(%n) : tensor<?x{columns}xf32>
  %z = linalg.fill ins(%f0 : f32) outs(%e : tensor<?x{columns}xf32>)
    -> tensor<?x{columns}xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x{inner}xf32>, tensor<{inner}x{columns}xf32>)
    outs(%z : tensor<?x{columns}xf32>) -> tensor<?x{columns}xf32>
  return %y : tensor<?x{columns}xf32>
}}"""


EXPERTS = """
func.func @experts(%x: tensor<?x12xf32>, %scores: tensor<?x6xf32>, %tau: f32,
                   %up: tensor<6x12x20xf32>, %down: tensor<6x20x12xf32>)
    -> (tensor<?x12xf32>, tensor<?x6xi1>) {
  %r = condcomp.threshold %scores, %tau : tensor<?x6xf32>, f32
    -> !condcomp.routing<?x6, f32>
  %y = condcomp.apply %r : !condcomp.routing<?x6, f32> rows(%x : tensor<?x12xf32>)
      params(%up, %down : tensor<6x12x20xf32>, tensor<6x20x12xf32>)
      outs(%x : tensor<?x12xf32>) {
  ^bb0(%xe: tensor<?x12xf32>, %u: tensor<12x20xf32>, %d: tensor<20x12xf32>):
    %h = func.call @up(%xe, %u) : (tensor<?x12xf32>, tensor<12x20xf32>)
      -> tensor<?x20xf32>
    %a = math.tanh %h : tensor<?x20xf32>
    %o = func.call @down(%a, %d) : (tensor<?x20xf32>, tensor<20x12xf32>)
      -> tensor<?x12xf32>
    condcomp.yield %o : tensor<?x12xf32>
  } -> tensor<?x12xf32>
  %m = condcomp.to_mask %r : !condcomp.routing<?x6, f32> -> tensor<?x6xi1>
  return %y, %m : tensor<?x12xf32>, tensor<?x6xi1>
}""" + matmul("up", 12, 20) + matmul("down", 20, 12)

EXITS = (
    """
func.func @exits(%x: tensor<?x12xf32>, %sure: tensor<?x3xf32>, %w: tensor<3x12x12xf32>,
                 %head: tensor<12x5xf32>) -> (tensor<?x5xf32>, tensor<?xi32>) {
  %w0 = tensor.extract_slice %w[0, 0, 0] [1, 12, 12] [1, 1, 1]
    : tensor<3x12x12xf32> to tensor<12x12xf32>
  %w1 = tensor.extract_slice %w[1, 0, 0] [1, 12, 12] [1, 1, 1]
    : tensor<3x12x12xf32> to tensor<12x12xf32>
  %w2 = tensor.extract_slice %w[2, 0, 0] [1, 12, 12] [1, 1, 1]
    : tensor<3x12x12xf32> to tensor<12x12xf32>
  %y, %at = condcomp.cascade rows(%x, %sure : tensor<?x12xf32>, tensor<?x3xf32>) {
"""
    + "\n  }, {\n".join(
        f"""  ^bb0(%h{i}: tensor<?x12xf32>, %s{i}: tensor<?x3xf32>):
    %g{i} = func.call @layer(%h{i}, %w{i}) : (tensor<?x12xf32>, tensor<12x12xf32>)
      -> tensor<?x12xf32>
    %l{i} = func.call @head(%g{i}, %head) : (tensor<?x12xf32>, tensor<12x5xf32>)
      -> tensor<?x5xf32>
"""
        + (
            f"""    %d{i} = func.call @done{i}(%s{i}) : (tensor<?x3xf32>) -> tensor<?xi1>
    condcomp.exit %d{i} : tensor<?xi1> results(%l{i} : tensor<?x5xf32>)
      carry(%g{i}, %s{i} : tensor<?x12xf32>, tensor<?x3xf32>)"""
            if i < 2
            else f"    condcomp.yield %l{i} : tensor<?x5xf32>"
        )
        for i in range(3)
    )
    + """
  } -> tensor<?x5xf32>, tensor<?xi32>
  return %y, %at : tensor<?x5xf32>, tensor<?xi32>
}"""
    + "".join(f"""
func.func private @done{i}(%s: tensor<?x3xf32>) -> tensor<?xi1> {{
  %c0 = arith.constant 0 : index
  %half = arith.constant 0.5 : f32
  %n = tensor.dim %s, %c0 : tensor<?x3xf32>
  %e = tensor.empty(%n) : tensor<?xi1>
  %d = linalg.generic {{indexing_maps = [affine_map<(r) -> (r, {i})>,
      affine_map<(r) -> (r)>], iterator_types = ["parallel"]}}
      ins(%s : tensor<?x3xf32>) outs(%e : tensor<?xi1>) {{
  ^bb0(%v: f32, %o: i1):
    %b = arith.cmpf oge, %v, %half : f32
    linalg.yield %b : i1
  }} -> tensor<?xi1>
  return %d : tensor<?xi1>
}}""" for i in range(2))
    + matmul("layer", 12, 12)
    + matmul("head", 12, 5)
)

# A block of a vision transformer on the tokens that each image keeps.
PRUNED = """
!tokens = tensor<?x?x8xf32>
!kept = !condcomp.routing<?x16, f32, exactly ?>
func.func @pruned(%x: tensor<?x16x8xf32>, %s: tensor<?x16xf32>, %k: index,
                  %w: tensor<8x8xf32>) -> !tokens {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f0 = arith.constant 0.0 : f32
  %r = condcomp.top_k %s, %k : tensor<?x16xf32> -> !kept
  %t = condcomp.select %r from pairs(%x : tensor<?x16x8xf32>) : !kept -> !tokens
  %b = tensor.dim %t, %c0 : !tokens
  %n = tensor.dim %t, %c1 : !tokens
  %es = tensor.empty(%b, %n, %n) : tensor<?x?x?xf32>
  %zs = linalg.fill ins(%f0 : f32) outs(%es : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %qk = linalg.generic {indexing_maps = [affine_map<(b, q, k, d) -> (b, q, d)>,
      affine_map<(b, q, k, d) -> (b, k, d)>, affine_map<(b, q, k, d) -> (b, q, k)>],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%t, %t : !tokens, !tokens) outs(%zs : tensor<?x?x?xf32>) {
  ^bb0(%p: f32, %q: f32, %o: f32):
    %m = arith.mulf %p, %q : f32
    %a = arith.addf %o, %m : f32
    linalg.yield %a : f32
  } -> tensor<?x?x?xf32>
  %p = linalg.softmax dimension(2) ins(%qk : tensor<?x?x?xf32>)
    outs(%es : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %ev = tensor.empty(%b, %n) : !tokens
  %zv = linalg.fill ins(%f0 : f32) outs(%ev : !tokens) -> !tokens
  %v = linalg.batch_matmul ins(%p, %t : tensor<?x?x?xf32>, !tokens)
    outs(%zv : !tokens) -> !tokens
  %flat = tensor.collapse_shape %v [[0, 1], [2]] : !tokens into tensor<?x8xf32>
  %f = func.call @mlp(%flat, %w) : (tensor<?x8xf32>, tensor<8x8xf32>) -> tensor<?x8xf32>
  %y = tensor.expand_shape %f [[0, 1], [2]] output_shape [%b, %n, 8]
    : tensor<?x8xf32> into !tokens
  return %y : !tokens
}""" + matmul("mlp", 8, 8)


def report(text, folder):
    """What cc-opt writes of the one public function."""
    source, costs = folder / "net.mlir", folder / "cost.json"
    source.write_text(text)
    subprocess.run(
        [BUILD / "bin" / "cc-opt", source, f"--condcomp-report-cost=json={costs}"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (function,) = json.loads(costs.read_text())["functions"]
    return function


def evaluate(function, polynomial, meanings):
    """The value of a polynomial; every symbol has one that begins with a meaning."""
    values = {}
    for symbol in function["symbols"]:
        (values[symbol["name"]],) = (
            value
            for meaning, value in meanings.items()
            if symbol["meaning"].startswith(meaning)
        )
    for symbol in function["symbols"]:
        for bound in symbol["at_most"]:
            assert values[symbol["name"]] <= eval(bound, {}, values)
    return eval(polynomial, {}, values)


def check(function, meanings, run):
    """FLOPs of contractions are those that PyTorch counts while `run` runs."""
    assert function["exact"]
    with FlopCounterMode(display=False) as counter:
        run()
    flops = evaluate(function, function["cost"]["contraction_flops"], meanings)
    assert flops == counter.get_total_flops()


def normal(*shape):
    return np.random.default_rng(0).standard_normal(shape, np.float32)


@pytest.mark.parametrize("rows", [0, 1, 37])
@pytest.mark.parametrize("tau", [-9.0, 0.4, 9.0])
def test_experts(rows, tau, tmp_path):
    x, scores = normal(rows, 12), normal(rows, 6)
    up, down = normal(6, 12, 20), normal(6, 20, 12)
    program = condcomp.compile(EXPERTS)
    _, mask = program.experts(x, scores, np.float32(tau), up, down)

    def run():
        for m in range(6):
            chosen = torch.from_numpy(x[mask[:, m]])
            hidden = torch.tanh(chosen @ torch.from_numpy(up[m]))
            hidden @ torch.from_numpy(down[m])

    function = report(EXPERTS, tmp_path)
    meanings = {
        "size of argument": rows,
        "entries of": int(mask.sum()),
        "runs of region 0": int(mask.any(0).sum()),
    }
    check(function, meanings, run)
    dense = function["dense"]["contraction_flops"]
    assert evaluate(function, dense, meanings) == rows * 6 * 2 * 2 * 12 * 20


@pytest.mark.parametrize("rows", [0, 1, 37])
def test_exits(rows, tmp_path):
    x, w, head = normal(rows, 12), normal(3, 12, 12), normal(12, 5)
    sure = normal(rows, 3)
    _, left_at = condcomp.compile(EXITS).exits(x, sure, w, head)
    reached = [int((left_at >= stage).sum()) for stage in range(3)]

    def run():
        h, at = torch.from_numpy(x), left_at
        for stage in range(3):
            h = h[torch.from_numpy(at >= stage)]
            at = at[at >= stage]
            h = h @ torch.from_numpy(w[stage])
            h @ torch.from_numpy(head)

    meanings = {"size of argument": rows}
    for stage in (1, 2):
        meanings[f"rows that reach stage {stage}"] = reached[stage]
        meanings[f"runs of region {stage}"] = int(reached[stage] > 0)
    meanings["runs of region 0"] = int(rows > 0)
    check(report(EXITS, tmp_path), meanings, run)


@pytest.mark.parametrize("images, kept", [(1, 16), (3, 5), (2, 0)])
def test_pruned_tokens(images, kept, tmp_path):
    def run():
        t = torch.zeros(images, kept, 8)
        p = torch.softmax(t @ t.transpose(1, 2), dim=2)
        (p @ t).reshape(-1, 8) @ torch.zeros(8, 8)

    meanings = {"size of argument": images, "value of argument 2": kept}
    check(report(PRUNED, tmp_path), meanings, run)


def test_the_command_reports_costs(tmp_path, capsys):
    from condcomp.__main__ import main

    source = tmp_path / "experts.mlir"
    source.write_text(EXPERTS)
    assert main(["report", str(source), "--size=8"]) == 0
    out = capsys.readouterr().out
    assert "condcomp.apply, region 0: runs on e0 of 6*n0 rows" in out
