# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Experts in Triton, in the manner of vLLM's and SGLang's fused_moe.

Entries (a token and one of its experts) are listed by expert, and each expert's list
takes whole blocks of rows, so that a block has one expert. A product is then one launch
whatever the routing, and the host decides nothing.
"""

import dataclasses

import torch
import triton
import triton.language as tl
from triton.errors import TritonError

from common.device import time_calls
from moe_layer import shapes

# Entries that a program counts or lists at a time.
COUNTED, LISTED = tl.constexpr(1024), tl.constexpr(256)
# Calls by which a configuration is judged.
JUDGED = 5

LIMIT, ALPHA = tl.constexpr(shapes.LIMIT), tl.constexpr(shapes.ALPHA)


@dataclasses.dataclass(frozen=True)
class Config:
    """How products are cut: rows, columns and terms of a tile. group: how many blocks of
    rows take their turns at the same columns, to find weights in the cache."""

    rows: int
    columns: int
    terms: int
    group: int
    warps: int
    stages: int


# From few tokens, where reading weights is what takes time, to many.
CONFIGS = (
    Config(16, 32, 128, 1, 4, 4),
    Config(16, 64, 128, 1, 4, 3),
    Config(16, 128, 64, 1, 4, 4),
    Config(32, 64, 64, 1, 4, 4),
    Config(64, 64, 64, 8, 4, 4),
    Config(64, 128, 64, 8, 8, 3),
    Config(128, 128, 64, 16, 8, 3),
)


@triton.jit
def count_blocks(
    chosen, starts, used, entries, EXPERTS: tl.constexpr, ROWS: tl.constexpr
):
    """In one program: where each expert's list starts, and how many blocks there are."""
    counts = tl.zeros([EXPERTS], tl.int32)
    for first in range(0, entries, COUNTED):
        entry = first + tl.arange(0, COUNTED)
        expert = tl.load(chosen + entry, entry < entries, other=0).to(tl.int32)
        counts += tl.histogram(expert, EXPERTS, mask=entry < entries)
    blocks = tl.cdiv(counts, ROWS)
    tl.store(starts + tl.arange(0, EXPERTS), (tl.cumsum(blocks, 0) - blocks) * ROWS)
    tl.store(used, tl.sum(blocks, 0))


