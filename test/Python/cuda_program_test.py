# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs for NVIDIA GPUs from Python, on a stand-in: arrays of the CPU and of GPUs in
and out, and what can go wrong."""

import ctypes
import gc
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
import small_programs as programs
from stand_in import CUDA, DeviceArray, gpu, read

import condcomp

RNG = np.random.default_rng(0)
X = RNG.standard_normal((5, 8)).astype("f4")
W = RNG.standard_normal((8, 16)).astype("f4")
B = RNG.standard_normal(16).astype("f4")


def get(text):
    return programs.get(text, target="cuda", chip="emulated")


def linear(x=X, w=W, b=B):
    return programs.get(programs.LINEAR).linear(x, w, b)


def close(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)


def test_arrays_of_the_cpu(gpu):
    y = get(programs.LINEAR).linear(X, W, B)
    assert isinstance(y, np.ndarray)
    close(y, linear())


def test_arrays_of_a_gpu(gpu, no_leak):
    copies = gpu.fake_cuda_count(b"cuMemcpyHtoDAsync_v2")
    arrays = [DeviceArray(a, 1) for a in (X, W, B)]
    y = get(programs.LINEAR).linear(*arrays)
    assert gpu.fake_cuda_count(b"cuMemcpyHtoDAsync_v2") == copies + 1, "the report"
    assert [a.streams for a in arrays] == [[1], [1], [1]], "the default stream"
    assert y.__dlpack_device__() == (CUDA, 1)
    place, values = read(y)
    assert place == (CUDA, 1)
    close(values, linear())
    with pytest.raises(BufferError, match="on device CUDA 1.*__dlpack__"):
        memoryview(y)


def test_results_are_arguments(gpu):
    program = get(programs.DOUBLE)
    y = program.double_f32(DeviceArray(np.ones((2, 3), "f4")))
    z = program.double_f32(y)
    del y
    assert (read(z)[1] == 4).all()


def test_results_are_not_waited_for(gpu):
    program = get(programs.DOUBLE)
    x = DeviceArray(np.ones((2, 3), "f4"))
    y = program.double_f32(x)
    gpu.fake_cuda_configure(b"devices=2,lazy")
    waits = gpu.fake_cuda_count(b"cuStreamSynchronize")
    y = program.double_f32(x)
    assert gpu.fake_cuda_count(b"cuStreamSynchronize") == waits + 2
    # Another stream has to wait, that of the call and -1 ("no order") not.
    for stream, waited in ((1, 2), (-1, 2), (77, 3), (None, 3)):
        y.__dlpack__(stream=stream)
        assert gpu.fake_cuda_count(b"cuStreamSynchronize") == waits + waited
    assert (read(y)[1] == 2).all()


def test_empty_arrays(gpu):
    y = get(programs.DOUBLE).double_f32(DeviceArray(np.ones((0, 3), "f4")))
    assert read(y)[1].shape == (0, 3)


def test_numbers_are_the_cpus(gpu):
    program = get(programs.SCALARS)
    assert program.same_f32(0.5) == 0.5 and program.same_i1(True) is True
    n, y = program.several(3, DeviceArray(np.ones(4, "f4")))
    assert n == 3 and read(y)[0] == (CUDA, 0)
    assert program.several(np.int64(3), np.ones(4, "f4"))[0] == 3
    with pytest.raises(
        ValueError,
        match=r"argument 0 \('n'\) of 'several' is index, got an array on device "
        r"CUDA 0: numbers are read on the CPU, pass array.item\(\)",
    ):
        program.several(DeviceArray(np.array(3)), np.ones(4, "f4"))


def test_tensors_in_several_places(gpu):
    program = get(programs.LINEAR)
    here, there = DeviceArray(W), DeviceArray(W, 1)
    with pytest.raises(
        ValueError,
        match=r"argument 1 \('w'\) of 'linear' is tensor<8x16xf32>, got an array on "
        r"device CUDA 1, but argument 0 \('x'\) of 'linear' is on device CUDA 0: move "
        "one of them",
    ):
        program.linear(DeviceArray(X), there, DeviceArray(B))
    with pytest.raises(
        ValueError,
        match=r"argument 0|argument 1 \('w'\).* got an array on device CUDA 0, but "
        r"argument 0 \('x'\) of 'linear' is in memory of the CPU",
    ):
        program.linear(X, here, B)
    with pytest.raises(
        ValueError,
        match=r"argument 2 \('b'\).* got an array in memory of the CPU, but argument 0 "
        r"\('x'\) of 'linear' is on device CUDA 0",
    ):
        program.linear(DeviceArray(X), here, B)
    close(read(program.linear(DeviceArray(X), here, DeviceArray(B)))[1], linear())


def test_other_devices(gpu):
    x = DeviceArray(np.ones((2, 3), "f4"))
    with pytest.raises(
        ValueError,
        match=r"argument 0 \('x'\) of 'double_f32' is tensor<\?x3xf32>, got an array on "
        "device CUDA 0: the program runs on the CPU, move it there first, or compile "
        "with target='cuda'",
    ):
        programs.get(programs.DOUBLE).double_f32(x)
    x.kind = 10
    with pytest.raises(
        ValueError, match="device ROCm 0: the program runs on an NVIDIA"
    ):
        get(programs.DOUBLE).double_f32(x)
    with pytest.raises(condcomp.DeviceError, match="no GPU 7: .*has 2 of them"):
        program = get(programs.DOUBLE)
        program.double_f32(DeviceArray(np.ones((2, 3), "f4"), 7))


def test_arrays_that_do_not_fit(gpu):
    program = get(programs.DOUBLE)
    with pytest.raises(ValueError, match="device CUDA 0 that is not contiguous"):
        program.double_f32(DeviceArray(np.ones((2, 3), "f4"), transposed=True))
    with pytest.raises(TypeError, match="element type f32 expected, not i32"):
        program.double_f32(DeviceArray(np.ones((2, 3), "i4")))
    with pytest.raises(ValueError, match="size 3 expected in dim 1, not 4"):
        program.double_f32(DeviceArray(np.ones((2, 4), "f4")))
    # Those of the CPU are copied, contiguous or not.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", condcomp.CopyWarning)
        assert (program.double_f32(np.ones((3, 2), "f4").T) == 2).all()


def test_failed_checks_and_failures_of_the_driver(gpu):
    program = get(programs.LINEAR)
    scores = DeviceArray(RNG.random((3, 4), "f4"))
    with pytest.raises(condcomp.CheckError, match="k = 9"):
        program.gate(scores, 9)
    gpu.fake_cuda_configure(b"launch=701")
    with pytest.raises(
        condcomp.DeviceError, match="can't be launched: CUDA_ERROR_LAUNCH_OUT_OF"
    ):
        program.gate(scores, 2)
    gpu.fake_cuda_configure(b"memory=1000")
    with pytest.raises(MemoryError, match="out of memory on GPU 0"):
        program.gate(scores, 2)
    gpu.fake_cuda_configure(b"")
    program.gate(scores, 2)


@pytest.mark.parametrize("device", [None, 0, 1])
def test_bound(gpu, device, no_leak):
    place = (lambda a: a) if device is None else lambda a: DeviceArray(a, device)
    weights = {"w": place(W), "b": place(B)}
    bound = get(programs.LINEAR).bind("linear", weights)
    assert bound.nbytes == (W.nbytes + B.nbytes if device is None else 0)
    assert bound.packed == ()
    del weights
    gc.collect()
    copies = gpu.fake_cuda_count(b"cuMemcpyHtoDAsync_v2")
    where, y = read(bound(DeviceArray(X, device or 0)))
    assert where == (CUDA, device or 0)
    close(y, linear())
    assert gpu.fake_cuda_count(b"cuMemcpyHtoDAsync_v2") == copies + 1
    # From the CPU and back, on the GPU of the weights.
    y = bound(X)
    assert isinstance(y, np.ndarray)
    close(y, linear())
    with pytest.raises(
        ValueError,
        match=r"argument 0 \('x'\) of 'linear' is an array on device CUDA "
        f"{1 - (device or 0)}, but the constant arguments are bound on device CUDA "
        f"{device or 0}: move it there, or bind again",
    ):
        bound(DeviceArray(X, 1 - (device or 0)))
    del bound
    gc.collect()


def test_bound_weights_are_used_where_they_are(gpu):
    w = DeviceArray(np.ones((8, 16), "f4"))
    bound = get(programs.LINEAR).bind("linear", w=w, b=DeviceArray(B))
    before = bound(X)
    ctypes.memset(w.memory.address, 0, W.nbytes)
    close(bound(X), np.broadcast_to(B, (5, 16)))
    assert not np.allclose(before, bound(X))


def test_bind_errors(gpu):
    program = get(programs.LINEAR)
    with pytest.raises(ValueError, match="CUDA 1, but argument 1.*on device CUDA 0"):
        program.bind("linear", w=DeviceArray(W), b=DeviceArray(B, 1))
    with pytest.raises(ValueError, match=r"argument 1 \('w'\).*size 8 expected"):
        program.bind("linear", w=DeviceArray(W[:4]), b=DeviceArray(B))
    gpu.fake_cuda_configure(b"memory=550")
    with pytest.raises(MemoryError, match="64 bytes were asked for, for an upload"):
        program.bind("linear", w=W, b=B)
    gpu.fake_cuda_configure(b"")
    close(program.bind("linear", w=W, b=B)(X), linear())


def test_programs_that_are_freed(gpu):
    """Another program may lie where the first one was, and has other kernels."""
    for factor in range(1, 5):
        text = f"""
