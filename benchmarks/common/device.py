# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What benchmarks share that run on a GPU or on a CPU: whether there is a GPU, and times of
calls whose work may go on after they returned."""

import time

import torch

# The exit code of what needs a GPU where there is none, as of the programs of
# ./dev bundle: what test runners take for "skipped".
NO_GPU = 77


def without_gpu(number):
    """Why GPU `number` can't be used, or None."""
    if torch.version.cuda is None:
        return (
            f"PyTorch {torch.__version__} is built without CUDA: install PyPI's, which "
            "has it"
        )
    if not torch.cuda.is_available():
        return "PyTorch finds no NVIDIA GPU"
    if not 0 <= number < torch.cuda.device_count():
        return f"there is no GPU {number}, PyTorch finds {torch.cuda.device_count()}"
    return None


def wait(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def time_calls(function, inputs, count, device):
    """Seconds per call of `count` calls on the inputs in turn, one after another: what
    they leave on the device is waited for once."""
    wait(device)
    start = time.perf_counter()
    for i in range(count):
        function(*inputs[i % len(inputs)])
    wait(device)
    return (time.perf_counter() - start) / count
