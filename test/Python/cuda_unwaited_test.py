# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls that do not wait for a GPU, which is a stand-in, and CUDA graphs of them."""

import ctypes
import gc

import numpy as np
import pytest
import small_programs as programs
from stand_in import DeviceArray, gpu, read, waits

import condcomp
from condcomp import _cuda

RNG = np.random.default_rng(0)
X = RNG.standard_normal((5, 8)).astype("f4")
W = RNG.standard_normal((8, 16)).astype("f4")
B = RNG.standard_normal(16).astype("f4")
LAZY = b"devices=2,lazy"
EARLIER = r"\(in a call before this one, which was not waited for"


def get(text):
    return programs.get(text, target="cuda", chip="emulated", wait=False)


@pytest.fixture
def stream(monkeypatch):
    """Calls are on a stream that can be captured: PyTorch's current one."""
    monkeypatch.setattr(_cuda, "current_stream", lambda device: 4242)
    return 4242


def synchronize():
    condcomp.synchronize(0)


def test_calls_return_before_the_kernel_runs(gpu, no_leak):
    bound = get(programs.LINEAR).bind("linear", w=DeviceArray(W), b=DeviceArray(B))
    bound(DeviceArray(np.zeros((6, 8), "f4")))
    gpu.fake_cuda_configure(LAZY)
    before = waits(gpu)
    x = DeviceArray(X)
    y = bound(x)
    assert waits(gpu) == before
    expected = programs.get(programs.LINEAR).linear(X, W, B)
    synchronize()
    assert waits(gpu) == before + 1
    np.testing.assert_allclose(read(y)[1], expected, rtol=1e-6, atol=1e-6)
    # More rows than before: it waits, once.
    many = DeviceArray(np.repeat(X, 2, axis=0))
    bound(many)
    assert waits(gpu) > before + 1
    before = waits(gpu)
    y = bound(many)
    assert waits(gpu) == before
    synchronize()
    np.testing.assert_allclose(
        read(y)[1], np.repeat(expected, 2, axis=0), rtol=1e-6, atol=1e-6
    )


def test_calls_are_chained(gpu):
    program = get(programs.DOUBLE)
    ones = x = DeviceArray(np.ones((2, 3), "f4"))
    program.double_f32(x)
    gpu.fake_cuda_configure(LAZY)
    before = waits(gpu)
    for _ in range(10):
        x = program.double_f32(x)  # the one before is freed behind its reader
    assert waits(gpu) == before
    synchronize()
    assert (read(x)[1] == 1024).all()
    del ones


def test_failed_checks_are_raised_later(gpu, no_leak):
    program = get(programs.LINEAR)
    scores = DeviceArray(RNG.random((3, 4), "f4"))
    with pytest.raises(condcomp.CheckError, match="k = 9") as early:
        program.gate(scores, 9)
    assert "call before" not in str(early.value), "the first call waits"
    program.gate(scores, 4)
    program.gate(scores, -1)
    with pytest.raises(condcomp.CheckError, match="k = -1 must.*" + EARLIER) as late:
        program.gate(scores, 2)
    assert str(late.value).startswith(str(early.value).split(": k =")[0])
    synchronize()
    program.gate(scores, -1)
    with pytest.raises(condcomp.CheckError, match="k = -1.*" + EARLIER):
        synchronize()
    # Another stream is no way out either.
    y = program.gate(scores, -1)
    with pytest.raises(condcomp.CheckError, match="k = -1.*" + EARLIER):
        y.__dlpack__(stream=77)
    program.gate(scores, 2)
    synchronize()


def test_invalid_results(gpu):
    text = """
func.func @dense(%scores: tensor<?x4xf32>, %k: index) -> (tensor<?x4xf32>, tensor<?xi64>) {
  %r = condcomp.top_k %scores, %k : tensor<?x4xf32>
    -> !condcomp.routing<?x4, f32, exactly ?>
  %d = condcomp.to_dense %r : !condcomp.routing<?x4, f32, exactly ?> -> tensor<?x4xf32>
  %s = condcomp.row_sizes %r : !condcomp.routing<?x4, f32, exactly ?> -> tensor<?xindex>
  %n = arith.index_cast %s : tensor<?xindex> to tensor<?xi64>
  return %d, %n : tensor<?x4xf32>, tensor<?xi64>
}"""
    program = get(text)
    scores = DeviceArray(RNG.random((3, 4), "f4"))
    program.dense(scores, 4)
    dense, sizes = program.dense(scores, 2)
    synchronize()
    assert (np.count_nonzero(read(dense)[1], axis=1) == 2).all()
    assert (read(sizes)[1] == 2).all()
    dense, sizes = program.dense(scores, -1)
    assert np.isnan(read(dense)[1]).all()
    assert (read(sizes)[1] == -1).all()
    with pytest.raises(condcomp.CheckError, match="k = -1.*" + EARLIER):
        synchronize()


