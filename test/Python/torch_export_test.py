# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models exported from PyTorch give PyTorch's answers, masked and compact."""

# Requires: torch

import math
import pathlib
import re

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_mlir")

from torch import nn  # noqa: E402

import condcomp  # noqa: E402
import condcomp.torch  # noqa: E402
from condcomp import nn as cnn  # noqa: E402
from condcomp.torch import compile as compile_model, export  # noqa: E402


def feed_forward():
    return nn.Sequential(nn.Linear(16, 24), nn.GELU(), nn.Linear(24, 16))


class PrunedStage(nn.Module):
    """Attention, experts, an exit, and pruning: all that a stage may hold."""

    def __init__(self, keep=None):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(
            16, 2, 32, activation="gelu", batch_first=True, norm_first=True, dropout=0.1
        )
        router = nn.Sequential(nn.Linear(16, 4), nn.Softmax(-1))
        gate = cnn.TopP(0.6, weigh="sum")
        self.experts = cnn.Experts(feed_forward, 4, gate=gate, router=router)
        self.select = cnn.TokenSelect(keep) if keep else None
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        x = self.layer(x)
        x = self.experts(x, outs=x)
        logits = self.head(x.mean(1))
        return logits, x if self.select is None else self.select(x[..., 0], x)


class Pruned(nn.Module):
    def __init__(self):
        super().__init__()
        stages = [PrunedStage(5), PrunedStage(3), PrunedStage()]
        self.exits = cnn.EarlyExit(stages, threshold=0.455)

    def forward(self, x):
        return self.exits(x)


class Step(nn.Module):
    def __init__(self):
        super().__init__()
        self.next, self.stop = nn.Linear(16, 16), nn.Linear(16, 1)

    def forward(self, h):
        h = torch.tanh(self.next(h))
        return h, 0.5 * torch.sigmoid(self.stop(h)).mean(1).squeeze(-1)


class Depth(nn.Module):
    """Halting and skipped layers."""

    def __init__(self):
        super().__init__()
        self.act = cnn.Halting(Step(), 6)
        self.ponder = cnn.Halting(Step(), 6, mode="ponder")
        gate = nn.Sequential(nn.Flatten(1), nn.Linear(7 * 16, 1), nn.Sigmoid())
        self.skip = cnn.SkipLayer(nn.Linear(16, 16), gate)

    def forward(self, x):
        return {"act": self.act(x), "ponder": self.ponder(x), "skip": self.skip(x)}


class Choices(nn.Module):
    """Every gate, confidence, and merged and chosen tokens."""

    def __init__(self):
        super().__init__()
        self.gates = nn.ModuleList(
            [
                cnn.TopK(3, "probability"),
                cnn.TopK(2, "none"),
                cnn.TopP(0.5, 2, 4),
                cnn.Threshold(0.1, "none"),
                cnn.ExpertChoice(factor=3.0, weigh="softmax"),
                cnn.ExpertChoice(2),
            ]
        )
        self.draw, self.merge = cnn.GumbelTopK(2), cnn.TokenMerge(2, protect=True)
        self.select = cnn.TokenSelect(3)

    def forward(self, x, key):
        routings = [gate(x) for gate in self.gates]
        drawn = self.draw(x.flatten(0, 1), key=key)
        sure = [cnn.confidence(x, kind) for kind in ("max_prob", "margin", "entropy")]
        chosen = self.select(x[..., 1], x, x[..., 2], return_positions=True)
        return routings, drawn, sure, self.merge(x), chosen


