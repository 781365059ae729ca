# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""condcomp.nn against PyTorch written by hand: values and gradients."""

# Requires: torch

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from condcomp import nn as cnn  # noqa: E402
from condcomp import reference  # noqa: E402


def randn(*shape, seed=0, dtype=torch.float64, grad=True):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(*shape, generator=generator, dtype=dtype)
    return x.requires_grad_(grad)


def check_gradients(ours, theirs, inputs):
    """Both functions' values and gradients with respect to the inputs."""
    got, want = ours(), theirs()
    torch.testing.assert_close(got, want)
    g = torch.autograd.grad(got.square().sum(), inputs)
    w = torch.autograd.grad(want.square().sum(), inputs)
    for a, b in zip(g, w):
        assert b.abs().sum() > 0
        torch.testing.assert_close(a, b)


def feed_forward():
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 6)).double()


def experts(gate=None):
    torch.manual_seed(0)
    router = nn.Linear(6, 4).double()
    gate = gate or cnn.TopK(2, "softmax")
    return cnn.Experts(feed_forward, 4, gate=gate, router=router)


def test_experts_are_a_loop_over_experts():
    m, x, outs = experts(), randn(3, 5, 6), randn(3, 5, 6, seed=1)
    w = m.weights

    def by_hand():
        rows = x.reshape(-1, 6)
        logits = rows @ m.router.weight.T + m.router.bias
        best, chosen = logits.topk(2)
        share = best.softmax(-1)
        y = outs.reshape(-1, 6)
        for e in range(4):
            row, slot = (chosen == e).nonzero(as_tuple=True)
            h = F.linear(rows[row], w["0_weight"][e], w["0_bias"][e]).tanh()
            h = F.linear(h, w["2_weight"][e], w["2_bias"][e])
            y = y.index_add(0, row, h * share[row, slot, None])
        return y.reshape(3, 5, 6)

    inputs = [x, outs, m.router.weight, *w.values()]
    check_gradients(lambda: m(x, outs=outs), by_hand, inputs)


def test_experts_start_from_their_own_initial_values():
    made = [feed_forward() for _ in range(3)]
    m = cnn.Experts(made, gate=cnn.TopK(1))
    for e, module in enumerate(made):
        assert (m.weights["0_weight"][e] == module[0].weight).all()
    assert (made[0][0].weight != made[1][0].weight).any()
    assert {n for n, _ in m.named_parameters()} == {
        f"weights.{i}_{kind}" for i in (0, 2) for kind in ("weight", "bias")
    }


def test_experts_in_soft_form_are_a_mixture():
    m, x = experts(), randn(5, 6)

    def by_hand():
        share = m.router(x).softmax(-1)
        each = [
            m.expert(x, *(m.weights[n.replace(".", "_")][e] for n in names))
            for e in range(4)
        ]
        return (share.unsqueeze(-1) * torch.stack(each, 1)).sum(1)

    names = ["0.weight", "0.bias", "2.weight", "2.bias"]
    with cnn.form("soft"):
        check_gradients(lambda: m(x), by_hand, [x, *m.parameters()])


def test_what_is_not_chosen_may_be_infinite():
    m, x = experts(cnn.TopK(1)), randn(4, 6, grad=False)
    want = m(x, scores=torch.eye(4).double())
    with torch.no_grad():
        m.weights["2_bias"][3] = math.inf
    got = m(x, scores=torch.eye(4).double())
    assert torch.equal(got[:3], want[:3]) and got[3].isinf().all()


def test_experts_keep_their_routing_for_losses():
    m = experts()
    m(randn(3, 5, 6))
    assert m.routing.mask.sum(-1).tolist() == [2] * 15
    assert m.scores.requires_grad


def test_experts_follow_train_and_eval():
    def expert():
        return nn.Sequential(nn.Linear(6, 6), nn.Dropout(0.5))

    m, x = cnn.Experts(expert, 2, gate=cnn.TopK(2)).eval(), torch.ones(50, 6)
    scores = torch.ones(50, 2)
    assert torch.equal(m(x, scores), m(x, scores))
    m.train()
    assert not torch.equal(m(x, scores), m(x, scores))
    assert torch.equal(m.eval()(x, scores), m(x, scores))


def test_bad_experts():
    with pytest.raises(ValueError, match=r"scores are \[5, 4\], got \[5, 3\]"):
        experts()(torch.zeros(5, 6).double(), scores=torch.zeros(5, 3))
    with pytest.raises(ValueError, match="so scores have to be given"):
        cnn.Experts(feed_forward, 2, gate=cnn.TopK(1))(torch.zeros(5, 6))
    with pytest.raises(ValueError, match="'weight' is .* not so in another"):
        cnn.Experts([nn.Linear(2, 2), nn.Linear(2, 3)], gate=cnn.TopK(1))
    with pytest.raises(ValueError, match="no buffers"):
        cnn.Experts([nn.BatchNorm1d(2)], gate=cnn.TopK(1))


