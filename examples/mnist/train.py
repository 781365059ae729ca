# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the network of network.py, built with condcomp.nn, and writes weights.npz.

Needs PyTorch, and 10 minutes to an hour; with --epochs 10, which is 2 % less
accurate, a twelfth of that. Both networks of network.py are trained at
once, in turns: a step's loss is the dense network's cross entropy, or the sum
of the exits' cross entropies and the experts' balance loss. Then the exits'
thresholds are chosen on the validation digits: the least one for which no digit
that leaves there is wrong where the dense network is right, moved half-way to
1, as 500 digits say little about rare mistakes.

Two runs on one machine with as many threads give the same weights. Training
runs in bf16 on processors with AMX.
"""

import argparse
import copy
import math
import pathlib
import time

import digits
import numpy as np
import torch
from network import BLOCKS, HEADS, WIDTH, Network, parameters_by_name
from torch.nn import functional as F

from condcomp.nn import joint_exit_loss

BATCH = 100


def augment(images, generator):
    """Turns, scales, shears, shifts and warps each image a little, at random."""
    n = len(images)

    def uniform(*shape, span):
        return (torch.rand(*shape, generator=generator) * 2 - 1) * span

    angle = uniform(n, span=math.radians(15))
    scale = 1 + uniform(n, 2, span=0.15)
    shear = uniform(n, span=0.2)
    shift = uniform(n, 2, span=2.5 / 14)
    cos, sin = angle.cos(), angle.sin()
    theta = torch.stack(
        [
            torch.stack([cos * scale[:, 0], -sin + shear, shift[:, 0]], 1),
            torch.stack([sin, cos * scale[:, 1], shift[:, 1]], 1),
        ],
        1,
    )
    grid = F.affine_grid(theta, (n, 1, 28, 28), align_corners=False)
    coarse = torch.randn(n, 2, 6, 6, generator=generator) * (1.0 / 14)
    warp = F.interpolate(coarse, (28, 28), mode="bicubic", align_corners=False)
    grid = grid + warp.permute(0, 2, 3, 1)
    return F.grid_sample(images.unsqueeze(1), grid, align_corners=False).squeeze(1)


def loss_of(net, images, labels, step):
    """The dense and the dynamic network's losses take turns."""
    if step % 2 == 0:
        return F.cross_entropy(net.dense(images).float(), labels)
    exits = [logits.float() for logits in net.exits(images)]
    return joint_exit_loss(exits, labels) / 2 + 0.02 * net.balance()


def make_optimizer(net):
    """AdamW, with weight decay for matrices, stacked or not."""
    vectors = {"bias", "up_bias"}
    groups = {0.05: [], 0.0: []}
    for name, parameter in net.named_parameters():
        last = name.rsplit(".", 1)[-1]
        groups[0.0 if last in vectors else 0.05].append(parameter)
    return torch.optim.AdamW(
        [{"params": p, "weight_decay": decay} for decay, p in groups.items()], lr=2e-3
    )


def train_step(net, optimizer, images, labels, step):
    """One step of training: the loss."""
    # Without AMX PyTorch's bf16 is slower than its float32.
    fast = torch.cpu._is_amx_tile_supported()
    with torch.autocast("cpu", torch.bfloat16, enabled=fast):
        loss = loss_of(net, images, labels, step)
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    return loss.item()


@torch.no_grad()
def evaluate(net, images, labels, thresholds=(1.0,) * (BLOCKS - 1)):
    """Accuracies of dense, dynamic and each exit alone; share leaving at each."""
    dense = net.dense(images).argmax(-1)
    logits = net.exits(images)
    predicted = logits[-1].argmax(-1)
    left = torch.full_like(labels, BLOCKS - 1)
    for stage in reversed(range(BLOCKS - 1)):
        sure = logits[stage].softmax(-1).amax(-1) > thresholds[stage]
        predicted = torch.where(sure, logits[stage].argmax(-1), predicted)
        left = torch.where(sure, stage, left)
    hit = lambda p: (p == labels).float().mean().item()
    return {
        "dense": hit(dense),
        "dynamic": hit(predicted),
        "exits": [round(hit(each.argmax(-1)), 4) for each in logits],
        "left": (torch.bincount(left, minlength=BLOCKS) / len(labels)).tolist(),
    }