class Attention(nn.Module):
    """On any number of tokens."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.q, self.k, self.v = (nn.Linear(16, 16) for _ in range(3))

    def forward(self, x):
        b, n, _ = x.shape
        y = self.norm(x)
        q, k, v = (
            layer(y).reshape(b, n, 2, 8).transpose(1, 2)
            for layer in (self.q, self.k, self.v)
        )
        y = nn.functional.scaled_dot_product_attention(q, k, v)
        return x + y.transpose(1, 2).reshape(b, n, 16)


class SomeTokens(nn.Module):
    """Layers on chosen tokens; of some samples none are kept."""

    def __init__(self):
        super().__init__()
        layer = Attention
        self.depths = cnn.TokenSkip(layer(), 3)
        self.plain = cnn.TokenSkip(layer(), 2, weigh=False)
        self.kept = cnn.KeptTokens(layer())

    def forward(self, x):
        x = self.depths(x[..., 0], x)
        x = self.plain(x[..., 1], x)
        return x, self.kept((x[..., 2] > 0.5) & (x[:, :1, 3] > 0), x)


class EarlyExitEncoder(nn.Module):
    """A transformer encoder of four layers with an exit behind each."""

    def __init__(self):
        super().__init__()
        layers = [
            (nn.TransformerEncoderLayer(64, 4, 128, batch_first=True), Pool())
            for _ in range(4)
        ]
        self.exits = cnn.EarlyExit(layers, threshold=0.27)

    def forward(self, x):
        return self.exits(x)


class Pool(nn.Module):
    def __init__(self):
        super().__init__()
        self.classify = nn.Linear(64, 5)

    def forward(self, x):
        return self.classify(x.mean(1))


def inputs(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


KEY = torch.tensor(12345678901234)
MODELS = {
    "pruned": (Pruned, (inputs(9, 7, 16),)),
    "depth": (Depth, (inputs(9, 7, 16),)),
    "choices": (Choices, (inputs(9, 7, 16), KEY)),
    "some tokens": (SomeTokens, (inputs(9, 7, 16),)),
    "encoder": (EarlyExitEncoder, (inputs(32, 12, 64),)),
}
exported = {}


def get(name):
    """The model, its inputs, and what it is exported as, once for all tests."""
    if name not in exported:
        kind, x = MODELS[name]
        torch.manual_seed(0)
        model = kind().eval()
        exported[name] = model, x, export(model, x)
    return exported[name]


def compare(got, want):
    got, want = (torch.utils._pytree.tree_leaves(t) for t in (got, want))
    assert len(got) == len(want)
    for a, b in zip(got, want):
        assert a.dtype == b.dtype
        torch.testing.assert_close(a, b, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("form", ["masked", "compact"])
@pytest.mark.parametrize("name", MODELS)
def test_answers_are_those_of_pytorch(name, form, no_leak):
    model, x, text = get(name)
    program = condcomp.compile(text.text, form=form)
    run = program.bind("forward", text.weights)
    with torch.no_grad():
        for count in (len(x[0]), 1, 3):
            batch = (x[0][:count], *x[1:])
            compare(text.unflatten(run(*batch)), model(*batch))


def test_masked_and_compact_agree_bit_for_bit():
    for name in ("pruned", "some tokens", "encoder"):
        _, x, text = get(name)
        results = [
            condcomp.compile(text.text, form=form).bind("forward", text.weights)(*x)
            for form in ("masked", "compact")
        ]
        for a, b in zip(*results):
            assert torch.equal(a, b)


def test_rows_leave_everywhere():
    for name, stages in (("pruned", 3), ("encoder", 4)):
        model, x, _ = get(name)
        assert set(model(*x).stage.tolist()) == set(range(stages))


def test_what_is_written():
    model, _, text = get("pruned")
    parameters = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    assert text.inputs == ["input0"]
    assert text.weights.keys() == parameters.keys()
    for op in ("cascade", "top_p", "apply", "top_k", "select", "confidence"):
        assert f"condcomp.{op} " in text.text
    assert "f64 to f32" not in text.text.split("func.func private")[0]
    # Layers that are alike share their functions.
    encoder = get("encoder")[2].text
    assert encoder.count("func.func private") < 2 * 4


def test_no_float64_in_norms():
    _, _, text = get("encoder")
    assert not [
        line for line in text.text.splitlines() if "math" in line and "f64" in line
    ]


def test_save(tmp_path):
    model, x, text = get("depth")
    text.save(tmp_path / "model.mlir")
    with np.load(tmp_path / "model.npz") as arrays:
        weights = dict(arrays)
    program = condcomp.compile(tmp_path / "model.mlir")
    results = program.bind("forward", weights)(x[0].numpy())
    compare([torch.from_numpy(r) for r in results], model(*x))


def test_compile_is_a_drop_in():
    torch.manual_seed(0)
    model = Depth().train()
    fast = compile_model(model, threads=1)
    x = MODELS["depth"][1][0]
    got = fast(x)
    assert model.training and model.skip.training
    model.eval()
    assert got["act"]._fields == ("result", "steps", "cost")
    compare(got, model(x))
    compare(fast(x[:2]), model(x[:2]))
    with torch.no_grad():
        model.skip.layer.weight.mul_(2)
    with pytest.raises(condcomp.StaleWeightsError, match="skip.layer.weight"):
        fast(x)
    compare(fast.bind()(x), model(x))
    with pytest.raises(TypeError, match="Depth: too many positional arguments"):
        fast(x, x)
    with pytest.raises(ValueError, match="size 16 expected in dim 2, not 15"):
        fast(x[..., :15])


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, scale=1.0, more=None):
        y = self.fc(x["x"]) * scale
        return {"y": y if more is None else y + more, "scale": scale, "none": None}


def test_arguments_are_those_of_forward_and_results_nest_as_the_models():
    model, x = Scaled().eval(), {"x": inputs(3, 4)}
    fast = compile_model(model)
    with torch.no_grad():
        for got in (fast(x, 2.0), fast(x=x, scale=2.0), fast(x, more=None, scale=2.0)):
            assert got["scale"] == 2.0 and got["none"] is None
            compare(got["y"], model(x, 2.0)["y"])
    for args, kwargs, text in [
        ((x, 3.0), {}, "'scale' of Scaled is fixed, .*with 2.0, not 3.0: compile the"),
        ((x,), {}, "'scale' of Scaled is fixed, .*with 2.0, not 1.0"),
        ((), {}, "Scaled: missing a required argument: 'x'"),
        ((x,), {"size": 2}, "Scaled: got an unexpected keyword argument 'size'"),
        ((x["x"], 2.0), {}, "'x' of Scaled nests differently"),
        (({"x": x["x"].numpy()}, 2.0), {}, r"x\['x'\]' of Scaled .*ndarray: use torch"),
        ((x, 2.0, x["x"]), {}, "'more' of Scaled is fixed, .*with None, not a tensor"),
    ]:
        with pytest.raises(TypeError, match=text):
            fast(*args, **kwargs)
    with pytest.raises(TypeError, match="'more' of Scaled is a NumPy array"):
        export(model, (x,), {"more": np.ones(4)})


def test_replaced_weights_are_noticed():
    model, x = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2)), inputs(3, 4)
    fast = compile_model(model, x)
    other = {k: torch.randn_like(v) for k, v in model.state_dict().items()}

    def parameter():
        model[1].weight = nn.Parameter(torch.ones(2, 4))

    def module():
        model[0] = nn.Linear(4, 4)

    def data():
        model[0].weight.data = torch.ones(4, 4)

    for change in (
        lambda: model.load_state_dict(other, assign=True),
        parameter,
        module,
        data,
    ):
        change()
        with pytest.raises(condcomp.StaleWeightsError, match="replaced.*call bind"):
            fast(x)
        compare(fast.bind()(x), model(x))
    with torch.no_grad():  # The new ones are watched, too.
        model[1].weight.mul_(2)
    with pytest.raises(condcomp.StaleWeightsError, match="changed in place"):
        fast(x)
    model.bfloat16()
    with pytest.raises(condcomp.StaleWeightsError, match="replaced"):
        fast(x)
    with pytest.raises(
        condcomp.torch.ExportError, match="torch.float32, now .*bfloat16"
    ):
        fast.bind()
    model.float()[0] = nn.Identity()
    with pytest.raises(condcomp.torch.ExportError, match="there is no '0.weight'"):
        fast.bind()


def test_weights_that_were_one_tensor():
    model = Shared().eval()
    fast = compile_model(model, torch.arange(10))
    model.head.weight = nn.Parameter(torch.randn(10, 16))
    with pytest.raises(condcomp.StaleWeightsError, match="'head.weight'.*replaced"):
        fast(torch.arange(10))
    with pytest.raises(condcomp.torch.ExportError, match="were one tensor"):
        fast.bind()


class Shared(nn.Module):
    """A module of two names, in and out of a body, and tied tensors."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 16)
        self.first = self.second = nn.Linear(16, 16)
        self.skip = cnn.SkipLayer(self.first, nn.Linear(16, 1), tau=0.0)
        self.head = nn.Linear(16, 10, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, i):
        x = self.skip(self.second(torch.relu(self.first(self.embed(i)))))
        return self.head(x)


