# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs test programs with cc-run and compares them with the reference.

A `Suite` holds programs that are compiled together and called many times in one
process, once per form and thread count. Its tests compare

- every call with the reference, within the stated bound;
- masked with compact, and one thread with two, bit for bit;
- a row alone with the same row in its batch, bit for bit.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pytest

import ccrun

EPS = {"f64": 2.0**-52, "f32": 2.0**-23, "f16": 2.0**-10, "bf16": 2.0**-7}


# A bound compares an output with the reference's. One that is `stacked` gets
# several arrays of the output's shape.


class Exact:
    """Integers, masks and values that are only moved."""

    def compare(self, got, want, name):
        np.testing.assert_array_equal(got.astype(want.dtype), want, err_msg=name)


@dataclass
class Sum:
    """A contraction over K: |error| <= 4 eps sqrt(K) (|A| |B|), elementwise.

    size is K. The reference gives the sum of absolute products as the output
    after this one; it is not an output of the program.
    """

    size: int
    element: str = "f32"

    def compare(self, got, want, name, magnitude):
        bound = 4 * EPS[self.element] * np.sqrt(max(self.size, 1)) * magnitude
        compare_elements(got, want, bound, name)


@dataclass
class Ulps:
    """A few roundings of one value: |error| <= ulps eps |value|."""

    ulps: float = 4
    element: str = "f32"

    def compare(self, got, want, name):
        compare_elements(got, want, self.ulps * EPS[self.element] * np.abs(want), name)


@dataclass
class Program:
    """A whole program: relative l2 error <= bound (1e-5 in f32)."""

    bound: float = 1e-5

    def compare(self, got, want, name):
        got, want = got.astype(np.float64), np.asarray(want, dtype=np.float64)
        finite = np.isfinite(want)
        compare_elements(np.where(finite, 0, got), np.where(finite, 0, want), 0, name)
        error = np.linalg.norm((got - want)[finite])
        size = np.linalg.norm(want[finite])
        assert (
            error <= self.bound * size
        ), f"{name}: relative l2 error {error / size:.3g}"


def compare_elements(got, want, bound, name):
    """NaN where NaN is wanted, the same infinity, else within the bound."""
    got, want = got.astype(np.float64), np.asarray(want, dtype=np.float64)
    assert got.shape == want.shape, f"{name}: shape {got.shape}, expected {want.shape}"
    with np.errstate(invalid="ignore"):
        near = np.abs(got - want) <= bound
    same = near | (got == want) | (np.isnan(got) & np.isnan(want))
    if not same.all():
        at = tuple(int(i) for i in np.argwhere(~same)[0])
        raise AssertionError(
            f"{name}: {np.count_nonzero(~same)} of {same.size} elements differ; at {at} "
            f"got {got[at]!r}, expected {want[at]!r}"
        )


def same_bits(got, want, what):
    """Equal bytes; any NaN equals any NaN."""
    assert got.shape == want.shape and got.dtype == want.dtype, what
    different = got.tobytes() != want.tobytes()
    if different and got.dtype.kind not in "iub":
        a, b = np.where(np.isnan(got), 0, got), np.where(np.isnan(want), 0, want)
        different = (
            a.tobytes() != b.tobytes() or (np.isnan(got) != np.isnan(want)).any()
        )
    assert not different, f"{what} differ:\n{got}\n{want}"


@dataclass(eq=False)
class Call:
    """One call of a function with given inputs.

    reference: takes the inputs, returns the outputs in float64. bounds: one per
    output. row_inputs, row_outputs: those with the rows as leading dim, for a
    function that treats rows independently.
    """

    function: str
    inputs: list
    reference: object
    bounds: list
    label: str = ""
    row_inputs: list = field(default_factory=list)
    row_outputs: list = field(default_factory=list)
    error: str = None

    def __str__(self):
        return f"{self.function}-{self.label}" if self.label else self.function

    def rows(self):
        return len(self.inputs[self.row_inputs[0]]) if self.row_inputs else 0

    def of_row(self, row):
        inputs = list(self.inputs)
        for position in self.row_inputs:
            inputs[position] = inputs[position][row : row + 1]
        return inputs


