# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Exported models whose thresholds and counts are values of a call, and their soft
form, against PyTorch."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_mlir")

from torch import nn  # noqa: E402

import condcomp  # noqa: E402
from condcomp import nn as cnn  # noqa: E402
from condcomp.torch import compile as compile_model, export  # noqa: E402
from torch_export_test import compare, feed_forward, inputs  # noqa: E402


class Step(nn.Module):
    def __init__(self):
        super().__init__()
        self.next, self.stop = nn.Linear(16, 16), nn.Linear(16, 1)

    def forward(self, h):
        h = torch.tanh(self.next(h))
        return h, torch.sigmoid(self.stop(h)).squeeze(-1)


class Stage(nn.Module):
    """Experts whose number per row a call decides, in the body of another module."""

    def __init__(self):
        super().__init__()
        gate = cnn.TopK(2, weigh="softmax")
        self.experts = cnn.Experts(feed_forward, 4, gate=gate, router=nn.Linear(16, 4))
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        x = self.experts(x, outs=x)
        return self.head(x), x


class Steered(nn.Module):
    """All that has a number that a call may decide."""

    def __init__(self):
        super().__init__()
        self.exits = cnn.EarlyExit([Stage(), Stage(), Stage()], "margin", 0.1)
        self.skip = cnn.SkipLayer(nn.Linear(16, 16), SkipGate())
        self.act = cnn.Halting(Step(), 4)
        self.nucleus = cnn.TopP(0.5, least=1, most=3)
        self.choice = cnn.ExpertChoice(2)
        self.draw = cnn.GumbelTopK(2)

    def forward(self, x):
        scores = x[:, :5]
        gates = self.nucleus(scores.softmax(-1)), self.choice(scores), self.draw(scores)
        return self.exits(x), self.skip(x), self.act(x), gates


class SkipGate(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(16, 1), nn.Sigmoid())


NAMES = [
    "exits.threshold",
    "exits.stages.1.experts.gate.k",
    "skip.tau",
    "act.limit",
    "nucleus.p",
    "nucleus.least",
    "nucleus.most",
    "choice.count",
    "draw.k",
]


def change(model, *, thresholds, k, tau, limit, p, least, most, count, draw):
    model.exits.threshold.copy_(torch.tensor(thresholds))
    model.exits.stages[1].experts.gate.k = k
    model.skip.tau, model.act.limit = tau, limit
    model.nucleus.p, model.nucleus.least, model.nucleus.most = p, least, most
    model.choice.count, model.draw.k = count, draw


@pytest.mark.parametrize("form", ["masked", "compact"])
def test_calls_decide(form):
    torch.manual_seed(0)
    model, x = Steered().eval(), inputs(7, 16)
    fast = compile_model(model, x, run_time=NAMES, form=form)
    assert model.exits.stages[1].experts.gate.k == 2  # numbers are numbers again
    assert not fast.exported.weights.keys() & set(NAMES)
    assert fast.exported.inputs[1:] == NAMES and [*fast.exported.run_time] == NAMES
    compare(fast(x), model(x))
    low = dict(thresholds=[-1.0, 0.0], k=4, tau=0.0, limit=1, p=0.9)
    high = dict(thresholds=[0.2, 2.0], k=0, tau=1.0, limit=7, p=0.1)
    change(model, **low, least=2, most=5, count=7, draw=1)
    compare(fast(x), model(x))
    change(model, **high, least=0, most=2, count=0, draw=5)
    compare(fast(x), model(x))
    model.draw.k = 6
    with pytest.raises(condcomp.CheckError, match="sample"):
        fast(x)


def test_a_number_of_the_model_decides():
    class Budget(nn.Module):
        """The share of experts is an input."""

        def __init__(self):
            super().__init__()
            self.experts = cnn.Experts(
                feed_forward, 6, gate=cnn.TopK(1, "softmax"), router=nn.Linear(16, 6)
            )

        def forward(self, x, share):
            return self.experts(x, k=(share * 6).ceil().to(torch.int64))

    torch.manual_seed(0)
    model, x = Budget().eval(), inputs(5, 16)
    fast = compile_model(model, (x, torch.tensor(0.1)))
    for share in (0.1, 0.4, 1.0):
        compare(fast(x, torch.tensor(share)), model(x, torch.tensor(share)))


@pytest.mark.parametrize(
    "name, message",
    [
        ("exits.thresholds", "has no 'exits.thresholds'.*there are threshold"),
        ("nothing.k", "has no 'nothing.k'"),
        ("exits.form", "has no 'exits.form'"),
    ],
)
def test_names_that_nothing_has(name, message):
    with pytest.raises(ValueError, match=message):
        export(Steered(), inputs(7, 16), run_time=[name])


class Soft(nn.Module):
    """All that has a soft form."""

    def __init__(self):
        super().__init__()
        self.exits = cnn.EarlyExit([Stage(), Stage(), Stage()], threshold=0.42)
        self.skip = cnn.SkipLayer(nn.Linear(16, 16), SkipGate())
        self.ponder = cnn.Halting(Step(), 5, mode="ponder")

    def forward(self, x):
        return self.exits(x), self.skip(x), self.ponder(x)


def test_the_soft_form_is_pytorchs():
    torch.manual_seed(0)
    model, x = Soft().eval(), inputs(11, 16)
    exported = export(model, x)
    soft = condcomp.compile(exported.text, form="soft")
    run = soft.bind("forward", exported.weights)
    for batch in (x, x[:1]):
        with torch.no_grad(), cnn.form("soft"):
            compare(exported.unflatten(run(batch)), model(batch))
    hard = condcomp.compile(exported.text, form="compact")
    with torch.no_grad():
        left = exported.unflatten(hard.bind("forward", exported.weights)(x))
        compare(left, model(x))
        softly = exported.unflatten(run(x))
    # Rows leave at different exits, and the mixture is another result.
    assert len(set(left[0].stage.tolist())) > 1
    assert torch.equal(left[0].stage, softly[0].stage)
    assert (left[0].result - softly[0].result).abs().max() > 0.01


def test_what_has_no_soft_form_is_named():
    model = cnn.EarlyExit([Stage(), Stage()], "entropy", 0.9)
    text = export(model, inputs(3, 16)).text
    with pytest.raises(condcomp.CompileError, match=r"exit' op has no soft\("):
        condcomp.compile(text, form="soft")