def test_token_select_keeps_the_order_and_has_gradients():
    x, scores = randn(2, 6, 3), randn(2, 6, seed=1)
    at = scores.topk(3).indices.sort().values
    check_gradients(
        lambda: cnn.TokenSelect(3)(scores, x),
        lambda: x.gather(1, at.unsqueeze(-1).expand(-1, -1, 3)),
        [x],
    )
    positions, kept, other = cnn.TokenSelect(3)(
        scores, x, x[..., 0], return_positions=True
    )
    assert torch.equal(positions, at) and torch.equal(kept[..., 0], other)
    with pytest.raises(ValueError, match="k = 7 exceeds the number of tokens, 6"):
        cnn.TokenSelect(7)(scores, x)


def test_token_merge_is_tome():
    x = randn(2, 7, 3)

    def by_hand():
        out = []
        for tokens in x:
            unit = tokens / tokens.norm(dim=-1, keepdim=True)
            a, b = list(range(0, 7, 2)), list(range(1, 7, 2))
            similar = unit[a] @ unit[b].T
            best, partner = similar.max(-1)
            gone = best.argsort(descending=True)[:2].tolist()
            stay = [tokens[a[i]] for i in range(4) if i not in gone]
            groups = [
                [tokens[b[j]], *(tokens[a[i]] for i in gone if partner[i] == j)]
                for j in range(3)
            ]
            out.append(torch.stack([*stay, *(sum(g) / len(g) for g in groups)]))
        return torch.stack(out)

    check_gradients(lambda: cnn.TokenMerge(2)(x)[0], by_hand, [x])
    y, size = cnn.TokenMerge(2)(x)
    assert size.sum(1).tolist() == [7, 7]
    y, size = cnn.TokenMerge(1)(y, size=size)
    torch.testing.assert_close((y * size.unsqueeze(-1)).sum(1), x.sum(1))


def test_token_merge_protects_the_class_token():
    x = torch.ones(1, 6, 2)  # every pair is equally alike: a-tokens go in order
    x[0, 0] = 5.0
    assert cnn.TokenMerge(1)(x)[1].tolist() == [[1, 1, 2, 1, 1]]
    y, _ = cnn.TokenMerge(2, protect=True)(x)
    assert (y[0, 0] == 5.0).all() and (y[0, 1:] == 1.0).all()


