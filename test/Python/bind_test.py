# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights bound to functions, traces and descriptions."""

import numpy as np
import small_programs as programs
import pytest

import condcomp

RNG = np.random.default_rng(0)
X, W, B = (RNG.standard_normal(s, dtype="f4") for s in ((3, 8), (8, 16), (16,)))


@pytest.mark.parametrize("prepack", [True, False])
def test_results_are_those_of_the_function(prepack, no_leak):
    program = programs.get(programs.LINEAR, prepack=prepack)
    whole = program.linear(X, W, B)
    np.testing.assert_allclose(whole, X @ W + B, rtol=1e-5, atol=1e-6)
    w, b = W.copy(), B.copy()
    bound = program.bind("linear", w=w, b=b)
    w[:], b[:] = np.nan, np.nan  # a copy is all that is kept
    for _ in range(2):
        np.testing.assert_array_equal(bound(X), whole)
    np.testing.assert_array_equal(bound(x=X), whole)
    np.testing.assert_array_equal(bound.run(X, threads=1), whole)


def test_by_position_and_function():
    program = programs.get(programs.LINEAR)
    whole = program.linear(X, W, B)
    for bound in (
        program.bind("linear", {1: W, 2: B}),
        program.linear.bind(w=W, b=B),
        program.linear.bind({"w": W}, b=B),
    ):
        np.testing.assert_array_equal(bound(X), whole)
        assert bound.nbytes >= W.nbytes + B.nbytes
        assert [argument.name for argument in bound.arguments] == ["x"]


def test_other_arguments_are_held():
    program = programs.get(programs.LINEAR)
    bound = program.bind("gate", k=2)
    scores = np.eye(4, dtype=np.float32)
    np.testing.assert_array_equal(bound(scores), program.gate(scores, 2))
    bound = program.bind("linear", x=X, w=W, b=B)
    np.testing.assert_array_equal(bound(), program.linear(X, W, B))


def test_wrong_weights():
    program = programs.get(programs.LINEAR)
    with pytest.raises(TypeError, match=r"it lacks argument 2 \('b'\)"):
        program.bind("linear", w=W)
    with pytest.raises(TypeError, match="no argument 'v'"):
        program.bind("linear", w=W, b=B, v=W)
    with pytest.raises(TypeError, match="given twice"):
        program.bind("linear", {1: W}, w=W, b=B)
    with pytest.raises(ValueError, match=r"\('w'\).*size 8 expected in dim 0, not 16"):
        program.bind("linear", w=W.T, b=B)
    with pytest.raises(TypeError, match=r"\('w'\).*f32 expected, not f64"):
        program.bind("linear", w=W.astype("f8"), b=B)
    bound = program.bind("linear", w=W, b=B)
    with pytest.raises(TypeError, match="takes 1 arguments besides those .* bound"):
        bound(X, W)
    with pytest.raises(TypeError, match="'w' of 'linear' is given twice"):
        bound(X, w=W)


def test_bound_functions_outlive_the_program(no_leak):
    bound = condcomp.compile(programs.LINEAR, opt_level=0).bind("linear", w=W, b=B)
    np.testing.assert_allclose(bound(X), X @ W + B, rtol=1e-5, atol=1e-6)


def test_traces():
    program = programs.get(programs.LINEAR, trace=True)
    scores = np.array([[1, 3, 2, 0], [5, 4, 6, 7]], np.float32)
    traces = []
    program.run("gate", scores, 2, trace=traces.append)
    (trace,) = traces
    assert trace.name == "gate" and trace.dims == (2, 4) and trace.ids is None
    assert trace.row_offsets.tolist() == [0, 2, 4]
    assert trace.modules.tolist() == [1, 2, 2, 3]
    assert trace.weights.tolist() == [3, 2, 6, 7]
    program.gate(scores, 2)
    assert len(traces) == 1


def test_what_a_trace_raises_comes_out(no_leak):
    program = programs.get(programs.LINEAR, trace=True)

    def fail(trace):
        raise KeyError(trace.name)

    scores = np.ones((2, 4), np.float32)
    with pytest.raises(KeyError, match="gate"):
        program.run("gate", scores, 2, trace=fail)
    inner = []
    program.run(
        "gate",
        scores,
        2,
        trace=lambda trace: inner.append(program.gate(scores, len(trace.dims) - 1)),
    )
    assert inner[0].sum() == 2


def test_descriptions():
    program = programs.get(programs.LINEAR)
    x, w, b = program.linear.arguments
    assert x == condcomp.Argument("x", condcomp.Type("f32", (None, 8)))
    assert w.constant and not x.constant
    assert program.linear.results == (condcomp.Type("f32", (None, 16)),)
    assert str(program.functions["gate"]) == (
        "gate(scores: tensor<?x4xf32>, k: index) -> tensor<?x4xi1>"
    )
    assert "linear(x: tensor<?x8xf32>" in repr(program)
    assert {"linear", "gate", "run"} <= set(dir(program))


def test_names_that_are_taken():
    program = condcomp.compile(
        "func.func @run(%0: index, %run: index) -> index { return %run : index }"
    )
    assert program.run("run", 1, 2) == program.functions["run"](1, 2) == 2
    assert [argument.name for argument in program.functions["run"].arguments] == [
        "",
        "run",
    ]
