# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The experts of a layer on one device: condcomp, its peers, and what they are compared
with. All of them read the same weights, in Hugging Face's layout."""

import dataclasses

import torch
import torch.nn.functional as F

import condcomp.transformers  # noqa: F401, registers "condcomp"
from common.tables import OURS
from moe_layer import shapes
from moe_layer.torch_peer import activate, as_tensor, hugging_face

try:
    from .fused_moe import FusedMoe

    NO_TRITON = None
except ImportError as error:
    NO_TRITON = f"needs Triton, which PyTorch's builds with CUDA bring ({error})"

FUSED = "triton fused_moe"
DENSE, COPY = "dense torch.mm", "memory copy"
# Weights that batched_mm copies, one set per token and expert, at most.
MOST_COPIED = 8 << 30
COPIED_BYTES = 1 << 30
KINDS = {"f32": torch.float32, "bf16": torch.bfloat16}

LAYERS = {
    name: dataclasses.replace(shapes.LAYERS[name], dtypes=("bf16",))
    for name in ("olmoe", "qwen3", "mixtral", "gpt-oss")
}
# Its routed experts, with the router of the others: neither groups nor the expert that
# all tokens share change what a routed expert computes.
LAYERS["deepseek-v3"] = shapes.Layer(
    "deepseek-v3", 7168, 2048, 256, 8, normalize=True, dtypes=("bf16",)
)


def make_weights(layer, dtype, device):
    """{name: tensor}: gate_up [E, 2 width, d], gate first, down [E, d, width], and
    *_bias; made on the device, for they may be larger than what the host has free."""
    source = shapes.Weights(layer, dtype)
    source.blocks = {c: as_tensor(b).to(device) for c, b in source.blocks.items()}
    source.biases = as_tensor(source.biases).to(device)
    parts = {"gate_up": ("gate", "up"), "down": ("down",)}
    weights = {}
    for name, names in parts.items():
        getters = [("", source.matrix)]
        getters += [("_bias", source.bias)] if layer.bias else []
        for suffix, get in getters:
            one = torch.cat([get(n, 0) for n in names])
            whole = one.new_empty((layer.experts, *one.shape))
            for expert in range(layer.experts):
                torch.cat([get(n, expert) for n in names], out=whole[expert])
            weights[name + suffix] = whole
    return weights


def make_inputs(layer, dtype, tokens, routing, variant, device):
    """(x [tokens, d], experts [tokens, k], their weights [tokens, k]) on the device, and
    (x, choice) in NumPy. The router is no part of what is measured."""
    x, logits = shapes.make_inputs(layer, dtype, tokens, routing, variant)
    choice = shapes.choose(layer, logits)
    inputs = (
        as_tensor(x).to(device),
        torch.from_numpy(choice[0]).contiguous().to(device),
        torch.from_numpy(choice[1]).float().to(device, KINDS[dtype]),
    )
    return inputs, (x, choice)


def grouped_by_hand(layer, weights):
    """Rows sorted by expert, torch.nn.functional.grouped_mm, and back."""
    numbers = torch.arange(layer.experts, device=weights["down"].device)
    first, second = (weights[n].transpose(1, 2) for n in ("gate_up", "down"))

    def run(x, chosen, scale):
        experts, order = chosen.reshape(-1).sort()
        ends = torch.searchsorted(experts, numbers, right=True).int()
        rows = order // layer.top_k
        both = F.grouped_mm(x[rows], first, offs=ends)
        if layer.bias:
            both = both + weights["gate_up_bias"][experts]
        out = F.grouped_mm(activate(layer, *both.chunk(2, dim=-1)), second, offs=ends)
        if layer.bias:
            out = out + weights["down_bias"][experts]
        out = out * scale.reshape(-1)[order, None]
        return torch.zeros_like(x).index_add_(0, rows, out)

    return run


def make(layer, weights, compiled=True):
    """{name: experts(x, chosen, scale)}; of a program that can't be run, why."""
    kinds = hugging_face(layer, weights, (OURS, "grouped_mm", "batched_mm"))
    for experts in kinds.values():
        experts.eval()
    programs = {OURS: kinds.pop(OURS)}
    peers = {"torch grouped_mm": grouped_by_hand(layer, weights)}
    peers |= {f"HF {name}": kind for name, kind in kinds.items()}
    programs |= peers
    if compiled:
        for name, peer in peers.items():
            programs[f"{name}, compiled"] = torch.compile(peer, dynamic=False)
    programs[FUSED] = NO_TRITON or FusedMoe(layer, weights)
    return programs


def refuses(layer, dtype, program, tokens):
    """Why a program is not run with so many tokens, or None."""
    if program == FUSED and NO_TRITON:
        return NO_TRITON
    copied = tokens * layer.top_k * layer.expert_bytes(dtype)
    if "batched_mm" in program and copied > MOST_COPIED:
        return f"it would copy {copied >> 30} GiB of weights"
    return None


def make_yardsticks(layer, weights, tokens):
    """{name: function}: the FLOPs of the layer in two products without experts, and the
    copy of COPIED_BYTES, which reads and writes them."""
    rows = tokens * layer.top_k
    first, second = weights["gate_up"][0].T, weights["down"][0].T
    x = first.new_ones(rows, layer.d)
    hidden = first.new_ones(rows, layer.width)
    block = torch.ones(COPIED_BYTES, dtype=torch.int8, device=first.device)
    to = torch.empty_like(block)
    return {
        DENSE: lambda: (torch.mm(x, first), torch.mm(hidden, second)),
        COPY: lambda: to.copy_(block),
    }
