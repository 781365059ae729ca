# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a network is to the benchmarks."""

import copy

import torch
from torch import nn


class Network(nn.Module):
    """Subclasses say how it is run with its conditions and without; weights are random.

    forward: with conditions, by modules of condcomp.nn: what is exported, and, in
    PyTorch, the masked program.
    """

    # Modules that the program by hand calls as they are: compiled one by one.
    PARTS = ()
    # What it can be computed in.
    DTYPES = ("f32", "bf16")
    # The share of the samples in which another rounding may decide otherwise.
    MAY_DIFFER = 0.0

    def inputs(self, batch, generator):
        """A random batch, one tensor."""
        raise NotImplementedError

    def dense(self, x):
        """Without conditions: all layers, all tokens."""
        raise NotImplementedError

    def masked(self, x):
        """With conditions, computing everything, in PyTorch."""
        return self(x)

    def by_hand(self, x):
        """With conditions, running only what was chosen, in PyTorch."""
        raise NotImplementedError

    def calibrate(self, x, point):
        """Sets the network's buffers so that the samples x skip as much as the point
        (a dict) says."""

    def compiled_parts(self):
        """A network of the same tensors whose PARTS are compiled, for `by_hand`."""
        shared = [*self.parameters(), *self.buffers()]
        made = copy.deepcopy(self, {id(tensor): tensor for tensor in shared})
        for module in made.modules():
            if isinstance(module, self.PARTS):
                module.compile(dynamic=True)
        return made


class Dense(nn.Module):
    """The network without conditions as a module of its own."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network.dense(x)


def between(values, count):
    """A number with `count` of the values above it: in the middle of the gap, so that
    other roundings decide likewise. All values are between 0 and 1."""
    ordered = values.sort(descending=True).values
    if count == 0:
        return 2.0
    if count == len(ordered):
        return -1.0
    return ordered[count - 1 : count + 1].double().mean().item()


KINDS = {"f32": torch.float32, "bf16": torch.bfloat16}


def make(family, settings, seed=0):
    """A network of a family (a class), in evaluation mode."""
    torch.manual_seed(seed)
    return family(**settings).eval().requires_grad_(False)
