# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shared libraries of cc-compile in this process, through ctypes (docs/abi.md)."""

import ctypes
import subprocess

import numpy as np

from condcomp.cc_run import BUILD


class ToolError(Exception):
    """A tool refuses its input; the text is the first line that it printed."""


def run_tool(name, *arguments):
    """Runs a tool of the build; raises ToolError."""
    result = subprocess.run(
        [BUILD / "bin" / name, *arguments], capture_output=True, text=True
    )
    if result.returncode:
        raise ToolError(result.stderr.strip().split("\n")[0][:200])


def compile_library(source, form="compact"):
    """The ctypes library of a .mlir file; it is written beside the file."""
    made = source.with_suffix(".so")
    run_tool("cc-compile", source, f"--form={form}", "-o", made)
    return ctypes.CDLL(made)


def descriptor(rank):
    """The descriptor of a result of that rank, to be filled in."""
    return (ctypes.c_int64 * (3 + 2 * rank))()


def describe(array):
    """The descriptor of a contiguous array, which has to stay alive."""
    strides = [stride // array.itemsize for stride in array.strides]
    words = [array.ctypes.data, array.ctypes.data, 0, *array.shape, *strides]
    return (ctypes.c_int64 * len(words))(*words)


class Context:
    """Calls of compiled functions, with a number of threads (0: as OpenMP says)."""

    def __init__(self, threads=0):
        path = BUILD / "lib" / "libcondcomp_runtime.so"
        self.runtime = ctypes.CDLL(path, ctypes.RTLD_GLOBAL)
        self.runtime.condcomp_context_create.restype = ctypes.c_void_p
        self.runtime.condcomp_context_error.restype = ctypes.c_char_p
        self.context = ctypes.c_void_p(self.runtime.condcomp_context_create())
        self.runtime.condcomp_context_set_threads(self.context, threads)

    def call(self, function, descriptors):
        """Calls a function: descriptors of arguments, then of results.

        Raises RuntimeError with the text of a check that failed.
        """
        if function(self.context, *map(ctypes.byref, descriptors)):
            message = self.runtime.condcomp_context_error(self.context)
            raise RuntimeError(message.decode())

    def free(self, result):
        """Frees the memory of a result, if it has any."""
        self.runtime.condcomp_free(ctypes.c_void_p(result[0]))
        result[0] = 0

    @staticmethod
    def to_numpy(result, dtype):
        """A copy of a result that a call filled in."""
        rank = (len(result) - 3) // 2
        shape, dtype = tuple(result[3 : 3 + rank]), np.dtype(dtype)
        memory = ctypes.string_at(result[1], int(np.prod(shape)) * dtype.itemsize)
        return np.frombuffer(memory, dtype).reshape(shape)
