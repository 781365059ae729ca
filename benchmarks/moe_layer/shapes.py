# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The layers of the benchmark: shapes, weights, routings, reference results."""

import dataclasses

import ml_dtypes
import numpy as np

DTYPES = {"f32": np.dtype(np.float32), "bf16": np.dtype(ml_dtypes.bfloat16)}
ROUTINGS = ("uniform", "zipf", "all-to-one")

# Inputs of one point that calls take in turn, so that a call does not find its
# experts in the cache because the call before had the same ones.
VARIANTS = 4

# gpt-oss's activation: clamp(g)·σ(alpha g)·(clamp(u) + 1).
ALPHA, LIMIT = 1.702, 7.0


@dataclasses.dataclass(frozen=True)
class Layer:
    """A mixture-of-experts layer, from tokens and logits to tokens."""

    name: str
    d: int
    width: int
    experts: int
    top_k: int
    activation: str = "swiglu"  # silu(g)·u; "clamped": gpt-oss's; "relu": no gate
    normalize: bool = False  # the weights of a token's experts sum to 1
    bias: bool = False
    capacity_factor: float = 0.0  # 0: every choice counts
    dtypes: tuple = ("f32", "bf16")

    @property
    def projections(self):
        """Matrices of an expert: gate and up, or up alone, and down."""
        return 2 if self.activation == "relu" else 3

    def expert_bytes(self, dtype):
        elements = self.projections * self.d * self.width
        if self.bias:
            elements += (self.projections - 1) * self.width + self.d
        return elements * DTYPES[dtype].itemsize

    def weight_bytes(self, dtype):
        return self.experts * self.expert_bytes(dtype)

    def capacity(self, tokens):
        """Entries that an expert may have, or None."""
        if not self.capacity_factor:
            return None
        return int(np.ceil(self.capacity_factor * tokens / self.experts))

    @property
    def entry_flops(self):
        """Of the matmuls of one entry: a row by one expert's matrices."""
        return 2 * self.projections * self.d * self.width

    def flops(self, chosen):
        """Of the matmuls of the entries that are kept; chosen: as choose()."""
        return int((chosen[0] >= 0).sum()) * self.entry_flops

    def bytes(self, chosen, dtype):
        """What any program has to read: the chosen experts' weights and x."""
        kept = np.unique(chosen[0][chosen[0] >= 0])
        rows = chosen[0].shape[0] * self.d * DTYPES[dtype].itemsize
        return len(kept) * self.expert_bytes(dtype) + rows

    def per_expert(self, chosen, dtype):
        """[[FLOPs, bytes of weights]] of each expert that is chosen."""
        _, rows = np.unique(chosen[0][chosen[0] >= 0], return_counts=True)
        return [[int(n) * self.entry_flops, self.expert_bytes(dtype)] for n in rows]


LAYERS = {
    layer.name: layer
    for layer in (
        Layer("olmoe", 2048, 1024, 64, 8),
        Layer("mixtral", 4096, 14336, 8, 2, normalize=True, dtypes=("bf16",)),
        Layer("qwen3", 2048, 768, 128, 8, normalize=True),
        Layer("gpt-oss", 2880, 2880, 32, 4, "clamped", normalize=True, bias=True),
        Layer("switch", 768, 3072, 8, 1, "relu", capacity_factor=1.25),
    )
}


def make_inputs(layer, dtype, tokens, routing, variant):
    """x [tokens, d] and f32 logits [tokens, experts].

    Logits are log-probabilities plus Gumbel noise: their largest k are a draw of
    k experts without replacement. All peers choose on the same logits.
    """
    seed = [tokens, ROUTINGS.index(routing), variant, layer.d, layer.experts]
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((tokens, layer.d), dtype=np.float32).astype(DTYPES[dtype])
    popularity = np.zeros(layer.experts)
    if routing == "zipf":
        popularity = -np.log(np.arange(1, layer.experts + 1))
    elif routing == "all-to-one":
        popularity[: layer.top_k] = 40.0
    popularity = rng.permutation(popularity)
    noise = rng.gumbel(size=(tokens, layer.experts))
    return x, (popularity + noise).astype(np.float32)


