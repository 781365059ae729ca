# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The archive of ./dev bundle, on the stand-in for NVIDIA's driver."""

import os
import subprocess
import sys

import numpy as np
import pytest

import ccrun

BUILD = ccrun.CC_RUN.parents[1]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    subprocess.run(
        [
            sys.executable,
            ccrun.ROOT / "utils" / "gpu-bundle.py",
            "--chips=emulated",
            "--filter=movement|zoo-evit",
            "--output",
            folder / "bundle.tar.gz",
        ],
        check=True,
    )
    subprocess.run(["tar", "-xzf", folder / "bundle.tar.gz", "-C", folder], check=True)
    return folder / "condcomp-gpu"


def run(bundle, *options, driver=BUILD / "lib" / "libcondcomp_fake_cuda.so"):
    return subprocess.run(
        [bundle / "run.sh", "--chips", "emulated", *options],
        capture_output=True,
        text=True,
        env={**os.environ, "CONDCOMP_CUDA_DRIVER": str(driver)},
    )


def test_all_agree(bundle):
    done = run(bundle)
    calls = len((bundle / "calls.txt").read_text().splitlines())
    assert done.returncode == 0, done.stdout
    assert f"emulated: {calls} calls agree, 0 do not" in done.stdout
    # Some of them have to fail, and do.
    assert any(line.split("\t")[2] != "-" for line in open(bundle / "calls.txt"))


def test_benchmark(bundle):
    done = run(bundle, "--benchmark")
    assert done.returncode == 0, done.stdout
    assert "zoo-evit emulated: evit: min " in done.stdout


def test_without_gpu(bundle):
    done = run(bundle, driver="libno-such.so")
    assert done.returncode == 77
    assert "skipped: nothing was run: no NVIDIA driver" in done.stdout


def test_difference_shows(bundle):
    lines = (bundle / "calls.txt").read_text().splitlines()
    line = next(line for line in lines if line.startswith("zoo-evit"))
    flag = next(f for f in line.split() if f.startswith("--expected-output=@"))
    path = bundle / flag.removeprefix("--expected-output=@")
    right = np.load(path)
    np.save(path, right + 1)
    done = run(bundle)
    np.save(path, right)
    assert done.returncode == 1
    assert "FAILED: zoo-evit.emulated.so" in done.stdout
    assert "elements differ; the worst is" in done.stdout
    assert f"{len(lines) - 1} calls agree, 1 do not" in done.stdout