@triton.jit
def list_entries(chosen, ends, order, owners, entries, ROWS: tl.constexpr):
    """Puts entries into their expert's lists; the starts of these become their ends.
    The first entry of a block says whose the block is."""
    entry = tl.program_id(0) * LISTED + tl.arange(0, LISTED)
    there = entry < entries
    expert = tl.load(chosen + entry, there, other=0).to(tl.int32)
    place = tl.atomic_add(ends + expert, 1, there)
    tl.store(order + place, entry, there)
    tl.store(owners + place // ROWS, expert, there & (place % ROWS == 0))


@triton.jit
def tile_of(program, blocks, parts, GROUP: tl.constexpr):
    """(block of rows, part of the columns) of a program."""
    group = program // (GROUP * parts)
    size = min(blocks - group * GROUP, GROUP)
    place = program % (GROUP * parts)
    return group * GROUP + place % size, place // size


@triton.jit
def rows_of(block, order, owners, ends, ROWS: tl.constexpr):
    """(expert, entries, which of these there are) of a block."""
    expert = tl.load(owners + block)
    row = block * ROWS + tl.arange(0, ROWS)
    there = row < tl.load(ends + expert)
    entry = tl.load(order + row, there, other=0)
    # Offsets into weights and results may exceed 32 bits.
    return expert.to(tl.int64), entry.to(tl.int64), there


@triton.jit
def multiply_gate_up(
    x,
    weights,
    biases,
    hidden,
    order,
    owners,
    ends,
    used,
    d,
    width,
    top_k,
    BIAS: tl.constexpr,
    CLAMPED: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    TERMS: tl.constexpr,
    GROUP: tl.constexpr,
):
    """hidden [entries, width]: gate and up of an entry, and the activation."""
    blocks, parts = tl.load(used), tl.cdiv(width, COLUMNS)
    if tl.program_id(0) >= blocks * parts:
        return
    block, part = tile_of(tl.program_id(0), blocks, parts, GROUP)
    expert, entry, there = rows_of(block, order, owners, ends, ROWS)
    column = part * COLUMNS + tl.arange(0, COLUMNS)
    # Columns that there are not compute others again, which is cheaper than a mask.
    inside = column % width
    term = tl.arange(0, TERMS)
    x_at = x + (entry // top_k)[:, None] * d + term[None, :]
    gate_at = weights + (2 * expert * width + inside)[None, :] * d + term[:, None]
    up_at = gate_at + width * d
    gate = tl.zeros([ROWS, COLUMNS], tl.float32)
    up = tl.zeros([ROWS, COLUMNS], tl.float32)
    for first in range(0, d, TERMS):
        left = term < d - first
        a = tl.load(x_at + first, there[:, None] & left[None, :], other=0)
        gate = tl.dot(a, tl.load(gate_at + first, left[:, None], other=0), gate)
        up = tl.dot(a, tl.load(up_at + first, left[:, None], other=0), up)
    if BIAS:
        bias_at = biases + 2 * expert * width + inside
        gate += tl.load(bias_at).to(tl.float32)[None, :]
        up += tl.load(bias_at + width).to(tl.float32)[None, :]
    if CLAMPED:
        gate = tl.minimum(gate, LIMIT)
        up = tl.minimum(tl.maximum(up, -LIMIT), LIMIT) + 1
        result = gate * tl.sigmoid(gate * ALPHA) * up
    else:
        result = gate * tl.sigmoid(gate) * up
    at = hidden + entry[:, None] * width + column[None, :]
    mask = there[:, None] & (column < width)[None, :]
    tl.store(at, result.to(hidden.dtype.element_ty), mask)


@triton.jit
def multiply_down(
    hidden,
    weights,
    biases,
    scale,
    out,
    order,
    owners,
    ends,
    used,
    d,
    width,
    BIAS: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    TERMS: tl.constexpr,
    GROUP: tl.constexpr,
):
    """out [entries, d]: what an entry adds to its token, times its weight."""
    blocks, parts = tl.load(used), tl.cdiv(d, COLUMNS)
    if tl.program_id(0) >= blocks * parts:
        return
    block, part = tile_of(tl.program_id(0), blocks, parts, GROUP)
    expert, entry, there = rows_of(block, order, owners, ends, ROWS)
    column = part * COLUMNS + tl.arange(0, COLUMNS)
    inside = column % d
    term = tl.arange(0, TERMS)
    hidden_at = hidden + entry[:, None] * width + term[None, :]
    weights_at = weights + (expert * d + inside)[None, :] * width + term[:, None]
    sums = tl.zeros([ROWS, COLUMNS], tl.float32)
    for first in range(0, width, TERMS):
        left = term < width - first
        a = tl.load(hidden_at + first, there[:, None] & left[None, :], other=0)
        sums = tl.dot(a, tl.load(weights_at + first, left[:, None], other=0), sums)
    if BIAS:
        sums += tl.load(biases + expert * d + inside).to(tl.float32)[None, :]
    sums *= tl.load(scale + entry, there, other=0).to(tl.float32)[:, None]
    at = out + entry[:, None] * d + column[None, :]
    mask = there[:, None] & (column < d)[None, :]
    tl.store(at, sums.to(out.dtype.element_ty), mask)


class FusedMoe:
    """experts(x, chosen, scale). With a number of tokens that is new, all
    configurations are tried, and the fastest is kept, as vLLM's tables have it."""

    def __init__(self, layer, weights, configs=CONFIGS):
        self.layer, self.weights, self.configs = layer, weights, configs
        self.best = {}

    def __call__(self, x, chosen, scale):
        if len(x) not in self.best:
            self.best[len(x)] = self.fastest(x, chosen, scale)
        return self.run(self.best[len(x)], x, chosen, scale)

    def fastest(self, *inputs):
        seconds, failure = {}, None
        for config in self.configs:
            call = lambda *inputs: self.run(config, *inputs)
            try:
                call(*inputs)  # compiles
            except TritonError as error:
                failure = error  # such as more shared memory than this GPU has
                continue
            seconds[config] = time_calls(call, [inputs], JUDGED, inputs[0].device)
        if not seconds:
            raise RuntimeError(f"no configuration runs here: {failure}")
        return min(seconds, key=seconds.get)

    def run(self, config, x, chosen, scale):
        layer, (tokens, d) = self.layer, x.shape
        chosen, scale = chosen.reshape(-1), scale.reshape(-1)
        entries, rows = len(chosen), config.rows
        # An expert's last block may have one entry.
        most = min(entries, entries // rows + layer.experts)
        bins = triton.next_power_of_2(layer.experts)
        whole = lambda *shape: torch.empty(shape, dtype=torch.int32, device=x.device)
        ends, used = whole(bins), whole(1)
        order, owners = whole(most * rows), whole(most)
        hidden = x.new_empty(entries, layer.width)
        out = x.new_empty(tokens, layer.top_k, d)
        lists = order, owners, ends, used
        cut = {
            "BIAS": layer.bias,
            "ROWS": rows,
            "COLUMNS": config.columns,
            "TERMS": config.terms,
            "GROUP": config.group,
            "num_warps": config.warps,
            "num_stages": config.stages,
        }
        first, second = self.weights["gate_up"], self.weights["down"]
        biases = self.weights.get("gate_up_bias"), self.weights.get("down_bias")
        parts = [triton.cdiv(n, config.columns) for n in (layer.width, d)]
        count_blocks[1,](chosen, ends, used, entries, EXPERTS=bins, ROWS=rows)
        list_entries[triton.cdiv(entries, LISTED),](
            chosen, ends, order, owners, entries, ROWS=rows
        )
        multiply_gate_up[most * parts[0],](
            x,
            first,
            biases[0],
            hidden,
            *lists,
            d,
            layer.width,
            layer.top_k,
            CLAMPED=layer.activation == "clamped",
            **cut,
        )
        multiply_down[most * parts[1],](
            hidden, second, biases[1], scale, out, *lists, d, layer.width, **cut
        )
        return out.sum(1)