def compare_with_reference(call, outputs):
    wanted, position = list(call.reference(*call.inputs)), 0
    for number, got in enumerate(outputs):
        bound, name = call.bounds[number], f"{call}: output {number}"
        want = np.asarray(wanted[position])
        shape = want.shape[1 if getattr(bound, "stacked", False) else 0 :]
        assert got.shape == shape, f"{name}: shape {got.shape} not {shape}"
        extra = [wanted[position + 1]] if isinstance(bound, Sum) else []
        bound.compare(got, want, name, *extra)
        position += 1 + len(extra)
    assert position == len(wanted)


def rows_alone(call):
    return range(min(call.rows(), 5))


class Suite:
    """Programs of one test file."""

    def __init__(self, name):
        self.name = name
        self.functions, self.calls = [], []
        self.results = {}

    def add(self, text, *calls):
        self.functions.append(text)
        self.calls.extend(calls)

    def run(self, call, form, threads):
        """Outputs of a call, or its Failure; the first one asked for runs all."""
        self.run_all()
        return self.results[form][id(call), threads]

    def run_rows(self, call):
        """Outputs of the first rows, each alone, compact on two threads."""
        self.run_all()
        return [self.results["compact"][id(call), "row", r] for r in rows_alone(call)]

    def run_all(self):
        """Runs both forms side by side, each compiled once."""
        if self.results:
            return
        jobs = {
            (id(call), threads): (call.function, call.inputs, threads)
            for call in self.calls
            for threads in (1, 2)
        }
        alone = {
            (id(call), "row", row): (call.function, call.of_row(row), 2)
            for call in self.calls
            for row in rows_alone(call)
        }
        work = {"masked": jobs, "compact": jobs | alone}
        text = "\n".join(self.functions)

        def execute(form):
            outcomes = ccrun.run(text, list(work[form].values()), form)
            return dict(zip(work[form], outcomes))

        with ThreadPoolExecutor() as pool:
            self.results.update(zip(work, pool.map(execute, work)))

    def outputs(self, call, form="compact", threads=2):
        outputs = self.run(call, form, threads)
        assert not isinstance(outputs, ccrun.Failure), outputs.message
        return outputs

    def tests(self):
        """The three tests of a file; assign them to names that pytest finds."""
        good = [c for c in self.calls if c.error is None]
        rowwise = [c for c in good if c.row_inputs and c.rows()]
        each = lambda calls: pytest.mark.parametrize("call", calls, ids=str)

        @each(good)
        def matches_reference(call):
            compare_with_reference(call, self.outputs(call))

        @each(good)
        def forms_and_threads_agree(call):
            first = self.outputs(call, "compact", 2)
            for form, threads in [("compact", 1), ("masked", 1), ("masked", 2)]:
                for number, (a, b) in enumerate(
                    zip(first, self.outputs(call, form, threads))
                ):
                    same_bits(
                        a, b, f"{call}: output {number}, {form} on {threads} threads"
                    )

        @each(rowwise)
        def rows_alone_agree(call):
            whole = self.outputs(call)
            for row, alone in enumerate(self.run_rows(call)):
                assert not isinstance(alone, ccrun.Failure), alone.message
                for number in call.row_outputs:
                    same_bits(
                        alone[number],
                        np.ascontiguousarray(whole[number][row : row + 1]),
                        f"{call}: output {number}, row {row} alone",
                    )

        return matches_reference, forms_and_threads_agree, rows_alone_agree

    def error_test(self):
        """Calls with an `error`: each must fail with a message that has it."""
        bad = [c for c in self.calls if c.error is not None]

        @pytest.mark.parametrize("form", ["masked", "compact"])
        @pytest.mark.parametrize("call", bad, ids=str)
        def fails_with_numbers(call, form):
            outcome = self.run(call, form, 2)
            assert isinstance(outcome, ccrun.Failure), f"{call} gave {outcome}"
            assert call.error in outcome.message, outcome.message

        return fails_with_numbers
