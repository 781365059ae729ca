# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""MSDNet: exits of a network of two scales, by confidence and by a budget."""

import numpy as np

from zoo import System, conv3x3, index, matrix, normal, softmax, wide

LAYERS = 3


def inputs(rng, samples, channels, size, fine, grow_fine, grow_coarse, theta, budget):
    coarse = 2 * fine
    most_fine = fine + (LAYERS - 1) * grow_fine
    most_coarse = coarse + LAYERS * 2 * grow_coarse
    kernels = lambda *shape: normal(rng, *shape, 3, 3, scale=(4 * shape[-1]) ** -0.5)
    return {
        "x": normal(rng, samples, channels, size, size, scale=2),
        "stem": kernels(fine, channels),
        "b0": normal(rng, fine, scale=0.1),
        "down": kernels(coarse, fine),
        "b1": normal(rng, coarse, scale=0.1),
        "f": kernels(LAYERS, grow_fine, most_fine),
        "bf": normal(rng, LAYERS, grow_fine, scale=0.1),
        "g": kernels(LAYERS, grow_coarse, most_fine),
        "bg": normal(rng, LAYERS, grow_coarse, scale=0.1),
        "h": kernels(LAYERS, grow_coarse, most_coarse - 2 * grow_coarse),
        "bh": normal(rng, LAYERS, grow_coarse, scale=0.1),
        "class": matrix(rng, LAYERS, most_coarse * ((size + 1) // 2) ** 2, 10),
        "theta": np.array(theta, np.float32),
        "budget": index(budget),
    }


def conv(x, kernel, bias, stride=1):
    return np.maximum(conv3x3(x, kernel[:, : x.shape[1]], bias), 0)[
        :, :, ::stride, ::stride
    ]


def reference(x, stem, b0, down, b1, f, bf, g, bg, h, bh, theta, budget, **rest):
    y = np.zeros((len(x), 10))
    left_at = np.zeros(len(x), np.int32)
    rows = np.arange(len(x))  # those that are still there
    fine = conv(wide(x), stem, b0)
    coarse = conv(fine, down, b1, 2)
    for i, (weights, enough) in enumerate(zip(rest["class"], theta)):
        added = conv(fine, g[i], bg[i], 2), conv(coarse, h[i], bh[i])
        fine = np.concatenate([fine, conv(fine, f[i], bf[i])], 1)
        coarse = np.concatenate([coarse, *added], 1)
        flat = coarse.reshape(len(rows), np.prod(coarse.shape[1:]))
        logits = flat @ wide(weights[: flat.shape[1]])
        y[rows], left_at[rows] = logits, i
        if i + 1 >= budget:
            break
        stays = softmax(logits).max(-1, initial=0) < enough
        rows, fine, coarse = rows[stays], fine[stays], coarse[stays]
    ran = (left_at + 1).mean() / LAYERS if len(x) else 1.0
    return [y, left_at], float(ran)


# The CIFAR network's growth of its first two scales.
SYSTEM = System(
    title="MSDNet (anytime exits)",
    family="depth",
    paper="1703.09844",
    also="PyTorch (convolution)",
    inputs=inputs,
    reference=reference,
    tiny=dict(
        samples=7,
        channels=3,
        size=6,
        fine=4,
        grow_fine=2,
        grow_coarse=3,
        theta=(0.49, 0.6, 0),
        budget=3,
    ),
    variants={"budget of two exits": dict(budget=2), "of one": dict(budget=1)},
    published=dict(
        samples=64,
        channels=3,
        size=32,
        fine=16,
        grow_fine=6,
        grow_coarse=12,
        theta=(0.4, 0.4, 0),
        budget=3,
    ),
    rows="samples",
    less="two of three scales, three of 24 layers",
)
