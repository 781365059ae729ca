# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Systems of the zoo against the modules of Hugging Face, at tiny shapes: the zoo's
weights are copied into a module, and the compiled program, the NumPy reference and
the module have to agree."""

# Requires: torch
import inspect

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="./dev setup --with-torch installs it")
pytest.importorskip("transformers", reason="./dev setup --with-torch installs it")

import zoo_test  # noqa: E402  (finds the zoo)
import zoo  # noqa: E402
from transformers.models import (  # noqa: E402
    deepseek_v3,
    gpt_oss,
    granitemoe,
    mixtral,
    olmoe,
    qwen2_moe,
    qwen3_moe,
    switch_transformers,
)

# Modules are in float64, but their routers compute scores in float32.
BOUND = 1e-6


def copy(parameter, array):
    """Sets a parameter, or the weight of a linear layer, to an array."""
    parameter = getattr(parameter, "weight", parameter)
    assert tuple(parameter.shape) == array.shape, (parameter.shape, array.shape)
    parameter.data = torch.from_numpy(np.ascontiguousarray(array, np.float64))


def t(array):
    """[..., in, out] as the [..., out, in] of torch's linear layers."""
    return np.swapaxes(array, -1, -2)


def configure(config, arrays, top_k, **settings):
    """A config of the class with the sizes of the arrays."""
    experts, _, d = arrays["down"].shape
    made = config(
        hidden_size=d, num_local_experts=experts, num_experts_per_tok=top_k, **settings
    )
    made._experts_implementation = "eager"
    return made


def copy_experts(module, arrays):
    """The router and stacked SwiGLU experts, where gate and up are one matrix."""
    gate_up = arrays.get("gate_up")
    if gate_up is None:
        gate_up = np.concatenate([arrays["gate"], arrays["up"]], -1)
    copy(module.experts.gate_up_proj, t(gate_up))
    copy(module.experts.down_proj, t(arrays["down"]))
    router = module.router if hasattr(module, "router") else module.gate
    copy(router.weight, t(arrays["router"]))
    return module


def copy_shared(module, arrays):
    copy(module.gate_proj, t(arrays["shared_gate"]))
    copy(module.up_proj, t(arrays["shared_up"]))
    copy(module.down_proj, t(arrays["shared_down"]))


def run_mixtral(arrays):
    hidden = arrays["down"].shape[1]
    config = configure(mixtral.MixtralConfig, arrays, 2, intermediate_size=hidden)
    module = mixtral.modeling_mixtral.MixtralSparseMoeBlock(config)
    return copy_experts(module, arrays)(arrays["x"])


def run_olmoe(arrays):
    experts, hidden, _ = arrays["down"].shape
    config = configure(
        olmoe.OlmoeConfig, arrays, 8, num_experts=experts, intermediate_size=hidden
    )
    module = olmoe.modeling_olmoe.OlmoeSparseMoeBlock(config)
    return copy_experts(module, arrays)(arrays["x"])


def run_qwen3_moe(arrays):
    experts, hidden, _ = arrays["down"].shape
    config = configure(
        qwen3_moe.Qwen3MoeConfig,
        arrays,
        8,
        num_experts=experts,
        moe_intermediate_size=hidden,
        norm_topk_prob=True,
    )
    module = qwen3_moe.modeling_qwen3_moe.Qwen3MoeSparseMoeBlock(config)
    return copy_experts(module, arrays)(arrays["x"])


def run_qwen15_moe(arrays):
    experts, hidden, _ = arrays["down"].shape
    config = configure(
        qwen2_moe.Qwen2MoeConfig,
        arrays,
        4,
        num_experts=experts,
        moe_intermediate_size=hidden,
        shared_expert_intermediate_size=len(arrays["shared_down"]),
        norm_topk_prob=False,
    )
    module = qwen2_moe.modeling_qwen2_moe.Qwen2MoeSparseMoeBlock(config)
    copy_shared(module.shared_expert, arrays)
    copy(module.shared_expert_gate, t(arrays["shared_weight"]))
    return copy_experts(module, arrays)(arrays["x"])


def run_deepseek_v3(arrays):
    experts, hidden, _ = arrays["down"].shape
    config = configure(
        deepseek_v3.DeepseekV3Config,
        arrays,
        8,
        n_routed_experts=experts,
        moe_intermediate_size=hidden,
        n_shared_experts=len(arrays["shared_down"]) // hidden,
    )
    module = deepseek_v3.modeling_deepseek_v3.DeepseekV3MoE(config)
    copy_shared(module.shared_experts, arrays)
    copy(module.gate.e_score_correction_bias, arrays["bias"])
    return copy_experts(module, arrays)(arrays["x"])


