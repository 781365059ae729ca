# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks of examples/mnist, compiled, against NumPy in float64."""

import pathlib
import sys

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples" / "mnist"))

import compiled  # noqa: E402
import digits  # noqa: E402
import reference  # noqa: E402

COUNT = 100
# Errors of float32 are below 1e-5: choices decided by more than this are equal.
MARGIN = 1e-4


@pytest.fixture(scope="module")
def weights():
    return reference.load_weights()


@pytest.fixture(scope="module")
def images():
    # The network is unsure of some of these: all four exits are taken.
    held_out, _ = digits.load()["held_out"]
    with np.load(compiled.HERE / "pytorch.npz") as arrays:
        late = np.flatnonzero(arrays["left_at"] >= 2)[:20]
    return np.concatenate([held_out[: COUNT - len(late)], held_out[late]])


@pytest.fixture(scope="module")
def programs(weights):
    with compiled.programs(weights) as opened:
        yield opened


@pytest.fixture(scope="module")
def trace(weights, images):
    return reference.Reference(weights).dynamic(digits.patches(images))


def bits(array):
    return array.view(np.int32)


def relative_error(actual, expected):
    return np.linalg.norm(actual - expected) / np.linalg.norm(expected)


def test_pytorch_predictions_are_those_of_the_reference(weights, images, trace):
    with np.load(compiled.HERE / "pytorch.npz") as arrays:
        pytorch = dict(arrays)
    held_out, _ = digits.load()["held_out"]
    where = [np.flatnonzero((held_out == image).all((1, 2)))[0] for image in images]
    dense = reference.Reference(weights).dense(digits.patches(images))
    assert (dense.argmax(1) == pytorch["dense"][where]).all()
    assert (trace.logits.argmax(1) == pytorch["dynamic"][where]).all()
    assert (trace.left_at == pytorch["left_at"][where]).all()
    assert set(trace.left_at) == set(range(reference.BLOCKS))


def test_choices_are_clear(trace):
    assert trace.margin.min() > MARGIN


def test_dense(programs, weights, images):
    (logits,) = programs["dense"].call([images], 1)
    expected = reference.Reference(weights).dense(digits.patches(images))
    assert relative_error(logits, expected) <= 1e-5


@pytest.mark.parametrize("form", ["masked", "compact"])
def test_dynamic(programs, weights, images, trace, form):
    inputs = [images, weights["thresholds"]]
    logits, left_at = programs[form].call(inputs, 2)
    assert (left_at == trace.left_at).all()
    assert relative_error(logits, trace.logits) <= 1e-5


def test_masked_and_compact_agree_bit_for_bit(programs, weights, images):
    inputs = [images, weights["thresholds"]]
    masked, masked_left = programs["masked"].call(inputs, 2)
    compact, compact_left = programs["compact"].call(inputs, 2)
    assert (bits(masked) == bits(compact)).all()
    assert (masked_left == compact_left).all()


@pytest.mark.parametrize("form", ["masked", "compact"])
@pytest.mark.parametrize("count, threads", [(1, 2), (7, 1), (64, 2), (COUNT, 1)])
def test_an_image_does_not_depend_on_the_batch(
    programs, weights, images, form, count, threads
):
    everything, _ = programs[form].call([images, weights["thresholds"]], 2)
    last = images[-count:]
    alone, _ = programs[form].call([last, weights["thresholds"]], 2, threads=threads)
    assert (bits(alone) == bits(everything[-count:])).all()


@pytest.mark.parametrize("form", ["masked", "compact"])
@pytest.mark.parametrize("threshold, exit", [(0.0, 0), (1.0, 3)])
def test_all_images_leave_at_one_exit(programs, images, form, threshold, exit):
    thresholds = np.full(3, threshold, np.float32)
    _, left_at = programs[form].call([images[:9], thresholds], 2)
    assert (left_at == exit).all()


@pytest.mark.parametrize("form", ["dense", "masked", "compact"])
def test_no_images(programs, weights, images, form):
    inputs = [images[:0]] + ([] if form == "dense" else [weights["thresholds"]])
    logits = programs[form].call(inputs, 1)[0]
    assert logits.shape == (0, 10)


@pytest.mark.parametrize("form", ["dense", "masked", "compact"])
def test_nothing_leaks(programs, weights, images, form):
    inputs = [images] + ([] if form == "dense" else [weights["thresholds"]])
    assert programs[form].request(inputs)["leaked_bytes"] == 0
