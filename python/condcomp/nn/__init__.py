# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conditional computation in PyTorch: modules that train with ordinary autograd and
that `condcomp.torch.export` and `condcomp.torch.compile` turn into compiled code that
runs only what was chosen.

Gates make a `Routing` of scores: TopK, TopP, Threshold, ExpertChoice, GumbelTopK.
Experts, TokenSelect, TokenMerge, TokenSkip, KeptTokens, EarlyExit, Halting and SkipLayer
are the modules; balance_loss, z_loss, joint_exit_loss, ponder_cost, ponder_kl and
budget_loss the losses.
`form("soft")` is a context in which decisions are mixtures. docs/pytorch.md is the manual.
"""

from ._forms import Routing, form
from .exits import EarlyExit, Left, confidence
from .experts import Experts
from .gates import ExpertChoice, Gate, GumbelTopK, Threshold, TopK, TopP
from .halting import Halted, Halting
from .losses import (
    balance_loss,
    budget_loss,
    joint_exit_loss,
    ponder_cost,
    ponder_kl,
    z_loss,
)
from .skip import SkipLayer
from .token_layers import KeptTokens, TokenSkip
from .tokens import TokenMerge, TokenSelect

__all__ = [
    "EarlyExit",
    "ExpertChoice",
    "Experts",
    "Gate",
    "GumbelTopK",
    "Halted",
    "Halting",
    "KeptTokens",
    "Left",
    "Routing",
    "SkipLayer",
    "Threshold",
    "TokenMerge",
    "TokenSelect",
    "TokenSkip",
    "TopK",
    "TopP",
    "balance_loss",
    "budget_loss",
    "confidence",
    "form",
    "joint_exit_loss",
    "ponder_cost",
    "ponder_kl",
    "z_loss",
]
