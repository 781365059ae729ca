# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that can't be exported or compiled: errors that name the module."""

# Requires: torch

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_mlir")

from torch import nn  # noqa: E402

import condcomp  # noqa: E402
from condcomp import nn as cnn  # noqa: E402
from condcomp.torch import ExportError, _lower, export  # noqa: E402


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 4), Decides())

    def forward(self, x):
        return self.inner(x)


class Decides(nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 0 else x


def test_python_code_that_decides_by_values_is_named():
    with pytest.raises(
        ExportError,
        match=r"Decides 'inner.1' can't be exported: its "
        "Python code decides by the values of a tensor; use a module",
    ):
        export(Branching(), torch.zeros(3, 4))


def test_operators_that_hold_code_are_named():
    class Conditional(nn.Module):
        def forward(self, x):
            return torch.cond(x.sum() > 0, lambda y: y * 2, lambda y: y + 1, (x,))

    with pytest.raises(ExportError, match="Conditional uses cond, an operator"):
        export(Conditional(), torch.zeros(3, 4))


def test_decisions_in_bodies_are_named():
    model = cnn.EarlyExit(
        [(Decides(), nn.Linear(4, 2)), (nn.Identity(), nn.Linear(4, 2))]
    )
    with pytest.raises(ExportError, match="Decides 'stages.0.block' can't be exported"):
        export(model, torch.zeros(3, 4))


def test_rows_that_mix_are_an_error():
    class Mixes(nn.Module):
        def forward(self, x):
            return x - x.mean(0)

    model = cnn.SkipLayer(Mixes(), nn.Linear(4, 1))
    text = export(model, torch.zeros(3, 4)).text
    with pytest.raises(condcomp.CompileError, match="mixes rows|row"):
        condcomp.compile(text)


def test_bad_models():
    class Cuts(nn.Module):
        def forward(self, x):
            return x[:5].view(5, 2, 2)

    with pytest.raises(ExportError, match="there is no dim 2"):
        try:
            export(Cuts(), torch.zeros(6, 4), dynamic={0: {2: "n"}})
        except ValueError as error:
            raise ExportError(str(error)) from None
    stages = [(nn.Linear(4, 4), nn.Linear(4, 2)), (nn.Linear(4, 4), nn.Linear(4, 3))]
    with pytest.raises(ExportError, match="all stages return results of one shape"):
        export(cnn.EarlyExit(stages), torch.zeros(3, 4))
    with pytest.raises(ExportError, match="complex64"):
        export(nn.Identity(), torch.zeros(3, 4, dtype=torch.complex64))


def test_views_that_torch_mlir_takes_for_others():
    cast = """
    %cast = tensor.cast %{} : tensor<?x?x4xf32> to tensor<?x1x4xf32>
    %c = tensor.collapse_shape %cast [[0], [1, 2]] : tensor<?x1x4xf32> into tensor<?x4xf32>
    """
    slice = "%s = tensor.extract_slice %x[0, 0, 0] [%n, %m, 4] [1, 1, 1] : ..."
    assert _lower.takes_for_one(cast.format("x"))
    assert not _lower.takes_for_one(slice + cast.format("s"))
    with pytest.raises(ExportError, match="Net has a view .*: merge dims by x.flatten"):
        _lower._check("Net", None, cast.format("x"), None)


class Samples(nn.Module):
    def forward(self, x):
        places = torch.stack([x, x], -1)[None, :, :, None].flatten(2, 3)
        return nn.functional.grid_sample(
            x[None, None], places, align_corners=False
        ).flatten(1)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.sampler = Samples()

    def forward(self, x):
        return self.sampler(x) + 1


def test_the_module_and_the_line_of_an_operator_are_named():
    model = nn.Sequential(nn.Linear(4, 4), Block())
    with pytest.raises(
        ExportError,
        match="Sequential uses aten.grid_sampler.*, which torch-mlir can't lower: .*"
        r"It is used by Samples '1.sampler': torch_refused_test.py, line \d+: ",
    ):
        export(model, torch.zeros(3, 4))


class Uses(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def rotate(x):
    pairs = torch.view_as_complex(x.unflatten(-1, (2, 2)))
    return torch.view_as_real(pairs * torch.polar(torch.ones(2), torch.ones(2)))


FOREIGN = {
    "cumsum": (lambda x: x.cumsum(0), "aten.cumsum.default, .*: running sums"),
    "topk": (lambda x: x.topk(2)[0], "aten.topk.default, .*: choose with condcomp.nn"),
    "sort": (lambda x: x.sort()[0], "aten.sort.default, .*: choose with condcomp.nn"),
    "scatter": (
        lambda x: torch.zeros_like(x).scatter(1, (x > 0).long(), x),
        "aten.scatter.src, .*torch.where",
    ),
    "complex": (rotate, "aten.view_as_complex.default.*: compute with real and imag"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_operators_without_code_are_named(name):
    function, text = FOREIGN[name]
    with pytest.raises(ExportError, match=f"^Uses uses {text}"):
        export(Uses(function), torch.zeros(3, 4))
