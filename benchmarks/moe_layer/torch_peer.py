# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PyTorch: a loop by hand, and Hugging Face's three kinds of experts."""

import types

import ml_dtypes
import numpy as np
import torch
import torch.nn.functional as F

from . import shapes
from .peer import Peer

# Weights that batched_mm copies, one set per token and expert, at most.
MOST_COPIED = 4 << 30


def as_tensor(array):
    array = np.ascontiguousarray(array)
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


class Torch(Peer):
    def __init__(self, layer, dtype, threads):
        super().__init__(layer, dtype, threads)
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        torch._dynamo.config.cache_size_limit = 64
        weights = shapes.make_weights(layer, dtype, merged="halves")
        self.weights = {name: as_tensor(array) for name, array in weights.items()}
        self.kinds = {"torch loop": self.loop}
        if dtype == "bf16":
            self.kinds["torch loop in f32"] = lambda *args: self.loop(*args, wide=True)
        for name, kind in hugging_face(layer, self.weights).items():
            self.kinds[f"HF {name}"] = kind
        self.compiled = {}

    def versions(self):
        import transformers

        return {"torch": torch.__version__, "transformers": transformers.__version__}

    def programs(self):
        # The loop by hand is compiled anew for each expert and number of rows.
        names = [name for name in self.kinds if name.startswith("HF")]
        return [*self.kinds, *(f"{name}, compiled" for name in names)]

    def refuses(self, program, tokens):
        if "batched_mm" in program:
            copied = tokens * self.layer.top_k * self.layer.expert_bytes(self.dtype)
            if copied > MOST_COPIED:
                return f"it would copy {copied >> 30} GiB of weights"
        return None

    def bind(self, program, x, logits):
        kind, _, compiled = program.partition(", ")
        if compiled and kind not in self.compiled:
            # The loops' shapes depend on the routing: those must be dynamic.
            fixed = kind in ("HF grouped_mm", "HF batched_mm")
            self.compiled[kind] = torch.compile(
                lambda x, logits: self.run(self.kinds[kind], x, logits),
                dynamic=False if fixed else None,
            )
        x, logits = as_tensor(x), as_tensor(logits)
        if compiled:
            return lambda: self.compiled[kind](x, logits)
        return lambda: self.run(self.kinds[kind], x, logits)

    def to_numpy(self, result):
        return result.float().numpy()

    def run(self, experts, x, logits):
        """The layer: the router's part, then one of the kinds of experts."""
        chosen = torch.topk(logits, self.layer.top_k, dim=-1).indices
        weights = torch.softmax(logits, dim=-1).gather(1, chosen)
        if self.layer.normalize:
            weights = weights / weights.sum(dim=-1, keepdim=True)
        capacity = self.layer.capacity(x.shape[0])
        if capacity is not None:
            # A sentinel that all kinds leave out, in the manner of expert parallelism.
            arrivals = F.one_hot(chosen[:, 0], self.layer.experts).cumsum(0)
            late = arrivals.gather(1, chosen) > capacity
            chosen = chosen.masked_fill(late, self.layer.experts)
            weights = weights.masked_fill(late, 0.0)
        return experts(x, chosen, weights.to(x.dtype))

    def loop(self, x, chosen, weights, wide=False):
        """Rows sorted by expert, one visit per expert that has any.

        wide: an expert's weights are widened to f32 at the visit, which is the
        better choice where the processor has no bf16 arithmetic.
        """
        kind = torch.float32 if wide else x.dtype

        def of(name, expert):
            return self.weights[name][expert].to(kind) if name in self.weights else None

        flat, order = chosen.reshape(-1).sort(stable=True)
        counts = torch.bincount(flat, minlength=self.layer.experts + 1)
        rows = order // chosen.shape[1]
        weights = weights.reshape(-1)[order, None]
        y, start = torch.zeros_like(x, dtype=kind), 0
        for expert, count in enumerate(counts[: self.layer.experts].tolist()):
            if count == 0:
                continue
            part = slice(start, start + count)
            start += count
            hidden = x[rows[part]].to(kind)
            if self.layer.projections == 2:
                hidden = F.relu(F.linear(hidden, of("up", expert)))
            else:
                both = of("gate_up", expert), of("gate_up_bias", expert)
                hidden = activate(self.layer, *F.linear(hidden, *both).chunk(2, dim=-1))
            out = F.linear(hidden, of("down", expert), of("down_bias", expert))
            y.index_add_(0, rows[part], out.mul_(weights[part]))
        return y.to(x.dtype)


def hugging_face(layer, weights, names=("grouped_mm", "batched_mm", "eager")):
    """{name: kind} of implementations of transformers, on the device of the weights:
    experts(x, chosen, weights of the choices)."""
    from transformers.integrations import moe

    class Experts(torch.nn.Module):
        def __init__(self, config):
            super().__init__()
            self.config = config
            self.num_experts = layer.experts
            self.act_fn = F.relu if layer.activation == "relu" else F.silu
            for name in weights:
                hf = name.replace("_bias", "") + "_proj"
                hf += "_bias" if name.endswith("_bias") else ""
                setattr(self, hf, weights[name])

        def forward(self, hidden_states, top_k_index, top_k_weights):
            return eager(self, hidden_states, top_k_index, top_k_weights)

    if layer.activation == "clamped":
        Experts._apply_gate = lambda self, both: activate(layer, *both.chunk(2, dim=-1))
    decorated = moe.use_experts_implementation(
        has_bias=layer.bias, has_gate=layer.projections == 3
    )(Experts)
    kinds = {}
    for name in names:
        experts = decorated(types.SimpleNamespace(_experts_implementation=name))
        experts._is_expert_parallel = bool(layer.capacity_factor)
        kinds[name] = experts
    return kinds


def activate(layer, gate, up):
    if layer.activation == "clamped":
        gate = gate.clamp(max=shapes.LIMIT)
        up = up.clamp(min=-shapes.LIMIT, max=shapes.LIMIT)
        return (up + 1) * (gate * torch.sigmoid(gate * shapes.ALPHA))
    return F.silu(gate) * up


def eager(self, hidden_states, top_k_index, top_k_weights):
    """The eager form that transformers gives its experts classes."""
    final = torch.zeros_like(hidden_states)
    mask = F.one_hot(top_k_index, num_classes=self.num_experts + 1).permute(2, 1, 0)
    hit = torch.greater(mask.sum(dim=(-1, -2)), 0).nonzero()
    for expert in hit:
        expert = expert[0]
        if expert == self.num_experts:
            continue
        position, token = torch.where(mask[expert])
        state = hidden_states[token]
        bias = self.down_proj_bias[expert] if self.has_bias else None
        if self.has_gate:
            gate_up_bias = self.gate_up_proj_bias[expert] if self.has_bias else None
            state = F.linear(state, self.gate_up_proj[expert], gate_up_bias)
            state = self._apply_gate(state)
        else:
            state = self.act_fn(F.linear(state, self.up_proj[expert]))
        state = F.linear(state, self.down_proj[expert], bias)
        state = state * top_k_weights[token, position, None]
        final.index_add_(0, token, state.to(final.dtype))
    return final
