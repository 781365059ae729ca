# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The experts module of every family that transformers decorates: condcomp's experts
against the module's own code, its definition."""

# Requires: torch

import importlib
import inspect
import pathlib

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

import condcomp.transformers  # noqa: E402, F401

MODELS = pathlib.Path(transformers.__file__).parent / "models"
# Sizes, by whatever name a configuration has them.
SIZES = dict(
    hidden_size=24,
    moe_hidden_size=24,
    intermediate_size=40,
    moe_intermediate_size=40,
    expert_ffn_hidden_size=40,
    num_experts=5,
    n_routed_experts=5,
    num_local_experts=5,
    moe_num_experts=5,
    zero_expert_num=0,
)
# What condcomp refuses, by name.
REFUSED = {"muse_spark": "has_post_expert_norm"}


def files():
    return [
        path
        for path in sorted(MODELS.glob("*/modeling_*.py"))
        if "@use_experts_implementation" in path.read_text(encoding="utf-8")
    ]


def experts_classes(path):
    name = f"transformers.models.{path.parent.name}.{path.stem}"
    module = importlib.import_module(name)
    for cls in vars(module).values():
        if (
            inspect.isclass(cls)
            and cls.__module__ == name
            and hasattr(cls, "_apply_gate")
        ):
            yield module, cls


def configurations(module):
    """Small ones, of all classes of configurations that the module has."""
    base = transformers.PreTrainedConfig
    for kind in vars(module).values():
        if inspect.isclass(kind) and issubclass(kind, base) and kind is not base:
            config = kind()
            for name, size in SIZES.items():
                if hasattr(config, name):
                    several = isinstance(getattr(config, name), list)
                    setattr(config, name, [size, size] if several else size)
            yield config


def make(module, cls):
    missing = []
    parameters = inspect.signature(cls.__init__).parameters
    sizes = {n: SIZES[n] for n in ("intermediate_size",) if n in parameters}
    for config in configurations(module):
        try:
            made = cls(config, **sizes).eval()
            break
        except AttributeError as error:  # that of the images, not of the experts
            missing.append(str(error))
    else:
        raise AssertionError(f"{cls.__name__}: no configuration fits: {missing}")
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.normal_(0, 0.3)
    return made


def test_there_are_many_families():
    assert len(files()) >= 60


@pytest.mark.parametrize(
    "path", files(), ids=lambda path: path.stem[len("modeling_") :]
)
def test_every_family(path):
    classes = list(experts_classes(path))
    assert classes
    for module, cls in classes:
        experts = make(module, cls)
        width = experts.down_proj.shape[2 if experts.is_transposed else 1]
        x = torch.randn(7, width)
        weights, chosen = torch.rand(7, experts.down_proj.shape[0]).topk(2, -1)
        with torch.no_grad():
            experts.config._experts_implementation = "condcomp"
            if refused := REFUSED.get(path.parent.name):
                with pytest.raises(ValueError, match=f"{cls.__name__}.*{refused}"):
                    experts(x, chosen, weights)
                continue
            found = experts(x, chosen, weights)
            experts.config._experts_implementation = "eager"
            wanted = experts(x, chosen, weights)
        assert ((found - wanted).norm() / wanted.norm()).item() < 1e-5, cls.__name__
