# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a peer is: one way to run a layer, in a process of its own."""

import ctypes
import hashlib
import os
import pathlib
import shutil
import subprocess
import time

import numpy as np

from common.worker import Unsuitable

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build" / "bench"


def last_level_cache():
    """Bytes of the largest cache of this machine."""
    largest = 1 << 25
    for path in pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = path.read_text().strip()
        units = {"K": 1 << 10, "M": 1 << 20}
        largest = max(largest, int(text[:-1]) * units.get(text[-1], 1))
    return largest


def build_library(source, flags=()):
    """A C file compiled for this machine and loaded."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang-22"))), None)
    if not compiler:
        raise Unsuitable("there is no C compiler (cc, gcc, clang-22)")
    command = [compiler, "-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
    command += [str(source), *flags]
    digest = hashlib.sha256(source.read_bytes() + " ".join(command).encode())
    library = BUILD / f"{source.stem}-{digest.hexdigest()[:12]}.so"
    if not library.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        made = library.with_suffix(f".{os.getpid()}")
        subprocess.run([*command, "-o", str(made)], check=True)
        made.rename(library)
    return ctypes.CDLL(str(library))


class Peer:
    """A library, or a few programs of one library that share their weights.

    Subclasses load the weights when made, raising Unsuitable where they can't
    run the layer at all.
    """

    def __init__(self, layer, dtype, threads):
        self.layer, self.dtype, self.threads = layer, dtype, threads
        self.other_data = None

    def versions(self):
        """{package: version} of what is measured."""
        return {}

    def programs(self):
        """Names of the ways to run the layer."""
        raise NotImplementedError

    def refuses(self, program, tokens):
        """A sentence if the program can't run that many tokens, else None."""
        return None

    def bind(self, program, x, logits):
        """A function without arguments that runs the layer on these inputs."""
        raise NotImplementedError

    def to_numpy(self, result):
        """The bound function's result as a float32 array."""
        return np.asarray(result, dtype=np.float32)

    def call(self, function):
        """A result, as an array; the first call may compile."""
        return self.to_numpy(function())

    def seconds(self, functions, calls, cold):
        """The time of each of the calls, which take the functions in turn.

        cold: the caches hold other data before each call, as they do where
        other layers ran since the last one.
        """
        times = []
        for number in range(calls):
            function = functions[number % len(functions)]
            if cold:
                self.evict()
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
        return times

    def evict(self):
        if self.other_data is None:
            self.other_data = np.ones(2 * last_level_cache() // 8)
        self.other_data += 1.0

    def other_processes(self):
        """Ids of the processes that belong to the peer, for counting memory."""
        return []

    def close(self):
        pass
