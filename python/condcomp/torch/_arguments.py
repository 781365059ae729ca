# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a model's arguments and results nest, and what of them is no tensor."""

import inspect

import numpy as np
import torch
from torch.utils import _pytree as pytree

from ._errors import ExportError

# Stands for a tensor among the leaves.
_TENSOR = object()


def tensors_of(tree):
    """The tensors among the leaves."""
    return [x for x in pytree.tree_leaves(tree) if isinstance(x, torch.Tensor)]


def _leaves(values):
    return [_TENSOR if isinstance(v, torch.Tensor) else v for v in values]


def _fill(leaves, tensors):
    rest = iter(tensors)
    return [next(rest) if leaf is _TENSOR else leaf for leaf in leaves]


class Arguments:
    """The arguments of a model's `forward`, in the order of its parameters, with their
    defaults: tensors may change from call to call, all else is fixed."""

    def __init__(self, model, args, kwargs):
        self.model = type(model).__name__
        self.signature = inspect.signature(model.forward)
        given = self._bind(args, kwargs).arguments
        self.specs = {n: pytree.tree_structure(v) for n, v in given.items()}
        self.leaves = _leaves(pytree.tree_leaves(dict(given)))
        for position, leaf in enumerate(self.leaves):
            if isinstance(leaf, np.ndarray):
                raise TypeError(
                    f"{self._name(given, position)} is a NumPy array, whose contents "
                    "would be fixed: torch.as_tensor makes a tensor of it"
                )

    def _bind(self, args, kwargs):
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.model}: {error}") from None
        bound.apply_defaults()
        return bound

    def flatten(self, args, kwargs):
        """The tensors of a call. Raises TypeError, with the argument's name, where it is
        no tensor or nests differently, and for another value of what is fixed."""
        given = self._bind(args, kwargs).arguments
        for name, value in given.items():
            spec, then = pytree.tree_structure(value), self.specs[name]
            if spec != then:
                old = "a single value" if then.num_nodes == 1 else str(then)
                raise TypeError(
                    f"argument '{name}' of {self.model} nests differently than in the "
                    f"call that the model was exported with: {type(value).__name__}, "
                    f"not {old}"
                )
        flat = pytree.tree_leaves(dict(given))
        for position, (now, then) in enumerate(zip(flat, self.leaves)):
            if not _fits(now, then):
                raise TypeError(self._explain(given, position, now, then))
        return [x for x in flat if isinstance(x, torch.Tensor)]

    def _name(self, given, position):
        (first, *rest), _ = pytree.tree_leaves_with_path(dict(given))[position]
        return f"argument '{first.key}{pytree.keystr(tuple(rest))}' of {self.model}"

    def _explain(self, given, position, now, then):
        what = self._name(given, position)
        if then is _TENSOR:
            todo = "compile the model again" if now is None else "use torch.as_tensor"
            return (
                f"{what} was a tensor in the call that the model was exported with, now "
                f"it is of type {type(now).__name__}: {todo}"
            )
        shown = "a tensor" if isinstance(now, torch.Tensor) else repr(now)
        return (
            f"{what} is fixed, the model was exported with {then!r}, not {shown}: "
            "compile the model again with it, or make it a tensor"
        )

    def unflatten(self, tensors):
        """(args, kwargs) with these tensors."""
        rest = iter(_fill(self.leaves, tensors))
        made = {
            name: pytree.tree_unflatten([next(rest) for _ in range(s.num_leaves)], s)
            for name, s in self.specs.items()
        }
        bound = inspect.BoundArguments(self.signature, made)
        return bound.args, bound.kwargs


def _fits(now, then):
    """Whether a leaf is a tensor where one is expected, else the same value."""
    if then is _TENSOR or isinstance(now, torch.Tensor):
        return then is _TENSOR and isinstance(now, torch.Tensor)
    return now is then or (type(now) is type(then) and bool(now == then))


class Results:
    """How a model's results nest. What is no tensor is a constant."""

    def __init__(self, model, results):
        flat, self.spec = pytree.tree_flatten(results)
        for value in flat:
            if isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
                raise ExportError(
                    f"{type(model).__name__} returns {value}, a number made of sizes "
                    "that are known in calls only: return a tensor"
                )
        self.leaves = _leaves(flat)
        if not any(leaf is _TENSOR for leaf in self.leaves):
            raise ExportError(f"{type(model).__name__} returns no tensor")

    def unflatten(self, tensors):
        return pytree.tree_unflatten(_fill(self.leaves, tensors), self.spec)
