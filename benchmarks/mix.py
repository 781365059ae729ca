"""Token pruning, experts and exits in one network, and each by itself."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from networks.report import median
from networks.run import Case, parse, run

ALONE = ("experts", "pruning", "exits")


def cases(options):
    shape = {"layers": 12, "width": 384, "heads": 6, "tokens": 196}
    batch = 32 if options.full else 8
    if options.quick:
        shape, batch = {"layers": 4, "width": 192, "heads": 3, "tokens": 196}, 8
    off = {"k": None, "keep": 1.0, "exits": False}
    on = {"k": 2, "keep": 0.7, "exits": True}
    settings = {
        "experts": {**off, "k": 2},
        "pruning": {**off, "keep": 0.7},
        "exits": {**off, "exits": True},
        "all": on,
        "all experts chosen": {**off, "k": 8},
    }
    point = {"batch": batch, "mean_exit": 2.5}
    for title, choice in settings.items():
        yield Case(title, "mixed", {**shape, **choice}, [point])


def report_product(results):
    """The combined saving against the product of the separate ones."""
    shares = {}
    for case in results:
        programs = case["points"][0]["programs"]
        if not {"condcomp", "condcomp dense"} <= programs.keys():
            return
        ours, dense = (median(programs[n]) for n in ("condcomp", "condcomp dense"))
        shares[case["title"]] = ours / dense
    if not {*ALONE, "all"} <= shares.keys():
        return
    product = 1.0
    for name in ALONE:
        product *= shares[name]
    print("\nTime over that of the dense network:")
    for name, share in shares.items():
        print(f"  {name:16} {share:.3f}")
    print(
        f"  the product of {', '.join(ALONE)}: {product:.3f}; all together reach "
        f"{product / shares['all']:.2f} of it"
    )


def main():
    options = parse(__doc__, "mix")
    report_product(run(options, list(cases(options))))


if __name__ == "__main__":
    main()
