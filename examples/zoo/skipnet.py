# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""SkipNet: each sample skips the residual blocks that a gate does not want."""

import numpy as np

from zoo import System, conv3x3, matrix, normal, relu_ffn, share, wide


def inputs(rng, samples, channels, size, blocks, gate):
    kernel = blocks, channels, channels, 3, 3
    return {
        "x": np.abs(normal(rng, samples, channels, size, size)),
        "gate0": matrix(rng, blocks, channels, gate),
        "gate1": matrix(rng, blocks, gate, 1),
        "k0": normal(rng, *kernel, scale=(9 * channels) ** -0.5),
        "b0": normal(rng, blocks, channels, scale=0.1),
        "k1": normal(rng, *kernel, scale=(9 * channels) ** -0.5),
        "b1": normal(rng, blocks, channels, scale=0.1),
    }


def reference(x, gate0, gate1, k0, b0, k1, b1):
    x, ran = wide(x), np.zeros((len(x), len(k0)), bool)
    for i in range(len(k0)):
        run = relu_ffn(x.mean((2, 3)), gate0[i], gate1[i])[:, 0] >= 0
        h = conv3x3(np.maximum(conv3x3(x[run], k0[i], b0[i]), 0), k1[i], b1[i])
        x[run] = np.maximum(x[run] + h, 0)
        ran[:, i] = run
    return [x, ran], share(ran)


# The last stage of ResNet-110 on CIFAR-10.
SYSTEM = System(
    title="SkipNet (ResNet-110)",
    family="depth",
    paper="1711.09485",
    also="PyTorch (convolution)",
    inputs=inputs,
    reference=reference,
    tiny=dict(samples=6, channels=8, size=4, blocks=3, gate=5),
    published=dict(samples=256, channels=64, size=8, blocks=18, gate=10),
    rows="samples",
    less="the last of three stages",
)
