"""Gates, dispatch and combine without the experts, against PyTorch."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse

import numpy as np
import torch

from condcomp import cc_run, side_by_side

# The experts give back the rows they get: all that is left is routing.
SOURCE = """
func.func @route(%logits: tensor<?x{m}xf32>, %x: tensor<?x{d}xf32>) -> tensor<?x{d}xf32> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x{d}xf32>
  %e = tensor.empty(%n) : tensor<?x{m}xf32>
  %p = linalg.softmax dimension(1) ins(%logits : tensor<?x{m}xf32>)
    outs(%e : tensor<?x{m}xf32>) -> tensor<?x{m}xf32>
  %top = condcomp.top_k %p, {k} : tensor<?x{m}xf32>
    -> !condcomp.routing<?x{m}, f32, exactly {k}>
  %r = condcomp.normalize sum %top : !condcomp.routing<?x{m}, f32, exactly {k}>
  %y0 = tensor.empty(%n) : tensor<?x{d}xf32>
  %y1 = linalg.fill ins(%zero : f32) outs(%y0 : tensor<?x{d}xf32>) -> tensor<?x{d}xf32>
  %y = condcomp.apply %r : !condcomp.routing<?x{m}, f32, exactly {k}>
      rows(%x : tensor<?x{d}xf32>) outs(%y1 : tensor<?x{d}xf32>) combine(sum) {{
  ^bb0(%rows: tensor<?x{d}xf32>):
    condcomp.yield %rows : tensor<?x{d}xf32>
  }} -> tensor<?x{d}xf32>
  return %y : tensor<?x{d}xf32>
}}
"""


def gate(logits, k):
    weights, experts = torch.softmax(logits, dim=-1).topk(k, dim=-1)
    return weights / weights.sum(dim=-1, keepdim=True), experts


def dispatch(x, experts, k, modules):
    """Rows in order of expert, where they come from, and each expert's count."""
    order = experts.flatten().argsort(stable=True)
    counts = torch.bincount(experts.flatten(), minlength=modules)
    rows = order // k
    return x.index_select(0, rows), rows, order, counts


def index_add(logits, x, k):
    weights, experts = gate(logits, k)
    gathered, rows, order, _ = dispatch(x, experts, k, logits.shape[1])
    weighted = gathered * weights.flatten()[order].unsqueeze(1)
    return torch.zeros_like(x).index_add_(0, rows, weighted)


def gather_back(logits, x, k):
    weights, experts = gate(logits, k)
    gathered, _, order, _ = dispatch(x, experts, k, logits.shape[1])
    back = torch.empty_like(order)
    back[order] = torch.arange(len(order))
    slots = gathered.index_select(0, back).view(*experts.shape, x.shape[1])
    return (slots * weights.unsqueeze(2)).sum(dim=1)


PEERS = {"index_add": index_add, "gather back": gather_back}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    side_by_side.add_options(parser)
    parser.set_defaults(threads=1)
    parser.add_argument("--tokens", type=int, nargs="+", default=[1, 128, 4096])
    parser.add_argument("--widths", type=int, nargs="+", default=[64, 2048])
    parser.add_argument("--experts", type=int, default=256)
    parser.add_argument("--k", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rng = np.random.default_rng(0)
    rows = []
    print("tokens  width  condcomp us  PyTorch us  speed  best of PyTorch")
    for d in options.widths:
        source = SOURCE.format(m=options.experts, d=d, k=options.k)
        with cc_run.Function(source, "route", form="compact") as ours:
            for tokens in options.tokens:
                logits, x = (
                    rng.standard_normal((tokens, n), dtype="f4")
                    for n in (options.experts, d)
                )
                arrays = [torch.from_numpy(a) for a in (logits, x)]
                repetitions = options.repetitions * max(1, 4096 // (4 * tokens))
                runs = {
                    name: lambda peer=peer: side_by_side.time_here(
                        lambda: peer(*arrays, options.k), repetitions
                    )
                    for name, peer in PEERS.items()
                }
                runs["condcomp"] = lambda: ours.times(
                    [logits, x], repetitions, options.threads
                )
                with torch.inference_mode():
                    times = side_by_side.summary(
                        side_by_side.interleave(runs, options.rounds)
                    )
                    (y,) = ours.call([logits, x], 1, options.threads)
                    for name, peer in PEERS.items():
                        np.testing.assert_allclose(
                            y, peer(*arrays, options.k), 1e-4, 1e-5, err_msg=name
                        )
                us = {name: 1e6 * t["median"] for name, t in times.items()}
                best = min(PEERS, key=us.get)
                print(
                    f"{tokens:6} {d:6} {us['condcomp']:12.1f} {us[best]:11.1f}"
                    f" {us[best] / us['condcomp']:6.2f}  {best}"
                )
                rows.append({"tokens": tokens, "width": d, "times": times})
    side_by_side.write_report(options.output, vars(options).items(), rows)


if __name__ == "__main__":
    main()
