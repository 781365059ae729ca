"""Networks with early exits: BERT-base, BERT-tiny, and the network of examples/mnist."""

# Requires: torch
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from networks.run import Case, parse, run

BASE = {"width": 768, "heads": 12, "tokens": 128}
TINY = {"layers": 2, "width": 128, "heads": 2, "tokens": 128}


def cases(options):
    def points(batches, means):
        return [{"batch": b, "mean_exit": m} for b in batches for m in means]

    if options.quick:
        few = points([8], (4, 2))
        yield Case("BERT-base, 4 layers", "exits", {"layers": 4, **BASE}, few)
    elif options.full:
        many = points([32, 8], (12, 9, 7, 5.5, 4, 2))
        yield Case("BERT-base", "exits", {"layers": 12, **BASE}, many)
    else:
        many = points([32], (5.5,)) + points([8], (12, 5.5, 3))
        yield Case("BERT-base", "exits", {"layers": 12, **BASE}, many)
    batches = (1, 64) if options.quick else (1, 8, 64)
    tiny = points(batches, (2, 1.5))
    yield Case("BERT-tiny", "exits", TINY, tiny, inputs=8)
    digits = [{"batch": batch} for batch in batches]
    yield Case("MNIST", "mnist", {}, digits, inputs=8)


def main():
    options = parse(__doc__, "exit")
    run(options, list(cases(options)))


if __name__ == "__main__":
    main()
