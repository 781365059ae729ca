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

    def flops(self, chosen):
        """Of the matmuls of the entries that are kept; chosen: as choose()."""
        return 2 * int((chosen[0] >= 0).sum()) * self.projections * self.d * self.width

    def bytes(self, chosen, dtype):
        """What any program has to read: the chosen experts' weights and x."""
        kept = np.unique(chosen[0][chosen[0] >= 0])
        rows = chosen[0].shape[0] * self.d * DTYPES[dtype].itemsize
        return len(kept) * self.expert_bytes(dtype) + rows


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


def make_weights(layer, dtype, transposed=False, merged=False):
    """{name: array}: gate, up [E, width, d] and down [E, d, width], and biases.

    transposed: [E, d, width] and [E, width, d]. merged: gate and up as one
    gate_up, gate first. The values are windows of one block of normals, so that
    gigabytes take a second; no two experts have the same.
    """
    rng = np.random.default_rng(layer.d)
    size = layer.d * layer.width
    step = 4099  # prime: no row of an expert is a row of another
    block = rng.standard_normal(size + 3 * layer.experts * step, dtype=np.float32)

    def matrices(first, rows, columns):
        scaled = (block * columns**-0.5).astype(DTYPES[dtype])
        shape = (columns, rows) if transposed else (rows, columns)
        out = np.empty((layer.experts, *shape), scaled.dtype)
        for expert in range(layer.experts):
            start = (first * layer.experts + expert) * step
            matrix = scaled[start : start + size].reshape(rows, columns)
            out[expert] = matrix.T if transposed else matrix
        return out

    def biases(columns):
        values = rng.standard_normal((layer.experts, columns), dtype=np.float32)
        return (0.1 * values).astype(DTYPES[dtype])

    weights = {}
    if layer.projections == 3:
        weights["gate"] = matrices(0, layer.width, layer.d)
    weights["up"] = matrices(1, layer.width, layer.d)
    if merged and layer.projections == 3:
        axis = 2 if transposed else 1
        pair = [weights.pop("gate"), weights.pop("up")]
        weights["gate_up"] = np.concatenate(pair, axis=axis)
        del pair
    weights["down"] = matrices(2, layer.d, layer.width)
    if layer.bias:
        bias = {"gate_bias": biases(layer.width), "up_bias": biases(layer.width)}
        if merged:
            bias = {"gate_up_bias": np.concatenate(list(bias.values()), axis=1)}
        weights |= bias | {"down_bias": biases(layer.d)}
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


def reference(layer, weights, x, chosen, rows):
    """The layer in float64 on some of the rows; weights: as make_weights makes them."""
    wide = np.float64
    y = np.zeros((len(rows), layer.d))
    for place, row in enumerate(rows):
        x_row = x[row].astype(wide)
        for expert, weight in zip(chosen[0][row], chosen[1][row]):
            if expert < 0:
                continue
            up = weights["up"][expert].astype(wide) @ x_row
            if layer.bias:
                up += weights["up_bias"][expert]
            if layer.activation == "relu":
                hidden = np.maximum(up, 0)
            else:
                gate = weights["gate"][expert].astype(wide) @ x_row
                if layer.bias:
                    gate += weights["gate_bias"][expert]
                hidden = activate(layer, gate, up)
            out = weights["down"][expert].astype(wide) @ hidden
            if layer.bias:
                out += weights["down_bias"][expert]
            y[place] += weight * out
    return y


def activate(layer, gate, up):
    if layer.activation == "clamped":
        gate, up = np.minimum(gate, LIMIT), np.clip(up, -LIMIT, LIMIT)
        return gate / (1 + np.exp(-ALPHA * gate)) * (up + 1)
    return gate / (1 + np.exp(-gate)) * up
