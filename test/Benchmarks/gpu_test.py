# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`./dev bench gpu` without a GPU: that it says so, and its parts at tiny shapes on the
CPU, where grouped_mm and condcomp run as well."""

# Requires: torch

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

torch = pytest.importorskip("torch", reason="needs PyTorch: ./dev setup --with-torch")
pytest.importorskip("transformers", reason="needs transformers")

import gpu  # noqa: E402
from gpu_layer import measure, programs, report  # noqa: E402
from moe_layer import shapes  # noqa: E402


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so():
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "gpu.py"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 77, done.stderr
    assert done.stdout.startswith("./dev bench gpu needs an NVIDIA GPU, and PyTorch")
    assert len(done.stdout.splitlines()) == 1


def test_reasons(monkeypatch):
    monkeypatch.setattr(torch.version, "cuda", None)
    assert "is built without CUDA" in gpu.without_gpu(0)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.without_gpu(0) == "PyTorch finds no NVIDIA GPU"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert gpu.without_gpu(2) == "there is no GPU 2, PyTorch finds 2"
    assert gpu.without_gpu(1) is None
    assert gpu.without_gpu(-1) == "there is no GPU -1, PyTorch finds 2"


def tiny(name):
    layer = programs.LAYERS[name]
    return dataclasses.replace(layer, d=64, width=32, experts=min(layer.experts, 16))


def test_weights_are_those_of_the_other_benchmarks():
    for name in programs.LAYERS:
        layer = tiny(name)
        made = programs.make_weights(layer, "bf16", torch.device("cpu"))
        wanted = shapes.make_weights(layer, "bf16", merged="halves")
        assert made.keys() == wanted.keys()
        for key, array in wanted.items():
            assert torch.equal(made[key], programs.as_tensor(array)), (name, key)


@pytest.mark.parametrize("name", programs.LAYERS)
def test_points_of_a_layer(name, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(programs, "COPIED_BYTES", 1 << 16)
    monkeypatch.setattr(report, "COPIED_BYTES", 1 << 16)
    monkeypatch.setattr(programs, "MOST_COPIED", 1 << 20)
    options = argparse.Namespace(
        tokens=[1, 70],
        routings=["uniform", "zipf"],
        rounds=2,
        budget=0.01,
        slow=30,
        no_compile=True,
        output=tmp_path / "gpu.json",
    )
    points = []
    with torch.no_grad():
        gpu.run_layer(tiny(name), torch.device("cpu"), options, points)
    report.print_ratios(points)
    assert report.all_right(points), capsys.readouterr().out
    printed = capsys.readouterr().out
    assert printed.count("dense torch.mm of the same FLOPs") == 4
    assert json.loads(options.output.read_text())["rows"] == points
    for point in points:
        ran = set(point["programs"])
        assert {"condcomp", "torch grouped_mm", "HF grouped_mm"} <= ran, point[
            "left_out"
        ]
        if point["tokens"] == 70:
            assert "would copy" in point["left_out"]["HF batched_mm"]
        # There is no GPU; without Triton, that is the reason.
        why = point["left_out"]["triton fused_moe"]
        assert why.startswith("needs Triton" if programs.NO_TRITON else "RuntimeError")
        for entry in point["programs"].values():
            assert len(entry["seconds"]) == 2 and not report.is_wrong(entry)


def test_wrong_results_and_slow_programs_are_seen(monkeypatch):
    monkeypatch.setattr(programs, "COPIED_BYTES", 1 << 16)
    layer, device = tiny("olmoe"), torch.device("cpu")
    point = measure.Point(layer, "bf16", 4, "uniform", device)
    made = {
        "condcomp": lambda x, chosen, scale: x * 0,
        "failing": lambda *_: torch.empty(2, 3) @ torch.empty(2, 3),
    }
    options = argparse.Namespace(rounds=1, budget=0.01, slow=1)
    weights = programs.make_weights(layer, "bf16", device)
    yardsticks = programs.make_yardsticks(layer, weights, 4)
    row = point.run(made, yardsticks, options, slow={})
    assert not report.all_right([row]) and not report.all_right([])
    assert "RuntimeError: mat1 and mat2" in row["left_out"]["failing"]
    again = measure.Point(layer, "bf16", 4, "uniform", device)
    again.try_all(made, options, slow={"condcomp": 1.0, "failing": 0.0})
    assert again.left_out["condcomp"] == "it would take more than 1 s"
