# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arrays of NumPy and Python's numbers in and out of programs."""

import gc
import math
import warnings

import ml_dtypes
import numpy as np
import small_programs as programs
import pytest

import condcomp

DTYPES = {
    "f64": np.float64,
    "f32": np.float32,
    "f16": np.float16,
    "bf16": ml_dtypes.bfloat16,
    "i64": np.int64,
    "i32": np.int32,
    "i8": np.int8,
    "i1": np.bool_,
}


@pytest.mark.parametrize("rows", [0, 1, 5])
@pytest.mark.parametrize("name", DTYPES)
def test_element_types(name, rows, no_leak):
    function = programs.get(programs.DOUBLE).functions[f"double_{name}"]
    x = np.arange(rows * 3).reshape(rows, 3).astype(DTYPES[name])
    y = function(x)
    assert type(y) is np.ndarray and y.dtype == x.dtype and y.shape == x.shape
    np.testing.assert_array_equal(y, x if name == "i1" else x + x)
    assert y.flags.writeable and not np.shares_memory(x, y)


SCALARS = [
    ("f64", math.pi, math.pi),
    ("f32", math.pi, float(np.float32(math.pi))),
    ("f32", 3, 3.0),
    ("f16", 1 / 3, float(np.float16(1 / 3))),
    ("f16", 65520.0, math.inf),
    ("f16", 6e-8, float(np.float16(6e-8))),
    ("bf16", math.pi, float(ml_dtypes.bfloat16(math.pi))),
    ("bf16", 1.00390625, 1.0),
    ("bf16", 1.01171875, 1.015625),
    ("bf16", -1e-40, float(ml_dtypes.bfloat16(-1e-40))),
    ("bf16", -math.inf, -math.inf),
    ("i64", -(2**63), -(2**63)),
    ("i32", np.int32(-7), -7),
    ("i8", 127, 127),
    ("i1", True, True),
    ("i1", np.False_, False),
    ("index", 2**40, 2**40),
]


@pytest.mark.parametrize("name, value, expected", SCALARS)
def test_scalars(name, value, expected):
    result = programs.get(programs.SCALARS).run(f"same_{name}", value)
    assert result == expected and type(result) is type(expected)


def test_nan_scalars():
    program = programs.get(programs.SCALARS)
    for name in programs.FLOATS:
        assert math.isnan(program.run(f"same_{name}", math.nan))


def test_scalars_as_arrays():
    program = programs.get(programs.SCALARS)
    assert program.same_i32(np.array(5, np.int32)) == 5
    assert program.same_index(np.array(5)) == 5


def test_rank_0():
    program = programs.get(programs.SCALARS)
    for one in (np.array(1, np.float32), np.ones((), np.float32), 1.0):
        two = program.rank0(one)
        assert two.shape == () and two.dtype == np.float32 and two == 2


def test_several_and_no_results():
    program = programs.get(programs.SCALARS)
    x = np.arange(4, dtype=np.float32)
    count, same = program.several(7, x)
    assert count == 7
    np.testing.assert_array_equal(same, x)
    assert program.nothing(1) is None


# What a program writes to an argument shows whether that was copied.
FILL = """
func.func @fill(%x: memref<?x4xf32>) {
  %one = arith.constant 1.0 : f32
  linalg.fill ins(%one : f32) outs(%x : memref<?x4xf32>)
  return
}
"""


def test_no_copy():
    x = np.zeros((3, 4), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        programs.get(FILL).fill(x)
    assert (x == 1).all()


def test_strided_arrays_are_copied_and_it_is_said_once():
    program = condcomp.compile(programs.DOUBLE, opt_level=0)
    base = np.arange(24, dtype=np.float32).reshape(4, 6)
    arrays = {
        "columns": base[:, ::2],
        "backwards": base[::-1, 2::-1],
        "transposed": base.reshape(3, 8).T,
        "broadcast": np.broadcast_to(base[0, :3], (5, 3)),
    }
    with pytest.warns(
        condcomp.CopyWarning, match=r"argument 0 \('x'\) of 'double_f32'"
    ):
        y = program.double_f32(arrays["columns"])
    np.testing.assert_array_equal(y, 2 * arrays["columns"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x in arrays.values():
            np.testing.assert_array_equal(program.double_f32(x), 2 * x)


def test_contiguous_arrays_are_not_warned_of():
    program = condcomp.compile(programs.DOUBLE, opt_level=0)
    base = np.arange(24, dtype=np.float32).reshape(8, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Strides of dims of size 1 or 0 mean nothing.
        for x in (base[2:5], base[::8], base[8::2], base[:, ::-1][:0]):
            np.testing.assert_array_equal(program.double_f32(x), 2 * x)


def test_read_only_and_misaligned_arrays():
    program = programs.get(programs.DOUBLE)
    x = np.ones((2, 3), np.float32)
    x.flags.writeable = False
    assert (program.double_f32(x) == 2).all()
    raw = np.zeros(2 * 3 * 4 + 1, np.uint8)
    misaligned = raw[1:].view(np.float32).reshape(2, 3)
    misaligned[:] = 3
    with pytest.warns(condcomp.CopyWarning):
        y = condcomp.compile(programs.DOUBLE, opt_level=0).double_f32(misaligned)
    assert (y == 6).all()


def test_results_own_their_memory():
    program = programs.get(programs.SCALARS)
    gc.collect()
    before = condcomp.memory_live_bytes()
    z = program.zeros(1000)
    assert condcomp.memory_live_bytes() - before >= 4000
    view = z[10:20]
    del z
    gc.collect()
    assert condcomp.memory_live_bytes() - before >= 4000
    view[:] = 5
    assert (view == 5).all()
    del view
    gc.collect()
    assert condcomp.memory_live_bytes() == before


def test_results_outlive_the_program():
    z = condcomp.compile(programs.SCALARS, opt_level=0).zeros(4)
    gc.collect()
    np.testing.assert_array_equal(z, np.zeros(4, np.float32))


def test_calls_leave_nothing(no_leak):
    program = programs.get(programs.LINEAR)
    x, w, b = (np.ones(s, np.float32) for s in ((4, 8), (8, 16), (16,)))
    for _ in range(50):
        program.linear(x, w, b)
        program.bind("linear", w=w, b=b)(x)
        with pytest.raises(condcomp.CheckError):
            program.gate(np.ones((2, 4), np.float32), 5)


def test_any_object_with_dlpack():
    class Wrapped:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    x = np.ones((2, 3), np.float32)
    y = programs.get(programs.DOUBLE).double_f32(Wrapped(x))
    assert type(y) is np.ndarray
    np.testing.assert_array_equal(y, 2 * x)
