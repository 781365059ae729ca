# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Feature boosting and suppression: a sample computes its salient channels."""

import numpy as np

from zoo import System, conv3x3, index, matrix, normal, share, top_k, wide


def inputs(rng, samples, channels, size, k):
    return {
        "x": np.abs(normal(rng, samples, channels, size, size)),
        "w": matrix(rng, channels, channels),
        "b": 1 + normal(rng, channels, scale=0.3),
        "kernel": normal(rng, channels, channels, 3, 3, scale=(9 * channels) ** -0.5),
        "k": index(k),
    }


def reference(x, w, b, kernel, k):
    x = wide(x)
    saliency = np.maximum(x.mean((2, 3)) @ wide(w) + wide(b), 0)
    salient = top_k(saliency, k)
    y = np.zeros((len(x), len(kernel), *x.shape[2:]))
    for sample, mask in enumerate(salient):
        conv = conv3x3(x[sample : sample + 1], kernel[mask], np.zeros(mask.sum()))
        y[sample, mask] = np.maximum(conv[0], 0) * saliency[sample, mask, None, None]
    return [y], share(salient)


# The fourth stage of ResNet-18 on ImageNet, half of the channels.
SYSTEM = System(
    title="Feature boosting and suppression (channel gating)",
    family="width",
    paper="1810.05331",
    also="PyTorch (convolution)",
    inputs=inputs,
    reference=reference,
    tiny=dict(samples=3, channels=8, size=5, k=3),
    published=dict(samples=32, channels=256, size=14, k=128),
    rows="samples",
    less="one convolution",
)
