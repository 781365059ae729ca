# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whose threads run the loops of a compiled library in a process with PyTorch."""

# Requires: torch

import os
import subprocess
import sys

from condcomp import library

SOURCE = """
func.func @square(%x: tensor<?x512xf32>, %w: tensor<512x512xf32>) -> tensor<?x512xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x512xf32>
  %e = tensor.empty(%n) : tensor<?x512xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x512xf32>) -> tensor<?x512xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x512xf32>, tensor<512x512xf32>)
    outs(%z : tensor<?x512xf32>) -> tensor<?x512xf32>
  return %y : tensor<?x512xf32>
}
"""

# In a process of its own, so that nothing else has brought an OpenMP library. Each
# phase prints how many threads it added.
PROGRAM = """
import ctypes, os, sys
import numpy as np
from condcomp import library

context = library.Context(2)
square = ctypes.CDLL(sys.argv[1]).square
x, w = np.ones((512, 512), np.float32), np.ones((512, 512), np.float32)
result = library.descriptor(2)
threads = lambda: len(os.listdir("/proc/self/task"))


def call():
    before = threads()
    context.free(result)
    context.call(square, [library.describe(x), library.describe(w), result])
    assert (context.to_numpy(result, np.float32) == 512).all()
    return threads() - before


if sys.argv[2] == "later":
    print(call())
import torch

torch.set_num_threads(2)
if sys.argv[2] == "torch":
    before = threads()
    torch.mm(torch.ones(512, 512), torch.ones(512, 512))
    print(threads() - before)
print(call(), call())
before = threads()
torch.mm(torch.ones(512, 512), torch.ones(512, 512))
print(threads() - before)
"""


def added(tmp_path, how):
    """How many threads each phase of the program adds."""
    source = tmp_path / "square.mlir"
    source.write_text(SOURCE)
    library.compile_library(source)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, source.with_suffix(".so"), how],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return [int(number) for number in done.stdout.split()]


def test_loops_run_on_the_threads_of_pytorch(tmp_path):
    # PyTorch has its one worker, and calls of compiled code add none.
    assert added(tmp_path, "torch") == [1, 0, 0, 0]


def test_pytorch_runs_on_the_threads_of_the_loops(tmp_path):
    # The first call makes PyTorch's OpenMP library start its worker.
    assert added(tmp_path, "first") == [1, 0, 0]


def test_pytorch_that_is_loaded_later_takes_over(tmp_path):
    # Before, the library's own pool: LLVM's also has a monitor or not. Then a
    # worker of PyTorch's, which torch.mm uses too.
    own, *rest = added(tmp_path, "later")
    assert own >= 1
    assert rest == [1, 0, 0]
