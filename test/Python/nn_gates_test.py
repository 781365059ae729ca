# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The gates of condcomp.nn against the NumPy reference: choices and weights."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from condcomp import nn as cnn  # noqa: E402
from condcomp import reference  # noqa: E402
from nn_test import check_gradients, randn  # noqa: E402

TIES = torch.tensor([[1.0, 2.0, 2.0, 2.0], [0.0, -0.0, -1.0, 0.0]])
ODD = torch.tensor(
    [[math.nan, -math.inf, 1.0, math.nan], [math.inf, math.nan, -math.inf, 3.0]]
)


@pytest.mark.parametrize("scores", [TIES, ODD], ids=["ties", "NaN"])
@pytest.mark.parametrize("k", range(5))
def test_top_k_is_the_references(scores, k):
    want = reference.top_k(scores.numpy(), k)
    got = cnn.TopK(k)(scores)
    np.testing.assert_array_equal(got.mask, reference.to_mask(want))
    np.testing.assert_array_equal(got.weights, reference.to_dense(want))


@pytest.mark.parametrize("least, most", [(0, None), (1, None), (2, 3), (0, 1)])
@pytest.mark.parametrize("p", [-1.0, 0.0, 0.5, 0.9, 5.0])
def test_top_p_is_the_references(p, least, most):
    scores = torch.cat([randn(9, 4, dtype=torch.float32).softmax(-1), TIES, ODD])
    want = reference.top_p(scores.detach().numpy(), np.float32(p), least, most or 4)
    got = cnn.TopP(p, least, most)(scores)
    np.testing.assert_array_equal(got.mask, reference.to_mask(want))


def test_threshold_is_the_references():
    scores = torch.cat([TIES, ODD])
    want = reference.threshold(scores.numpy(), np.float32(1.0))
    np.testing.assert_array_equal(
        cnn.Threshold(1.0)(scores).mask, reference.to_mask(want)
    )


@pytest.mark.parametrize("count", range(3))
def test_expert_choice_is_the_references(count):
    for scores in (TIES, ODD):
        want = reference.expert_choice(scores.numpy(), count)
        got = cnn.ExpertChoice(count)(scores)
        np.testing.assert_array_equal(got.mask, reference.to_mask(want))


def test_expert_choice_by_factor():
    mask = cnn.ExpertChoice(factor=1.5)(randn(10, 4)).mask
    assert mask.sum(0).tolist() == [3] * 4  # 1.5 * 10 / 4, rounded down


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("key", [0, 7, -5, 2**62 + 12345])
def test_gumbel_draws_the_references_noise(dtype, key):
    logits = randn(50, 6, dtype=dtype, grad=False)
    want = reference.sample(logits.numpy(), 2, key)
    got = cnn.GumbelTopK(2)(logits, key=torch.tensor(key))
    np.testing.assert_array_equal(got.mask, reference.to_mask(want))


def test_gumbel_training_draws_anew_and_evaluation_does_not():
    gate, logits = cnn.GumbelTopK(1), torch.zeros(200, 4)
    torch.manual_seed(0)
    masks = [gate(logits).mask for _ in range(2)]
    assert (masks[0] != masks[1]).any()
    shares = masks[0].float().mean(0)
    assert (shares - 0.25).abs().max() < 0.1  # three standard deviations
    gate.eval()
    assert (gate(logits).mask == gate(logits).mask).all()


@pytest.mark.parametrize("weigh", ["score", "softmax", "sum", "probability"])
def test_weights_have_gradients(weigh):
    scores = randn(7, 5)
    chosen = scores.topk(2).indices

    def by_hand():
        s = scores.gather(1, chosen)
        p = {
            "score": s,
            "softmax": s.softmax(-1),
            "sum": s / s.sum(-1, keepdim=True),
            "probability": scores.softmax(-1).gather(1, chosen),
        }[weigh]
        return torch.zeros_like(scores).scatter(1, chosen, p)

    check_gradients(lambda: cnn.TopK(2, weigh)(scores).weights, by_hand, [scores])


def test_rows_without_entries_have_no_weights_and_finite_gradients():
    scores = randn(3, 4)
    routing = cnn.Threshold(100.0, "softmax")(scores)
    assert not routing.mask.any() and not routing.weights.any()
    (gradient,) = torch.autograd.grad(routing.weights.sum(), scores)
    assert gradient.isfinite().all()


def test_gates_in_soft_form_choose_all():
    scores = randn(3, 4)
    with cnn.form("soft"):
        routing = cnn.TopK(1, "softmax")(scores)
        with pytest.raises(ValueError, match="TopP has no soft form"):
            cnn.TopP(0.5)(scores)
    assert routing.mask.all()
    torch.testing.assert_close(routing.weights, scores.softmax(-1))
    assert cnn.TopK(1)(scores).mask.sum() == 3  # outside it is masked again


def test_bad_gates():
    with pytest.raises(ValueError, match="k = 5 exceeds the number of modules, 4"):
        cnn.TopK(5)(torch.zeros(2, 4))
    with pytest.raises(ValueError, match="weigh is one of"):
        cnn.TopK(1, "max")
    with pytest.raises(ValueError, match="the form is one of masked, soft"):
        cnn.TopK(1, form="compact")
    with pytest.raises(ValueError, match="scores are floats"):
        cnn.TopK(1)(torch.zeros(2, 4, dtype=torch.int64))
    with pytest.raises(ValueError, match="either count or factor"):
        cnn.ExpertChoice()
    with pytest.raises(ValueError, match="count = 3 exceeds the number of rows, 2"):
        cnn.ExpertChoice(3)(torch.zeros(2, 4))
