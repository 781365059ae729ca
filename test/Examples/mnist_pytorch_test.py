# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The network of examples/mnist in PyTorch: trained a little, exported, compiled."""

# Requires: torch

import pathlib
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples" / "mnist"))

import compiled  # noqa: E402
import digits  # noqa: E402
import network  # noqa: E402
import reference  # noqa: E402
import train  # noqa: E402

import condcomp.torch  # noqa: E402
from condcomp import nn as cnn  # noqa: E402


@pytest.fixture(scope="module")
def weights():
    return reference.load_weights()


@pytest.fixture(scope="module")
def net(weights):
    return network.from_weights(weights)


@pytest.fixture(scope="module")
def thresholds(weights):
    return torch.from_numpy(weights["thresholds"])


@pytest.fixture(scope="module")
def images():
    held_out, _ = digits.load()["held_out"]
    with np.load(compiled.HERE / "pytorch.npz") as arrays:
        late = np.flatnonzero(arrays["left_at"] >= 2)[:20]
    return torch.from_numpy(np.concatenate([held_out[:40], held_out[late]]))


@torch.no_grad()
def test_batches_compacted_by_hand_give_the_same(net, images, thresholds):
    logits, left_at = net(images, thresholds)
    by_hand, left_by_hand = net.compacted(images, thresholds)
    assert torch.equal(left_at, left_by_hand.int())
    assert set(left_at.tolist()) == {0, 1, 2, 3}
    torch.testing.assert_close(logits, by_hand, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_dense_is_the_soft_form(net, images):
    x = net.tokens(images[:8])
    block = net.stages.stages[0].block
    with cnn.form("soft"):
        torch.testing.assert_close(block(x), block.dense(x), rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_exported_is_pytorch_and_the_program_written_by_hand(
    net, weights, images, thresholds
):
    pytest.importorskip("torch_mlir")
    exported = condcomp.torch.export(net, (images[:2], thresholds))
    by_hand = condcomp.compile(compiled.HERE / "mnist.mlir", form="compact")
    of_hand = by_hand.dynamic(images, thresholds, *compiled.dynamic_weights(weights))
    want = net(images, thresholds)
    for form in ("masked", "compact"):
        program = condcomp.compile(exported.text, form=form)
        got = program.bind("forward", exported.weights)(images, thresholds)
        for other in (want, of_hand):
            assert torch.equal(got[1], torch.as_tensor(other[1]))
            torch.testing.assert_close(
                got[0], torch.as_tensor(other[0]), rtol=1e-5, atol=1e-5
            )


def test_training_makes_the_loss_fall():
    torch.manual_seed(0)
    images, labels = (torch.from_numpy(a[:50]) for a in digits.load()["train"])
    net = network.Network().train()
    optimizer = train.make_optimizer(net)

    def losses():
        with torch.no_grad():
            return [train.loss_of(net, images, labels, step).item() for step in (0, 1)]

    before = losses()
    for step in range(10):
        train.train_step(net, optimizer, images, labels, step)
    after = losses()
    assert after[0] < 0.8 * before[0] and after[1] < 0.8 * before[1]
    # Every part of the network took part.
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
