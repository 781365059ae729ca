# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One case of the benchmark: a layer, a type, a number of threads; all peers."""

import time

import numpy as np

from common.tables import OURS
from common.turns import calls_per_turn, last_cores, orders
from common.worker import Worker, WorkerFailed
from condcomp import side_by_side

from . import peer, shapes
from .worker import PEERS

# Largest error against float64, relative to the largest magnitude of the result.
TOLERANCE = {"f32": 1e-5, "bf16": 2e-2}

# Rows that are compared with the reference; it computes an expert at a time.
CHECKED_ROWS = 12


class Case:
    """Holds the workers, which keep their weights over all points."""

    def __init__(self, layer, dtype, threads, options, build):
        self.layer, self.dtype, self.threads = layer, dtype, threads
        self.options, self.build = options, build
        self.scratch = build / "scratch"
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.workers, self.failed, self.points = {}, {}, []
        self.programs, self.versions = {}, {}
        self.speeds = {"matmul": {}, "read": {}}
        self.weights, self.rates = None, {}

    def __enter__(self):
        cores = last_cores(self.threads)
        names = [n for n in PEERS if n in (self.options.peers or PEERS)]
        if "machine" not in names:
            names.append("machine")
        for name in names:
            began = time.monotonic()
            short = self.lacks_memory(copies=2 if name == OURS else 1)
            if short and name != "machine":
                self.fail(name, short)
                continue
            log = self.build / "logs" / f"{name}-{self.layer.name}-{self.dtype}.log"
            arguments = [name, self.layer.name, self.dtype, self.threads]
            made = Worker("moe_layer.worker", arguments, self.threads, cores, log)
            try:
                reply = made.answer(self.options.patience)
            except WorkerFailed as error:
                self.fail(name, str(error))
                made.close()
                continue
            self.workers[name] = made
            self.versions |= reply["versions"]
            for program in reply["programs"]:
                if not (self.options.no_compile and program.endswith(", compiled")):
                    self.programs[program] = name
            held = made.ask("memory", self.options.patience)["peak"]
            print(
                f"  {name} ready in {time.monotonic() - began:.0f} s,"
                f" {held / 2**30:.1f} GiB",
                flush=True,
            )
        self.weights = shapes.Weights(self.layer, self.dtype)
        return self

    def __exit__(self, *_):
        self.memory = {}
        for name, made in self.workers.items():
            try:
                self.memory[name] = made.ask("memory", self.options.patience)["peak"]
            except WorkerFailed:
                pass
            made.close()
        self.weights = None

    def lacks_memory(self, copies):
        """A sentence if more copies of the weights would not fit."""
        needed = int(1.1 * copies * self.layer.weight_bytes(self.dtype)) + (1 << 30)
        free = side_by_side.available_memory()
        if needed < free:
            return None
        return (
            f"its weights need {needed / 2**30:.1f} GiB and {free / 2**30:.1f} are free"
        )

    def fail(self, name, reason):
        print(f"  {name}: left out: {reason}", flush=True)
        self.failed[name] = reason

    def ask(self, name, op, **keys):
        return self.workers[name].ask(op, self.options.patience, **keys)

    def drop(self, name, reason):
        """A worker is gone: none of its programs runs any more."""
        self.fail(name, reason)
        self.workers.pop(name, None)
        self.programs = {p: n for p, n in self.programs.items() if n != name}

    def measure(self, tokens, routing):
        """One point: every program is checked, then all are timed in turn."""
        x, logits = shapes.make_inputs(self.layer, self.dtype, tokens, routing, 0)
        chosen = [
            shapes.choose(
                self.layer,
                shapes.make_inputs(self.layer, self.dtype, tokens, routing, v)[1],
            )
            for v in range(shapes.VARIANTS)
        ]
        point = {
            "tokens": tokens,
            "routing": routing,
            "flops": float(np.mean([self.layer.flops(c) for c in chosen])),
            "bytes": float(np.mean([self.layer.bytes(c, self.dtype) for c in chosen])),
            "per_expert": [self.layer.per_expert(c, self.dtype) for c in chosen],
            "programs": {},
            "left_out": {},
        }
        point["cold"] = point["bytes"] < 4 * peer.last_level_cache()
        rows = np.unique(np.linspace(0, tokens - 1, CHECKED_ROWS).astype(int))
        expected = shapes.reference(self.layer, self.weights, x, chosen[0], rows)
        for name in list(self.workers):
            if name != "machine":
                self.try_ask(name, "prepare", tokens=tokens, routing=routing)
        for program in list(self.programs):
            self.check(program, point, rows, expected)
        self.take_turns(point)
        self.points.append(point)

    def try_ask(self, name, op, **keys):
        """An answer, or {"refused": why}; a worker that has ended is dropped."""
        try:
            return self.ask(name, op, **keys)
        except WorkerFailed as error:
            if self.workers[name].has_ended():
                self.drop(name, str(error))
            return {"refused": str(error)}

    def check(self, program, point, rows, expected):
        """Compares a program's result; the point keeps its error and first time."""
        name = self.programs.get(program)
        if name is None:
            return
        slow = self.predict(program, point["flops"])
        if slow > self.options.slow:
            reason = f"about {slow:.0f} s, by its rate at fewer tokens"
            point["left_out"][program] = reason
            return
        output = self.scratch / "y.npy"
        reply = self.try_ask(name, "check", program=program, output=str(output))
        if "refused" in reply:
            point["left_out"][program] = reply["refused"]
            print(f"  {program}: {reply['refused']}", flush=True)
            return
        got = np.load(output)[rows]
        error = np.abs(got - expected).max(initial=0) / np.abs(expected).max(initial=1)
        if not error <= TOLERANCE[self.dtype]:
            reason = f"a wrong result: its largest relative error is {error:.1e}"
            point["left_out"][program] = reason
            print(f"  {program}: {reason}", flush=True)
            return
        self.rates.setdefault(program, {})[point["flops"]] = reply["seconds"]
        point["programs"][program] = {
            "error": float(error),
            "first": reply["first"],
            "estimate": reply["seconds"],
            "seconds": [],
        }

    def predict(self, program, flops):
        """Seconds that a call will take, where smaller points tell; else 0."""
        known = self.rates.get(program, {})
        # At one token the time is that of reading weights, which grows less.
        below = [f for f in known if f < flops and f > min(known)]
        return known[max(below)] * flops / max(below) if below else 0.0

    def take_turns(self, point):
        """Rounds in which every program and the machine are measured in turn."""
        rounds = orders(point["programs"], self.options.rounds)
        for number, order in enumerate(rounds):
            for program in order:
                self.take_turn(program, point, number)
            if "machine" in self.workers:
                for kind, rates in self.ask("machine", "measure").items():
                    for name, rate in rates.items():
                        self.speeds[kind].setdefault(name, []).append(rate)

    def take_turn(self, program, point, number):
        """A few calls of a program; one that fails leaves the point."""
        entry = point["programs"].get(program)
        if entry is None:
            return
        if program not in self.programs:  # its worker has gone
            del point["programs"][program]
            point["left_out"][program] = "its process ended at this point"
            return
        calls = calls_per_turn(
            entry["estimate"], self.options.budget, self.options.rounds
        )
        if calls == 0:
            entry["seconds"] = [entry["estimate"]]
            return
        if self.threads > 1:
            time.sleep(0.25)  # the pool of the one before may spin yet
        reply = self.try_ask(
            self.programs[program],
            "run",
            program=program,
            calls=calls,
            cold=bool(point["cold"]),
            offset=number,
        )
        if "refused" in reply:
            del point["programs"][program]
            point["left_out"][program] = reply["refused"]
            return
        entry["seconds"] += reply["seconds"]

    def results(self):
        """The case as it goes into the JSON file."""
        return {
            "layer": self.layer.name,
            "dtype": self.dtype,
            "threads": self.threads,
            "versions": self.versions,
            "failed": self.failed,
            "peak_bytes": self.memory,
            "speeds": {
                kind: {name: float(np.median(v)) for name, v in rates.items()}
                for kind, rates in self.speeds.items()
            },
            "points": self.points,
        }
