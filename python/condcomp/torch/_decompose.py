# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What some PyTorch operators are made of, so that torch-mlir's code is good.

torch-mlir computes means in float64, broadcasts the operands of matrix products that
have sizes known in calls only, and finds the place of a softmax's maximum.
"""

import math
from unittest import mock

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from ..nn._forms import exact

aten = torch.ops.aten


def _wide(kind):
    """The dtype that sums of elements of this dtype are made in."""
    return torch.float32 if kind in (torch.float16, torch.bfloat16) else kind


def _standardize(x, dims, count, eps):
    """x with mean 0 and variance 1 over dims of `count` elements."""
    centred = x - x.sum(dims, keepdim=True) / count
    variance = (centred * centred).sum(dims, keepdim=True) / count
    return centred * torch.rsqrt(variance + eps)


def _layer_norm(
    input, normalized_shape, weight=None, bias=None, eps=1e-5, cudnn_enable=True
):
    x, shape = input, normalized_shape
    dims = list(range(x.dim() - len(shape), x.dim()))
    count = math.prod(shape)
    kind = x.dtype
    y = _standardize(exact(x), dims, count, eps)
    y = y if weight is None else y * weight
    y = y if bias is None else y + bias
    return y.to(kind)


def _rms_norm(input, normalized_shape, weight=None, eps=None):
    x, shape = input, normalized_shape
    dims = list(range(x.dim() - len(shape), x.dim()))
    kind = x.dtype
    eps = torch.finfo(kind).eps if eps is None else eps
    x = exact(x)
    y = x * torch.rsqrt((x * x).sum(dims, keepdim=True) / math.prod(shape) + eps)
    y = y if weight is None else y * weight
    return y.to(kind)


def _group_norm(
    input, num_groups, weight=None, bias=None, eps=1e-5, cudnn_enabled=True
):
    x, kind, sizes = input, input.dtype, input.shape[1:]
    if any(isinstance(size, torch.SymInt) for size in sizes):
        return NotImplemented
    count = math.prod(sizes) // num_groups
    x = exact(x).reshape(x.shape[0], num_groups, count)
    y = _standardize(x, -1, count, eps).reshape(input.shape)
    channels = (-1, *(1,) * (len(sizes) - 1))
    y = y if weight is None else y * weight.reshape(channels)
    y = y if bias is None else y + bias.reshape(channels)
    return y.to(kind)


# Longer sums would read so many elements each that they are no use.
_LONGEST_RUNNING_SUM = 4096


def _cumsum(input, dim, *, dtype=None):
    x = input
    size = x.shape[dim] if x.dim() else None
    if not isinstance(size, int) or size > _LONGEST_RUNNING_SUM or x.is_complex():
        return NotImplemented
    kind = dtype or (x.dtype if x.is_floating_point() else torch.int64)
    x = x.to(_wide(kind)).movedim(dim, -1).unsqueeze(-2)
    # Selected, not multiplied by a triangle of ones: 0 * inf is NaN.
    before = torch.ones((size, size), dtype=torch.bool, device=x.device).tril()
    return torch.where(before, x, 0).sum(-1).to(kind).movedim(-1, dim)


def _mean(input, dim=None, keepdim=False, *, dtype=None):
    x = input
    dims = [dim] if isinstance(dim, int) else dim or list(range(x.dim()))
    count = math.prod(x.shape[d] for d in dims)
    if isinstance(count, torch.SymInt):
        return NotImplemented
    kind = dtype or x.dtype
    total = x.sum(dims, keepdim=keepdim, dtype=_wide(kind))
    return (total / count).to(kind)


def _functional_softmax(input, dim=None, _stacklevel=3, dtype=None):
    return _softmax(input, dim, dtype)


def _softmax(input, dim=None, dtype=None):
    x = input
    if dim is None:
        return NotImplemented
    kind = dtype or x.dtype
    exact = torch.float64 in (kind, x.dtype)
    x = x.to(torch.float64 if exact else torch.float32)
    e = torch.exp(x - x.amax(dim, keepdim=True))
    return (e / e.sum(dim, keepdim=True)).to(kind)


def _linear(input, weight, bias=None):
    x = input
    if weight.dim() != 2:
        return NotImplemented
    rows = x.reshape(-1, x.shape[-1]) if x.dim() != 2 else x
    y = rows.mm(weight.t())
    y = y if bias is None else y + bias
    return y.reshape(*x.shape[:-1], weight.shape[0]) if x.dim() != 2 else y


def _matmul(input, other):
    a, b = input, other
    if a.dim() == 2 and b.dim() == 2:
        return a.mm(b)
    if b.dim() == 1 and a.dim() > 1:
        return _matmul(a, b.unsqueeze(1)).squeeze(-1)
    if b.dim() == 2 and a.dim() > 2:
        return a.reshape(-1, a.shape[-1]).mm(b).reshape(*a.shape[:-1], b.shape[1])
    if a.dim() == b.dim() and a.dim() > 2:
        if a.shape[:-2] == b.shape[:-2]:
            if a.dim() == 3:
                return a.bmm(b)
            lead = a.shape[:-2]
            y = a.reshape(-1, *a.shape[-2:]).bmm(b.reshape(-1, *b.shape[-2:]))
            return y.reshape(*lead, *y.shape[-2:])
    return NotImplemented


def _attention(
    query,
    key,
    value,
    attn_mask=None,
    dropout_p=0.0,
    is_causal=False,
    *,
    scale=None,
    enable_gqa=False,
):
    q, k, v, mask = query, key, value, attn_mask
    lead = q.shape[:-2]
    if enable_gqa or dropout_p or k.shape[:-2] != lead or v.shape[:-2] != lead:
        return NotImplemented
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = _matmul(q * scale, k.transpose(-1, -2))
    if is_causal:
        size = scores.shape[-2:]
        mask = torch.ones(size, dtype=torch.bool, device=q.device).tril()
    if mask is not None and mask.dtype == torch.bool:
        scores = torch.where(mask, scores, -torch.inf)
    elif mask is not None:
        scores = scores + mask
    shares = _softmax(scores, -1)
    if attn_mask is not None:  # A row that attends to nothing is zero in PyTorch.
        nothing = scores.amax(-1, keepdim=True) == -torch.inf
        shares = torch.where(nothing, 0.0, shares)
    return _matmul(shares, v)


def _getitem(input, index):
    """x[i, j], such as x[torch.arange(n), last], which torch-mlir has no code for:
    rows of x with its leading dims merged, at i * size + j."""
    kinds = (torch.int64, torch.int32)
    if not isinstance(index, tuple) or not 2 <= len(index) <= input.dim():
        return NotImplemented
    if not all(isinstance(i, torch.Tensor) and i.dtype in kinds for i in index):
        return NotImplemented
    total, place, inside = 1, 0, True
    for i, size in zip(index, input.shape):
        i = torch.where(i < 0, i + size, i)
        inside = inside & (i >= 0) & (i < size)
        total, place = total * size, place * size + i
    # A place outside of x, where one index is outside of its dim: it is reported.
    place = torch.where(inside, place, total)
    return input.flatten(0, len(index) - 1)[place]


TABLE = {
    aten.layer_norm.default: _layer_norm,
    aten.rms_norm.default: _rms_norm,
    aten.group_norm.default: _group_norm,
    aten.cumsum.default: _cumsum,
    aten.mean.dim: _mean,
    aten.softmax.int: _softmax,
    aten.linear.default: _linear,
    aten.matmul.default: _matmul,
    aten.scaled_dot_product_attention.default: _attention,
}


_FUNCTIONS = {
    F.layer_norm: _layer_norm,
    F.rms_norm: _rms_norm,
    F.group_norm: _group_norm,
    torch.cumsum: _cumsum,
    torch.Tensor.cumsum: _cumsum,
    torch.mean: _mean,
    torch.Tensor.mean: _mean,
    F.softmax: _functional_softmax,
    torch.softmax: _softmax,
    torch.Tensor.softmax: _softmax,
    F.linear: _linear,
    torch.matmul: _matmul,
    torch.Tensor.matmul: _matmul,
    torch.Tensor.__matmul__: _matmul,
    F.scaled_dot_product_attention: _attention,
    torch.Tensor.__getitem__: _getitem,
}


def _or_else(func):
    """What the table makes of a function, or the function."""

    def run(*args, **kwargs):
        result = _FUNCTIONS[func](*args, **kwargs)
        return func(*args, **kwargs) if result is NotImplemented else result

    return run


class Decomposed(TorchFunctionMode):
    """Within it, functions of PyTorch are made of what the table says. What is not
    reached here needs `run_decompositions`, which takes longer than the export."""

    def __enter__(self):
        # PyTorch's multi-head attention is a function of Python that calls these two
        # where no mode sees it.
        self._patch = mock.patch.multiple(
            F,
            linear=_or_else(F.linear),
            scaled_dot_product_attention=_or_else(F.scaled_dot_product_attention),
        )
        self._patch.start()
        return super().__enter__()

    def __exit__(self, *error):
        self._patch.stop()
        return super().__exit__(*error)

    def __torch_function__(self, func, types, args=(), kwargs=None):
        made = _FUNCTIONS.get(func)
        if made is not None and not (kwargs or {}).keys() & {"axis", "out"}:
            result = made(*args, **(kwargs or {}))
            if result is not NotImplemented:
                return result
        return func(*args, **(kwargs or {}))


def is_decomposed(graph):
    """Whether nothing of the table is left, nothing is computed in place, and no
    operator holds a graph (as autocast's does)."""
    if any(node.op == "get_attr" for node in graph.nodes):
        return False
    targets = [n.target for n in graph.nodes if n.op == "call_function"]
    return not any(
        target in TABLE or (hasattr(target, "_schema") and target._schema.is_mutable)
        for target in targets
    )
