# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tensors of PyTorch in and out of programs, and weights that change."""

# Requires: torch

import gc
import os
import subprocess
import sys
import warnings

import numpy as np
import small_programs as programs
import pytest
from numpy_test import FILL

import condcomp

torch = pytest.importorskip("torch")

DTYPES = {
    "f64": torch.float64,
    "f32": torch.float32,
    "f16": torch.float16,
    "bf16": torch.bfloat16,
    "i64": torch.int64,
    "i32": torch.int32,
    "i8": torch.int8,
    "i1": torch.bool,
}


@pytest.mark.parametrize("rows", [0, 1, 5])
@pytest.mark.parametrize("name", DTYPES)
def test_element_types(name, rows, no_leak):
    function = programs.get(programs.DOUBLE).functions[f"double_{name}"]
    x = torch.arange(rows * 3).reshape(rows, 3).to(DTYPES[name])
    y = function(x)
    assert isinstance(y, torch.Tensor) and y.dtype == x.dtype
    assert torch.equal(y, x if name == "i1" else x + x)
    y.zero_()


def test_no_copy():
    x = torch.zeros(3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        programs.get(FILL).fill(x)
    assert (x == 1).all()


def test_results_own_their_memory():
    gc.collect()
    before = condcomp.memory_live_bytes()
    z = programs.get(programs.SCALARS).zeros(1000)
    assert isinstance(z, np.ndarray)
    same = programs.get(programs.SCALARS).several(3, torch.zeros(1000))[1]
    del z
    part = same[5:]
    del same
    gc.collect()
    assert condcomp.memory_live_bytes() - before >= 4000
    assert part.sum() == 0
    del part
    gc.collect()
    assert condcomp.memory_live_bytes() == before


def test_transposed_tensors_are_copied():
    x = torch.arange(12, dtype=torch.float32).reshape(3, 4).T
    program = condcomp.compile(programs.DOUBLE, opt_level=0)
    with pytest.warns(condcomp.CopyWarning):
        assert torch.equal(program.double_f32(x), x + x)


def test_conjugated_views():
    x = torch.randn(2, 3, dtype=torch.complex64).conj().imag
    assert x.is_neg()
    y = programs.get(programs.DOUBLE).double_f32(x.clone(memory_format=None))
    assert torch.equal(y, x + x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert torch.equal(programs.get(programs.DOUBLE).double_f32(x), x + x)


def test_gradients_are_refused_but_under_no_grad():
    program = programs.get(programs.DOUBLE)
    x = torch.nn.Parameter(torch.ones(2, 3))
    with pytest.raises(ValueError, match=r"\('x'\).*requires grad.*no_grad"):
        program.double_f32(x)
    with torch.no_grad():
        assert torch.equal(program.double_f32(x), torch.full((2, 3), 2.0))
    with torch.inference_mode():
        program.double_f32(torch.ones(2, 3))


def test_other_devices_and_layouts():
    program = programs.get(programs.DOUBLE)
    with pytest.raises((TypeError, ValueError), match=r"argument 0 \('x'\).*meta"):
        program.double_f32(torch.ones(2, 3, device="meta"))
    with pytest.raises(TypeError, match=r"argument 0 \('x'\).*sparse"):
        program.double_f32(torch.ones(2, 3).to_sparse())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_tensors():
    with pytest.raises(ValueError, match="CUDA 0.*runs on the CPU"):
        programs.get(programs.DOUBLE).double_f32(torch.ones(2, 3, device="cuda"))


def test_mixed_with_numpy():
    program = programs.get(programs.LINEAR)
    x, w, b = torch.ones(2, 8), np.ones((8, 16), np.float32), torch.ones(16)
    y = program.linear(x, w, b)
    assert isinstance(y, torch.Tensor) and (y == 9).all()
    bound = program.bind("linear", w=w, b=b)
    assert isinstance(bound(x), torch.Tensor)
    assert isinstance(bound(x.numpy()), np.ndarray)


@pytest.mark.parametrize("prepack", [True, False])
def test_changed_weights_are_noticed(prepack):
    program = programs.get(programs.LINEAR, prepack=prepack)
    layer = torch.nn.Linear(8, 16)
    w = torch.nn.Parameter(torch.randn(8, 16))
    x = torch.randn(3, 8)
    bound = program.bind("linear", w=w, b=layer.bias)
    with torch.no_grad():
        expected = x @ w + layer.bias
        torch.testing.assert_close(bound(x), expected, rtol=1e-5, atol=1e-6)
        layer.bias += 1
    with pytest.raises(
        condcomp.StaleWeightsError,
        match=r"argument 2 \('b'\) of 'linear' was changed.*bind again",
    ):
        bound(x)
    torch.testing.assert_close(
        program.bind("linear", w=w, b=layer.bias)(x),
        (expected + 1).detach(),
        rtol=1e-5,
        atol=1e-6,
    )


def test_an_optimizer_step_is_noticed():
    w, b = torch.nn.Parameter(torch.ones(8, 16)), torch.ones(16)
    bound = programs.get(programs.LINEAR).bind("linear", w=w, b=b)
    optimizer = torch.optim.SGD([w], lr=0.1)
    w.sum().backward()
    optimizer.step()
    with pytest.raises(condcomp.StaleWeightsError):
        bound(torch.ones(1, 8))


def test_weights_may_be_freed():
    w, b = torch.ones(8, 16), torch.ones(16)
    bound = programs.get(programs.LINEAR).bind("linear", w=w, b=b)
    del w, b
    gc.collect()
    torch.full((8, 16), 7.0)  # likely the same memory
    assert (bound(torch.ones(2, 8)) == 9).all()


def test_weights_of_inference_mode_have_no_versions():
    with torch.inference_mode():
        w, b = torch.ones(8, 16), torch.ones(16)
    bound = programs.get(programs.LINEAR).bind("linear", w=w, b=b)
    assert (bound(torch.ones(2, 8)) == 9).all()


COUNT = """
import os, torch
import numpy as np, condcomp
torch.set_num_threads(1)
program = condcomp.compile('''
func.func @f(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = math.exp %x : tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}''')
x = np.zeros((4096, 64), np.float32)
def count():
    return len(os.listdir("/proc/self/task"))
program.run("f", x, threads=1)
counts = [count()]
for threads in (3, 5):
    program.run("f", x, threads=threads)
    counts.append(count())
print(*(after - counts[0] for after in counts))
"""


def test_numbers_of_threads_reach_the_library_that_runs_the_loops():
    # PyTorch brings GNU's OpenMP, whose functions have the same names.
    script = subprocess.run(
        [sys.executable, "-c", COUNT],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert script.stdout.split() == ["0", "2", "4"]
