# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""CondConv: a sample mixes kernels and convolves once."""

import numpy as np

from zoo import System, conv3x3, matrix, normal, sigmoid, wide


def inputs(rng, samples, channels, size, experts):
    kernels = experts, channels, channels, 3, 3
    return {
        "x": normal(rng, samples, channels, size, size),
        "r": matrix(rng, channels, experts),
        "kernels": normal(rng, *kernels, scale=(9 * channels) ** -0.5),
    }


def reference(x, r, kernels):
    # As a sum of convolutions, which is what mixing kernels saves.
    x = wide(x)
    a = sigmoid(x.mean((2, 3)) @ wide(r))
    zeros = np.zeros(kernels.shape[1])
    y = sum(
        a[:, i, None, None, None] * conv3x3(x, k, zeros) for i, k in enumerate(kernels)
    )
    return [y], 1 / len(kernels)


# A 3x3 convolution of ResNet-50's third stage, 8 experts.
SYSTEM = System(
    title="CondConv (ResNet-50, 8 experts)",
    family="experts",
    paper="1904.04971",
    also="PyTorch (convolution)",
    inputs=inputs,
    reference=reference,
    tiny=dict(samples=3, channels=6, size=5, experts=4),
    published=dict(samples=16, channels=256, size=14, experts=8),
    rows="samples",
    less="one convolution",
)
