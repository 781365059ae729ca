# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Losses that conditional computation is trained with."""

import torch
from torch.nn import functional as F


def balance_loss(logits, mask):
    """The load-balancing loss of Switch Transformers (Fedus et al. 2021, arXiv
    2101.03961, eq. 4 to 6), without its factor alpha: E * sum_i f_i P_i, f_i the share
    of the entries at expert i, P_i the mean probability of expert i. It is 1 when
    both are uniform. With k experts per row f_i sums to 1, too.

    logits: [..., rows, E] router logits, float. mask: [..., rows, E] bool, the entries.
    Returns a scalar of float32 (float64 for float64 logits).
    """
    if logits.shape != mask.shape:
        raise ValueError(
            f"balance_loss: logits {list(logits.shape)} and mask {list(mask.shape)} "
            "have different shapes"
        )
    logits = logits if logits.dtype == torch.float64 else logits.float()
    experts = logits.shape[-1]
    probability = logits.softmax(-1).reshape(-1, experts).mean(0)
    load = mask.reshape(-1, experts).to(logits.dtype).sum(0)
    return experts * (load / load.sum().clamp(min=1) * probability).sum()


def z_loss(logits):
    """The router z-loss of ST-MoE (Zoph et al. 2022, arXiv 2202.08906, eq. 5): the mean
    over rows of (log sum exp of the logits) squared.

    logits: [..., rows, E], float. Returns a scalar of float32 (float64 for float64).
    """
    logits = logits if logits.dtype == torch.float64 else logits.float()
    return logits.logsumexp(-1).square().mean()


def joint_exit_loss(exits, target, weights=None, loss=F.cross_entropy):
    """The weighted sum of the losses of all exits (BranchyNet, Teerapittayanon et al.
    2017, arXiv 1709.01686, eq. 1).

    exits: a list of results [rows, ...], as `EarlyExit.exits` returns. target: what
    `loss(result, target)` takes. weights: one number per exit, 1 each when absent.
    Returns a scalar.
    """
    weights = [1.0] * len(exits) if weights is None else list(weights)
    if len(weights) != len(exits):
        raise ValueError(
            f"joint_exit_loss: {len(weights)} weights for {len(exits)} exits"
        )
    return sum(weight * loss(each, target) for weight, each in zip(weights, exits))


def ponder_cost(cost):
    """The mean ponder cost (ACT, Graves 2016, arXiv 1603.08983, eq. 13), without its
    factor tau. cost: [rows], N + R of each row, as `Halting` returns."""
    return cost.mean()


def ponder_kl(halting, rate):
    """KL(p || geometric(rate)) of PonderNet (Banino et al. 2021, arXiv 2107.05407, eq.
    5), the mean over rows. The prior is cut off after the last step and scaled to
    sum to 1.

    halting: [steps, rows], p of `Halting.distribution`. rate: the prior's, 0 < rate < 1.
    """
    if not 0 < rate < 1:
        raise ValueError(f"ponder_kl: the rate is between 0 and 1, got {rate}")
    steps = torch.arange(len(halting), dtype=halting.dtype, device=halting.device)
    prior = rate * (1 - rate) ** steps
    prior = (prior / prior.sum()).unsqueeze(1)
    return torch.xlogy(halting, halting / prior).sum(0).mean()


def budget_loss(used, budget):
    """(mean of `used` - budget) squared: holds the computation that a network uses, as
    a share of all (DynamicViT, Rao et al. 2021, arXiv 2106.02034, eq. 9; SkipNet's and
    SACT's penalties aim at 0). used: any shape, float or bool."""
    return (used.float().mean() - budget).square()
