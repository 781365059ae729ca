# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random well-typed programs."""

import algebra
import bodies
import exits
import iterating
import movement
import queries
import routings as gates
from build import Program, Unavailable

GATES = [gates.top_k, gates.top_k, gates.top_p, gates.threshold, gates.expert_choice]
GATES += [gates.sample, gates.from_mask, gates.from_mask, gates.assign, gates.assign]
GATES += [gates.from_offsets, gates.match_tokens]
OTHERS = [gates.limit_groups, algebra.reweight, algebra.normalize, algebra.scale]
OTHERS += [algebra.capacity, algebra.capacity, algebra.complement]
OTHERS += [algebra.slice_modules, algebra.concat_modules, algebra.convert_form]
OTHERS += [queries.query] * 4 + [queries.confidence, queries.trace]
OTHERS += [queries.check]
OTHERS += [movement.select] * 2 + [movement.combine] * 2 + [movement.restore]
OTHERS += [movement.pool, movement.mix]
OTHERS += [bodies.apply] * 5 + [exits.cascade] * 3 + [iterating.iterate] * 3


def attempt(op, block):
    """Adds an op, if what it needs is there."""
    try:
        op(block)
    except Unavailable:
        pass


def generate(number, seed):
    """Program `number` of a seed, and what it returns."""
    program = Program(f"fuzz{number}", [seed, number])
    program.declare("A", [1, 2, 0])
    program.declare("B", [1, 2, 3, 0])
    program.declare("R", [0, 1, 2, 3, 5, 8, 17])
    program.declare("M", [1, 2, 3, 4, 7, 0])
    program.declare("K", [1, 2, 5], dynamic=0.2)
    program.declare("D", [1, 2, 4, 9], dynamic=0.1)
    program.declare("F", [1, 3, 8], dynamic=0.0)
    block = program.block
    attempt(program.pick(GATES), block)
    for _ in range(int(program.random.integers(2, 9))):
        attempt(program.pick(GATES + OTHERS * 2), block)
        if program.chance(0.3):
            block.elementwise()
    made = [v for v in block.values if v.name not in program.arguments]
    order = program.random.permutation(len(made))
    outputs = [made[i] for i in order][:6]
    if not outputs:
        outputs = [queries.query(block) or block.add(program.floats(("R",)))]
    return program, outputs
