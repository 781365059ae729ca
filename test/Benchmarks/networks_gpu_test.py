# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of `./dev bench gpu`, without a GPU: condcomp's programs on the stand-in
for NVIDIA's driver, a whole run in bf16 on the CPU, and what differs on a GPU."""

# Requires: torch

import argparse
import json
import os
import pathlib
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "test" / "Python")]

torch = pytest.importorskip("torch", reason="needs PyTorch: --with-torch")
pytest.importorskip("torch_mlir", reason="needs torch-mlir: --with-torch")

import gpu as benchmark  # noqa: E402
from common import device as devices  # noqa: E402
from networks import run, worker  # noqa: E402
from networks.compare import arrays, compare, compare_bf16, verdict  # noqa: E402
from networks.families import FAMILIES  # noqa: E402
from networks.network import KINDS, make  # noqa: E402
from stand_in import gpu  # noqa: E402, F401, a fixture

SHAPE = {"layers": 3, "width": 32, "heads": 2, "tokens": 8}
CASES = {
    "exits": (SHAPE, {"mean_exit": 2}),
    "dynamic-vit": ({"keep": 0.5, "at": [1], **SHAPE}, {}),
    "tome": ({"r": 2, **SHAPE}, {}),
    "a-vit": (SHAPE, {"layers": 2}),
    "mixture-of-depths": ({"share": 0.5, **SHAPE}, {}),
    "skip-net": (SHAPE, {"skip": 0.5}),
    "mixed": (
        {"k": 2, "keep": 0.7, "exits": True, **SHAPE, "layers": 4},
        {"mean_exit": 2},
    ),
    "mnist": ({}, {}),
}


class Elsewhere(torch.overrides.TorchFunctionMode):
    """Tensors of which it is not said where they are to be made have no memory: other
    tensors' operations refuse them, as a GPU's tensors refuse those of the CPU."""

    MAKERS = {
        torch.arange,
        torch.empty,
        torch.full,
        torch.ones,
        torch.rand,
        torch.zeros,
    }

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if function in self.MAKERS:
            kwargs.setdefault("device", "meta")
        return function(*args, **kwargs)


@pytest.mark.parametrize("family", CASES)
@torch.no_grad()
def test_tensors_are_made_where_the_input_is(family):
    settings, point = CASES[family]
    network = make(FAMILIES[family], settings)
    x = network.inputs(6, torch.Generator().manual_seed(1))
    with Elsewhere():
        network.calibrate(x, point)
        for program in network.dense, network.masked, network.by_hand:
            for result in torch.utils._pytree.tree_leaves(program(x)):
                assert result.device == x.device


class OnStandIn(worker.CondComp):
    """Its tensors are the CPU's: PyTorch has no CUDA here."""

    def options(self):
        return {"target": "cuda", "chip": "emulated"}


@pytest.mark.parametrize("family, dtype", [("exits", "bf16"), ("dynamic-vit", "f32")])
@torch.no_grad()
def test_condcomp_on_the_stand_in(gpu, family, dtype, tmp_path):  # noqa: F811
    settings, point = CASES[family]
    settings = {**settings, "layers": 2, "width": 16}
    point = {"mean_exit": 1.5} if point else {}
    network = make(FAMILIES[family], settings)
    files = {name: str(tmp_path / name) for name in ("state", "buffers", "inputs")}
    torch.save(network.state_dict(), files["state"])
    network.to(KINDS[dtype])
    draw = torch.Generator().manual_seed(1)
    inputs = [network.inputs(4, draw).to(KINDS[dtype]) for _ in range(2)]
    network.calibrate(torch.cat(inputs), point)
    torch.save(dict(network.named_buffers()), files["buffers"])
    torch.save(inputs, files["inputs"])

    server = OnStandIn(1, "cpu")
    launched = gpu.fake_cuda_count(b"cuLaunchCooperativeKernel")
    programs = server.load(family, settings, dtype, files["state"])["programs"]
    server.prepare(files["buffers"], files["inputs"])
    for program in "condcomp", "condcomp dense":
        server.check(program, str(tmp_path / "results.npz"))
        with np.load(tmp_path / "results.npz") as file:
            got = [file[name] for name in file.files]
        kind = {"chosen": "masked"}.get(programs[program], programs[program])
        want = arrays(getattr(network, kind)(inputs[0]))
        found, why = verdict(got, want, dtype, network.MAY_DIFFER)
        assert why is None and found["error"] < 0.1, (program, why)
    # Inputs once for results, all but the first again, and one for the time.
    assert gpu.fake_cuda_count(b"cuLaunchCooperativeKernel") == launched + 6


def test_calls_are_timed_together_on_a_gpu(monkeypatch):
    server = worker.Torch(1, "cpu")
    server.inputs, server.built = [1, 2, 3], {"torch dense": None}
    server.device = torch.device("cuda", 1)

    def timer(function, inputs, count, device):
        assert (inputs, count, device) == ([(3,), (1,)], 2, server.device)
        return 0.5

    monkeypatch.setattr(worker, "time_calls", timer)
    assert server.run("torch dense", 2, offset=5) == {"seconds": [0.5]}


