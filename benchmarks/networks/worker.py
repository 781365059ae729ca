# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The process that runs networks in one library."""

import os
import sys
import time

import numpy as np
import torch

from common.device import time_calls
from common.worker import Unsuitable, peak_rss, serve

from .compare import arrays
from .families import FAMILIES
from .network import KINDS, Dense, make


class Server:
    """Answers requests; one network at a time."""

    def __init__(self, threads, device):
        self.threads, self.device = threads, torch.device(device)

    def describe(self):
        return {"versions": self.versions()}

    def versions(self):
        """{package: version} of what is measured."""
        return {"torch": torch.__version__}

    def programs(self):
        """Names of the ways to run the network, each with a word for what it does:
        dense, masked, or only what was chosen."""
        raise NotImplementedError

    def build(self, program):
        """A function of an input."""
        raise NotImplementedError

    def rebind(self):
        """The network's buffers have changed."""

    def load(self, family, settings, dtype, state):
        """Takes over a network; its programs are built when they are first called."""
        self.built = {}
        made = make(FAMILIES[family], settings)
        self.network = made.to(self.device, KINDS[dtype])
        self.network.load_state_dict(torch.load(state, mmap=True))
        return {"programs": self.programs()}

    def prepare(self, buffers, inputs):
        """The network's buffers and the inputs of a point."""
        self.network.load_state_dict(torch.load(buffers), strict=False)
        self.inputs = [x.to(self.device) for x in torch.load(inputs)]
        self.rebind()
        return {}

    def check(self, program, output):
        """Runs the first input for its results, then all once for their times."""
        start = time.perf_counter()
        if program not in self.built:
            self.built[program] = self.build(program)
        np.savez(output, *arrays(self.built[program](self.inputs[0])))
        for x in self.inputs[1:]:  # other numbers of rows may compile more
            self.built[program](x)
        first = time.perf_counter() - start
        return {"first": first, "seconds": self.run(program, 1)["seconds"][0]}

    def run(self, program, calls, offset=0):
        """Seconds of calls, which take the inputs in turn; on a GPU, where a call may
        return before its work is done, one number, the mean."""
        function, seconds = self.built[program], []
        order = [(offset + i) % len(self.inputs) for i in range(calls)]
        if self.device.type == "cuda":
            inputs = [(self.inputs[number],) for number in order]
            return {"seconds": [time_calls(function, inputs, calls, self.device)]}
        for number in order:
            x = self.inputs[number]
            start = time.perf_counter()
            function(x)
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}

    def memory(self):
        return {"peak": peak_rss([os.getpid()])}


class CondComp(Server):
    """The network exported from PyTorch and compiled; weights are packed once."""

    def versions(self):
        return {}

    def programs(self):
        return {
            "condcomp dense": "dense",
            "condcomp masked": "masked",
            "condcomp": "chosen",
        }

    def build(self, program):
        from condcomp.torch import compile as compile_model

        dense = program.endswith("dense")
        form = "masked" if program.endswith("masked") else "auto"
        model = Dense(self.network) if dense else self.network
        return compile_model(model, self.inputs[0], form=form, **self.options())

    def options(self):
        """Of condcomp.compile: where programs run."""
        if self.device.type == "cuda":
            return {"target": "cuda"}
        return {"threads": self.threads}

    def rebind(self):
        for compiled in self.built.values():
            compiled.bind()


class Torch(Server):
    """PyTorch, eager and compiled."""

    def programs(self):
        kinds = {"dense": "dense", "masked": "masked", "by hand": "chosen"}
        return {
            f"torch {name}{how}": kind
            for name, kind in kinds.items()
            for how in ("", ", compiled")
        }

    def build(self, program):
        kind, _, compiled = program.removeprefix("torch ").partition(", ")
        torch._dynamo.config.cache_size_limit = 256
        if kind == "by hand":
            # Sizes depend on choices: what runs between them is compiled.
            net = self.network.compiled_parts() if compiled else self.network
            return net.by_hand
        function = getattr(self.network, kind)
        # Each kind of network keeps its own compiled code.
        return torch.compile(lambda x: function(x)) if compiled else function


class Iree(Server):
    """IREE on the network without conditions, exported by condcomp.torch."""

    def __init__(self, threads, device):
        super().__init__(threads, device)
        if self.device.type != "cpu":
            raise Unsuitable("IREE runs on the CPU here")
        import iree.compiler
        import iree.runtime

    def versions(self):
        from importlib.metadata import version

        return {"iree": version("iree-base-compiler")}

    def programs(self):
        return {"iree dense": "dense"}

    def build(self, program):
        from . import iree

        return iree.build(Dense(self.network), self.inputs[0], self.threads)


LIBRARIES = {"condcomp": CondComp, "torch": Torch, "iree": Iree}


def main(name, threads, device, cores):
    def make_server():
        torch.set_num_threads(int(threads))
        torch.set_grad_enabled(False)
        return LIBRARIES[name](int(threads), device)

    serve(make_server, cores)


if __name__ == "__main__":
    main(*sys.argv[1:])
