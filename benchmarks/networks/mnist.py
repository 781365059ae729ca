# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The trained network of examples/mnist."""

import pathlib
import sys

import numpy as np
import torch

from .network import Network

MNIST = pathlib.Path(__file__).resolve().parents[2] / "examples" / "mnist"
sys.path.insert(0, str(MNIST))

import digits  # noqa: E402
import network  # noqa: E402
import reference  # noqa: E402


class Mnist(Network):
    """Experts, pruned tokens and exits; thresholds and weights are the trained ones."""

    PARTS = (network.Exit,)
    DTYPES = ("f32",)  # as it was trained

    def __init__(self):
        super().__init__()
        weights = reference.load_weights()
        self.net = network.from_weights(weights)
        self.register_buffer("thresholds", torch.from_numpy(weights["thresholds"]))

    def inputs(self, batch, generator):
        """Digits that the network has not seen."""
        images, _ = digits.load()["held_out"]
        chosen = torch.randint(len(images), (batch,), generator=generator)
        return torch.from_numpy(images[np.asarray(chosen)])

    def forward(self, x):
        return self.net(x, self.thresholds)

    def dense(self, x):
        return self.net.dense(x)

    def by_hand(self, x):
        return self.net.compacted(x, self.thresholds)
