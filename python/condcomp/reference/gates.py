# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gates: scores [B, R, M] to a routing of that shape."""

import numpy as np

from .routing import Routing, check, order_key, weight_type, widen


def top_k(scores, k):
    """Each row's k best modules, weighted by their scores.

    scores: [B, R, M]. k: int.
    """
    scores = widen(scores)
    modules = scores.shape[-1]
    check(0 <= k <= modules, f"top_k C3: k = {k} is not in 0 to {modules}")
    presence = np.zeros(scores.shape, dtype=bool)
    for row in np.ndindex(scores.shape[:-1]):
        # sorted() is stable: equal scores stay in ascending order of modules.
        best = sorted(range(modules), key=lambda m: order_key(scores[row][m]))[:k]
        presence[row][best] = True
    return Routing(presence, scores, k)


def top_p(scores, p, least=None, most=None):
    """Each row's fewest best modules whose scores sum to p or more.

    scores: [B, R, M]. p: scalar. least, most: bounds on their number; at most M
    and at least the smaller of 1 and `most` when absent. Sums are made in the
    weight type.
    """
    weight = weight_type(scores)
    scores, p = widen(scores), weight(p)
    modules = scores.shape[-1]
    most = modules if most is None else most
    least = min(1, most) if least is None else least
    check(
        0 <= least <= most <= modules,
        f"top_p C3: {least} and {most} are not in order in 0 to {modules}",
    )
    presence = np.zeros(scores.shape, dtype=bool)
    for row in np.ndindex(scores.shape[:-1]):
        best = sorted(range(modules), key=lambda m: order_key(scores[row][m]))
        total, count = weight(0), 0
        while count < most and (count < least or not total >= p):
            with np.errstate(over="ignore", invalid="ignore"):
                total = weight(total + weight(scores[row][best[count]]))
            count += 1
        presence[row][best[:count]] = True
    return Routing(presence, scores)


def expert_choice(scores, c):
    """Each module's c best rows of its batch index, weighted by their scores.

    scores: [B, R, M]. c: int.
    """
    scores = widen(scores)
    rows = scores.shape[-2]
    check(0 <= c <= rows, f"expert_choice C3: c = {c} is not in 0 to {rows}")
    presence = np.zeros(scores.shape, dtype=bool)
    for batch in np.ndindex(scores.shape[:-2]):
        for module in range(scores.shape[-1]):
            column = scores[batch][:, module]
            best = sorted(range(rows), key=lambda r: order_key(column[r]))[:c]
            presence[batch][best, module] = True
    return Routing(presence, scores)


def limit_groups(scores, groups, keep, fill, sum_of=1):
    """Scores with those outside of a row's best groups replaced by `fill`.

    scores: [B, R, M]. groups: int, M / groups modules each. keep: int. A group
    is as good as the sum of its `sum_of` best scores.
    """
    weight = weight_type(scores)
    scores = widen(scores)
    modules = scores.shape[-1]
    check(
        groups >= 1 and modules % groups == 0,
        f"limit_groups C1: {groups} groups do not divide {modules} modules",
    )
    check(
        0 <= keep <= groups, f"limit_groups C2: keep = {keep} is not in 0 to {groups}"
    )
    size = modules // groups
    check(
        1 <= sum_of <= size or modules == 0,
        f"limit_groups C3: sum_of = {sum_of} is not in 1 to {size}",
    )
    result = scores.copy()
    for row in np.ndindex(scores.shape[:-1]):
        split = scores[row].reshape(groups, size)
        totals = []
        for group in split:
            best = sorted(group, key=order_key)[:sum_of]
            total = weight(best[0]) if best else weight(np.nan)
            with np.errstate(over="ignore", invalid="ignore"):
                for score in best[1:]:
                    total = weight(total + weight(score))
            totals.append(total)
        kept = sorted(range(groups), key=lambda g: order_key(totals[g]))[:keep]
        for group in set(range(groups)) - set(kept):
            result[row][group * size : (group + 1) * size] = float(fill)
    return result


