# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Both networks in NumPy, in float64, and how much of a network is executed.

Independent of PyTorch and of the compiler: tests compare both with it.
network.py explains the networks.
"""

import dataclasses
import pathlib

import numpy as np

BLOCKS, WIDTH, HEADS = 4, 96, 6
EXPERTS, CHOSEN, HIDDEN = 8, 2, 48
TOKENS = (49, 25, 13, 13)
CLASSES = 10


def load_weights(path=pathlib.Path(__file__).parent / "weights.npz"):
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


@dataclasses.dataclass
class Trace:
    """What the dynamic network did; stages that an image skipped hold -1."""

    logits: np.ndarray  # [n, 10]
    left_at: np.ndarray  # [n]: the stage whose exit was taken
    kept: list  # per stage [n, tokens]: the patches it saw
    experts: list  # per stage [n, tokens, 2]: the experts each used
    margin: np.ndarray = None  # [n]: by how much its closest choice was decided


def norm(x):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def silu(x):
    return x / (1 + np.exp(-x))


def largest(scores, k):
    """Positions of the k largest in the last dim, ascending; ties: the first."""
    order = np.argsort(-scores, -1, kind="stable")[..., :k]
    return np.sort(order, -1)


def margin(scores, k):
    """By how much the k-th largest in the last dim exceeds the next."""
    falling = -np.sort(-scores, -1)
    return falling[..., k - 1] - falling[..., k]


class Reference:
    def __init__(self, weights, dtype=np.float64):
        self.weights = {name: w.astype(dtype) for name, w in weights.items()}
        self.dtype = dtype

    def embed(self, patches):
        embedded = patches.astype(self.dtype) @ self.weights["embed"]
        return embedded + self.weights["position"]

    def attend(self, block, x):
        w = self.weights
        n, t, _ = x.shape
        y = norm(x)
        q, k, v = ((y @ w[m][block]).reshape(n, t, HEADS, -1) for m in "qkv")
        p = softmax(np.einsum("nthc,nshc->nhts", q, k))
        mixed = np.einsum("nhts,nshc->nthc", p, v).reshape(n, t, WIDTH)
        return x + mixed @ w["o"][block]

    def expert(self, block, e, y):
        up, bias, down = (self.weights[m][block, e] for m in ("up", "up_bias", "down"))
        return silu(y @ up + bias) @ down

    def dense(self, patches):
        x = self.embed(patches)
        for block in range(BLOCKS):
            x = self.attend(block, x)
            y = norm(x)
            p = softmax(y @ self.weights["router"][block])
            x = x + sum(
                p[..., e, None] * self.expert(block, e, y) for e in range(EXPERTS)
            )
        return self.leave(BLOCKS - 1, x)[0]

    def mix_chosen(self, block, x):
        y = norm(x)
        logits = y @ self.weights["router"][block]
        experts = largest(logits, CHOSEN)
        p = softmax(np.take_along_axis(logits, experts, -1))
        x = x.copy()
        for e in range(EXPERTS):
            *where, slot = np.nonzero(experts == e)
            where = tuple(where)
            x[where] += p[(*where, slot)][:, None] * self.expert(block, e, y[where])
        return x, experts, margin(logits, CHOSEN).min(1)

    def leave(self, stage, x):
        """The exit's class logits, and the tokens' saliency."""
        w = self.weights
        y = norm(x)
        saliency = y @ w["saliency"][stage]
        pooled = np.einsum("nt,ntc->nc", softmax(saliency), y)
        return pooled @ w["classify"][stage] + w["bias"][stage], saliency

    def dynamic(self, patches):
        n = len(patches)
        trace = Trace(
            np.zeros((n, CLASSES), self.dtype),
            np.full(n, BLOCKS - 1),
            [np.full((n, t), -1) for t in TOKENS],
            [np.full((n, t, CHOSEN), -1) for t in TOKENS],
            np.full(n, np.inf),
        )
        here = np.arange(n)  # the images that have not left
        kept = np.broadcast_to(np.arange(TOKENS[0]), (n, TOKENS[0]))
        x = self.embed(patches)
        for stage in range(BLOCKS):
            x, experts, closest = self.mix_chosen(stage, self.attend(stage, x))
            logits, saliency = self.leave(stage, x)
            trace.kept[stage][here] = kept
            trace.experts[stage][here] = experts
            trace.margin[here] = np.minimum(trace.margin[here], closest)
            if stage + 1 == BLOCKS:
                trace.logits[here] = logits
                break
            excess = softmax(logits).max(-1) - self.weights["thresholds"][stage]
            trace.margin[here] = np.minimum(trace.margin[here], abs(excess))
            done = excess > 0
            trace.logits[here[done]] = logits[done]
            trace.left_at[here[done]] = stage
            here, x, kept, saliency = (a[~done] for a in (here, x, kept, saliency))
            best = largest(saliency, TOKENS[stage + 1])
            if TOKENS[stage + 1] < TOKENS[stage]:
                closest = margin(saliency, TOKENS[stage + 1])
                trace.margin[here] = np.minimum(trace.margin[here], closest)
            kept = np.take_along_axis(kept, best, 1)
            x = np.take_along_axis(x, best[..., None], 1)
        return trace


def block_flops(tokens, experts):
    attention = 4 * tokens * WIDTH**2 + 2 * tokens**2 * WIDTH
    router = tokens * WIDTH * EXPERTS
    return 2 * (attention + router + tokens * experts * 2 * WIDTH * HIDDEN)


def exit_flops(tokens):
    return 2 * (2 * tokens * WIDTH + WIDTH * CLASSES)


EMBED_FLOPS = 2 * TOKENS[0] * 16 * WIDTH


def dense_flops():
    """Multiplications and additions in matrix products, per image."""
    blocks = BLOCKS * block_flops(TOKENS[0], EXPERTS)
    return EMBED_FLOPS + blocks + exit_flops(TOKENS[0])


def executed(left_at):
    """Shares of the dense network that run, given where each image left.

    tokens: of the 49, in the blocks that run; experts: of the 8, per token that
    runs; layers: of the 4 blocks; flops: of the dense network's.
    """
    stages = np.bincount(left_at, minlength=BLOCKS) / len(left_at)
    return shares(np.cumsum(stages[::-1])[::-1], CHOSEN)


def executed_masked():
    """The same in masked form: every image in every stage, with all experts."""
    return shares(np.ones(BLOCKS), EXPERTS)


def executed_dense():
    return {"tokens": 1.0, "experts": 1.0, "layers": 1.0, "flops": 1.0}


def shares(reaching, experts):
    """The same for the share of images that reach each stage."""
    flops = EMBED_FLOPS + sum(
        share * (block_flops(count, experts) + exit_flops(count))
        for share, count in zip(reaching, TOKENS)
    )
    return {
        "tokens": np.dot(reaching, TOKENS) / (TOKENS[0] * reaching.sum()),
        "experts": experts / EXPERTS,
        "layers": reaching.mean(),
        "flops": flops / dense_flops(),
    }
