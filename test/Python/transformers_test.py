# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Hugging Face models with condcomp's experts, against transformers' own."""

# Requires: torch

import copy
import gc

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: ./dev setup --with-torch")
transformers = pytest.importorskip("transformers", reason="needs transformers")

import condcomp  # noqa: E402
import condcomp.transformers as cct  # noqa: E402

SMALL = dict(
    vocab_size=97,
    hidden_size=48,
    intermediate_size=56,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
)
MOE = dict(moe_intermediate_size=40, num_experts_per_tok=3)

# Name: configuration class, and its sizes beyond SMALL.
FAMILIES = {
    "mixtral": ("MixtralConfig", dict(num_local_experts=5, num_experts_per_tok=2)),
    "olmoe": ("OlmoeConfig", dict(num_experts=9, num_experts_per_tok=3)),
    "qwen2_moe": (
        "Qwen2MoeConfig",
        dict(num_experts=6, shared_expert_intermediate_size=32, **MOE),
    ),
    "qwen3_moe": ("Qwen3MoeConfig", dict(num_experts=7, head_dim=12, **MOE)),
    "deepseek_v3": (
        "DeepseekV3Config",
        dict(
            n_routed_experts=8,
            n_shared_experts=1,
            n_group=4,
            topk_group=2,
            first_k_dense_replace=1,
            q_lora_rank=16,
            kv_lora_rank=16,
            qk_rope_head_dim=8,
            qk_nope_head_dim=8,
            v_head_dim=12,
            num_key_value_heads=4,
            **MOE,
        ),
    ),
    "gpt_oss": (
        "GptOssConfig",
        dict(num_local_experts=6, num_experts_per_tok=4, head_dim=12),
    ),
    "granitemoe": (
        "GraniteMoeConfig",
        dict(num_local_experts=5, num_experts_per_tok=2),
    ),
    "jamba": (
        "JambaConfig",
        dict(
            num_experts=4,
            num_experts_per_tok=2,
            attn_layer_period=2,
            attn_layer_offset=1,
            expert_layer_period=1,
            expert_layer_offset=0,
            use_mamba_kernels=False,
        ),
    ),
}


def make(family, dtype=torch.float32, implementation="eager"):
    kind, sizes = FAMILIES[family]
    config = getattr(transformers, kind)(**{**SMALL, **sizes})
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for module in experts_of(model):
            for parameter in module.parameters():
                # Large enough that the experts decide about the logits.
                parameter.normal_(0, 0.3)
    model.set_experts_implementation(implementation)
    return model.to(dtype).eval()


def experts_of(model):
    return [m for m in model.modules() if hasattr(m, "_is_expert_parallel")]


def tokens(shape=(2, 9)):
    return torch.randint(3, 97, shape, generator=torch.Generator().manual_seed(1))


def logits(model, implementation, ids):
    model.set_experts_implementation(implementation)
    with torch.no_grad():
        return model(ids).logits


def distance(a, b):
    return ((a - b).norm() / b.norm()).item()


