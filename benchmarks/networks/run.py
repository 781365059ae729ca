# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks in several libraries: every program checked, then all timed in turn."""

import argparse
import dataclasses
import os
import pathlib
import shutil
import time

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from common.device import NO_GPU, without_gpu
from common.turns import add_options, calls_per_turn, last_cores, orders
from common.worker import Worker, WorkerFailed
from condcomp import side_by_side

from . import report
from .compare import arrays, verdict
from .families import FAMILIES
from .network import KINDS, make
from .worker import LIBRARIES

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build" / "bench"


@dataclasses.dataclass
class Case:
    """A network and its points. settings: of its class. points: dicts with the batch
    and what the network's `calibrate` takes. inputs: how many batches take turns.
    programs: the names of those to run, all when absent."""

    title: str
    family: str
    settings: dict
    points: list
    inputs: int = 1
    programs: tuple = ()


def parse(description, name, arguments=None):
    """Options that all cases have. arguments: those of the command line by default."""
    parser = argparse.ArgumentParser(description=description)
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", action="store_true", help="three minutes: smaller, fewer programs"
    )
    size.add_argument("--full", action="store_true", help="all networks and points")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--threads", type=int, default=min(2, cores))
    parser.add_argument(
        "--only", metavar="TEXT", help="networks with this in the title"
    )
    parser.add_argument(
        "--libraries",
        nargs="+",
        choices=LIBRARIES,
        default=["condcomp", "torch"],
        help="default: condcomp torch; iree compiles for minutes",
    )
    parser.add_argument(
        "--device", default="cpu", help="cpu (the default), or a GPU: cuda:0"
    )
    parser.add_argument(
        "--dtype",
        choices=KINDS,
        help="default: f32 on the CPU, and on a GPU bf16 where a network can",
    )
    parser.add_argument(
        "--batches", nargs="+", type=int, help="of all networks, instead of their own"
    )
    add_options(parser, patience=600, output=BUILD / f"{name}.json")
    options = parser.parse_args(arguments)
    try:
        device = torch.device(options.device)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        parser.error(f"--device {options.device}: cpu and cuda:NUMBER are known")
    if device.type == "cuda":
        why = without_gpu(device.index or 0)
        if why:
            print(f"--device {options.device} needs an NVIDIA GPU, and {why}.")
            raise SystemExit(NO_GPU)
        options.threads = cores
    options.dtype = options.dtype or ("f32" if device.type == "cpu" else "bf16")
    options.no_compile |= options.quick  # compiling takes longer than the rest
    options.rounds = options.rounds or (5 if options.full else 3)
    options.budget = options.budget or (1.0 if options.quick else 3.0)
    return options


def run(options, cases):
    """Measures the cases; the results, which are reported and written, too."""
    torch.set_num_threads(options.threads)
    cases = [c for c in cases if not options.only or options.only in c.title]
    if options.batches:
        cases = [with_batches(case, options.batches) for case in cases]
    start, results = time.monotonic(), []
    with Runner(options) as runner:
        for case in cases:
            minutes = (time.monotonic() - start) / 60
            print(f"[{minutes:.1f} min] {case.title}", flush=True)
            results.append(runner.measure(case))
            side_by_side.write_report(options.output, vars(options).items(), results)
            report.print_case(results[-1])
    for path in report.plot(results, options.output.with_suffix("")):
        print(f"wrote {path}")
    return results


def with_batches(case, batches):
    """The case at its points with other batches, each once."""
    points = [{**point, "batch": b} for b in batches for point in case.points]
    unique = [p for number, p in enumerate(points) if p not in points[:number]]
    return dataclasses.replace(case, points=unique)


