# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Hugging Face's experts on a stand-in for a GPU: layers are told that their weights are
on one, or programs of layers get such tensors."""

# Requires: torch

import pytest
from stand_in import gpu, waits
from torch_stand_in import CudaTensor, cuda

torch = pytest.importorskip("torch", reason="needs PyTorch: ./dev setup --with-torch")
pytest.importorskip("transformers", reason="needs transformers")

import condcomp  # noqa: E402
import condcomp.transformers as cct  # noqa: E402
from condcomp.transformers import layer as layers  # noqa: E402
from transformers_test import (  # noqa: E402
    distance,
    experts_of,
    inputs,
    logits,
    make,
    tokens,
)

EMULATED = {"target": "cuda", "chip": "emulated"}


@pytest.fixture
def on_gpu(gpu, monkeypatch):
    """Layers whose tensors are on the CPU run on the stand-in all the same."""
    monkeypatch.setattr(layers, "target_of", lambda tensor: EMULATED)
    return gpu


def launches(gpu):
    return gpu.fake_cuda_count(b"cuLaunchCooperativeKernel")


# Transposed projections with biases, interleaved; shared experts; no gate.
@pytest.mark.parametrize("family", ["olmoe", "gpt_oss", "deepseek_v3"])
def test_logits_are_those_of_eager(on_gpu, family):
    model, ids = make(family), tokens()
    expected = logits(model, "eager", ids)
    before = launches(on_gpu)
    assert distance(logits(model, "condcomp", ids), expected) < 1e-5
    assert launches(on_gpu) == before + len(experts_of(model))


def test_training_and_gradients(on_gpu):
    model, ids = make("olmoe"), tokens()
    gradients = []
    for implementation in ("eager", "condcomp"):
        model.set_experts_implementation(implementation)
        model.zero_grad()
        model(ids, labels=ids).loss.backward()
        gradients.append([p.grad.clone() for p in experts_of(model)[0].parameters()])
    for got, expected in zip(*gradients):
        assert distance(got, expected) < 1e-4


def test_compiled_models_keep_one_graph(on_gpu):
    model, ids = make("olmoe"), tokens()
    expected = logits(model, "eager", ids)
    model.set_experts_implementation("condcomp")
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    before = launches(on_gpu)
    with torch.no_grad():
        assert distance(compiled(ids, use_cache=False).logits, expected) < 1e-5
    assert launches(on_gpu) == before + 2
    torch._dynamo.reset()  # it keeps the model


def on_device(cuda):
    """Of gpt-oss's experts: what to compile, weights on the device by name, arguments,
    and what they give."""
    module, *_ = experts_of(make("gpt_oss", implementation="condcomp"))
    arguments = inputs(module, 5)
    with torch.no_grad():
        expected = module(*arguments)
    spec = layers.layer_of(module).describe(arguments[1].shape[1], False)
    names = ["first", "second", "first_bias", "second_bias"]
    weights = dict(zip(names, map(cuda, layers.parameters_of(module))))
    return spec, weights, arguments, expected


def test_weights_are_read_where_they_are(gpu, cuda):
    spec, weights, arguments, expected = on_device(cuda)
    used = gpu.fake_cuda_live_bytes()
    bound = layers.compile_experts(spec, **EMULATED).bind("experts", weights)
    assert bound.shares and bound.nbytes == 0
    assert gpu.fake_cuda_live_bytes() == used
    y = bound.run(*map(cuda, arguments), threads=2)
    assert isinstance(y, CudaTensor)
    assert distance(y.cpu_values(), expected) < 1e-5


def test_layers_are_not_waited_for(gpu, cuda):
    spec, weights, arguments, expected = on_device(cuda)
    bound = layers.compile_experts(spec, **EMULATED, wait=False).bind(
        "experts", weights
    )
    wrong = arguments[1].clone()
    arguments = [*map(cuda, arguments)]
    bound.run(*arguments, threads=2)
    gpu.fake_cuda_configure(b"devices=2,lazy")
    before = waits(gpu)
    y = bound.run(*arguments, threads=2)
    assert waits(gpu) == before
    condcomp.synchronize(0)
    assert distance(y.cpu_values(), expected) < 1e-5
    # An expert that there is not.
    wrong[0, 0] = 1000
    arguments[1] = cuda(wrong)
    y = bound.run(*arguments, threads=2)
    gpu.fake_cuda_configure(b"devices=2")
    assert y.cpu_values().isnan().all()
    with pytest.raises(condcomp.CheckError, match="1000.*was not waited for"):
        bound.run(*arguments, threads=2)


def test_no_copy_of_weights_in_a_call(gpu, cuda):
    """The columns that an activation reads are no copies: the workspace would be
    larger than the first one that is tried, a MiB, and the kernel be launched again."""
    spec = layers.Experts(
        experts=4,
        width=256,
        hidden=256,
        columns=512,
        chosen=1,
        element="f32",
        activation=layers.trace(
            lambda h: torch.nn.functional.silu(h[:, ::2]) * h[:, 1::2], 512, 256
        ),
    )
    first, second = torch.randn(4, 512, 256), torch.randn(4, 256, 256)
    program = layers.compile_experts(spec, **EMULATED)
    bound = program.bind("experts", first=cuda(first), second=cuda(second))
    before = launches(gpu)
    chosen, weights = torch.tensor([[2]]), torch.ones(1, 1)
    x = torch.randn(1, 256)
    y = bound(*map(cuda, (x, chosen, weights)))
    assert launches(gpu) == before + 1
    h = x @ first[2].T
    expected = (torch.nn.functional.silu(h[:, ::2]) * h[:, 1::2]) @ second[2].T
    assert distance(y.cpu_values(), expected) < 1e-5


def test_nothing_to_pack(on_gpu, monkeypatch):
    monkeypatch.setattr(condcomp.Bound, "shares", True)
    model, ids = make("olmoe", implementation="condcomp"), tokens()
    before = {name: p.clone() for name, p in model.named_parameters()}
    assert cct.pack(model, inplace=True) == 2
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, before[name])
    assert cct.unpack(model) == 0


def test_shapes_and_devices_without_contents():
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        x = torch.empty(7, 16, device="cuda:1", dtype=torch.bfloat16)
        chosen = torch.zeros(7, 2, device="cuda:1", dtype=torch.int64)
        weights = torch.empty(7, 2, device="cuda:1")
        y = torch.ops.condcomp.experts(x, chosen, weights, [], 1, False)
        assert y.shape == x.shape and y.dtype == x.dtype and y.device == x.device
    assert torch.Tag.cudagraph_unsafe in torch.ops.condcomp.experts.default.tags


def test_devices(monkeypatch):
    from torch._subclasses.fake_tensor import FakeTensorMode

    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, device))
    with FakeTensorMode():
        weight = torch.empty(2, device="cuda:1")
    options = {"target": "cuda", "chip": "sm_91", "wait": False}
    assert layers.target_of(weight) == options
    assert layers.target_of(torch.empty(2)) == {}
    module, *_ = experts_of(make("mixtral", implementation="condcomp"))
    layer = layers.layer_of(module)
    module.down_proj = torch.nn.Parameter(module.down_proj.to("meta"))
    with pytest.raises(
        ValueError, match="MixtralExperts: one weight is on cpu, another one on meta"
    ):
        layer.describe(2, False)
    module.gate_up_proj = torch.nn.Parameter(module.gate_up_proj.to("meta"))
    with pytest.raises(
        ValueError, match="MixtralExperts: .*CPU or on NVIDIA GPUs, not on meta"
    ):
        layer.describe(2, False)
