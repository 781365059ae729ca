"""OLMoE's expert layer, compiled, against torch.mm of the same FLOPs."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import argparse
import pathlib
import sys

import ml_dtypes
import numpy as np
import torch

from condcomp import cc_run, side_by_side

EXAMPLES = pathlib.Path(__file__).resolve().parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))

import olmoe_weights  # noqa: E402

D, FFN, TOP_K = olmoe_weights.D, olmoe_weights.FFN, olmoe_weights.TOP_K
TYPES = {
    "f32": (np.dtype(np.float32), torch.float32),
    "bf16": (np.dtype(ml_dtypes.bfloat16), torch.bfloat16),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    side_by_side.add_options(parser, rounds=3, repetitions=3)
    parser.add_argument("--tokens", type=int, nargs="+", default=[1, 32, 512])
    parser.add_argument("--types", nargs="+", choices=TYPES, default=list(TYPES))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    module = EXAMPLES / "olmoe_layer.mlir"
    rows = []
    print("type tokens       ms  GFLOP/s  torch.mm  ratio  error (relative l2)")
    for name in options.types:
        dtype, torch_type = TYPES[name]
        weights = olmoe_weights.make(max(options.tokens), dtype, seed=0)
        x, *constants = weights.values()
        expected = olmoe_weights.reference(weights)
        mm = [torch.randn(512, D).to(torch_type), torch.randn(D, FFN).to(torch_type)]
        with cc_run.Function(
            module, f"layer_{name}", constants, form="compact"
        ) as layer:
            for tokens in options.tokens:
                runs = {
                    "condcomp": lambda: layer.times(
                        [x[:tokens]], options.repetitions, options.threads
                    ),
                    "torch.mm": lambda: side_by_side.time_here(
                        lambda: torch.mm(*mm), 10 * options.repetitions
                    ),
                }
                times = side_by_side.summary(
                    side_by_side.interleave(runs, options.rounds)
                )
                (y,) = layer.call([x[:tokens]], 1, options.threads)
                want = expected[:tokens]
                error = np.linalg.norm(y.astype(np.float64) - want)
                error /= np.linalg.norm(want)
                median = times["condcomp"]["median"]
                rate = 6e-9 * tokens * TOP_K * D * FFN / median
                peak = 2e-9 * 512 * D * FFN / times["torch.mm"]["median"]
                print(
                    f"{name:4} {tokens:6} {1e3 * median:8.1f} {rate:8.1f} {peak:9.1f}"
                    f" {rate / peak:6.2f}  {error:.1e}"
                )
                rows.append(
                    {"type": name, "tokens": tokens, "times": times, "error": error}
                )
    side_by_side.write_report(options.output, vars(options).items(), rows)


if __name__ == "__main__":
    main()
