# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws what the dynamic network skips: patches, experts and layers."""

import matplotlib
import numpy as np
from digits import GRID, PATCH
from reference import BLOCKS, EXPERTS, TOKENS

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (after the choice of backend)

INK, PAPER, DIM, MARK = "#1b2a41", "#ffffff", "#c9d3df", "#d1495b"


def shade(image, kept):
    """The image as RGB, the patches that were dropped dimmed."""
    mask = np.zeros(GRID * GRID, bool)
    mask[kept] = True
    mask = np.kron(mask.reshape(GRID, GRID), np.ones((PATCH, PATCH), bool))
    ink, paper, dim = (np.array(matplotlib.colors.to_rgb(c)) for c in (INK, PAPER, DIM))
    value = image[..., None]
    clear = paper * (1 - value) + ink * value
    return np.where(
        mask[..., None], clear, dim * (1 - 0.35 * value) + 0.35 * value * ink
    )


def examples(left_at, count):
    """As many images of each exit as there are, `count` in all."""
    groups = [list(np.flatnonzero(left_at == stage)) for stage in range(BLOCKS)]
    chosen = []
    while len(chosen) < min(count, len(left_at)):
        for group in groups:
            if group and len(chosen) < count:
                chosen.append(group.pop(0))
    return sorted(chosen, key=lambda image: (left_at[image], image))


def draw_digit(axes, image, label, predicted, trace, index):
    left_at = trace.left_at[index]
    for stage, ax in enumerate(axes):
        ax.set_axis_off()
        if stage > left_at:
            continue
        ax.set_axis_on()
        ax.imshow(shade(image, trace.kept[stage][index]), interpolation="nearest")
        ax.set_xticks([])
        ax.set_yticks([])
        for side in ax.spines.values():
            side.set_color(MARK if stage == left_at else DIM)
            side.set_linewidth(2.0 if stage == left_at else 0.8)
    axes[left_at].set_title(
        f"says {predicted}" + ("" if predicted == label else f", is {label}"),
        fontsize=7,
        color=MARK,
        pad=2,
    )


def expert_use(trace):
    """Per block, the share of its choices that fall on each expert."""
    use = []
    for experts in trace.experts:
        counts = np.bincount(experts[experts >= 0], minlength=EXPERTS)
        use.append(counts / max(counts.sum(), 1))
    return np.array(use)


def draw(images, labels, logits, trace, path, count=16):
    figure = plt.figure(figsize=(11, 8.2), facecolor=PAPER)
    outer = figure.add_gridspec(1, 2, width_ratios=(2.2, 1), wspace=0.24)
    halves = outer[0].subgridspec(1, 2, wspace=0.12)
    chosen = examples(trace.left_at, count)
    rows = (len(chosen) + 1) // 2
    for half in range(2):
        cells = halves[half].subgridspec(rows, BLOCKS, wspace=0.08, hspace=0.28)
        for row, index in enumerate(chosen[half * rows : (half + 1) * rows]):
            axes = [figure.add_subplot(cells[row, stage]) for stage in range(BLOCKS)]
            predicted = logits[index].argmax()
            draw_digit(axes, images[index], labels[index], predicted, trace, index)

    right = outer[1].subgridspec(2, 1, height_ratios=(1, 1.4), hspace=0.35)
    ax = figure.add_subplot(right[0])
    left = np.bincount(trace.left_at, minlength=BLOCKS)
    bars = ax.bar(range(1, BLOCKS + 1), left, color=MARK, width=0.6)
    ax.bar_label(bars, fontsize=8)
    ax.set_xticks(range(1, BLOCKS + 1))
    ax.set_xlabel("exit", fontsize=9)
    ax.set_title("Digits that leave at each exit", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)

    ax = figure.add_subplot(right[1])
    use = expert_use(trace)
    ax.imshow(use, cmap="Blues", vmin=0, vmax=max(0.25, use.max()), aspect="auto")
    for block, expert in np.ndindex(use.shape):
        ax.text(
            expert, block, f"{100 * use[block, expert]:.0f}", ha="center", va="center",
            fontsize=8, color=PAPER if use[block, expert] > 0.2 else INK,
        )  # fmt: skip
    ax.set_xticks(range(EXPERTS), range(1, EXPERTS + 1))
    ax.set_yticks(
        range(BLOCKS), [f"{b + 1}\n({t} tokens)" for b, t in enumerate(TOKENS)]
    )
    ax.tick_params(labelsize=8)
    ax.set_xlabel("expert", fontsize=9)
    ax.set_ylabel("block", fontsize=9)
    ax.set_title("Choices of each expert, %", fontsize=10)

    figure.suptitle(
        "What each digit's blocks (at most 4) get to see: dropped patches are "
        "dimmed; it leaves behind the framed one",
        fontsize=11,
        y=0.95,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130, bbox_inches="tight")
    plt.close(figure)
