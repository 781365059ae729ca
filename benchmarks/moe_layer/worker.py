# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs one peer in a process of its own, and the client that asks it to.

Every library keeps its thread pool, its allocator and its environment; a pool
that spins does so in a process that the caller can let alone.
"""

import contextlib
import importlib
import json
import os
import pathlib
import select
import subprocess
import sys
import time
import traceback

import numpy as np

from . import shapes
from .peer import Unsuitable

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


class WorkerFailed(Exception):
    """A sentence that says why a peer gave no answer."""


class Worker:
    """A process that runs a peer; one request at a time."""

    def __init__(self, name, layer, dtype, threads, cores, log, environment=()):
        self.name, self.log = name, log
        log.parent.mkdir(parents=True, exist_ok=True)
        env = dict(os.environ, OMP_NUM_THREADS=str(threads), **dict(environment))
        command = [sys.executable, "-m", "moe_layer.worker", name]
        command += [layer.name, dtype, str(threads), ",".join(map(str, cores))]
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=env,
                cwd=pathlib.Path(__file__).resolve().parents[1],
            )

    def ask(self, op, patience, **keys):
        """The answer to a request; WorkerFailed when there is none."""
        try:
            self.process.stdin.write((json.dumps({"op": op, **keys}) + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise WorkerFailed(self.last_words()) from None
        return self.answer(patience)

    def answer(self, patience):
        ready, _, _ = select.select([self.process.stdout], [], [], patience)
        if not ready:
            self.kill()
            raise WorkerFailed(f"no answer within {patience:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            raise WorkerFailed(self.last_words())
        reply = json.loads(line)
        if "error" in reply:
            raise WorkerFailed(reply["error"])
        return reply

    def last_words(self):
        status = self.process.wait()
        lines = [s for s in self.log.read_text(errors="replace").split("\n") if s]
        if status == -9:
            return "the process was killed, most likely for its memory"
        return f"the process ended ({status}): {lines[-1][:200] if lines else ''}"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process.stdout.close()


def peak_rss(processes):
    """Bytes that the processes have held at most."""
    total = 0
    for process in processes:
        for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                total += int(line.split()[1]) << 10
    return total


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
    # Libraries may print: the pipe is for answers alone.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.sched_setaffinity(0, [int(core) for core in cores.split(",")])

    def send(reply):
        print(json.dumps(reply), file=replies, flush=True)

    try:
        module, kind = PEERS[name]
        module = importlib.import_module(f".{module}", __package__)
        peer = getattr(module, kind)(shapes.LAYERS[layer], dtype, int(threads))
        server = Server(peer)
        send(server.describe())
    except (Unsuitable, ImportError) as error:
        send({"error": str(error)})
        return
    for line in sys.stdin:
        keys = json.loads(line)
        try:
            send(getattr(server, keys.pop("op"))(**keys))
        except Exception as error:  # a peer's failure is a result, not ours
            traceback.print_exc()
            text = str(error).strip().split("\n")[0]
            send({"error": f"{type(error).__name__}: {text[:200]}"})
    peer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