class Weights:
    """The layer's weights, an expert at a time.

    The values are windows of one block of normals, so that gigabytes take a
    second; no two experts have the same.
    """

    def __init__(self, layer, dtype):
        self.layer, self.dtype = layer, DTYPES[dtype]
        rng = np.random.default_rng(layer.d)
        self.step = 4099  # prime: no row of an expert is a row of another
        size = layer.d * layer.width + 3 * layer.experts * self.step
        block = rng.standard_normal(size, dtype=np.float32)
        self.blocks = {
            columns: (block * columns**-0.5).astype(self.dtype)
            for columns in (layer.d, layer.width)
        }
        biases = 0.1 * rng.standard_normal(
            (3, layer.experts, max(layer.d, layer.width))
        )
        self.biases = biases.astype(self.dtype)

    def matrix(self, name, expert):
        """gate and up [width, d], down [d, width]."""
        layer, place = self.layer, ("gate", "up", "down").index(name)
        columns, rows = layer.d, layer.width
        if name == "down":
            columns, rows = rows, columns
        start = (place * layer.experts + expert) * self.step
        values = self.blocks[columns][start : start + rows * columns]
        return values.reshape(rows, columns)

    def bias(self, name, expert):
        layer, place = self.layer, ("gate", "up", "down").index(name)
        rows = layer.d if name == "down" else layer.width
        return self.biases[place, expert, :rows]


def empty(shape, dtype):
    """An array that begins at a cache line."""
    count = int(np.prod(shape))
    memory = np.empty(count * dtype.itemsize + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + count * dtype.itemsize].view(dtype).reshape(shape)


def make_weights(layer, dtype, transposed=False, merged=None):
    """{name: array}: gate, up [E, width, d] and down [E, d, width], and *_bias.

    transposed: [E, d, width] and [E, width, d]. merged: gate and up as one
    gate_up, in "halves" (gate first) or "pairs" (in turns).
    """
    source = Weights(layer, dtype)
    first = ["up"] if layer.activation == "relu" else ["gate", "up"]
    names = {name: [name] for name in first}
    if merged and len(first) == 2:
        names = {"gate_up": first}
    names["down"] = ["down"]

    def rows_of(place, parts, array):
        """The rows of an expert's array that hold one of its parts."""
        if merged == "pairs":
            return array[place :: len(parts)]
        size = len(array) // len(parts)
        return array[place * size : (place + 1) * size]

    def build(parts, get):
        rows, *rest = get(parts[0], 0).shape
        rows *= len(parts)
        turned = transposed and bool(rest)
        shape = (*rest, rows) if turned else (rows, *rest)
        array = empty((layer.experts, *shape), DTYPES[dtype])
        for expert in range(layer.experts):
            target = array[expert].T if turned else array[expert]
            for place, part in enumerate(parts):
                rows_of(place, parts, target)[...] = get(part, expert)
        return array

    weights = {name: build(parts, source.matrix) for name, parts in names.items()}
    if layer.bias:
        for name, parts in names.items():
            weights[f"{name}_bias"] = build(parts, source.bias)
    return weights


def choose(layer, logits):
    """Experts [tokens, k], −1 where capacity drops one, and their weights."""
    experts = np.argsort(-logits, axis=1, kind="stable")[:, : layer.top_k]
    exact = logits.astype(np.float64)
    exps = np.exp(exact - exact.max(axis=1, keepdims=True))
    weights = np.take_along_axis(exps / exps.sum(axis=1, keepdims=True), experts, 1)
    if layer.normalize:
        weights /= weights.sum(axis=1, keepdims=True)
    capacity = layer.capacity(len(logits))
    if capacity is not None:
        for expert in range(layer.experts):
            late = np.flatnonzero(experts[:, 0] == expert)[capacity:]
            experts[late] = -1
    return experts, weights


def reference(layer, source, x, chosen, rows):
    """The layer in float64 on some of the rows; source: its Weights."""

    def multiply(name, expert, row):
        out = source.matrix(name, expert).astype(np.float64) @ row
        return out + source.bias(name, expert) if layer.bias else out

    y = np.zeros((len(rows), layer.d))
    for place, row in enumerate(rows):
        for expert, weight in zip(chosen[0][row], chosen[1][row]):
            if expert < 0:
                continue
            up = multiply("up", expert, x[row].astype(np.float64))
            if layer.activation == "relu":
                hidden = np.maximum(up, 0)
            else:
                gate = multiply("gate", expert, x[row].astype(np.float64))
                hidden = activate(layer, gate, up)
            y[place] += weight * multiply("down", expert, hidden)
    return y


def activate(layer, gate, up):
    if layer.activation == "clamped":
        gate, up = np.minimum(gate, LIMIT), np.clip(up, -LIMIT, LIMIT)
        return gate / (1 + np.exp(-ALPHA * gate)) * (up + 1)
    return gate / (1 + np.exp(-gate)) * up
