# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the systems of the zoo share: their description, their programs, and the
NumPy that most references need."""

import importlib
import pathlib
import re
from dataclasses import dataclass, field

import numpy as np

HERE = pathlib.Path(__file__).parent
FAMILIES = ("experts", "tokens", "depth", "width")

# A function without a body: no line of it has a brace, the next is not indented.
DECLARATION = r"(?m)^func\.func private @(\w+)\([^{\n]*\n(?:[ \t]+[^{\n]*\n)*(?![ \t])"
DEFINITION = r"(?ms)^func\.func private @(\w+)\(.*?^}\n"


@dataclass(frozen=True)
class System:
    """A published system: NAME.mlir has the function @NAME, NAME.py makes this.

    inputs: takes a generator and the sizes of a shape; gives {name: array}, in
    the order of the function's arguments. Scalars are arrays of rank 0.
    reference: takes these arrays by name; gives the list of results in float64
    and the share of the conditional work that was chosen, from 0 to 1.
    rows: the size that may be anything, 0 and 1 included; None where there is
    none.
    variants: {label: other sizes} that the tests run besides the tiny shape.
    soft: like reference, the results alone, of the soft form; None where the
    program has none.
    also: what the tests compare with besides NumPy: a module of Hugging Face, or a
    layer that the reference is made of; empty where there is nothing.
    less: what the published shape leaves out of the published model.
    bound: the largest relative l2 error of a result of floats.
    """

    title: str
    family: str
    paper: str
    inputs: object
    reference: object
    tiny: dict
    published: dict
    rows: str = "tokens"
    variants: dict = field(default_factory=dict)
    soft: object = None
    also: str = ""
    less: str = "one layer"
    bound: float = 1e-5
    seed: int = 1
    name: str = field(default="", compare=False)

    def arrays(self, shape, **changes):
        """The arguments at the shape "tiny" or "published", by name."""
        sizes = {**getattr(self, shape), **changes}
        return self.inputs(np.random.default_rng(self.seed), **sizes)

    def program(self):
        """The module's text: NAME.mlir, and the functions of layers.mlir that it
        declares."""
        own = (HERE / f"{self.name}.mlir").read_text()
        layers = {
            match[1]: match[0]
            for match in re.finditer(DEFINITION, (HERE / "layers.mlir").read_text())
        }
        wanted = [name for name in re.findall(DECLARATION, own) if name in layers]
        for name in wanted:  # which grows while it is walked
            called = re.findall(r"call @(\w+)", layers[name])
            wanted += [other for other in dict.fromkeys(called) if other not in wanted]
        own = re.sub(DECLARATION, lambda m: "" if m[1] in layers else m[0], own)
        return "\n".join([own, *(layers[name] for name in wanted)])

    def ops(self):
        """The condcomp ops that NAME.mlir uses, in the order of their first use."""
        text = re.sub(r"//.*", "", (HERE / f"{self.name}.mlir").read_text())
        used = dict.fromkeys(re.findall(r"(?<!!)\bcondcomp\.(\w+)", text))
        return [op for op in used if op not in ("yield", "exit")]


def names():
    """The systems there are, by family."""
    found = {path.stem for path in HERE.glob("*.mlir")} - {"layers"}
    return sorted(found, key=lambda n: (FAMILIES.index(system(n).family), n))


def system(name):
    described = importlib.import_module(name).SYSTEM
    object.__setattr__(described, "name", name)
    return described


def worst_error(got, wanted):
    """The largest relative l2 error of the results; of integers and masks, the
    share that differs. Infinite where shapes differ or one alone is finite."""
    errors = [0.0]
    for a, b in zip(got, wanted, strict=True):
        b = np.asarray(b)
        if a.shape != b.shape:
            return np.inf
        if b.dtype.kind in "iub":
            errors.append(float((a != b).mean()) if b.size else 0.0)
            continue
        a, finite = a.astype(np.float64), np.isfinite(b)
        if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
            return np.inf
        difference = np.linalg.norm((a - b)[finite])
        errors.append(difference and difference / np.linalg.norm(b[finite]))
    return max(errors)


def same_bits(some, others):
    return all(a.tobytes() == b.tobytes() for a, b in zip(some, others, strict=True))


# ===-- Inputs -------------------------------------------------------------=== #


def normal(rng, *shape, scale=1.0):
    values = rng.standard_normal(shape, dtype=np.float32)
    values *= np.float32(scale)
    return values


def matrix(rng, *shape):
    """Weights [..., in, out] that keep the size of what they multiply."""
    return normal(rng, *shape, scale=shape[-2] ** -0.5)


def index(value):
    return np.array(value, np.int64)


# ===-- References, in float64 ---------------------------------------------=== #


def wide(array):
    return np.asarray(array, np.float64)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def silu(x):
    return x * sigmoid(x)


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True, initial=-np.inf))
    return e / e.sum(axis, keepdims=True)


def top_k(scores, k):
    """Where the k largest of each row are, [..., n] bool; ties: lower index."""
    order = np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    chosen = np.zeros(scores.shape, bool)
    np.put_along_axis(chosen, order, True, axis=-1)
    return chosen


def swiglu(x, gate, up, down):
    return (silu(x @ wide(gate)) * (x @ wide(up))) @ wide(down)


def relu_ffn(x, up, down):
    return np.maximum(x @ wide(up), 0) @ wide(down)


def rms_norm(x):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6)


def attention(q, k, v, heads, causal=False):
    """q, k, v: [samples, tokens, heads c]."""
    n, _, d = q.shape
    split = lambda a: a.reshape(n, a.shape[1], heads, d // heads).transpose(0, 2, 1, 3)
    q, k, v = split(q), split(k), split(v)
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(q.shape[-1])
    if causal:
        scores[..., ~np.tri(*scores.shape[-2:], dtype=bool)] = -np.inf
    read = (softmax(scores) @ v).transpose(0, 2, 1, 3)
    return read.reshape(n, read.shape[1], d)


def attend(x, qkvo, heads, causal=False):
    """The first half of a transformer block, @attend of layers.mlir."""
    normed = rms_norm(x)
    q, k, v = (normed @ wide(w) for w in qkvo[:3])
    return x + attention(q, k, v, heads, causal) @ wide(qkvo[3])


def block(x, qkvo, up, down, heads, causal=False):
    """A transformer block, @block of layers.mlir."""
    h = attend(x, qkvo, heads, causal)
    return h + relu_ffn(rms_norm(h), up, down)


def conv3x3(x, kernel, bias):
    """x: [samples, c, height, width], kernel: [c', c, 3, 3]; keeps the size."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    y = np.einsum("nchwij,fcij->nfhw", windows, wide(kernel), optimize=True)
    return y + wide(bias)[:, None, None]


def run_experts(x, weights, chosen, body, *params, width=None):
    """Sum over experts of weight * body(rows that chose it, its params).

    x: [tokens, d]; weights, chosen: [tokens, experts]; width: of a result, if
    not d.
    """
    y = np.zeros((len(x), width or x.shape[1]))
    for expert in np.flatnonzero(chosen.any(0)):
        rows = np.flatnonzero(chosen[:, expert])
        out = body(x[rows], *(param[expert] for param in params))
        y[rows] += weights[rows, expert, None] * out
    return y


def share(chosen):
    """Of a decision per element of a mask, how many are taken; 1 of none."""
    return float(chosen.mean()) if chosen.size else 1.0


def layers_run(left_at, layers):
    """Of all layers (steps), how many rows run that left there; those that never
    left, at `layers`, run all."""
    run = np.minimum(left_at + 1, layers)
    return float(run.mean() / layers) if run.size else 1.0
