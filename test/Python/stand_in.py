# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arrays of other libraries on a stand-in for a GPU (unittests/Runtime/CUDA).

The memory of its devices is on the heap, so that tests can read and write it.
"""

import ctypes
import gc
import os

import numpy as np
import pytest

from condcomp.cc_run import BUILD

DRIVER = BUILD / "lib" / "libcondcomp_fake_cuda.so"
CUDA = 2  # DLPack's number of the kind of device


@pytest.fixture
def gpu():
    """The stand-in, in place of NVIDIA's driver; nothing of it stays allocated."""
    before = os.environ.get("CONDCOMP_CUDA_DRIVER")
    os.environ["CONDCOMP_CUDA_DRIVER"] = str(DRIVER)
    driver = get()
    driver.fake_cuda_configure(b"devices=2")
    gc.collect()
    live = driver.fake_cuda_live_bytes()
    yield driver
    driver.fake_cuda_configure(b"devices=2")
    gc.collect()
    assert driver.fake_cuda_live_bytes() == live, "memory of the device leaks"
    driver.fake_cuda_configure(b"")
    if before is None:
        del os.environ["CONDCOMP_CUDA_DRIVER"]
    else:
        os.environ["CONDCOMP_CUDA_DRIVER"] = before


def get():
    driver = ctypes.CDLL(DRIVER)
    driver.fake_cuda_allocate.restype = ctypes.c_void_p
    driver.fake_cuda_allocate.argtypes = [ctypes.c_int64, ctypes.c_int32]
    driver.fake_cuda_free.argtypes = [ctypes.c_void_p]
    driver.fake_cuda_device_of.argtypes = [ctypes.c_void_p]
    for name in ("live_bytes", "count", "count_on"):
        getattr(driver, f"fake_cuda_{name}").restype = ctypes.c_int64
    driver.fake_cuda_count_on.argtypes = [ctypes.c_void_p]
    driver.fake_cuda_begin_capture.argtypes = [ctypes.c_void_p]
    driver.fake_cuda_end_capture.argtypes = [ctypes.c_void_p]
    driver.fake_cuda_end_capture.restype = ctypes.c_void_p
    driver.fake_cuda_launch_graph.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    driver.fake_cuda_destroy_graph.argtypes = [ctypes.c_void_p]
    return driver


def waits(driver):
    """How often somebody waited for a stream."""
    return driver.fake_cuda_count(b"cuStreamSynchronize")


class _Tensor(ctypes.Structure):
    """DLManagedTensor."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("offset", ctypes.c_uint64),
        ("owner", ctypes.c_void_p),
        ("destroy", ctypes.c_void_p),
    ]


_api = ctypes.pythonapi
_api.PyCapsule_New.restype = ctypes.py_object
_api.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
# Once with an object, once with its address: destructors get what is no object anymore.
_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", _api)
)
_get_pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", _api)
)

# What capsules hold, until they are destroyed.
_held = {}


@ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
def _destroy(capsule):
    del _held[_get_pointer_of(capsule, b"dltensor")]


class _Memory:
    """Memory of a device."""

    def __init__(self, bytes, device):
        self.address = get().fake_cuda_allocate(max(bytes, 1), device)

    def __del__(self):
        get().fake_cuda_free(self.address)


class DeviceArray:
    """A NumPy array in memory of a device, as another library would have it.

    streams: what `__dlpack__` was asked for. transposed: with the strides of a
    transposed array. kind: of device, as DLPack has it.
    """

    def __init__(self, array, device=0, transposed=False, kind=CUDA):
        self.streams, self.device, self.transposed = [], device, transposed
        self.kind = kind
        self.dtype, self.shape = array.dtype, array.shape
        self.memory = _Memory(array.nbytes, device)
        ctypes.memmove(
            self.memory.address, np.ascontiguousarray(array).ctypes.data, array.nbytes
        )

    def __dlpack_device__(self):
        return self.kind, self.device

    def __dlpack__(self, stream=None):
        self.streams.append(stream)
        rank = len(self.shape)
        sizes = (ctypes.c_int64 * rank)(*self.shape)
        if not self.transposed:
            steps = [1]
            for size in reversed(self.shape[1:]):
                steps.insert(0, steps[0] * size)
            strides = (ctypes.c_int64 * rank)(*steps[:rank])
        else:
            strides = (ctypes.c_int64 * rank)(1, self.shape[0])
        name = self.dtype.name
        code = 4 if name == "bfloat16" else 2 if self.dtype.kind == "f" else 0
        tensor = _Tensor(
            self.memory.address,
            self.kind,
            self.device,
            rank,
            code,
            self.dtype.itemsize * 8,
            1,
            sizes,
            strides,
        )
        address = ctypes.addressof(tensor)
        _held[address] = tensor, sizes, strides, self.memory
        return _api.PyCapsule_New(
            address, b"dltensor", ctypes.cast(_destroy, ctypes.c_void_p)
        )


def read(array, stream=1):
    """(where it is, as NumPy array) of anything with `__dlpack__`."""
    return read_capsule(array.__dlpack__(stream=stream))


def read_capsule(capsule):
    tensor = _Tensor.from_address(_get_pointer(capsule, b"dltensor"))
    shape = [tensor.shape[i] for i in range(tensor.rank)]
    code = {0: "i", 2: "f", 6: "b"}[tensor.code]
    dtype = np.dtype(f"{code}{tensor.bits // 8}")
    count = int(np.prod(shape))
    if tensor.device_type == CUDA:
        assert get().fake_cuda_device_of(tensor.data) == tensor.device_id
    values = np.frombuffer(
        ctypes.string_at(tensor.data, count * dtype.itemsize), dtype
    ).reshape(shape)
    return (tensor.device_type, tensor.device_id), values