def test_shared_modules_stay_as_they_are():
    model = Shared().eval()
    tokens = torch.arange(10)
    with torch.no_grad():
        want = model(tokens)
        compiled = compile_model(model, tokens)
        torch.testing.assert_close(compiled(tokens), want, rtol=1e-5, atol=1e-6)
        assert torch.equal(model(tokens), want)
    for name, tensor in model.named_parameters(remove_duplicate=False):
        assert type(tensor) is nn.Parameter, name


def test_thresholds_are_values_of_a_call():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            pairs = [(nn.Linear(8, 8), nn.Linear(8, 3)) for _ in range(3)]
            self.exits = cnn.EarlyExit(pairs, "margin")

        def forward(self, x, threshold):
            return self.exits(x, threshold=threshold)

    torch.manual_seed(0)
    model, x = Model(), inputs(6, 8)
    fast = compile_model(model, (x, torch.tensor([0.1, 0.1])))
    for threshold in ([-1.0, 0.0], [2.0, -1.0], [2.0, 2.0], [0.1, 0.2]):
        compare(fast(x, torch.tensor(threshold)), model(x, torch.tensor(threshold)))


def test_bfloat16():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            gate = cnn.TopK(2, "softmax")
            router = nn.Linear(16, 4)
            self.experts = cnn.Experts(feed_forward, 4, gate=gate, router=router)
            self.norm = nn.LayerNorm(16)

        def forward(self, x):
            return self.experts(self.norm(x), outs=x)

    torch.manual_seed(0)
    x = inputs(40, 16).bfloat16()
    model = Model().bfloat16()
    exact = Model().double()
    exact.load_state_dict(model.state_dict())
    got = compile_model(model, x)(x)
    assert got.dtype == torch.bfloat16
    want = exact(x.double())
    error = lambda y: (y.double() - want).norm() / want.norm()
    assert error(got) <= 1.1 * error(model(x))


