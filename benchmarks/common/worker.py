# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A process that answers requests, and the client that asks it.

Every library keeps its thread pool, its allocator and its environment; a pool
that spins does so in a process that the caller can let alone.
"""

import contextlib
import json
import os
import pathlib
import select
import subprocess
import sys
import traceback


class WorkerFailed(Exception):
    """A sentence that says why a process gave no answer."""


class Unsuitable(Exception):
    """A sentence that says why a library does not run this."""


class Worker:
    """A process that runs the Python module `module`, whose main calls `serve`; one
    request at a time. Its last argument are the cores."""

    def __init__(self, module, arguments, threads, cores, log):
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", module, *map(str, arguments)]
        command.append(",".join(map(str, cores)))
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(os.environ, OMP_NUM_THREADS=str(threads)),
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

    def has_ended(self):
        return self.process.poll() is not None

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


def serve(make, cores):
    """The process's side. make: makes the server, whose method `describe` is the first
    answer; a request calls the method that it names. Returns the server at the end of
    the requests, or None if it can't be made."""
    # Libraries may print: the pipe is for answers alone.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.sched_setaffinity(0, [int(core) for core in cores.split(",")])

    def send(reply):
        print(json.dumps(reply), file=replies, flush=True)

    try:
        server = make()
        send(server.describe())
    except (Unsuitable, ImportError) as error:
        send({"error": str(error)})
        return None
    for line in sys.stdin:
        keys = json.loads(line)
        try:
            send(getattr(server, keys.pop("op"))(**keys))
        except Exception as error:  # a library's failure is a result, not ours
            traceback.print_exc()
            text = str(error).strip().split("\n")[0]
            send({"error": f"{type(error).__name__}: {text[:200]}"})
    return server