class Mix(nn.Module):
    """A layer that mixes a sample's tokens, and knows their order."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3).double()

    def forward(self, x):
        return self.linear(x).cumsum(1)


@pytest.mark.parametrize("weigh", [True, False])
def test_token_skip_is_mixture_of_depths(weigh):
    x, scores, layer = randn(2, 6, 3), randn(2, 6, seed=1), Mix()

    def by_hand():
        out = []
        for sample, score in zip(x, scores):
            at = score.topk(4).indices.sort().values
            y = layer(sample[at].unsqueeze(0))[0]
            y = y * score[at].unsqueeze(1) if weigh else y
            out.append(sample.index_add(0, at, y))
        return torch.stack(out)

    learns = [x, layer.linear.weight] + [scores] * weigh
    check_gradients(lambda: cnn.TokenSkip(layer, 4, weigh)(scores, x), by_hand, learns)
    assert torch.equal(cnn.TokenSkip(layer, 0)(scores, x), x)
    with pytest.raises(ValueError, match="k = 7 exceeds the number of tokens, 6"):
        cnn.TokenSkip(layer, 7)(scores, x)
    with pytest.raises(ValueError, match=r"makes \[2, 4\] of \[2, 4, 3\]"):
        cnn.TokenSkip(lambda t: t[..., 0], 4)(scores, x)


def test_kept_tokens_are_the_layers_whole_input():
    x, layer = randn(3, 5, 3), Mix()
    mask = torch.tensor([[1, 0, 1, 1, 0], [0] * 5, [1] * 5]).bool()

    def by_hand():
        first = layer(x[:1, [0, 2, 3]])[0]
        sample = torch.stack([first[0], x[0, 1], first[1], first[2], x[0, 4]])
        return torch.stack([sample, x[1], layer(x[2:])[0]])

    kept = cnn.KeptTokens(layer)
    check_gradients(lambda: kept(mask, x), by_hand, [x, layer.linear.weight])
    assert kept(mask[:0], x[:0]).shape == (0, 5, 3)
    with pytest.raises(ValueError, match=r"mask .* \[3, 4\], and x is \[3, 5, 3\]"):
        kept(mask[:, :4], x)
    with pytest.raises(ValueError, match=r"makes \[1, 1, 3\] of \[1, 3, 3\]"):
        cnn.KeptTokens(lambda t: t[:, :1])(mask, x)


class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.block, self.head = nn.Linear(4, 4).double(), nn.Linear(4, 3).double()

    def forward(self, x):
        x = self.block(x).tanh()
        return self.head(x), x


def test_early_exit_leaves_at_the_first_sure_exit():
    torch.manual_seed(0)
    m, x = cnn.EarlyExit([Cell(), Cell(), Cell()], threshold=[0.4, 0.45]), randn(40, 4)

    def by_hand():
        y = []
        for row in x:
            row = row.unsqueeze(0)
            for stage, threshold in zip(m.stages, (0.4, 0.45, -1)):
                logits, row = stage(row)
                if logits.softmax(-1).max() > threshold:
                    break
            y.append(logits)
        return torch.cat(y)

    check_gradients(lambda: m(x).result, by_hand, [x, *m.parameters()])
    stage = m(x).stage
    assert set(stage.tolist()) == {0, 1, 2}
    assert m(x, threshold=torch.tensor(0.0)).stage.tolist() == [0] * 40
    assert m(x, threshold=torch.tensor(1.0)).stage.tolist() == [2] * 40


def test_early_exit_in_soft_form_mixes_results():
    m, x = cnn.EarlyExit([Cell(), Cell(), Cell()], form="soft"), randn(6, 4)

    def by_hand():
        a, b, c = m.exits(x)
        ga, gb = (y.softmax(-1).amax(-1, keepdim=True) for y in (a, b))
        return ga * a + (1 - ga) * (gb * b + (1 - gb) * c)

    check_gradients(lambda: m(x).result, by_hand, [x, *m.parameters()])


def test_early_exit_of_blocks_and_heads():
    block, head = nn.Linear(4, 4), nn.Linear(4, 2)
    m = cnn.EarlyExit([(block, head), (block, head)], "entropy", threshold=0.0)
    x = randn(3, 4, dtype=torch.float32)
    torch.testing.assert_close(m(x).result, head(block(block(x))))
    with pytest.raises(ValueError, match="1 thresholds for 2 stages, got"):
        cnn.EarlyExit([(block, head)] * 2, threshold=[0.1, 0.2])


@pytest.mark.parametrize("kind", ["max_prob", "entropy", "margin"])
def test_confidence_is_the_references(kind):
    logits = randn(9, 5, dtype=torch.float32, grad=False)
    want = reference.confidence(logits.numpy(), kind)
    np.testing.assert_allclose(cnn.confidence(logits, kind), want, rtol=1e-5)


class Step(nn.Module):
    def __init__(self):
        super().__init__()
        self.next, self.stop = nn.Linear(4, 4).double(), nn.Linear(4, 1).double()

    def forward(self, h):
        h = self.next(h).tanh()
        return h, (4 * self.stop(h)).sigmoid().squeeze(-1)


def test_act_is_graves():
    torch.manual_seed(10)
    m, x = cnn.Halting(Step(), 5, epsilon=0.3), randn(30, 4)

    def by_hand():
        rows = []
        for h in x:
            total, y = 0.0, 0.0
            for number in range(5):
                h, p = (t.squeeze(0) for t in m.step(h.unsqueeze(0)))
                if total + p >= 0.7 or number == 4:
                    y = y + (1 - total) * h
                    rows.append(torch.cat([y, (number + 1 + 1 - total).reshape(1)]))
                    break
                y, total = y + p * h, total + p
        return torch.stack(rows)

    def ours():
        halted = m(x)
        return torch.cat([halted.result, halted.cost.unsqueeze(1)], 1)

    check_gradients(ours, by_hand, [x, *m.parameters()])
    assert len(set(m(x).steps.tolist())) > 2


def test_ponder_halts_at_the_median_and_trains_on_the_distribution():
    torch.manual_seed(1)
    m, x = cnn.Halting(Step(), 6, mode="ponder"), randn(30, 4)
    states, p = m.distribution(x)
    torch.testing.assert_close(p.sum(0), torch.ones(30).double())
    at = (p.cumsum(0) >= 0.5).int().argmax(0)
    halted = m(x)
    assert torch.equal(halted.steps, at.int() + 1)
    torch.testing.assert_close(halted.result, states[at, torch.arange(30)])
    with cnn.form("soft"):
        check_gradients(
            lambda: m(x).result,
            lambda: torch.einsum("tr,trd->rd", *reversed(m.distribution(x))),
            [x, *m.parameters()],
        )


def skip_layer(form="masked"):
    torch.manual_seed(0)
    gate = nn.Sequential(nn.Linear(4, 1), nn.Sigmoid()).double()
    return cnn.SkipLayer(nn.Linear(4, 4).double(), gate, form=form)


def test_skip_layer():
    m, x = skip_layer().eval(), randn(20, 4)
    run = m.gate(x).squeeze(1) >= 0.5
    assert run.any() and not run.all()
    check_gradients(
        lambda: m(x),
        lambda: torch.stack([m.layer(r) if y else r for r, y in zip(x, run)]),
        [x, *m.layer.parameters()],
    )
    soft = skip_layer("soft")
    g = lambda: soft.gate(x)
    check_gradients(
        lambda: soft(x),
        lambda: g() * soft.layer(x) + (1 - g()) * x,
        [x, *soft.parameters()],
    )


def test_skip_layer_trains_its_gate_straight_through():
    m, x = skip_layer().train(), randn(20, 4)
    y = m(x)
    torch.testing.assert_close(y, m.eval()(x))
    got = torch.autograd.grad(y.sum(), list(m.gate.parameters()))
    g = m.gate(x)
    jump = (m.layer(x) - x).detach()
    want = torch.autograd.grad((g * jump).sum(), list(m.gate.parameters()))
    for a, b in zip(got, want):
        torch.testing.assert_close(a, b)


# Losses.