func.func @scale(%x: tensor<4xf32>) -> tensor<4xf32> {{
  %f = arith.constant dense<{factor}.0> : tensor<4xf32>
  %y = arith.mulf %x, %f : tensor<4xf32>
  return %y : tensor<4xf32>
}}"""
        program = condcomp.compile(text, target="cuda", chip="emulated", cache=False)
        assert (program.scale(np.ones(4, "f4")) == factor).all()
        del program
        gc.collect()


def test_the_cache_keeps_them(gpu):
    text = programs.DOUBLE + "\n// for a GPU"
    assert not condcomp.compile(text, target="cuda", chip="emulated").cached
    again = condcomp.compile(text, target="cuda", chip="emulated")
    assert again.cached and again.target == "cuda"
    assert (again.double_f32(np.ones((2, 3), "f4")) == 2).all()
    assert not condcomp.compile(text).cached


def test_chips(gpu):
    # That of the stand-in, as PTX or machine code, which it can't run.
    program = condcomp.compile(programs.DOUBLE, target="cuda", cache=False)
    assert program.target == "cuda"
    with pytest.raises(
        condcomp.CompileError, match="'sm_1' is no NVIDIA GPU of LLVM's"
    ):
        condcomp.compile(programs.DOUBLE, target="cuda", chip="sm_1")
    with pytest.raises(ValueError, match="the chip 'sm_90' is for target='cuda' only"):
        condcomp.compile(programs.DOUBLE, chip="sm_90")
    with pytest.raises(ValueError, match="no traces"):
        condcomp.compile(programs.DOUBLE, target="cuda", chip="sm_90", trace=True)


def test_without_a_gpu(tmp_path):
    code = "import condcomp; condcomp.compile('func.func @f() { return }\\n', target='cuda')"
    environment = {
        **os.environ,
        "CONDCOMP_CUDA_DRIVER": str(tmp_path / "none.so"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "condcomp._errors.DeviceError: no NVIDIA driver" in done.stderr