def threshold(scores, tau):
    """An entry wherever score >= tau, weighted by the score.

    scores: [B, R, M]. tau: scalar. NaN gives no entries.
    """
    scores = widen(scores)
    with np.errstate(invalid="ignore"):
        return Routing(scores >= float(tau), scores)


def assign(indices, modules, weights=None, out_of_range="error"):
    """Entries at given indices.

    indices: int [B, R, k]. modules: M. weights: [B, R, k], 1 when absent.
    out_of_range: "error", or "drop" for no entry where an index is not in range.
    """
    indices = np.asarray(indices)
    weights = np.ones(indices.shape) if weights is None else widen(weights)
    check(weights.shape == indices.shape, "assign: weights and indices differ in shape")
    shape = indices.shape[:-1] + (modules,)
    presence, dense = np.zeros(shape, dtype=bool), np.zeros(shape)
    for position in np.ndindex(indices.shape):
        row, module = position[:-1], int(indices[position])
        if not 0 <= module < modules:
            check(
                out_of_range == "drop",
                f"assign C3: index {module} is not in 0 to {modules - 1}",
            )
            continue
        check(
            not presence[row][module],
            f"assign C4: index {module} is in row {row} twice",
        )
        presence[row][module] = True
        dense[row][module] = weights[position]
    return Routing(
        presence, dense, None if out_of_range == "drop" else indices.shape[-1]
    )


def from_mask(mask, weights=None):
    """An entry wherever the mask is true.

    mask: bool [B, R, M]. weights: [B, R, M], 1 when absent.
    """
    mask = np.asarray(mask, dtype=bool)
    weights = np.ones(mask.shape) if weights is None else widen(weights)
    check(weights.shape == mask.shape, "from_mask: weights and mask differ in shape")
    return Routing(mask, weights)


def match_tokens(scores, r):
    """Bipartite soft matching [B, Na, Nb]: the r best a-tokens merge into b.

    Rows: a, then b. Modules: the a-tokens that stay, then b.
    """
    scores = widen(scores)
    *batch, of_a, of_b = scores.shape
    check(0 <= r <= of_a and (r == 0 or of_b > 0), f"match_tokens C3: r = {r}")
    staying = of_a - r
    presence = np.zeros((*batch, of_a + of_b, staying + of_b), dtype=bool)
    for at in np.ndindex(*batch):
        partner = [
            min(range(of_b), key=lambda b: (order_key(scores[at][a, b]), b), default=0)
            for a in range(of_a)
        ]
        best = lambda a: order_key(scores[at][a, partner[a]]) if of_b else (0, 0.0)
        merged = set(sorted(range(of_a), key=lambda a: (best(a), a))[:r])
        place = 0
        for a in range(of_a):
            if a in merged:
                presence[at][a, staying + partner[a]] = True
            else:
                presence[at][a, place] = True
                place += 1
        for b in range(of_b):
            presence[at][of_a + b, staying + b] = True
    return Routing(presence, np.ones(presence.shape), 1)


def from_offsets(offsets, rows=None):
    """Row i belongs to the module m with offsets[m] <= i < offsets[m + 1].

    offsets: int [M + 1]. rows: R, where the type has it.
    """
    offsets = [int(offset) for offset in offsets]
    check(len(offsets) >= 1, "from_offsets C2: there is no offset")
    check(offsets[0] == 0, f"from_offsets C2: the first offset is {offsets[0]}, not 0")
    for before, after in zip(offsets, offsets[1:]):
        check(before <= after, f"from_offsets C2: {after} comes after {before}")
    rows = offsets[-1] if rows is None else rows
    check(
        offsets[-1] == rows,
        f"from_offsets C2: the last offset is {offsets[-1]}, not {rows}",
    )
    presence = np.zeros((rows, len(offsets) - 1), dtype=bool)
    for module, (begin, end) in enumerate(zip(offsets, offsets[1:])):
        presence[begin:end, module] = True
    return Routing(presence, np.ones(presence.shape), 1)
