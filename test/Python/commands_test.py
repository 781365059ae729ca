# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""python -m condcomp."""

import numpy as np
import small_programs as programs
import pytest

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
    assert "remarks of the compiler: none" in out
    assert "  gate: 8 rows, 4 modules: 8 of 32 pairs are run, 75.0% skipped" in out


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
