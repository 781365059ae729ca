# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""condcomp, the compiler for conditional computation, from Python.

    import condcomp, numpy as np

    program = condcomp.compile("experts.mlir")
    y = program.experts(x, scores, w)              # NumPy, PyTorch or JAX arrays
    experts = program.bind("experts", w=w)         # weights packed once
    y = experts(x, scores)

`compile` makes a `Program` of a module's text or file; its functions take arrays
without copying them and return arrays of the same library. docs/python.md is the
manual.
"""

import pathlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._arguments import Argument, Trace, Type
    from ._bound import Bound
    from ._compile import compile
    from ._cuda import synchronize
    from ._errors import (
        CacheWarning,
        CheckError,
        CompileError,
        CopyWarning,
        DeviceError,
        StaleWeightsError,
    )
    from ._memory import memory_live_bytes, memory_peak_bytes, memory_trim
    from ._program import Function, Program

if not list(pathlib.Path(__file__).parent.glob("_condcomp.*.so")):
    # In a clone: the extension is where `./dev build` puts it.
    __path__.append(str(pathlib.Path(__file__).parents[2] / "build/python/condcomp"))

__version__ = "0.1.0"

_EXPORTS = {
    "_arguments": ["Argument", "Trace", "Type"],
    "_bound": ["Bound"],
    "_compile": ["compile"],
    "_cuda": ["synchronize"],
    "_errors": [
        "CheckError",
        "CompileError",
        "CacheWarning",
        "CopyWarning",
        "DeviceError",
        "StaleWeightsError",
    ],
    "_memory": ["memory_live_bytes", "memory_peak_bytes", "memory_trim"],
    "_program": ["Function", "Program"],
}
__all__ = sorted(name for names in _EXPORTS.values() for name in names)


def __getattr__(name):
    # At first use: condcomp.reference and the drivers of cc-run need no extension.
    import importlib

    for module, names in _EXPORTS.items():
        if name in names:
            value = getattr(importlib.import_module(f"condcomp.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'condcomp' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
