# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tensors of PyTorch on a stand-in for a GPU, for a PyTorch without CUDA.

A tensor has its contents twice, in its own memory and in that of the stand-in, which is
what programs see; in-place operations keep the two alike.
"""

import collections
import ctypes

import numpy as np
import pytest
import torch
from stand_in import DeviceArray, read, read_capsule

from condcomp import _cuda

STREAM = 4096


class CudaTensor(torch.Tensor):
    """A tensor that says it is on a GPU. memory: where programs find it."""

    @staticmethod
    def make(values, memory):
        self = values.as_subclass(CudaTensor)
        self.memory = memory
        return self

    is_cuda = property(lambda self: True)

    def cpu_values(self):
        """What is in memory of the stand-in."""
        return torch.from_numpy(read(self.memory)[1].copy())

    def add_(self, number):
        super().add_(number)
        values = self.as_subclass(torch.Tensor).numpy()
        ctypes.memmove(self.memory.memory.address, values.ctypes.data, values.nbytes)
        return self

    def transposed(self):
        """The transposed array, not contiguous."""
        return CudaTensor.make(self.as_subclass(torch.Tensor).T, None)

    def contiguous(self):
        values = self.as_subclass(torch.Tensor)
        if values.is_contiguous():
            return self
        return CudaTensor.make(
            values.contiguous(), DeviceArray(values.contiguous().numpy())
        )

    def detach(self):
        return CudaTensor.make(super().detach().as_subclass(torch.Tensor), self.memory)


class _Result:
    """Memory of a result, kept by its capsule."""

    def __init__(self, capsule):
        self.capsule = capsule
        self.place, self.values = read_capsule(capsule)

    def __dlpack_device__(self):
        return self.place

    def __dlpack__(self, stream=None):
        return self.capsule


@pytest.fixture
def cuda(monkeypatch):
    """Makes CudaTensors: cuda(tensor, device). cuda.streams: PyTorch's current stream,
    by device."""
    streams = collections.defaultdict(lambda: STREAM)
    monkeypatch.setattr(_cuda, "current_stream", lambda device: streams[device])
    monkeypatch.setattr(
        _cuda,
        "to_dlpack",
        lambda t: t.memory.__dlpack__(stream=streams[t.memory.__dlpack_device__()[1]]),
    )

    monkeypatch.setattr(
        _cuda,
        "move",
        lambda t, like: make(t, like.memory.device) if like.is_cuda else t,
    )

    def from_dlpack(capsule):
        result = _Result(capsule)
        values = torch.from_numpy(result.values.copy())
        return CudaTensor.make(values, result)

    monkeypatch.setattr(_cuda, "from_dlpack", from_dlpack)

    def make(tensor, device=0):
        values = tensor.detach().clone()
        return CudaTensor.make(values, DeviceArray(np.asarray(values), device))

    make.streams = streams
    return make
