# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Many calls of compiled functions in one process: a driver of cc-run --batch."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
from dataclasses import dataclass

import numpy as np

from condcomp.cc_run import CC_RUN, load

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclass
class Failure:
    """What a call gave instead of results."""

    message: str


def split(text):
    """{name: text} of the functions of a module."""
    parts = re.split(r"(?m)^func\.func @", text)[1:]
    return {part.split("(")[0]: "func.func @" + part for part in parts}


def results_of(text):
    """How many results a function has."""
    types = re.search(r"\) -> \((.*)\) {", text).group(1)
    depth, count = 0, 1 if types else 0
    for letter in types:
        depth += (letter in "<(") - (letter in ">)")
        count += letter == "," and depth == 0
    return count


def run(text, jobs, form, **keys):
    """Results or Failure of every job: (function, inputs, threads).

    `keys` are those of cc-run's requests, such as "pipeline".

    The module is compiled once. If it does not compile, each function is tried
    in a module of its own, so that one that fails does not hide the others.
    """
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        counts = {name: results_of(part) for name, part in split(text).items()}
        requests = []
        for number, (function, arrays, threads) in enumerate(jobs):
            names = [
                folder / f"{number}.{position}.npy" for position in range(len(arrays))
            ]
            for name, array in zip(names, arrays):
                np.save(name, array)
            outputs = [folder / f"{number}.r{r}.npy" for r in range(counts[function])]
            requests.append(
                {
                    "id": number,
                    "module": str(folder / "module.mlir"),
                    "function": function,
                    "inputs": [f"@{name}" for name in names],
                    "outputs": [f"@{name}" for name in outputs],
                    "form": form,
                    "threads": threads,
                    **keys,
                }
            )
        (folder / "module.mlir").write_text(text)
        if not compiles(requests[0]):
            for name, part in split(text).items():
                (folder / f"{name}.mlir").write_text(part)
            for request in requests:
                request["module"] = str(folder / f"{request['function']}.mlir")
        return [
            outcome(request, reply) for request, reply in zip(requests, batch(requests))
        ]


def compiles(request):
    """Whether the module of a request does, whatever the call then gives."""
    return batch([request])[0].get("compile_seconds", 0) > 0


def outcome(request, reply):
    if reply["status"] != "ok":
        return Failure(reply["message"] + reply.get("diagnostics", ""))
    if reply["leaked_bytes"] != 0:
        return Failure(f"{reply['leaked_bytes']} bytes are leaked")
    try:
        return [load(name[1:]) for name in request["outputs"]]
    except ValueError as error:  # a size that no array has
        return Failure(f"a result can't be read: {error}")


def batch(requests):
    """Replies to the requests, in order.

    One that ends the process is named in its reply; others that call the same
    function are not tried again.
    """
    replies, waiting = {}, list(requests)
    while waiting:
        stdout, why = answers(waiting)
        for line in stdout.splitlines():
            reply = json.loads(line)
            replies[reply["id"]] = reply
        waiting = [request for request in waiting if request["id"] not in replies]
        if waiting:
            function = waiting[0]["function"]
            message = f"@{function}: {why}"
            for request in waiting:
                if request["function"] == function:
                    replies[request["id"]] = {"status": "error", "message": message}
            waiting = [request for request in waiting if request["id"] not in replies]
    return [replies[request["id"]] for request in requests]


def answers(requests):
    """What one process prints, and how it ended."""
    text = "".join(json.dumps(request) + "\n" for request in requests)
    try:
        done = subprocess.run(
            [str(CC_RUN), "--batch=-"],
            input=text,
            capture_output=True,
            text=True,
            timeout=900,
            # A crash says where by address: looking up names takes long.
            env={**os.environ, "LLVM_DISABLE_SYMBOLIZATION": "1"},
        )
    except subprocess.TimeoutExpired as hanging:
        return (hanging.stdout or b"").decode(), "cc-run did not end in 900 s"
    return done.stdout, f"cc-run ended with {done.returncode}: {done.stderr[-2000:]}"
