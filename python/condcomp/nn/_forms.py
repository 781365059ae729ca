# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Masked and soft: how modules compute in PyTorch."""

import contextlib
import contextvars
from typing import NamedTuple

import torch

FORMS = ("masked", "soft")
_form = contextvars.ContextVar("condcomp_nn_form", default=None)


class Routing(NamedTuple):
    """Which module each row uses, and how much of it: a sparse matrix, held densely.

    weights: [..., rows, modules], float; 0 where there is no entry. mask: the same
    shape, bool: true where there is one. An entry may have the weight 0.
    """

    weights: torch.Tensor
    mask: torch.Tensor


def check_form(form):
    """The form, or a ValueError."""
    if form not in FORMS:
        raise ValueError(f"the form is one of {', '.join(FORMS)}, not {form!r}")
    return form


@contextlib.contextmanager
def form(name):
    """Within it all modules of condcomp.nn compute in the form `name`, whatever their
    attribute `form` says: "masked" (everything is computed, absent parts are removed
    by selection) or "soft" (mixtures in place of decisions, docs/spec.md)."""
    token = _form.set(check_form(name))
    try:
        yield
    finally:
        _form.reset(token)


def form_of(module):
    """The form that a module computes in now."""
    return _form.get() or module.form


def keep(mask, values, other):
    """values where the mask is true, else `other` (selected, never multiplied). The
    mask has the leading dims of the values."""
    mask = mask.reshape(*mask.shape, *(1,) * (values.dim() - mask.dim()))
    return torch.where(mask, values, other)


def spread(weights, values):
    """weights with trailing dims of size 1, to multiply values by."""
    return weights.reshape(*weights.shape, *(1,) * (values.dim() - weights.dim()))


def exact(values):
    """float16 and bfloat16 as float32, which compiled code compares and counts in."""
    return values if values.dtype == torch.float64 else values.float()
