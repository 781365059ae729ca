# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tensors of PyTorch on a GPU, which is a stand-in: what a program asks of PyTorch is
replaced, all else runs."""

# Requires: torch

import pytest
import small_programs as programs
from stand_in import gpu
from torch_stand_in import STREAM, CudaTensor, cuda

import condcomp

torch = pytest.importorskip("torch")

from condcomp import _cuda  # noqa: E402
from condcomp import nn as cnn  # noqa: E402
from condcomp.torch import compile as compile_model  # noqa: E402

EMULATED = {"target": "cuda", "chip": "emulated"}


def get(text):
    return programs.get(text, **EMULATED)


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


class Model(torch.nn.Module):
    """Experts, a threshold, and a constant that the code makes."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.experts = cnn.Experts(
            lambda: torch.nn.Linear(8, 3),
            4,
            gate=cnn.TopK(2, weigh="softmax"),
            router=torch.nn.Linear(8, 4),
        )
        self.register_buffer("least", torch.tensor(0.1))

    def forward(self, x):
        y = self.experts(x) + torch.tensor([0.0, 1.0, 2.0])
        return {"y": torch.maximum(y, self.least), "n": 3}


def move_to_gpu(model, cuda):
    """model.to("cuda"), for the stand-in."""
    for module in model.modules():
        for tensors in (module._parameters, module._buffers):
            for name, tensor in tensors.items():
                tensors[name] = cuda(tensor)


@pytest.mark.parametrize("model_on_gpu", [False, True])
def test_exported_models(gpu, cuda, model_on_gpu, no_leak):
    model, x = Model().eval(), torch.randn(6, 8)
    with torch.no_grad():
        expected = model(x)["y"]
    if model_on_gpu:
        move_to_gpu(model, cuda)
    fast = compile_model(model, x, run_time=["least"], **EMULATED)
    assert fast._bound.shares == model_on_gpu
    got = fast(cuda(x))
    assert isinstance(got["y"], CudaTensor) and got["n"] == 3
    torch.testing.assert_close(got["y"].cpu_values(), expected)
    # Of the CPU, back to the CPU.
    if not model_on_gpu:
        got = fast(x)["y"]
        assert type(got) is torch.Tensor
        torch.testing.assert_close(got, expected)
    with pytest.raises(ValueError, match="size 8 expected in dim 1, not 9"):
        fast(cuda(torch.ones(2, 9)))


def test_the_chip_is_that_of_the_tensors(gpu, cuda, monkeypatch):
    monkeypatch.setattr(_cuda, "chip", lambda device: "sm_no")
    x = cuda(torch.randn(6, 8))
    with pytest.raises(condcomp.CompileError, match="'sm_no' is no NVIDIA GPU"):
        compile_model(Model().eval(), x, target="cuda")


def test_the_default_stream(monkeypatch):
    assert _cuda.current_stream(0) == 1, "PyTorch here has no CUDA"
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    for number, expected in ((0, 1), (4096, 4096)):
        stream = type("Stream", (), {"cuda_stream": number})
        monkeypatch.setattr(torch.cuda, "current_stream", lambda device: stream)
        assert _cuda.current_stream(0) == expected