def test_time_of_calls(monkeypatch):
    events, now = [], iter([10.0, 13.0])
    monkeypatch.setattr(torch.cuda, "synchronize", lambda d: events.append("wait"))
    monkeypatch.setattr(devices.time, "perf_counter", lambda: next(now))
    inputs = [("a",), ("b",)]
    took = devices.time_calls(events.append, inputs, 3, torch.device("cuda"))
    assert events == ["wait", "a", "b", "a", "wait"] and took == 1.0


def test_a_run_in_bf16(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run, "BUILD", tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    options = run.parse("", "tiny", [
        "--dtype", "bf16", "--batches", "8", "--no-compile", "--budget", "0.01",
        "--threads", "1", "--output", str(tmp_path / "tiny.json"),
    ])  # fmt: skip
    settings, point = {**SHAPE, "layers": 2}, {"mean_exit": 1.5}
    points = [{"batch": 1, **point}, {"batch": 2, **point}]
    (case,) = run.run(options, [run.Case("tiny", "exits", settings, points)])
    assert len(case["points"]) == 1 and case["points"][0]["batch"] == 8
    wanted = {"condcomp", "condcomp masked", "condcomp dense"}
    wanted |= {f"torch {name}" for name in ("dense", "masked", "by hand")}
    assert case["points"][0]["programs"].keys() == wanted, case["points"][0]["left_out"]
    assert "\ntiny, bf16, batch 8, mean exit 1.5: " in capsys.readouterr().out
    (row,) = json.loads(options.output.read_text())["rows"]
    assert row["dtype"] == "bf16" and row["device"] == "cpu"


def test_decisions_in_bf16():
    want = [np.array([[1.0], [2.0], [4.0], [4.0]]), np.array([0, 1, 2, 1])]
    got = [np.array([[1.2], [2.0], [4.4], [0.0]]), np.array([0, 1, 2, 2])]
    error, differ, drift = compare_bf16(got, want)
    assert (error, differ, drift) == (pytest.approx(0.05), 0.25, pytest.approx(0.125))
    assert compare(got, want)[0] == pytest.approx(0.1)
    found, why = verdict(got, want, "bf16", 0.0)
    assert found["differ"] == 0.25 and "25.0% of the samples decide otherwise" in why
    got[1][3] = 1
    assert verdict(got, want, "bf16", 0.0)[1] is None
    assert "its largest relative error is" in verdict(got, want, "f32", 0.0)[1]
    assert "nan" in verdict([got[0] * np.nan, got[1]], want, "bf16", 0.0)[1]


def test_networks_of_the_benchmark(monkeypatch, tmp_path):
    seen = []

    def measure(options, cases):
        seen.append((options, list(cases)))
        programs = ["condcomp"] if len(seen) > 1 else ["condcomp", "condcomp dense"]
        return [{"points": [{"programs": dict.fromkeys(programs)}]}]

    monkeypatch.setattr(run, "without_gpu", lambda number: None)
    monkeypatch.setattr(run, "run", measure)
    options = argparse.Namespace(
        output=tmp_path / "gpu.json", dtype="bf16", rounds=4, budget=0.5,
        quick=False, only=None, no_compile=True,
    )  # fmt: skip
    device = torch.device("cuda", 1)
    assert benchmark.run_networks("exit", options, device)
    options.quick, options.only, options.dtype = True, "DeiT", "f32"
    assert not benchmark.run_networks("prune", options, device)
    (first, exits), (second, pruned) = seen
    assert first.device == "cuda:1" and first.dtype == "bf16" and first.rounds == 4
    assert first.batches == [32, 128] and first.no_compile and not first.quick
    assert first.output == tmp_path / "gpu-exit.json"
    assert {case.family for case in exits} == {"exits", "mnist"}
    assert second.batches == [32] and second.quick and second.only == "DeiT"
    assert second.dtype == "f32" and second.output == tmp_path / "gpu-prune.json"
    assert {case.family for case in pruned} == {"dynamic-vit", "tome", "a-vit"}
    batches = run.with_batches(exits[0], first.batches).points
    assert {point["batch"] for point in batches} == {32, 128}
    assert len(batches) == 6, "three exits, each once"


@pytest.mark.parametrize("device", ["tpu", "meta", "cuda:x"])
def test_devices_that_there_are_not(device, capsys):
    with pytest.raises(SystemExit) as end:
        run.parse("", "exit", ["--device", device])
    assert end.value.code == 2
    assert f"--device {device}: cpu and cuda:NUMBER" in capsys.readouterr().err


def test_networks_without_a_gpu_say_so(capsys, monkeypatch):
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(SystemExit) as end:
        run.parse("", "exit", ["--device", "cuda:0"])
    assert end.value.code == 77
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("--device cuda:0 needs an NVIDIA GPU, and PyTorch ")
