# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PyTorch models, exported to condcomp and compiled.

    import condcomp.torch

    exported = condcomp.torch.export(model, (x,))   # .text, .weights, .save(path)
    fast = condcomp.torch.compile(model)            # a drop-in callable for inference

Modules of condcomp.nn become ops of the dialect; everything else goes through
torch.export and torch-mlir to linalg. docs/pytorch.md is the manual.
"""

from ._compile import Compiled, compile
from ._errors import ExportError
from ._export import Exported, export

__all__ = ["Compiled", "ExportError", "Exported", "compile", "export"]
