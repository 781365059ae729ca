# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arguments from text, as cc-run reads them, and arguments made up."""

import re

import numpy as np

_DTYPES = {
    "f64": "f8",
    "f32": "f4",
    "f16": "f2",
    "i64": "i8",
    "i32": "i4",
    "i8": "i1",
    "i1": "?",
    "index": "i8",
}


def get_dtype(name):
    """NumPy's dtype of an element type."""
    if name == "bf16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(_DTYPES[name])


def parse(text):
    """An array, or a number, of @x.npy, 2x2xf32=1,2,3,4, 4x4xf32=1 or index=3."""
    if text.startswith("@"):
        array = np.load(text[1:])
        # NumPy reads bf16 as two-byte voids.
        return array.view(get_dtype("bf16")) if array.dtype.str[1:] == "V2" else array
    match = re.fullmatch(r"((?:\d+x)*)(\w+)=(.*)", text, re.DOTALL)
    if not match or match[2] not in (*_DTYPES, "bf16"):
        raise ValueError(
            f"input {text!r} is neither @x.npy nor a value such as 2x3xf32=1,2,3,4,5,6"
        )
    shape = [int(size) for size in match[1].split("x")[:-1]]
    dtype = get_dtype(match[2])
    words = re.split(r"[\s,\[\]]+", match[3].strip(" ,[]\n"))
    number = int if dtype.kind in "i" else float
    truth = {"true": 1, "false": 0}
    values = [truth[w] if w in truth else number(w) for w in words if w]
    size = int(np.prod(shape))
    if len(values) not in (1, size):
        raise ValueError(f"input {text!r} has {len(values)} values, not {size} or one")
    return np.array(values if len(values) == size else values * size, dtype).reshape(
        shape
    )


def make(function, size, seed):
    """Random arguments of a function: normal floats, integers 0 and 1, `size`
    wherever a size is not known. Scalars are 1."""
    rng = np.random.default_rng(seed)
    arguments = []
    for argument in function.arguments:
        type = argument.type
        shape = [size if n is None else n for n in type.shape]
        if not type.is_tensor:
            arguments.append(1)
        elif type.dtype[0] in "fb":
            values = rng.standard_normal(shape, np.float32)
            arguments.append(values.astype(get_dtype(type.dtype)))
        else:
            arguments.append(rng.integers(0, 2, shape).astype(get_dtype(type.dtype)))
    return arguments