@pytest.mark.parametrize("family", FAMILIES)
def test_saved_and_loaded_models_give_the_logits_and_tokens_of_eager(family, tmp_path):
    make(family).save_pretrained(tmp_path)
    load = transformers.AutoModelForCausalLM.from_pretrained
    model = load(tmp_path, experts_implementation="condcomp").eval()
    eager = load(tmp_path, experts_implementation="eager").eval()
    assert experts_of(model)
    for ids in (tokens(), tokens((1, 1)), tokens((3, 20))):
        with torch.no_grad():
            assert distance(model(ids).logits, eager(ids).logits) < 1e-5
    options = dict(do_sample=False, max_new_tokens=12, min_new_tokens=12)
    assert torch.equal(
        model.generate(tokens(), **options), eager.generate(tokens(), **options)
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_bf16_is_no_further_from_f32_than_grouped_mm(family):
    layers = zip(experts_of(make(family)), experts_of(make(family, torch.bfloat16)))
    for exact, narrow in layers:
        # The same rows and weights, rounded, for all.
        exact.load_state_dict({k: v.float() for k, v in narrow.state_dict().items()})
        x, chosen, weights = inputs(exact, 64)
        x, weights = x.bfloat16(), weights.bfloat16()
        with torch.no_grad():
            exact.config._experts_implementation = "eager"
            wanted = exact(x.float(), chosen, weights.float())
            found = {}
            for name in ("condcomp", "grouped_mm"):
                narrow.config._experts_implementation = name
                found[name] = distance(narrow(x, chosen, weights).float(), wanted)
        assert found["condcomp"] <= 1.01 * found["grouped_mm"], found


def inputs(module, count, seed=3):
    """Rows for an experts module, 3 different experts for each, and weights."""
    width = module.down_proj.shape[2 if module.is_transposed else 1]
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(count, width, generator=draw)
    scores = torch.rand(count, module.num_experts, generator=draw)
    weights, chosen = scores.topk(2, -1)
    return x, chosen, weights


@pytest.mark.parametrize("count", [0, 1, 5])
def test_any_number_of_tokens(count):
    module, *_ = experts_of(make("gpt_oss"))
    x, chosen, weights = inputs(module, count)
    with torch.no_grad():
        wanted = module(x, chosen, weights)
        module.config._experts_implementation = "condcomp"
        found = module(x, chosen, weights)
    assert found.shape == x.shape
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


def test_sentinels_of_expert_parallelism_contribute_nothing():
    module, *_ = experts_of(make("mixtral"))
    x, chosen, weights = inputs(module, 6)
    weights[::2, 0] = 0
    with torch.no_grad():
        wanted = module(x, chosen, weights)
        chosen[::2, 0] = module.num_experts
        module._is_expert_parallel = True
        module.config._experts_implementation = "condcomp"
        found = module(x, chosen, weights)
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
        module._is_expert_parallel = False
        with pytest.raises(condcomp.CheckError, match="5"):
            module(x, chosen, weights)


def test_gradients_beside_sentinels():
    """Where a sentinel is, neither the row nor the weight gets a gradient."""
    module, *_ = experts_of(make("mixtral"))
    x, chosen, weights = inputs(module, 6)
    keep = torch.ones_like(weights)
    keep[::2, 0] = 0
    found = {}
    for name in ("eager", "condcomp"):
        module.config._experts_implementation = name
        module._is_expert_parallel = name == "condcomp"
        leaves = [x.clone().requires_grad_(), weights.clone().requires_grad_()]
        at = torch.where(keep > 0, chosen, module.num_experts)
        module.zero_grad()
        result = (
            module(leaves[0], at, leaves[1])
            if module._is_expert_parallel
            else module(leaves[0], chosen, leaves[1] * keep)
        )
        (result**2).sum().backward()
        found[name] = [t.grad for t in (*leaves, *module.parameters())]
    for a, b in zip(found["condcomp"], found["eager"], strict=True):
        assert distance(a, b) < 1e-5
    assert (found["condcomp"][1][::2, 0] == 0).all()


@pytest.mark.parametrize("family", ["olmoe", "gpt_oss"])
def test_gradients_are_those_of_eager(family):
    module, *_ = experts_of(make(family))
    x, chosen, weights = inputs(module, 7)
    found = {}
    for name in ("eager", "condcomp"):
        module.config._experts_implementation = name
        leaves = [x.clone().requires_grad_(), weights.clone().requires_grad_()]
        module.zero_grad()
        (module(leaves[0], chosen, leaves[1]) ** 2).sum().backward()
        found[name] = [t.grad for t in (*leaves, *module.parameters())]
    for a, b in zip(found["condcomp"], found["eager"], strict=True):
        assert distance(a, b) < 1e-5


def test_training_steps_are_those_of_eager():
    losses = {}
    for name in ("eager", "condcomp"):
        model = make("mixtral", implementation=name).train()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        ids, losses[name] = tokens(), []
        for _ in range(3):
            loss = model(ids, labels=ids).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses[name].append(loss.item())
        with torch.no_grad():
            losses[name].append(model.eval()(ids, labels=ids).loss.item())
    assert losses["condcomp"] == pytest.approx(losses["eager"], rel=1e-4)
    assert losses["eager"][0] > losses["eager"][-1]


def test_changed_weights_are_packed_again():
    model, ids = make("mixtral"), tokens()
    before = logits(model, "condcomp", ids)
    with torch.no_grad():
        experts_of(model)[0].down_proj.mul_(2)
    after = logits(model, "condcomp", ids)
    assert distance(after, before) > 1e-2
    assert distance(after, logits(model, "eager", ids)) < 1e-5


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", ["mixtral", "gpt_oss"])
def test_packed_in_place_and_back(family, dtype, tmp_path):
    model, ids = make(family, dtype), tokens()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    expected = logits(model, "condcomp", ids)
    assert cct.pack(model, inplace=True) == 2
    assert all(p.numel() == 0 for m in experts_of(model) for p in m.parameters())
    assert cct.packed_bytes(model) > 0
    assert torch.equal(logits(model, "condcomp", ids), expected)
    with pytest.raises(RuntimeError, match="unpack"):
        model.save_pretrained(tmp_path)
    assert cct.unpack(model) == 2
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name]), name
    model.save_pretrained(tmp_path)
    assert torch.equal(logits(model, "condcomp", ids), expected)


