"""A matmul of many or few rows, compiled, against torch.mm."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse

import ml_dtypes
import numpy as np
import torch

from condcomp import cc_run, side_by_side

# The last two read weights from memory: a few tokens of a large model.
SHAPES = [(512, 2048, 1024), (512, 1024, 2048), (512, 768, 3072), (8, 2048, 1024)]
SHAPES += [(4, 4096, 14336), (1, 4096, 14336)]

SOURCE = """
func.func @matmul(%a: tensor<?x{k}x{t}>, %b: tensor<{k}x{n}x{t}>) -> tensor<?x{n}x{t}> {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : {t}
  %rows = tensor.dim %a, %c0 : tensor<?x{k}x{t}>
  %e = tensor.empty(%rows) : tensor<?x{n}x{t}>
  %z = linalg.fill ins(%zero : {t}) outs(%e : tensor<?x{n}x{t}>) -> tensor<?x{n}x{t}>
  %c = linalg.matmul ins(%a, %b : tensor<?x{k}x{t}>, tensor<{k}x{n}x{t}>)
    outs(%z : tensor<?x{n}x{t}>) -> tensor<?x{n}x{t}>
  return %c : tensor<?x{n}x{t}>
}}
"""
TYPES = {
    "f32": (np.dtype(np.float32), torch.float32),
    "bf16": (np.dtype(ml_dtypes.bfloat16), torch.bfloat16),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    side_by_side.add_options(parser)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rng = np.random.default_rng(0)
    rows = []
    print(f"{'m x k x n':>16} type  condcomp   torch.mm GFLOP/s  ratio")
    for name, (dtype, torch_type) in TYPES.items():
        for m, k, n in SHAPES:
            a, b = (rng.standard_normal(s, dtype="f4") for s in ((m, k), (k, n)))
            ta, tb = (torch.from_numpy(x).to(torch_type) for x in (a, b))
            b = b.astype(dtype)
            source = SOURCE.format(k=k, n=n, t=name)
            with cc_run.Function(source, "matmul", [b]) as ours:
                x = a.astype(dtype)
                runs = {
                    "condcomp": lambda: ours.times(
                        [x], options.repetitions, options.threads
                    ),
                    "torch.mm": lambda: side_by_side.time_here(
                        lambda: torch.mm(ta, tb), options.repetitions
                    ),
                }
                times = side_by_side.summary(
                    side_by_side.interleave(runs, options.rounds)
                )
            rate = {p: 2e-9 * m * k * n / t["median"] for p, t in times.items()}
            ratio = rate["condcomp"] / rate["torch.mm"]
            shape = f"{m}x{k}x{n}"
            print(
                f"{shape:>16} {name:4} {rate['condcomp']:9.1f} {rate['torch.mm']:10.1f}"
                f" {ratio:14.2f}"
            )
            rows.append({"shape": [m, k, n], "type": name, "times": times})
    side_by_side.write_report(options.output, vars(options).items(), rows)


if __name__ == "__main__":
    main()
