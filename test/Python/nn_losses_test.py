# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The losses of condcomp.nn against PyTorch written by hand."""

import math

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from condcomp import nn as cnn  # noqa: E402
from nn_test import check_gradients, randn  # noqa: E402


def test_losses():
    logits = randn(12, 4)
    mask = cnn.TopK(1)(logits).mask
    f = mask.double().mean(0)
    p = logits.softmax(-1).mean(0)
    torch.testing.assert_close(cnn.balance_loss(logits, mask), 4 * (f * p).sum())
    assert cnn.balance_loss(torch.zeros(4, 4), torch.eye(4).bool()) == 1
    z = torch.log(torch.exp(logits).sum(-1))
    torch.testing.assert_close(cnn.z_loss(logits), (z * z).mean())
    target = torch.arange(12) % 4
    a, b = F.cross_entropy(logits, target), F.cross_entropy(2 * logits, target)
    loss = cnn.joint_exit_loss([logits, 2 * logits], target, [0.5, 2.0])
    torch.testing.assert_close(loss, 0.5 * a + 2 * b)
    used = torch.tensor([True, False, False, False])
    assert cnn.budget_loss(used, 0.5) == 0.0625
    assert cnn.ponder_cost(torch.tensor([1.0, 3.0])) == 2.0


def test_ponder_kl_is_zero_at_the_prior():
    prior = 0.3 * 0.7 ** torch.arange(5.0)
    prior = (prior / prior.sum()).unsqueeze(1).expand(5, 3)
    assert cnn.ponder_kl(prior, 0.3).abs() < 1e-6
    p = torch.tensor([[0.5], [0.5]]).double()
    q = torch.tensor([0.3, 0.21], dtype=torch.float64) / 0.51
    want = sum(0.5 * math.log(0.5 / each) for each in q.tolist())
    assert abs(cnn.ponder_kl(p, 0.3) - want) < 1e-12
    zero = torch.tensor([[1.0], [0.0]], requires_grad=True)
    assert cnn.ponder_kl(zero, 0.3).isfinite()


def test_bad_losses():
    with pytest.raises(ValueError, match="have different shapes"):
        cnn.balance_loss(torch.zeros(2, 3), torch.zeros(2, 4).bool())
    with pytest.raises(ValueError, match="2 weights for 1 exits"):
        cnn.joint_exit_loss([torch.zeros(1, 2)], torch.zeros(1), [1, 1])
    with pytest.raises(ValueError, match="between 0 and 1, got 1"):
        cnn.ponder_kl(torch.ones(1, 1), 1)