def run_gpt_oss(arrays):
    hidden = arrays["down"].shape[1]
    config = configure(gpt_oss.GptOssConfig, arrays, 4, intermediate_size=hidden)
    module = gpt_oss.modeling_gpt_oss.GptOssMLP(config)
    copy(module.router.weight, t(arrays["router"]))
    copy(module.router.bias, arrays["router_bias"])
    copy(module.experts.gate_up_proj, arrays["up"])
    copy(module.experts.gate_up_proj_bias, arrays["up_bias"])
    copy(module.experts.down_proj, arrays["down"])
    copy(module.experts.down_proj_bias, arrays["down_bias"])
    return module(arrays["x"])[0]


def run_granite(arrays):
    hidden = arrays["down"].shape[1]
    config = configure(granitemoe.GraniteMoeConfig, arrays, 8, intermediate_size=hidden)
    module = granitemoe.modeling_granitemoe.GraniteMoeMoE(config)
    return arrays["x"] + 0.22 * copy_experts(module, arrays)(arrays["x"])


def run_switch(arrays):
    experts, hidden, d = arrays["down"].shape
    config = switch_transformers.SwitchTransformersConfig(
        d_model=d,
        d_ff=hidden,
        num_experts=experts,
        expert_capacity=int(arrays["capacity"]),
    )
    modeling = switch_transformers.modeling_switch_transformers
    module = modeling.SwitchTransformersSparseMLP(config).eval()
    copy(module.router.classifier, t(arrays["router"]))
    for i in range(experts):
        copy(module.experts[f"expert_{i}"].wi, t(arrays["up"][i]))
        copy(module.experts[f"expert_{i}"].wo, t(arrays["down"][i]))
    return arrays["x"] + module(arrays["x"])


MODULES = {
    name.removeprefix("run_"): function
    for name, function in list(globals().items())
    if name.startswith("run_")
}


@pytest.mark.parametrize("name", MODULES)
def test_agrees_with_module(name):
    arrays = zoo.system(name).arrays("tiny")
    # Modules take [batch, tokens, d].
    inputs = {**arrays, "x": torch.from_numpy(arrays["x"]).double()[None]}
    with torch.no_grad():
        module = MODULES[name](inputs)[0].numpy()
    _, compact, wanted = zoo_test.run(name)["tiny"]
    assert zoo.worst_error(wanted, [module]) <= BOUND
    assert zoo.worst_error(compact, [module]) <= BOUND


def test_systems_name_their_modules():
    named = {name: zoo.system(name).also for name in zoo_test.NAMES}
    named = {name: also for name, also in named.items() if "Hugging Face" in also}
    assert set(named) == set(MODULES)
    for name, also in named.items():
        module = also.removeprefix("Hugging Face ")
        assert f".{module}(" in inspect.getsource(MODULES[name])


def test_deepseek_v3_chooses_scores_below_zero():
    system = zoo.system("deepseek_v3")
    arrays = system.arrays("tiny")
    assert arrays["other_groups"] == -np.inf
    # With zeros for the other groups other experts are chosen, so some of those
    # that are chosen here have scores below zero.
    older = system.reference(**{**arrays, "other_groups": 0.0})[0]
    assert zoo.worst_error(older, system.reference(**arrays)[0]) > 0.01


# ===-- What references share ----------------------------------------------=== #


def normal(*shape):
    return np.random.default_rng(0).standard_normal(shape)


def test_block_agrees_with_torch():
    x, qkvo, up, down = normal(3, 5, 8), normal(4, 8, 8), normal(8, 12), normal(12, 8)
    to = torch.from_numpy
    norm = lambda a: torch.nn.functional.rms_norm(a, (8,), eps=1e-6)
    heads = lambda a: a.reshape(3, 5, 2, 4).transpose(1, 2)
    for causal in (False, True):
        q, k, v = (heads(norm(to(x)) @ to(w)) for w in qkvo[:3])
        read = torch.nn.functional.scaled_dot_product_attention(
            q, k, v, is_causal=causal
        )
        h = to(x) + read.transpose(1, 2).reshape(3, 5, 8) @ to(qkvo[3])
        y = h + torch.relu(norm(h) @ to(up)) @ to(down)
        np.testing.assert_allclose(
            zoo.block(x, qkvo, up, down, 2, causal), y.numpy(), rtol=1e-9
        )


def test_convolution_agrees_with_torch():
    x, kernel, bias = normal(2, 3, 5, 4), normal(6, 3, 3, 3), normal(6)
    wanted = torch.nn.functional.conv2d(
        *map(torch.from_numpy, (x, kernel, bias)), padding=1
    )
    np.testing.assert_allclose(zoo.conv3x3(x, kernel, bias), wanted, rtol=1e-9)