class Runner:
    """Holds a worker for each library, for all cases."""

    def __init__(self, options):
        self.options, self.workers, self.versions = options, {}, {}
        self.device = torch.device(options.device)
        self.scratch = BUILD / f"scratch-{os.getpid()}"

    def __enter__(self):
        self.scratch.mkdir(parents=True)
        threads = self.options.threads
        for name in self.options.libraries:
            log = BUILD / "logs" / f"networks-{name}.log"
            arguments = [name, threads, self.device]
            made = Worker(
                "networks.worker", arguments, threads, last_cores(threads), log
            )
            self.workers[name] = made
            try:
                self.versions |= self.ask(name)["versions"]
            except WorkerFailed as failure:
                print(f"{name} is left out: {failure}", flush=True)
                self.workers.pop(name).close()
        return self

    def __exit__(self, *_):
        for worker in self.workers.values():
            worker.close()
        shutil.rmtree(self.scratch)

    def ask(self, name, op=None, **keys):
        worker = self.workers[name]
        if op is None:
            return worker.answer(self.options.patience)
        return worker.ask(op, self.options.patience, **keys)

    @torch.inference_mode()
    def measure(self, case):
        family, dtype = FAMILIES[case.family], self.options.dtype
        self.dtype = dtype = dtype if dtype in family.DTYPES else "f32"
        network = make(family, case.settings)
        state = self.scratch / "network.pt"
        torch.save(network.state_dict(), state)
        network.to(self.device, KINDS[dtype])
        self.programs = {}  # name: (library, kind)
        for library in self.workers:
            reply = self.ask(
                library,
                "load",
                family=case.family,
                settings=case.settings,
                dtype=dtype,
                state=str(state),
            )
            for program, kind in reply["programs"].items():
                if self.options.no_compile and program.endswith(", compiled"):
                    continue
                if self.options.quick and kind == "masked":
                    continue
                if not case.programs or program in case.programs:
                    self.programs[program] = library, kind
        points = [self.point(network, case, point) for point in case.points]
        memory = {n: self.ask(n, "memory")["peak"] for n in self.workers}
        return {
            **dataclasses.asdict(case),
            "device": self.options.device,
            "dtype": dtype,
            "points": points,
            "peak_bytes": memory,
            "versions": self.versions,
        }

    def point(self, network, case, point):
        """One point: every program is checked, then all are timed in turn."""
        draw = torch.Generator().manual_seed(1)
        place = self.device, KINDS[self.dtype]
        inputs = [
            network.inputs(point["batch"], draw).to(*place) for _ in range(case.inputs)
        ]
        network.calibrate(torch.cat(inputs), point)
        files = {
            "buffers": {name: b.cpu() for name, b in network.named_buffers()},
            "inputs": [x.cpu() for x in inputs],
        }
        for name, content in files.items():
            torch.save(content, self.scratch / f"{name}.pt")
        flops = {
            "dense": np.mean([count(network.dense, x) for x in inputs]),
            "chosen": np.mean([count(network.by_hand, x) for x in inputs]),
        }
        expected = {
            "dense": arrays(network.dense(inputs[0])),
            "masked": arrays(network.masked(inputs[0])),
        }
        expected["chosen"] = expected["masked"]
        result = {**point, "flops": flops, "programs": {}, "left_out": {}}
        for library in self.workers:
            paths = {name: str(self.scratch / f"{name}.pt") for name in files}
            self.ask(library, "prepare", **paths)
        for program in self.programs:
            self.check(program, expected, result, network.MAY_DIFFER)
        rounds = orders(result["programs"], self.options.rounds)
        for number, order in enumerate(rounds):
            for program in order:
                self.take_turn(program, result, number)
        return result

    def check(self, program, expected, result, may_differ):
        library, kind = self.programs[program]
        output = self.scratch / "results.npz"
        try:
            reply = self.ask(library, "check", program=program, output=str(output))
        except WorkerFailed as failure:
            if self.workers[library].has_ended():
                raise
            self.leave_out(program, result, str(failure))
            return
        with np.load(output) as file:
            got = [file[name] for name in file.files]
        found, why = verdict(got, expected[kind], self.dtype, may_differ)
        if why:
            self.leave_out(program, result, why)
            return
        result["programs"][program] = {
            "kind": kind,
            **found,
            "first": reply["first"],
            "estimate": reply["seconds"],
            "seconds": [],
        }

    def leave_out(self, program, result, reason):
        print(f"  {program}: {reason}", flush=True)
        result["left_out"][program] = reason

    def take_turn(self, program, result, number):
        entry, options = result["programs"].get(program), self.options
        if entry is None:
            return
        calls = calls_per_turn(entry["estimate"], options.budget, options.rounds)
        if calls == 0 and number:
            return
        if options.threads > 1 and self.device.type == "cpu":
            time.sleep(0.25)  # the pool of the one before may spin yet
        library, _ = self.programs[program]
        calls = max(calls, 1)
        try:
            reply = self.ask(
                library, "run", program=program, calls=calls, offset=number * calls
            )
        except WorkerFailed as failure:
            if self.workers[library].has_ended():
                raise
            del result["programs"][program]
            self.leave_out(program, result, str(failure))
            return
        entry["seconds"] += reply["seconds"]


def count(function, x):
    """FLOPs of the matrix products."""
    with FlopCounterMode(display=False) as counter:
        function(x)
    return counter.get_total_flops()
