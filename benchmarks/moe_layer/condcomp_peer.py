# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The layer compiled by condcomp: a shared library of cc-compile (docs/abi.md)."""

import ctypes
import pathlib
import re
import subprocess
import tempfile

import numpy as np

from . import program, shapes
from .peer import OURS, Peer, Unsuitable

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN, LIB = ROOT / "build" / "bin", ROOT / "build" / "lib"


PREPACKED = f"{OURS}, prepacked"


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


def results_of_prepack(text):
    """Descriptors to be filled in by @layer$prepack, in order."""
    (types,) = re.findall(r"@layer\$prepack\(.*?\) -> (.*) \{", text)
    ranks = [shape.count("x") for shape in re.findall(r"tensor<([^>]*)>", types)]
    return [(ctypes.c_int64 * (3 + 2 * rank))() for rank in ranks]


def run_tool(name, *arguments):
    result = subprocess.run([BIN / name, *arguments], capture_output=True, text=True)
    if result.returncode:
        first = result.stderr.strip().split("\n")[0]
        raise Unsuitable(first[:200])


class CondComp(Peer):
    """The layer on weights as they are, and on weights that were prepacked."""

    def __init__(self, layer, dtype, threads):
        super().__init__(layer, dtype, threads)
        self.folder = tempfile.TemporaryDirectory()
        plain = pathlib.Path(self.folder.name) / "layer.mlir"
        plain.write_text(program.make(layer, dtype))
        # The runtime takes the OpenMP that it finds in the process.
        ctypes.CDLL("libomp.so.5", ctypes.RTLD_GLOBAL)
        self.runtime = ctypes.CDLL(LIB / "libcondcomp_runtime.so", ctypes.RTLD_GLOBAL)
        self.runtime.condcomp_context_create.restype = ctypes.c_void_p
        self.runtime.condcomp_context_error.restype = ctypes.c_char_p
        self.context = ctypes.c_void_p(self.runtime.condcomp_context_create())
        self.runtime.condcomp_context_set_threads(self.context, threads)
        weights = shapes.make_weights(layer, dtype, transposed=True)
        self.weights = [weights[name] for name in program.argument_names(layer)]
        descriptors = [describe(array) for array in self.weights]
        # {program: (function, descriptors of its weights)}
        self.layers = {OURS: (self.compile(plain).layer, descriptors)}
        self.lacking = {}
        try:
            self.layers[PREPACKED] = self.prepack(plain, descriptors)
        except Unsuitable as error:
            self.lacking[PREPACKED] = str(error)

    def prepack(self, plain, weights):
        """(function, descriptors) of the layer on prepacked weights."""
        packed = plain.with_name("packed.mlir")
        run_tool("cc-opt", plain, "--condcomp-prepack=form=compact", "-o", packed)
        library = self.compile(packed)
        results = results_of_prepack(packed.read_text())
        self.call_compiled(library["layer$prepack"], [*weights, *results])
        return library.layer, results

    def compile(self, source):
        made = source.with_suffix(".so")
        run_tool("cc-compile", source, "--form=compact", "-o", made)
        return ctypes.CDLL(made)

    def call_compiled(self, function, descriptors):
        if function(self.context, *(ctypes.byref(d) for d in descriptors)):
            message = self.runtime.condcomp_context_error(self.context)
            raise RuntimeError(message.decode())

    def programs(self):
        return [*self.layers, *self.lacking]

    def refuses(self, program, tokens):
        return self.lacking.get(program)

    def bind(self, program, x, logits):
        inputs = [aligned(x), aligned(logits)]
        function, weights = self.layers[program]
        y = MemRef2D()
        arguments = [describe(array) for array in inputs] + weights
        arguments = [ctypes.byref(descriptor) for descriptor in [*arguments, y]]

        def run():
            self.runtime.condcomp_free(ctypes.c_void_p(y.allocated))
            y.allocated = None
            if function(self.context, *arguments):
                message = self.runtime.condcomp_context_error(self.context)
                raise RuntimeError(message.decode())
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
