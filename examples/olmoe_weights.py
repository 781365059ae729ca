#!/usr/bin/env python3
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random weights and a float64 reference for examples/olmoe_layer.mlir.

Writes x, router, gate, up, down and expected as .npy files (f32: 1.6 GB, bf16:
0.8 GB) and prints the cc-run command that uses them.
"""

import argparse
import pathlib

import ml_dtypes
import numpy as np

D, FFN, EXPERTS, TOP_K = 2048, 1024, 64, 8


def make(tokens: int, dtype: np.dtype, seed: int) -> dict[str, np.ndarray]:
    """The layer's arguments, in order."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int, scale: float) -> np.ndarray:
        return (rng.standard_normal(shape, dtype=np.float32) * scale).astype(dtype)

    return {
        "x": normal(tokens, D, scale=1.0),
        "router": normal(D, EXPERTS, scale=D**-0.5),
        "gate": normal(EXPERTS, D, FFN, scale=D**-0.5),
        "up": normal(EXPERTS, D, FFN, scale=D**-0.5),
        "down": normal(EXPERTS, FFN, D, scale=FFN**-0.5),
    }


def reference(args: dict[str, np.ndarray]) -> np.ndarray:
    """The layer in float64: [tokens, D]."""
    x = args["x"].astype(np.float64)
    logits = x @ args["router"].astype(np.float64)
    exps = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    probs = exps / exps.sum(axis=1, keepdims=True)
    order = np.argsort(-logits, axis=1, kind="stable")[:, :TOP_K]
    y = np.zeros_like(x)
    for expert in range(EXPERTS):
        rows = np.flatnonzero((order == expert).any(axis=1))
        if rows.size == 0:
            continue
        gate = x[rows] @ args["gate"][expert].astype(np.float64)
        up = x[rows] @ args["up"][expert].astype(np.float64)
        hidden = gate / (1 + np.exp(-gate)) * up
        out = hidden @ args["down"][expert].astype(np.float64)
        y[rows] += probs[rows, expert, None] * out
    return y


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path, help="where the files go")
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    dtype = np.dtype(np.float32 if options.dtype == "f32" else ml_dtypes.bfloat16)
    options.folder.mkdir(parents=True, exist_ok=True)
    args = make(options.tokens, dtype, options.seed)
    for name, array in args.items():
        np.save(options.folder / f"{name}.npy", array)
    np.save(options.folder / "expected.npy", reference(args).astype(dtype))
    inputs = " ".join(f"--input=@{options.folder / name}.npy" for name in args)
    tolerance = "1e-4" if options.dtype == "f32" else "4e-2"
    print(
        f"build/bin/cc-run examples/olmoe_layer.mlir --function=layer_{options.dtype} "
        f"{inputs} --expected-output=@{options.folder / 'expected.npy'} "
        f"--rtol={tolerance} --atol={tolerance}"
    )


if __name__ == "__main__":
    main()
