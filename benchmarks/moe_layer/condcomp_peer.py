# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The layer compiled by condcomp: a shared library of cc-compile (docs/abi.md)."""

import pathlib
import re
import tempfile

import numpy as np

from common.tables import OURS
from condcomp import library

from . import program, shapes
from .peer import Peer, Unsuitable

PREPACKED = f"{OURS}, prepacked"


def aligned(array):
    """A copy that begins at a cache line."""
    copy = shapes.empty(array.shape, array.dtype)
    copy[...] = array
    return copy


def results_of_prepack(text):
    """Descriptors to be filled in by @layer$prepack, in order."""
    (types,) = re.findall(r"@layer\$prepack\(.*?\) -> (.*) \{", text)
    ranks = [shape.count("x") for shape in re.findall(r"tensor<([^>]*)>", types)]
    return [library.descriptor(rank) for rank in ranks]


class CondComp(Peer):
    """The layer on weights as they are, and on weights that were prepacked."""

    def __init__(self, layer, dtype, threads):
        super().__init__(layer, dtype, threads)
        self.folder = tempfile.TemporaryDirectory()
        plain = pathlib.Path(self.folder.name) / "layer.mlir"
        plain.write_text(program.make(layer, dtype))
        self.context = library.Context(threads)
        weights = shapes.make_weights(layer, dtype, transposed=True)
        self.weights = [weights[name] for name in program.argument_names(layer)]
        descriptors = [library.describe(array) for array in self.weights]
        # {program: (function, descriptors of its weights)}
        self.layers = {OURS: (library.compile_library(plain).layer, descriptors)}
        self.lacking = {}
        try:
            self.layers[PREPACKED] = self.prepack(plain, descriptors)
        except library.ToolError as error:
            self.lacking[PREPACKED] = str(error)

    def prepack(self, plain, weights):
        """(function, descriptors) of the layer on prepacked weights."""
        packed = plain.with_name("packed.mlir")
        library.run_tool(
            "cc-opt", plain, "--condcomp-prepack=form=compact", "-o", packed
        )
        compiled = library.compile_library(packed)
        results = results_of_prepack(packed.read_text())
        self.context.call(compiled["layer$prepack"], [*weights, *results])
        return compiled.layer, results

    def programs(self):
        return [*self.layers, *self.lacking]

    def refuses(self, program, tokens):
        return self.lacking.get(program)

    def bind(self, program, x, logits):
        inputs = [aligned(x), aligned(logits)]
        function, weights = self.layers[program]
        y = library.descriptor(2)
        descriptors = [library.describe(array) for array in inputs] + weights + [y]

        def run():
            self.context.free(y)
            self.context.call(function, descriptors)
            return y

        run.inputs = inputs  # live as long as the function
        return run

    def to_numpy(self, result):
        y = self.context.to_numpy(result, shapes.DTYPES[self.dtype])
        return y.astype(np.float32)

    def close(self):
        self.folder.cleanup()
