"""Vision transformers that drop, merge or halt tokens: DynamicViT, ToMe, A-ViT."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from networks.run import Case, parse, run

DEIT_S = {"layers": 12, "width": 384, "heads": 6, "tokens": 196}
AT = [3, 6, 9]


def cases(options):
    batch = 4 if options.quick else 32 if options.full else 8
    keeps, merged, layers = (1.0, 0.7), (13,), (8,)
    if not options.quick:
        keeps, merged, layers = (1.0, 0.9, 0.7, 0.5), (0, 8, 13), (12, 8, 4)
    for keep in keeps:
        points = [{"batch": batch}]
        if keep == 0.7 and batch == 8:
            points.insert(0, {"batch": 32})
        settings = {"keep": keep, "at": AT, **DEIT_S}
        yield Case(
            f"DynamicViT on DeiT-S, keep {keep}", "dynamic-vit", settings, points
        )
    for r in merged:
        yield Case(
            f"ToMe on DeiT-S, r {r}", "tome", {"r": r, **DEIT_S}, [{"batch": batch}]
        )
    points = [{"batch": batch, "layers": number} for number in layers]
    yield Case("A-ViT on DeiT-S", "a-vit", DEIT_S, points)


def main():
    options = parse(__doc__, "prune")
    run(options, list(cases(options)))


if __name__ == "__main__":
    main()
