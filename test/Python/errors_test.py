# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is wrong is said, with the argument, what is expected and what was given."""

import pickle
import warnings

import numpy as np
import small_programs as programs
import pytest

import condcomp

X = np.ones((2, 8), np.float32)
W = np.ones((8, 16), np.float32)
B = np.ones(16, np.float32)


class OnGPU:
    def __dlpack__(self, **_):
        raise AssertionError("the device is asked for first")

    def __dlpack_device__(self):
        return (2, 1)


WRONG = {
    "element type": (
        (X, W.astype("f8"), B),
        TypeError,
        r"argument 1 \('w'\) of 'linear' is tensor<8x16xf32>, got 8x16xf64: "
        "element type f32 expected, not f64",
    ),
    "unknown element type": (
        (X.astype("u1"), W, B),
        TypeError,
        r"argument 0 \('x'\) of 'linear' is tensor<\?x8xf32>, got .* uint8",
    ),
    "byte order": ((X.astype(">f4"), W, B), TypeError, r"got a NumPy array of >f4"),
    "complex": ((X.astype("c8"), W, B), TypeError, "complex64"),
    "rank": ((X[0], W, B), ValueError, r"\('x'\).* got 8xf32: rank 2 expected, not 1"),
    "rank 0": ((X, W, np.float32(1)), TypeError, r"\('b'\).* got 'float32'"),
    "size": ((X, W[:7], B), ValueError, r"\('w'\).* size 8 expected in dim 0, not 7"),
    "size of a part": ((X[:, :4], W, B), ValueError, "8 expected in dim 1, not 4"),
    "number": ((X, W), TypeError, "'linear' takes 3 arguments, got 2"),
    "a list": ((X, W, [1.0]), TypeError, r"\('b'\).* got 'list', which is no array"),
    "None": ((None, W, B), TypeError, r"\('x'\).* got 'NoneType'"),
    "a number": ((1.0, W, B), TypeError, r"\('x'\).* got 'float'"),
    "device": ((OnGPU(), W, B), ValueError, r"\('x'\).* on device CUDA 1.*the CPU"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments(case, no_leak):
    arrays, error, text = WRONG[case]
    program = programs.get(programs.LINEAR)
    with pytest.raises(error, match=text), warnings.catch_warnings():
        warnings.simplefilter("error")
        program.linear(*arrays)
    with pytest.raises(error, match=text):
        program.run("linear", *arrays)
    assert program.linear(X, W, B)[0, 0] == 9


SCALARS = [
    ("same_i8", 128, ValueError, "is i8, got 128, which it can't hold"),
    ("same_i32", -(2**31) - 1, ValueError, "-2147483649"),
    ("same_index", 2**63, ValueError, "9223372036854775808"),
    ("same_i1", 2, ValueError, "is i1, got 2"),
    ("same_index", 1.0, TypeError, "'float', which is no integer"),
    ("same_f32", "1", TypeError, r"argument 0 \('v'\) of 'same_f32' is f32, got 'str'"),
    ("same_f32", np.ones(1, np.float32), ValueError, "rank 0 expected, not 1"),
    ("same_f32", np.array(1.0), TypeError, "f32 expected, not f64"),
]


@pytest.mark.parametrize("name, value, error, text", SCALARS)
def test_wrong_scalars(name, value, error, text):
    with pytest.raises(error, match=text):
        programs.get(programs.SCALARS).run(name, value)


def test_arguments_by_name():
    program = programs.get(programs.LINEAR)
    assert program.linear(X, b=B, w=W)[0, 0] == 9
    with pytest.raises(TypeError, match="lacks arguments 0 .'x'., 2 .'b'."):
        program.linear(w=W)
    with pytest.raises(TypeError, match="no argument 'v'.*x: tensor"):
        program.linear(X, W, v=B)
    with pytest.raises(TypeError, match="'w' of 'linear' is given twice"):
        program.linear(X, W, B, w=W)


def test_missing_functions_are_named_with_those_there_are():
    program = programs.get(programs.LINEAR)
    text = "no public function 'f'; the program has 'linear', 'gate'"
    with pytest.raises(LookupError, match=text):
        program.run("f", X)
    with pytest.raises(LookupError, match=text):
        program.bind("f", w=W)
    with pytest.raises(AttributeError, match=text):
        program.f(X)


def test_failed_checks():
    program = programs.get(programs.LINEAR, name="gate.mlir")
    scores = np.eye(4, dtype=np.float32)
    with pytest.raises(condcomp.CheckError, match=r"gate.mlir:\d+:\d+: top_k.*5.*4"):
        program.gate(scores, 5)
    assert program.gate(scores, 1).sum() == 4


def test_diagnostics():
    source = "func.func @f(%x: tensor<4xf32>) -> f32 {\n  return %x : f32\n}"
    with pytest.raises(condcomp.CompileError) as info:
        condcomp.compile(source, name="bad.mlir")
    error = info.value
    assert error.message == "bad.mlir is not a valid module"
    assert "bad.mlir:2:10: error: use of value '%x'" in error.diagnostics
    assert "return %x : f32" in error.diagnostics
    # The note, with where the value comes from.
    assert "bad.mlir:1:14: note: prior use here" in error.diagnostics
    assert error.diagnostics in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    "source, text",
    [
        ("func.func private @f()", "no public function"),
        ("func.func @f(%x: complex<f32>) { return }", "argument 0 .*complex<f32>"),
        (
            f"func.func @f(%x: tensor<{'1x' * 17}f32>) {{ return }}",
            "rank above 16",
        ),
    ],
)
def test_functions_that_could_not_be_called(source, text):
    with pytest.raises(condcomp.CompileError, match=text):
        condcomp.compile(source)


@pytest.mark.parametrize(
    "options, error, text",
    [
        ({"form": "dense"}, ValueError, "auto, compact, masked, soft, not 'dense'"),
        ({"target": "gpu"}, ValueError, "cpu, cuda, not 'gpu'"),
        ({"opt_level": 4}, ValueError, "0 to 3, not 4"),
        ({"threads": -1}, ValueError, "not -1"),
        ({"threads": 4096}, ValueError, "not 4096"),
        ({"threads": "2"}, TypeError, "integer"),
    ],
)
def test_wrong_options(options, error, text):
    with pytest.raises(error, match=text):
        condcomp.compile(programs.SCALARS, **options)


def test_wrong_sources(tmp_path):
    with pytest.raises(FileNotFoundError):
        condcomp.compile(tmp_path / "missing.mlir")
    with pytest.raises(TypeError, match="not int"):
        condcomp.compile(3)


def test_files_are_named_in_errors(tmp_path):
    path = tmp_path / "file (1).mlir"
    path.write_text("func.func @f(")
    with pytest.raises(condcomp.CompileError, match=r"file \(1\).mlir:1:"):
        condcomp.compile(path)
    path.write_text("func.func @f(%x: index) -> index { return %x : index }")
    assert condcomp.compile(str(path)).f(3) == 3


def test_memory_that_runs_out(no_leak):
    program = programs.get(programs.SCALARS)
    with pytest.raises(MemoryError, match="bytes were asked for"):
        program.zeros(2**50)
    with pytest.raises(
        condcomp.CheckError, match="result 0 of 'zeros' has the size -1"
    ):
        program.zeros(-1)
    assert program.zeros(2).shape == (2,)
