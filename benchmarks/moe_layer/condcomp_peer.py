# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The layer compiled by condcomp, called through cc-run."""

import numpy as np

from condcomp import cc_run

from . import program, shapes
from .peer import Peer


class CondComp(Peer):
    def __init__(self, layer, dtype, threads):
        super().__init__(layer, dtype, threads)
        weights = shapes.make_weights(layer, dtype, transposed=True)
        constants = [weights.pop(name) for name in program.argument_names(layer)]
        text = program.make(layer, dtype)
        self.function = cc_run.Function(text, "layer", constants, form="compact")

    def programs(self):
        return ["condcomp"]

    def bind(self, program, x, logits):
        return [x, logits]

    def call(self, function):
        (y,) = self.function.call(function, 1, self.threads)
        return y.astype(np.float32)

    def seconds(self, functions, calls, cold):
        # A request reads the weights anew: one, with one input, for all calls.
        reply = self.function.request(
            functions[0], repetitions=calls, warmup=0, threads=self.threads
        )
        return reply["seconds"]

    def other_processes(self):
        return [self.function.process.pid]

    def close(self):
        self.function.close()
