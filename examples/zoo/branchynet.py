# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""BranchyNet: a sample that a branch is sure of does not run the main network."""

import numpy as np

from zoo import System, conv3x3, matrix, normal, relu_ffn, softmax, wide


def inputs(rng, samples, channels, size, filters, branch, hidden, t):
    c0, c1, c2 = filters
    kernel = lambda out, into: normal(rng, out, into, 3, 3, scale=(9 * into) ** -0.5)
    return {
        "x": normal(rng, samples, channels, size, size, scale=2),
        "w0": kernel(c0, channels),
        "v0": normal(rng, c0, scale=0.1),
        "bw": kernel(branch, c0),
        "bv": normal(rng, branch, scale=0.1),
        "bf": matrix(rng, branch * (size // 4) ** 2, 10) * np.float32(1.5),
        "w1": kernel(c1, c0),
        "v1": normal(rng, c1, scale=0.1),
        "w2": kernel(c2, c1),
        "v2": normal(rng, c2, scale=0.1),
        "f0": matrix(rng, c2 * (size // 8) ** 2, hidden),
        "f1": matrix(rng, hidden, 10),
        "t": np.array(t, np.float32),
    }


def conv_pool(x, kernel, bias):
    y = np.maximum(conv3x3(x, kernel, bias), 0)
    n, c, height, width = y.shape
    y = y[:, :, : height // 2 * 2, : width // 2 * 2]
    return y.reshape(n, c, height // 2, 2, width // 2, 2).max((3, 5))


def reference(x, w0, v0, bw, bv, bf, w1, v1, w2, v2, f0, f1, t):
    h = conv_pool(wide(x), w0, v0)
    b = conv_pool(h, bw, bv)
    y = b.reshape(len(x), len(bf)) @ wide(bf)
    p = softmax(y)
    goes_on = -(p * np.log(p)).sum(-1) >= t
    rest = conv_pool(conv_pool(h[goes_on], w1, v1), w2, v2)
    y[goes_on] = relu_ffn(rest.reshape(goes_on.sum(), len(f0)), f0, f1)
    ran = float(goes_on.mean()) if len(x) else 1.0
    return [y, goes_on.astype(np.int32)], ran


# LeNet-5's widths on MNIST.
SYSTEM = System(
    title="BranchyNet (B-LeNet, entropy)",
    family="depth",
    paper="1709.01686",
    also="PyTorch (convolution)",
    inputs=inputs,
    reference=reference,
    tiny=dict(
        samples=9, channels=1, size=8, filters=(3, 4, 5), branch=3, hidden=6, t=1.6
    ),
    published=dict(
        samples=512,
        channels=1,
        size=28,
        filters=(6, 16, 120),
        branch=10,
        hidden=84,
        t=0.5,
    ),
    rows="samples",
    less="3x3 filters for 5x5",
)