def test_packed_in_place_other_implementations_and_gradients_say_so():
    model, ids = make("mixtral", implementation="condcomp"), tokens()
    cct.pack(model, inplace=True)
    with pytest.raises(RuntimeError, match="unpack"):
        model(ids).logits.sum().backward()


def test_packed_in_place_copies_and_other_dtypes_say_so():
    model, ids = make("mixtral", implementation="condcomp"), tokens()
    expected = logits(model, "condcomp", ids)
    cct.pack(model, inplace=True)
    with pytest.raises(RuntimeError, match="'eager': .*unpack"):
        logits(model, "eager", ids)
    with pytest.raises(RuntimeError, match="a copy of .*unpack"):
        logits(copy.deepcopy(model), "condcomp", ids)
    assert torch.equal(logits(model, "condcomp", ids), expected)
    model.bfloat16()
    with pytest.raises(RuntimeError, match="as torch.float32, .*unpack"):
        logits(model, "condcomp", ids)
    assert cct.unpack(model) == 2
    assert {p.dtype for p in model.parameters()} == {torch.bfloat16}
    wanted = logits(model, "eager", ids).float()
    assert distance(logits(model, "condcomp", ids).float(), wanted) < 0.05
    assert distance(wanted, expected) < 0.2


def test_inference_mode():
    with torch.inference_mode():  # Its tensors count no versions.
        model, ids = make("mixtral"), tokens()
        expected = logits(model, "eager", ids)
        assert distance(logits(model, "condcomp", ids), expected) < 1e-5
        assert cct.pack(model) == 2


def test_compiled_models_keep_one_graph():
    model, ids = make("olmoe"), tokens()
    expected = logits(model, "eager", ids)
    model.set_experts_implementation("condcomp")
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    with torch.no_grad():
        assert distance(compiled(ids, use_cache=False).logits, expected) < 1e-5


def test_what_experts_cannot_do_is_refused_by_name():
    module, *_ = experts_of(make("mixtral", implementation="condcomp"))
    x, chosen, weights = inputs(module, 4)
    with torch.no_grad():
        module.has_post_expert_norm = True
        with pytest.raises(ValueError, match="MixtralExperts.*has_post_expert_norm"):
            module(x, chosen, weights)
        module.has_post_expert_norm = False
        module._apply_gate = lambda h: h[:, :56].cumsum(-1)
        with pytest.raises(ValueError, match="MixtralExperts.*cumsum"):
            module(x, chosen, weights)
        del module._apply_gate
        module.double()
        with pytest.raises(ValueError, match="float64"):
            module(x.double(), chosen, weights)


def test_a_layer_that_is_dropped_frees_its_weights():
    gc.collect()
    live = condcomp.memory_live_bytes()
    model = make("olmoe", implementation="condcomp")
    logits(model, "condcomp", tokens())
    assert condcomp.memory_live_bytes() > live
    del model
    gc.collect()
    assert condcomp.memory_live_bytes() == live


ACTIVATIONS = sorted(
    {"silu", "gelu", "gelu_pytorch_tanh", "quick_gelu", "relu", "relu2"}
)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    kind, sizes = FAMILIES["mixtral"]
    config = transformers.MixtralConfig(**{**SMALL, **sizes, "hidden_act": name})
    module = experts_of(transformers.AutoModelForCausalLM.from_config(config))[0].eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(0, 0.5)
        x, chosen, weights = inputs(module, 9)
        found = {}
        for implementation in ("eager", "condcomp"):
            module.config._experts_implementation = implementation
            found[implementation] = module(x, chosen, weights)
    assert distance(found["condcomp"], found["eager"]) < 1e-6