def test_what_has_to_wait(gpu):
    program = get(programs.SCALARS)
    remarks = [r for r in program.remarks if "wait for the GPU" in r]
    assert any(
        "calls of 'several' wait for the GPU: result 0 is a number" in r
        for r in remarks
    )
    assert not any("'zeros'" in r or "'rank0'" in r for r in remarks)
    for _ in range(2):
        before = waits(gpu)
        n, y = program.several(3, DeviceArray(np.ones(4, "f4")))
        assert n == 3 and waits(gpu) > before
    # Arrays of the CPU are copied there and back.
    assert (get(programs.DOUBLE).double_f32(np.ones((2, 3), "f4")) == 2).all()


def test_options(gpu):
    with pytest.raises(ValueError, match="wait=False is for target='cuda' only"):
        condcomp.compile(programs.DOUBLE, wait=False)
    with pytest.raises(ValueError, match="wait=False is for target='cuda' only"):
        programs.get(programs.DOUBLE).wait = False
    program = condcomp.compile(programs.DOUBLE, target="cuda", chip="emulated")
    assert program.wait is True
    x = DeviceArray(np.ones((2, 3), "f4"))
    program.double_f32(x)
    program.wait = False
    program.double_f32(x)  # learns
    before = waits(gpu)
    program.double_f32(x)
    assert waits(gpu) == before
    program.wait = True
    program.double_f32(x)
    assert waits(gpu) > before


def test_streams_of_their_own(gpu, monkeypatch):
    program = get(programs.LINEAR)
    scores = DeviceArray(RNG.random((3, 4), "f4"))
    program.gate(scores, 4)
    program.gate(scores, -1)
    monkeypatch.setattr(_cuda, "current_stream", lambda device: 5000)
    program.gate(scores, 4)
    synchronize()
    monkeypatch.undo()
    with pytest.raises(condcomp.CheckError, match="k = -1"):
        synchronize()


def test_graphs(gpu, stream, no_leak):
    bound = get(programs.LINEAR).bind("linear", w=DeviceArray(W), b=DeviceArray(B))
    double = get(programs.DOUBLE)
    x, small = DeviceArray(X), DeviceArray(X[:, :3])
    bound(x)
    warm = double.double_f32(small)
    gpu.fake_cuda_begin_capture(stream)
    warm = None  # what others freed is no business of the graph's
    gc.collect()
    y = bound(x)
    z = double.double_f32(double.double_f32(small))
    graph = gpu.fake_cuda_end_capture(stream)
    assert graph, "a call broke the capture"
    before = waits(gpu)
    for scale in (1, 2, -3):
        for array, values in ((x, X), (small, X[:, :3])):
            contents = np.ascontiguousarray(scale * values)
            ctypes.memmove(array.memory.address, contents.ctypes.data, values.nbytes)
        gpu.fake_cuda_launch_graph(graph, stream)
        expected = programs.get(programs.LINEAR).linear(scale * X, W, B)
        np.testing.assert_allclose(read(y, stream)[1], expected, rtol=1e-6, atol=1e-6)
        assert (read(z, stream)[1] == 4 * scale * X[:, :3]).all()
    assert waits(gpu) == before
    synchronize()
    del y, z
    gpu.fake_cuda_destroy_graph(graph)


def test_graphs_that_fail(gpu, stream):
    program = get(programs.LINEAR)
    scores = DeviceArray(RNG.random((3, 4), "f4"))
    program.gate(scores, 4)
    gpu.fake_cuda_begin_capture(stream)
    y = program.gate(scores, -1)
    graph = gpu.fake_cuda_end_capture(stream)
    synchronize()
    gpu.fake_cuda_launch_graph(graph, stream)
    with pytest.raises(condcomp.CheckError, match="k = -1.*" + EARLIER):
        synchronize()
    del y
    gpu.fake_cuda_destroy_graph(graph)


def test_what_graphs_refuse(gpu, stream):
    program = get(programs.DOUBLE)
    x = DeviceArray(np.ones((20, 3), "f4"))
    gpu.fake_cuda_begin_capture(stream)
    with pytest.raises(
        condcomp.DeviceError,
        match="can't be captured into a CUDA graph, because the call would wait for it"
        ": it was not called before|can't be loaded while a CUDA graph is captured",
    ):
        program.double_f32(x)
    with pytest.raises(condcomp.DeviceError, match="can't be waited for while"):
        synchronize()
    waiting = programs.get(programs.DOUBLE, target="cuda", chip="emulated")
    with pytest.raises(condcomp.DeviceError, match="CUDA graph"):
        waiting.double_f32(x)
    graph = gpu.fake_cuda_end_capture(stream)
    assert graph, "a call that is refused breaks no capture"
    gpu.fake_cuda_destroy_graph(graph)
    assert (read(waiting.double_f32(x), stream)[1] == 2).all()
