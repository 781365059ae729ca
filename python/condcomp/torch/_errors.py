# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What condcomp.torch raises."""


class ExportError(RuntimeError):
    """A model can't be exported; says which module and what to do."""
