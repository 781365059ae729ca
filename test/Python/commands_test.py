# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""python -m condcomp."""

import io
import re
import sys
import time

import numpy as np
import small_programs as programs
import pytest

from condcomp import _commands, _progress
from condcomp.__main__ import main

GATE = programs.LINEAR[programs.LINEAR.index("func.func @gate") :]


@pytest.fixture
def gate(tmp_path):
    path = tmp_path / "gate.mlir"
    path.write_text(GATE)
    return str(path)


def test_info(gate, capsys):
    assert main(["info", gate]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "gate(scores: tensor<?x4xf32>, k: index) -> tensor<?x4xi1>",
        "     1 condcomp.to_mask",
        "     1 condcomp.top_k",
        "     1 condcomp.trace",
        "     1 of other dialects",
    ]


def test_files_of_any_name(gate, tmp_path, capsys):
    path = tmp_path / "gate.txt"
    path.write_text(GATE)
    assert main(["info", str(path)]) == 0
    assert capsys.readouterr().out.startswith("gate(scores")
    assert main(["info", str(tmp_path / "missing")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_run(gate, tmp_path, capsys):
    scores = np.eye(4, dtype=np.float32)
    np.save(tmp_path / "scores.npy", scores)
    inputs = [f"--input=@{tmp_path}/scores.npy", "--input=index=1"]
    assert main(["run", gate, *inputs, f"--output=@{tmp_path}/mask.npy"]) == 0
    np.testing.assert_array_equal(np.load(tmp_path / "mask.npy"), scores == 1)
    inputs = ["--input=1x4xf32=3,1,[2],0", "--input=index=2"]
    assert main(["run", gate, *inputs, "--form=masked"]) == 0
    assert capsys.readouterr().out == (
        "result 0: tensor<?x4xi1>\n[[ True False  True False]]\n"
    )


def test_bench(gate, capsys):
    assert main(["bench", gate, "--size=8", "--seconds=0.01"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("masked: compiled in ")
    assert lines[3].startswith("compact: min ") and lines[3].endswith(" calls")
    assert lines[4].endswith("times as fast as masked")


def test_report(gate, capsys):
    assert main(["report", gate, "--size=8"]) == 0
    out = capsys.readouterr().out
    assert "form auto, compiled in " in out and "weights:" not in out
    assert "remarks of the compiler: none" in out
    assert "  gate: 8 rows, 4 modules: 8 of 32 pairs are run, 75.0% skipped" in out
    assert "    entries per row: 1 to 1\n" in out
    assert re.search(
        r"load: the largest is \d\.\d\d times the mean; evenness .*\d", out
    )


def test_report_of_weights_and_loads(tmp_path, capsys):
    path = tmp_path / "linear.mlir"
    path.write_text(programs.LINEAR)
    assert main(["report", str(path), "--function=linear", "--size=4"]) == 0
    out = capsys.readouterr().out
    assert f"weights: {(8 * 16 + 16) * 4} bytes, packed " in out
    assert "memory of one call, weights that it packs included: at most " in out
    assert "routings of one call: none" in out
    scores = "--input=4x4xf32=9,1,1,1,9,1,1,1,9,1,1,1,1,9,1,1"
    assert (
        main(["report", str(path), "--function=gate", scores, "--input=index=1"]) == 0
    )
    out = capsys.readouterr().out
    # 3 rows choose module 0 and one module 1: H(3/4, 1/4) = 0.562 of log 4 = 1.386.
    assert "at most 3, on average 1.0; 2 modules have none" in out
    assert (
        "the largest is 3.00 times the mean; evenness (entropy over its maximum) 0.41"
        in out
    )


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("terminal, delay, shown", [(1, 0, 1), (1, 9, 0), (0, 0, 0)])
def test_long_work_shows_that_it_goes_on(terminal, delay, shown, gate, monkeypatch):
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(_progress, "DELAY", delay)
    with _progress.elapsed("compiling f.mlir"):
        time.sleep(0.5)
    assert ("compiling f.mlir: 00:00" in stream.getvalue()) == shown
    for _ in _progress.bar(range(3), desc="packing", delay=delay, mininterval=0):
        time.sleep(0.05)
    assert ("packing" in stream.getvalue()) == shown


def test_bench_refuses_forms_that_differ(gate, capsys, monkeypatch):
    rng = np.random.default_rng(0)
    monkeypatch.setattr(_commands, "_bytes", lambda results: rng.bytes(8))
    assert main(["bench", gate, "--size=8", "--seconds=0.01"]) == 1
    assert "masked and compact give other results" in capsys.readouterr().err


def test_routings_that_the_source_does_not_trace(tmp_path, capsys):
    path = tmp_path / "gate.mlir"
    path.write_text("".join(l for l in GATE.splitlines(True) if "trace" not in l))
    assert main(["report", str(path), "--size=8"]) == 0
    assert f"  {path}:2:8: top_k: 8 rows, 4 modules: 8 of" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, text",
    [
        (["run", "missing.mlir"], "No such file"),
        (["run", "GATE", "--function=f"], "no public function 'f'; the program has"),
        (["run", "GATE", "--input=3x"], "input '3x' is neither"),
        (["run", "GATE", "--input=2x4xf32=1,2"], "has 2 values, not 8 or one"),
        (["run", "GATE", "--input=index=1"], "'gate' takes 2 arguments, got 1"),
        (["run", "GATE", "--form=dense"], "not 'dense'"),
        (["run", "GATE", "--output=y.npy"], "'y.npy' is not a file (@y.npy)"),
        (["report", "GATE", "--input=2x4xf32=1", "--input=index=9"], "top_k"),
    ],
)
def test_errors(arguments, text, gate, capsys):
    assert main([gate if word == "GATE" else word for word in arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"python -m condcomp {arguments[0]}: error: ")
    assert text in error
