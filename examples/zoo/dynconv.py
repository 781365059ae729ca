# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dynamic convolutions: a residual block at some positions of an image."""

import numpy as np

from zoo import System, matrix, normal, share, wide


def inputs(rng, images, size, channels, hidden, tau):
    return {
        "x": normal(rng, images, size, size, channels),
        "mask_w": matrix(rng, channels, 1),
        "tau": np.array(tau, np.float32),
        "up": matrix(rng, channels, hidden),
        "depthwise": normal(rng, 3, 3, hidden, scale=1 / 3),
        "down": matrix(rng, hidden, channels),
    }


def reference(x, mask_w, tau, up, depthwise, down):
    # Everything is computed, and what is not marked is left out at the end.
    x = wide(x)
    mask = x @ wide(mask_w) >= tau
    hidden = np.maximum(x @ wide(up), 0)
    padded = np.pad(hidden, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    sums = np.einsum("nyxcpq,pqc->nyxc", windows, wide(depthwise))
    y = x + np.where(mask, np.maximum(sums, 0) @ wide(down), 0)
    return [y, mask.reshape(-1, 1)], share(mask)


# A block of MobileNetV2's 14x14 stage.
SYSTEM = System(
    title="Dynamic convolutions (spatial mask)",
    family="width",
    paper="1912.03203",
    inputs=inputs,
    reference=reference,
    tiny=dict(images=3, size=5, channels=8, hidden=12, tau=0.8),
    published=dict(images=64, size=14, channels=96, hidden=576, tau=0.5),
    rows="images",
    less="one block",
)
