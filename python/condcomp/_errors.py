# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What condcomp raises and warns of, besides TypeError, ValueError and MemoryError."""


class CompileError(Exception):
    """A module is not valid or can't be compiled.

    Its text has the compiler's diagnostics, with the lines of the source that they
    are about; `diagnostics` is that part alone, "" if there are none.
    """

    def __init__(self, message: str, diagnostics: str = ""):
        super().__init__(message + ("\n" + diagnostics if diagnostics else ""))
        self.message = message
        self.diagnostics = diagnostics

    def __reduce__(self):
        return CompileError, (self.message, self.diagnostics)


class CheckError(RuntimeError):
    """A check of the program did not hold in a call.

    The text names the place in the source, the op and the numbers:
    `model.mlir:12:8: top_k: k = 9 exceeds the number of modules, 8`. The program
    can be called again.
    """


class DeviceError(RuntimeError):
    """A GPU or its driver is not there, is not the right one, or failed.

    The text says what failed, on which GPU, and with which error of the driver. The
    program can be called again.
    """


class StaleWeightsError(RuntimeError):
    """A bound weight was changed in place, or replaced in its model, after it was packed:
    bind again."""


class CopyWarning(UserWarning):
    """An array is copied in every call, because it is not contiguous."""


class CacheWarning(UserWarning):
    """Something is wrong with the cache of compiled code; the code is compiled."""
