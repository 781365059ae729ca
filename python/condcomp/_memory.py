# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The memory of compiled code."""

from . import _condcomp


def memory_live_bytes() -> int:
    """Bytes that compiled code allocated in this process and that are not freed:
    results that are still referenced, and packed weights."""
    return _condcomp.memory_live_bytes()


def memory_peak_bytes(reset: bool = False) -> int:
    """The most live bytes there were since the last reset."""
    return _condcomp.memory_peak_bytes(reset)


def memory_trim() -> None:
    """Gives the freed blocks that are kept for later calls back to the system."""
    _condcomp.memory_trim()