class Narrow(nn.Module):
    """Decisions on bfloat16 that fall as PyTorch's: 0.7 is less than 0.7 in it."""

    def __init__(self):
        super().__init__()
        self.skip = cnn.SkipLayer(Function(lambda x: x + 1), self.gate(), tau=0.7)
        self.never = cnn.SkipLayer(Function(lambda x: x + 1), self.gate(), math.inf)
        self.always = cnn.SkipLayer(Function(lambda x: x + 1), self.gate(), -math.inf)
        self.act, self.ponder = (
            cnn.Halting(Function(lambda x: (x / 2, x[:, 0])), 6, mode)
            for mode in ("act", "ponder")
        )

    @staticmethod
    def gate():
        return Function(lambda x: x[:, :1])

    def forward(self, x):
        skips = [layer(x) for layer in (self.skip, self.never, self.always)]
        return skips, self.act(x), self.ponder(x)


def test_decisions_on_bfloat16():
    model = Narrow().eval()
    x = torch.tensor([0.7, 0.695, 0.3, 0.9]).bfloat16()[:, None].expand(4, 3).clone()
    compiled = compile_model(model, x)
    want, got = model(x), compiled(x)
    assert got[1].cost.dtype == got[2].cost.dtype == torch.float32
    compare(got, want)
    assert (want[0][0] != x)[:, 0].tolist() == [False, False, False, True]
    assert torch.equal(want[0][1], x) and torch.equal(want[0][2], x + 1)


def test_sizes_that_are_fixed():
    model = nn.Linear(4, 2)
    text = export(model, torch.zeros(3, 4), dynamic={}).text
    assert "%input0: tensor<3x4xf32>" in text
    two = export(model, torch.zeros(3, 5, 4), dynamic={0: {0: "batch"}}).text
    assert "%input0: tensor<?x5x4xf32>" in two


