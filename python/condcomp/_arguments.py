# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What functions take, return and record."""

import dataclasses
from typing import Any, Callable, NamedTuple, Optional

import numpy as np

Array = Any  # of NumPy, PyTorch or JAX, or anything with __dlpack__
Traced = Optional[Callable[["Trace"], None]]


@dataclasses.dataclass(frozen=True)
class Type:
    """The type of an argument or a result.

    dtype: f64, f32, f16, bf16, i64, i32, i8, i1 or index. shape: None for sizes
    that are known in calls only. A scalar is no tensor.
    """

    dtype: str
    shape: tuple[Optional[int], ...] = ()
    is_tensor: bool = True

    def __str__(self) -> str:
        sizes = ("?" if size is None else str(size) for size in self.shape)
        text = "x".join([*sizes, self.dtype])
        return f"tensor<{text}>" if self.is_tensor else text


@dataclasses.dataclass(frozen=True)
class Argument:
    """An argument: its name in the source ("" if it has none), its type, and whether
    it is marked `condcomp.constant`."""

    name: str
    type: Type
    constant: bool = False

    def __str__(self) -> str:
        mark = " {condcomp.constant}" if self.constant else ""
        return (f"{self.name}: " if self.name else "") + f"{self.type}{mark}"


class Trace(NamedTuple):
    """A routing that a `condcomp.trace` op recorded.

    name: the op's. dims: batch dims, rows and modules. Entries of row i, over all
    batch dims, are at row_offsets[i] up to row_offsets[i + 1] of modules (int64) and
    weights (float). ids: in a body, which row of the enclosing op a row is; None elsewhere.
    """

    name: str
    dims: tuple[int, ...]
    row_offsets: np.ndarray
    modules: np.ndarray
    weights: np.ndarray
    ids: Optional[np.ndarray]
