# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Layers that rows may skip."""

import torch
from torch import nn

from ._forms import check_form, exact, form_of, keep, spread
from ._region import ApplyRegion, Swapped, exporting, region, split_values
from .gates import Threshold


class SkipLayer(nn.Module):
    """y = s f(x) + (1 - s) x with s = 1 where the gate's value is at least tau, else 0
    (SkipNet, Wang et al. 2018, arXiv 1711.09485; the survey's depth sparsity).

    layer: f, takes and returns [rows, ...], each row by itself. gate: makes values g
    [rows] or [rows, 1] of x, usually probabilities. tau: a number; forward takes another
    one, too.
    form: "masked", or "soft": y = g f(x) + (1 - g) x. In training mode the masked form
    passes gradients straight through to the gate, as if s were g.
    """

    #: Attributes that are numbers, and keyword arguments of `forward`.
    steers = ("tau",)

    def __init__(self, layer, gate, tau=0.5, form="masked"):
        super().__init__()
        self.layer, self.gate = layer, gate
        self.tau = float(tau)
        self.form = check_form(form)

    @staticmethod
    def row_dims(x):
        """The leading dim is the rows."""
        return 1

    def forward(self, x, tau=None):
        """x: [rows, ...]. tau: a number, or a tensor without dims, which a compiled
        program takes as it comes. Returns the same shape."""
        tau = self.tau if tau is None else tau
        g = self.gate(x).reshape(x.shape[0], 1)
        if exporting():
            swapped = Swapped(self.layer)
            # The gate's own tau is not looked at.
            numbers, tensors = split_values({"tau": tau})
            made = ApplyRegion(
                self,
                Threshold(0.0),
                lambda rows, *tensors: swapped(tensors, rows),
                numbers,
                combine="replace",
                weights="none",
                stacked=False,
            )
            return region(made, [x, g, x, *tensors, *swapped.tensors])[0]
        y, g = self.layer(x), g.squeeze(1)
        if form_of(self) == "soft":
            return spread(g, y) * y + (1 - spread(g, y)) * x
        out = keep(exact(g) >= tau, y, x)
        if self.training:
            # Zero, but its gradient is that of g * (y - x).
            out = out + spread(g - g.detach(), y) * (y - x).detach()
        return out