class Operators(nn.Module):
    """What is put in other operators than PyTorch's, in its less common uses."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(inputs(1, 8, 6))
        self.k = nn.Parameter(inputs(1, 2, 6, 4))
        self.norm = nn.GroupNorm(2, 6)
        nn.init.normal_(self.norm.weight)

    def forward(self, x, mask, far):
        q = x.unflatten(-1, (2, 4)).transpose(1, 2)
        attend = nn.functional.scaled_dot_product_attention
        bias = torch.where(torch.arange(6)[:, None] == 1, -torch.inf, 0.0)
        return {
            "attention, rows of which see nothing": attend(q, q, q, attn_mask=mask),
            "attention, added": attend(q, q, q, bias.expand(6, 6)),
            "attention, keys of all samples": attend(q, self.k, self.k),
            "matmul with one matrix": x @ self.w,
            "linear of a vector": nn.functional.linear(x, self.w[0, :, 0]),
            "softmax": torch.softmax(x.bfloat16(), -1, torch.float32),
            "softmax, exact": x.softmax(-1, dtype=torch.float64),
            "mean": far.half().mean(-1),
            "norm": self.norm(x),
            "sums": x.cumsum(1),
            "sums to infinity": torch.where(x > 0.5, torch.inf, x).cumsum(-1),
            "places": mask[:, 0, 0].cumsum(-1) - 1,
        }


def test_operators():
    model = Operators().eval()
    mask = torch.ones(3, 1, 6, 6, dtype=torch.bool)
    mask[0, :, :, :3] = mask[0, :, 2] = False
    x = inputs(3, 6, 8), mask, torch.full((3, 1000), 100.0)
    fast = compile_model(model, x)
    for count in (3, 1):
        batch = [t[:count] for t in x]
        with torch.no_grad():
            want = model(*batch)
        for name, got in fast(*batch).items():
            rough = got.dtype == torch.float16 or name == "softmax"
            off = dict(rtol=1e-3, atol=1e-3) if rough else dict(rtol=1e-5, atol=1e-5)
            torch.testing.assert_close(got, want[name], equal_nan=True, **off)


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def split_rows(x):
    return x.view(-1, 2, 2).sin().reshape(x.shape[0], -1)


SEVERAL = {
    "linear": lambda: nn.Linear(4, 3),
    "encoder": lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
    "views": lambda: Function(split_rows),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_sizes_that_calls_decide(name):
    torch.manual_seed(0)
    model, x = SEVERAL[name]().eval(), inputs(2, 5, 4)
    fast = compile_model(model, x, dynamic={0: {0: "batch", 1: "tokens"}})
    with torch.no_grad():
        for shape in ((2, 5), (1, 1), (3, 1), (1, 4)):
            compare(fast(inputs(*shape, 4)), model(inputs(*shape, 4)))


PLACES = {
    "the last of each sample": lambda x, last: x[torch.arange(x.shape[0]), last],
    "one element": lambda x, last: x[torch.arange(x.shape[0]), last, last % 4],
    "all of each": lambda x, last: x[
        torch.arange(x.shape[0])[:, None], last[None, :] % 2
    ],
    "gather": lambda x, last: x.gather(
        1, (last % x.shape[1])[:, None, None].expand(-1, 1, 4)
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_elements_at_places(name):
    model = Function(PLACES[name])
    sizes = {0: {0: "batch", 1: "tokens"}, 1: {0: "batch"}}
    last = torch.tensor([1, -2, 4])
    fast = compile_model(model, (inputs(3, 5, 4), last), dynamic=sizes)
    for tokens in (5, 9):
        x = inputs(3, tokens, 4)
        assert torch.equal(fast(x, last), model(x, last))
    if name == "the last of each sample":
        for place in (5, -6):
            with pytest.raises(condcomp.CheckError, match="an index is not one of dim"):
                fast(inputs(3, 5, 4), torch.tensor([1, place, 4]))


def test_several_sizes_are_merged_as_they_are():
    sizes = {0: {0: "batch", 1: "rows", 2: "columns"}}
    text = export(nn.Linear(4, 3), inputs(2, 5, 3, 4), dynamic=sizes).text
    assert "[[0, 1, 2], [3]] : tensor<?x?x?x4xf32> into tensor<?x4xf32>" in text
    assert "tensor.cast" not in text


def test_the_manuals_example_runs():
    page = pathlib.Path(__file__).parents[2] / "docs" / "pytorch.md"
    (code,) = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S)
    torch.manual_seed(0)
    exec(compile(code, str(page), "exec"), {"__name__": "manual"})