@torch.no_grad()
def choose_thresholds(net, images, labels):
    dense = net.dense(images).argmax(-1)
    logits = net.exits(images)
    here = torch.ones_like(labels, dtype=torch.bool)
    thresholds = []
    for stage in range(BLOCKS - 1):
        sure = logits[stage].softmax(-1).amax(-1)
        worse = (logits[stage].argmax(-1) != labels) & (dense == labels)
        for threshold in torch.arange(0.5, 1.0, 0.005).tolist():
            leaving = here & (sure > threshold)
            if not worse[leaving].any():
                break
        threshold = round((threshold + 1) / 2, 3)
        thresholds.append(threshold)
        here &= sure <= threshold
    return thresholds


def export(net, thresholds, path):
    """Writes float32 arrays, each block's (exit's) stacked along a first dim.

    The attention's division by the root of a head's width goes into q.
    """

    stages = [parameters_by_name(stage) for stage in net.stages.stages]
    arrays = {
        "thresholds": np.array(thresholds, np.float32),
        "embed": net.embed.detach().numpy(),
        "position": net.position.detach().numpy(),
        **{
            name: torch.stack([stage[name].detach() for stage in stages]).numpy()
            for name in stages[0]
        },
    }
    arrays["q"] = arrays["q"] / np.float32(math.sqrt(WIDTH // HEADS))
    arrays["saliency"] = arrays["saliency"][..., 0]
    np.savez_compressed(path, **arrays)


@torch.no_grad()
def save_predictions(net, thresholds, held_out, weights_path):
    """What PyTorch says of the held-out digits, for runs without PyTorch."""
    logits, left_at = net(held_out[0], torch.tensor(thresholds))
    np.savez_compressed(
        weights_path.with_name("pytorch.npz"),
        dense=net.dense(held_out[0]).argmax(-1).numpy().astype(np.uint8),
        dynamic=logits.argmax(-1).numpy().astype(np.uint8),
        left_at=left_at.numpy().astype(np.uint8),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    here = pathlib.Path(__file__).parent
    parser.add_argument("--output", type=pathlib.Path, default=here / "weights.npz")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    torch.use_deterministic_algorithms(True)
    generator = torch.Generator().manual_seed(options.seed)
    parts = {
        name: (torch.from_numpy(images), torch.from_numpy(labels))
        for name, (images, labels) in digits.load().items()
    }
    images, labels = parts["train"]
    net = Network().train()
    mean = copy.deepcopy(net).eval()
    optimizer = make_optimizer(net)
    steps = options.epochs * (len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 2e-3, steps, pct_start=0.1
    )
    start = time.time()
    for epoch in range(options.epochs):
        order = torch.randperm(len(images), generator=generator)
        for step, batch in enumerate(order.split(BATCH), epoch * len(order) // BATCH):
            inputs = augment(images[batch], generator)
            loss = train_step(net, optimizer, inputs, labels[batch], step)
            schedule.step()
            with torch.no_grad():
                torch._foreach_lerp_(
                    list(mean.parameters()), list(net.parameters()), 0.01
                )
        if epoch % 5 == 4:
            seconds = time.time() - start
            print(
                f"epoch {epoch + 1} after {seconds:.0f} s: loss {loss:.3f},",
                evaluate(mean, *parts["validation"]),
                flush=True,
            )
    thresholds = choose_thresholds(mean, *parts["validation"])
    print("thresholds", thresholds)
    save_predictions(mean, thresholds, parts["held_out"], options.output)
    for name in ("validation", "held_out"):
        print(name, evaluate(mean, *parts[name], thresholds))
    export(mean, thresholds, options.output)


if __name__ == "__main__":
    main()
