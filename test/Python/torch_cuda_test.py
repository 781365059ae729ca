# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tensors of PyTorch on a GPU, which is a stand-in: what a program asks of PyTorch is
replaced, all else runs."""

# Requires: torch

import warnings

import numpy as np
import pytest
import small_programs as programs
from stand_in import gpu
from torch_stand_in import STREAM, CudaTensor, cuda

import condcomp

torch = pytest.importorskip("torch")


def get(text):
    return programs.get(text, target="cuda", chip="emulated")


def test_tensors_in_and_out(gpu, cuda, no_leak):
    x = torch.randn(5, 8)
    w, b = torch.randn(8, 16), torch.randn(16)
    on_stream = gpu.fake_cuda_count_on(STREAM)
    y = get(programs.LINEAR).linear(*map(cuda, (x, w, b)))
    assert gpu.fake_cuda_count_on(STREAM) > on_stream
    assert isinstance(y, CudaTensor) and y.memory.__dlpack_device__() == (2, 0)
    torch.testing.assert_close(y.cpu_values(), x @ w + b)
    # What comes out goes in again.
    z = get(programs.DOUBLE).double_f32(cuda(torch.ones(2, 3)))
    assert (get(programs.DOUBLE).double_f32(z).cpu_values() == 4).all()


def test_on_the_stream_that_is_current(gpu, cuda):
    cuda.streams[1] = 5000
    before = gpu.fake_cuda_count_on(5000)
    get(programs.DOUBLE).double_f32(cuda(torch.ones(2, 3), 1))
    assert gpu.fake_cuda_count_on(5000) > before


def test_freed_in_the_order_of_the_stream(gpu, cuda):
    y = get(programs.DOUBLE).double_f32(cuda(torch.ones(2, 3)))
    cuda.streams[0] = 6000  # of another part of the program
    before = gpu.fake_cuda_count_on(STREAM)
    del y
    assert gpu.fake_cuda_count_on(STREAM) == before + 1
    assert gpu.fake_cuda_count_on(6000) == 0


def test_tensors_in_several_places(gpu, cuda):
    program = get(programs.LINEAR)
    x, w, b = torch.ones(2, 8), torch.ones(8, 16), torch.ones(16)
    with pytest.raises(
        ValueError,
        match=r"argument 1 \('w'\) of 'linear' .* in memory of the CPU, but argument 0 "
        r"\('x'\) of 'linear' is on device CUDA 0: move one of them",
    ):
        program.linear(cuda(x), w, b)
    with pytest.raises(ValueError, match="device CUDA 1, but argument 0.*CUDA 0"):
        program.linear(cuda(x), cuda(w, 1), cuda(b, 1))
    # From the CPU, to the CPU.
    y = program.linear(x, w, b)
    assert type(y) is torch.Tensor and (y == 9).all()


def test_not_contiguous(gpu, cuda):
    x = cuda(torch.ones(3, 2)).transposed()
    program = condcomp.compile(programs.DOUBLE, target="cuda", chip="emulated")
    with pytest.warns(condcomp.CopyWarning, match=r"argument 0 \('x'\).*copied"):
        y = program.double_f32(x)
    assert (y.cpu_values() == 2).all()


def test_gradients_are_refused(gpu, cuda):
    x = cuda(torch.ones(2, 3)).requires_grad_()
    with pytest.raises(ValueError, match="requires grad"):
        get(programs.DOUBLE).double_f32(x)
    with torch.no_grad():
        get(programs.DOUBLE).double_f32(x)


@pytest.mark.parametrize("on_gpu", [True, False])
def test_bound_weights_that_change(gpu, cuda, on_gpu):
    w, b = torch.ones(8, 16), torch.ones(16)
    if on_gpu:
        w, b = cuda(w), cuda(b)
    bound = get(programs.LINEAR).bind("linear", w=w, b=b)
    x = cuda(torch.ones(2, 8))
    assert (bound(x).cpu_values() == 9).all()
    w.add_(1)
    if on_gpu:  # the tensor itself is what calls read
        assert (bound(x).cpu_values() == 17).all()
    else:
        with pytest.raises(condcomp.StaleWeightsError, match="'w'"):
            bound(x)


def test_the_default_stream(monkeypatch):
    from condcomp import _cuda

    assert _cuda.current_stream(0) == 1, "PyTorch here has no CUDA"
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    for number, expected in ((0, 1), (4096, 4096)):
        stream = type("Stream", (), {"cuda_stream": number})
        monkeypatch.setattr(torch.cuda, "current_stream", lambda device: stream)
        assert _cuda.current_stream(0) == expected
