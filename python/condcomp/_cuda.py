# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the extension asks of PyTorch, and where streams come from, for arrays on GPUs;
and waiting for them."""

import sys
from typing import Optional

# DLPack's number of CUDA's default stream.
DEFAULT_STREAM = 1


def current_stream(device: int) -> int:
    """The stream that calls on a GPU run on: PyTorch's current one where PyTorch uses
    CUDA, else the default stream."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return DEFAULT_STREAM
    return torch.cuda.current_stream(device).cuda_stream or DEFAULT_STREAM


def synchronize(device: Optional[int] = None) -> None:
    """Waits for the calls of programs with `wait=False` on a GPU: those on PyTorch's
    current stream where PyTorch uses CUDA, else on the default stream.

    device: the number of the GPU; None: PyTorch's current one, else the first. Raises
    what one of these calls failed with and nobody was told: CheckError for a check of
    the program, DeviceError for what the GPU, its driver or a workspace that was too
    small is to blame for. Results of calls since the last one that raised nothing may
    be invalid then.
    """
    from . import _condcomp

    if device is None:
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            device = torch.cuda.current_device()
        else:
            device, _ = _condcomp.cuda_gpu()
    _condcomp.cuda_synchronize(device, current_stream(device))


def chip(device: int) -> str:
    """What PyTorch's GPU of that number is called when compiling: "sm_90"."""
    import torch

    major, minor = torch.cuda.get_device_capability(device)
    return f"sm_{major}{minor}"


def move(tensor, like):
    """The tensor where `like` is."""
    return tensor.to(like.device)


def to_dlpack(tensor):
    """A capsule for a PyTorch tensor on a GPU, for work on PyTorch's current stream."""
    from torch.utils.dlpack import to_dlpack

    return to_dlpack(tensor)


def from_dlpack(capsule):
    """A PyTorch tensor of a capsule whose memory is there in the order of PyTorch's
    current stream."""
    from torch.utils.dlpack import from_dlpack

    return from_dlpack(capsule)
