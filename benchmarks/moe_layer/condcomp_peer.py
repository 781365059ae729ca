# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The layer compiled by condcomp: a shared library of cc-compile (docs/abi.md)."""

import ctypes
import pathlib
import subprocess
import tempfile

import numpy as np

from . import program, shapes
from .peer import Peer, Unsuitable

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN, LIB = ROOT / "build" / "bin", ROOT / "build" / "lib"


class MemRef2D(ctypes.Structure):
    """The descriptor of a result; arguments of other ranks are made like it."""

    _fields_ = [
        ("allocated", ctypes.c_void_p),
        ("aligned", ctypes.c_void_p),
        ("offset", ctypes.c_int64),
        ("sizes", ctypes.c_int64 * 2),
        ("strides", ctypes.c_int64 * 2),
    ]


def describe(array):
    """The descriptor of a contiguous array, as words."""
    strides = [stride // array.itemsize for stride in array.strides]
    words = [array.ctypes.data, array.ctypes.data, 0, *array.shape, *strides]
    return (ctypes.c_int64 * len(words))(*words)


def aligned(array):
    """A copy that begins at a cache line."""
    copy = shapes.empty(array.shape, array.dtype)
    copy[...] = array
    return copy


class CondComp(Peer):
    def __init__(self, layer, dtype, threads):
        super().__init__(layer, dtype, threads)
        self.folder = tempfile.TemporaryDirectory()
        source = pathlib.Path(self.folder.name) / "layer.mlir"
        source.write_text(program.make(layer, dtype))
        made = source.with_suffix(".so")
        command = [BIN / "cc-compile", source, "--form=compact", "-o", made]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            raise Unsuitable(f"cc-compile: {result.stderr.strip()[:400]}")
        # The runtime takes the OpenMP that it finds in the process.
        ctypes.CDLL("libomp.so.5", ctypes.RTLD_GLOBAL)
        self.runtime = ctypes.CDLL(LIB / "libcondcomp_runtime.so", ctypes.RTLD_GLOBAL)
        self.runtime.condcomp_context_create.restype = ctypes.c_void_p
        self.runtime.condcomp_context_error.restype = ctypes.c_char_p
        self.context = ctypes.c_void_p(self.runtime.condcomp_context_create())
        self.runtime.condcomp_context_set_threads(self.context, threads)
        self.layer_function = ctypes.CDLL(made).layer
        weights = shapes.make_weights(layer, dtype, transposed=True)
        self.weights = [weights[name] for name in program.argument_names(layer)]
        self.weight_descriptors = [describe(array) for array in self.weights]

    def programs(self):
        return ["condcomp"]

    def bind(self, program, x, logits):
        inputs = [aligned(x), aligned(logits)]
        descriptors = [describe(array) for array in inputs] + self.weight_descriptors
        y = MemRef2D()
        arguments = [ctypes.byref(d) for d in [*descriptors, y]]

        def run():
            self.runtime.condcomp_free(ctypes.c_void_p(y.allocated))
            y.allocated = None
            if self.layer_function(self.context, *arguments):
                raise RuntimeError(
                    self.runtime.condcomp_context_error(self.context).decode()
                )
            return y

        run.inputs = inputs  # live as long as the function
        return run

    def to_numpy(self, result):
        size = int(np.prod(result.sizes))
        dtype = shapes.DTYPES[self.dtype]
        memory = ctypes.string_at(result.aligned, size * dtype.itemsize)
        y = np.frombuffer(memory, dtype).reshape(tuple(result.sizes))
        return y.astype(np.float32)

    def close(self):
        self.folder.cleanup()
