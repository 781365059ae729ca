"""Convolutions, compiled, against torch.nn.functional.conv2d: the fastest calls."""

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

# Name: samples, channels, height and width, filters, window, stride, groups; without
# groups the layout may be "nhwc". Inputs are padded beforehand.
CASES = {
    "resnet-56": (4, 64, 56, 64, 3, 1, 1),
    "resnet-28": (4, 128, 28, 128, 3, 1, 1),
    "resnet-14 (FBS)": (8, 256, 14, 256, 3, 1, 1),
    "resnet-7": (8, 512, 7, 512, 3, 1, 1),
    "resnet-56, 1x1": (4, 64, 56, 256, 1, 1, 1),
    "resnet-56, stride 2": (4, 64, 56, 128, 3, 2, 1),
    "resnet stem": (2, 3, 224, 64, 7, 2, 1),
    "skipnet": (64, 64, 8, 64, 3, 1, 1),
    "msdnet": (64, 16, 32, 6, 3, 1, 1),
    "branchynet": (64, 32, 16, 64, 5, 1, 1),
    "grouped": (8, 256, 14, 256, 3, 1, 8),
    "depthwise": (64, 576, 14, 576, 3, 1, 576),
}
TYPES = {
    "f32": (np.dtype(np.float32), torch.float32),
    "bf16": (np.dtype(ml_dtypes.bfloat16), torch.bfloat16),
}
OPS = {
    "nchw": "conv_2d_nchw_fchw",
    "nhwc": "conv_2d_nhwc_hwcf",
    "grouped": "conv_2d_ngchw_gfchw",
    "depthwise": "depthwise_conv_2d_nchw_chw",
}
SOURCE = """
func.func @conv(%x: {x}, %w: {w}) -> {y} {{
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : {t}
  %n = tensor.dim %x, %c0 : {x}
  %e = tensor.empty(%n) : {y}
  %z = linalg.fill ins(%zero : {t}) outs(%e : {y}) -> {y}
  %r = linalg.{op} {{strides = dense<{s}> : tensor<2xi64>}}
      ins(%x, %w : {x}, {w}) outs(%z : {y}) -> {y}
  return %r : {y}
}}
"""


def tensor(shape, kind):
    return f"tensor<{'x'.join(map(str, shape))}x{kind}>"


def prepare(case, layout, kind):
    """The program, its arguments and the call of PyTorch that is the same."""
    n, c, size, f, window, stride, groups = case
    dtype, torch_type = TYPES[kind]
    rng = np.random.default_rng(0)
    padded = size + window - 1
    out = (padded - window) // stride + 1
    x = torch.from_numpy(rng.standard_normal((n, c, padded, padded), dtype="f4"))
    w = torch.from_numpy(
        rng.standard_normal((f, c // groups, window, window), dtype="f4")
    )
    ours, filters, shape = x.numpy(), w.numpy(), (f, out, out)
    op = layout
    if groups == c:
        op, filters = "depthwise", filters[:, 0]
    elif groups > 1:
        op, shape = "grouped", (groups, f // groups, out, out)
        ours = ours.reshape(n, groups, c // groups, padded, padded)
        filters = filters.reshape(groups, f // groups, c // groups, window, window)
    elif layout == "nhwc":
        ours, filters = ours.transpose(0, 2, 3, 1), filters.transpose(2, 3, 1, 0)
        shape = (out, out, f)
        x = x.contiguous(memory_format=torch.channels_last)
        w = w.contiguous(memory_format=torch.channels_last)
    source = SOURCE.format(
        x=tensor(("?", *ours.shape[1:]), kind),
        w=tensor(filters.shape, kind),
        y=tensor(("?", *shape), kind),
        t=kind,
        op=OPS[op],
        s=stride,
    )
    x, w = x.to(torch_type), w.to(torch_type)
    arguments = [np.ascontiguousarray(a).astype(dtype) for a in (ours, filters)]
    flops = 2 * n * f * out * out * (c // groups) * window * window
    call = lambda: torch.nn.functional.conv2d(x, w, stride=stride, groups=groups)
    return source, arguments, call, flops


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    side_by_side.add_options(parser)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--types", nargs="+", choices=TYPES, default=list(TYPES))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    rows = []
    print(f"{'case':>20} layout type  condcomp  F.conv2d GFLOP/s  ratio")
    for name in options.cases:
        for layout in ("nchw", "nhwc")[: 1 + (CASES[name][-1] == 1)]:
            for kind in options.types:
                source, (x, w), call, flops = prepare(CASES[name], layout, kind)
                with cc_run.Function(source, "conv", [w]) as ours:
                    runs = {
                        "condcomp": lambda: ours.times(
                            [x], options.repetitions, options.threads
                        ),
                        "torch": lambda: side_by_side.time_here(
                            call, options.repetitions
                        ),
                    }
                    times = side_by_side.summary(
                        side_by_side.interleave(runs, options.rounds)
                    )
                rate = {p: 1e-9 * flops / t["min"] for p, t in times.items()}
                ratio = rate["condcomp"] / rate["torch"]
                print(
                    f"{name:>20} {layout:6} {kind:4} {rate['condcomp']:9.1f}"
                    f" {rate['torch']:9.1f} {ratio:15.2f}",
                    flush=True,
                )
                rows.append(
                    {
                        "case": name,
                        "layout": layout,
                        "type": kind,
                        "gflop": 1e-9 * flops,
                        "times": times,
                    }
                )
    side_by_side.write_report(options.output, vars(options).items(), rows)


if __name__ == "__main__":
    main()
