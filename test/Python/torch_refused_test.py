# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that can't be exported or compiled: errors that name the module."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_mlir")

from torch import nn  # noqa: E402

import condcomp  # noqa: E402
from condcomp import nn as cnn  # noqa: E402
from condcomp.torch import ExportError, export  # noqa: E402


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
