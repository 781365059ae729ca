# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The process that runs one peer."""

import importlib
import os
import sys
import time

import numpy as np

from common.worker import peak_rss, serve

from . import shapes

# Name: module of this package and class. Where memory is short the last ones are
# left out.
PEERS = {
    "condcomp": ("condcomp_peer", "CondComp"),
    "torch": ("torch_peer", "Torch"),
    "ggml": ("ggml_peer", "Ggml"),
    "onnxruntime": ("onnx_peer", "OnnxRuntime"),
    "jax": ("jax_peer", "Jax"),
    "machine": ("machine", "Machine"),
}


class Server:
    """The process's side: answers requests about one peer."""

    def __init__(self, peer):
        self.peer = peer
        self.point = None
        self.functions = {}

    def describe(self):
        return {
            "programs": list(self.peer.programs()),
            "versions": self.peer.versions(),
        }

    def prepare(self, tokens, routing):
        """Makes the inputs of a point, in all variants."""
        self.functions.clear()
        self.tokens = tokens
        self.point = [
            shapes.make_inputs(self.peer.layer, self.peer.dtype, tokens, routing, v)
            for v in range(shapes.VARIANTS)
        ]
        return {}

    def check(self, program, output):
        """Runs variant 0 for its result, and once more for a first time."""
        refused = self.peer.refuses(program, self.tokens)
        if refused:
            return {"refused": refused}
        start = time.perf_counter()
        functions = [self.peer.bind(program, *inputs) for inputs in self.point]
        np.save(output, self.peer.call(functions[0]))
        if program.endswith(", compiled"):  # other routings may compile more
            self.peer.seconds(functions, len(functions), False)
        first = time.perf_counter() - start
        self.functions[program] = functions
        return {"first": first, "seconds": self.peer.seconds(functions, 1, False)[0]}

    def run(self, program, calls, cold, offset=0):
        functions = self.functions[program]
        offset %= len(functions)
        turned = functions[offset:] + functions[:offset]
        return {"seconds": self.peer.seconds(turned, calls, cold)}

    def measure(self):
        """The machine's own speeds; only its peer has them."""
        return self.peer.measure()

    def memory(self):
        return {"peak": peak_rss([os.getpid()] + self.peer.other_processes())}


def main(name, layer, dtype, threads, cores):
    def make():
        module, kind = PEERS[name]
        module = importlib.import_module(f".{module}", __package__)
        peer = getattr(module, kind)(shapes.LAYERS[layer], dtype, int(threads))
        return Server(peer)

    server = serve(make, cores)
    if server:
        server.peer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
