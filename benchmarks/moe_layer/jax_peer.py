# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""JAX: jax.lax.ragged_dot on rows sorted by expert."""

import jax
import jax.numpy as jnp

from . import shapes
from .peer import Peer

# On the CPU ragged_dot is a dense product over all experts with masked rows.
MOST_MASKED = 4 << 30


class Jax(Peer):
    def __init__(self, layer, dtype, threads):
        super().__init__(layer, dtype, threads)
        weights = shapes.make_weights(layer, dtype, transposed=True, merged="halves")
        self.weights = {name: jnp.asarray(array) for name, array in weights.items()}
        self.compiled = jax.jit(self.run)

    def versions(self):
        return {"jax": jax.__version__}

    def programs(self):
        return ["jax ragged_dot"]

    def refuses(self, program, tokens):
        layer = self.layer
        widest = max(layer.d, 2 * layer.width)
        masked = 4 * tokens * layer.top_k * layer.experts * widest
        if masked > MOST_MASKED:
            return f"its masked product would need {masked >> 30} GiB"
        return None

    def bind(self, program, x, logits):
        x, logits = jnp.asarray(x), jnp.asarray(logits)
        return lambda: self.compiled(self.weights, x, logits).block_until_ready()

    def run(self, w, x, logits):
        layer = self.layer
        chosen = jax.lax.top_k(logits, layer.top_k)[1]
        weights = jnp.take_along_axis(jax.nn.softmax(logits, axis=-1), chosen, 1)
        if layer.normalize:
            weights /= weights.sum(axis=-1, keepdims=True)
        capacity = layer.capacity(x.shape[0])
        if capacity is not None:
            # An expert that does not exist: rows after all groups.
            arrivals = jax.nn.one_hot(chosen[:, 0], layer.experts, dtype=int).cumsum(0)
            late = jnp.take_along_axis(arrivals, chosen, 1) > capacity
            chosen = jnp.where(late, layer.experts, chosen)
            weights = jnp.where(late, 0.0, weights)
        flat = chosen.reshape(-1)
        order = jnp.argsort(flat)
        rows, experts = order // layer.top_k, flat[order]
        sizes = jnp.bincount(flat, length=layer.experts)
        hidden = x[rows]
        if layer.activation == "relu":
            hidden = jax.nn.relu(jax.lax.ragged_dot(hidden, w["up"], sizes))
        else:
            hidden = jax.lax.ragged_dot(hidden, w["gate_up"], sizes)
            if layer.bias:
                hidden += w["gate_up_bias"][experts]
            gate, up = jnp.split(hidden, 2, axis=1)
            hidden = activate(layer, gate, up)
        out = jax.lax.ragged_dot(hidden, w["down"], sizes)
        if layer.bias:
            out += w["down_bias"][experts]
        scale = weights.reshape(-1)[order, None]
        out = jnp.where(scale != 0, out * scale.astype(out.dtype), 0)
        return jnp.zeros_like(x).at[rows].add(out)


def activate(layer, gate, up):
    if layer.activation == "clamped":
        gate = jnp.minimum(gate, shapes.LIMIT)
        up = jnp.clip(up, -shapes.LIMIT, shapes.LIMIT)
        return (up + 1) * (gate * jax.nn.sigmoid(gate * shapes.ALPHA))
    return jax.nn.silu(gate) * up
