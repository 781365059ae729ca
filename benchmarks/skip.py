"""Networks whose tokens (Mixture-of-Depths) or samples (SkipNet) skip layers."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from networks.run import Case, parse, run

GPT = {"width": 768, "heads": 12, "tokens": 512}
VIT = {"layers": 12, "width": 384, "heads": 6, "tokens": 196}


def cases(options):
    layers, batch = (4, 1) if options.quick else (12, 8 if options.full else 2)
    for share in (1.0, 0.125) if options.quick else (1.0, 0.5, 0.25, 0.125):
        yield Case(
            f"Mixture-of-Depths, {share} of the tokens",
            "mixture-of-depths",
            {"share": share, "layers": layers, **GPT},
            [{"batch": batch}],
        )
    batch = 8 if options.quick else 32 if options.full else 16
    shares = (0.0, 0.5) if options.quick else (0.0, 0.25, 0.5, 0.75)
    points = [{"batch": batch, "skip": share} for share in shares]
    yield Case("SkipNet", "skip-net", VIT, points)


def main():
    options = parse(__doc__, "skip")
    run(options, list(cases(options)))


if __name__ == "__main__":
    main()
