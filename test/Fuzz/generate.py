# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random well-typed programs."""

import bodies
import movement
import routings as ops
from build import Program

GATES = [ops.top_k, ops.top_k, ops.threshold, ops.from_mask, ops.assign]
GATES += [ops.from_offsets]
OTHERS = [ops.reweight, ops.normalize, ops.capacity, ops.query, ops.query]
OTHERS += [movement.select, movement.select, movement.combine, movement.combine]
OTHERS += [movement.restore]
OTHERS += [bodies.apply] * 4 + [bodies.cascade] * 2


def generate(number, seed):
    """Program `number` of a seed, and what it returns."""
    program = Program(f"fuzz{number}", [seed, number])
    program.declare("B", [1, 2, 3, 0])
    program.declare("R", [0, 1, 2, 3, 5, 8, 17])
    program.declare("M", [1, 2, 3, 4, 7, 0])
    program.declare("K", [1, 2, 5], dynamic=0.2)
    program.declare("D", [1, 2, 4, 9], dynamic=0.1)
    program.declare("F", [1, 3, 8], dynamic=0.0)
    block = program.block
    program.pick(GATES)(block)
    for _ in range(int(program.random.integers(2, 9))):
        op = program.pick(GATES + OTHERS * 2)
        op(block)
        if program.chance(0.3):
            block.elementwise()
    made = [v for v in block.values if v.name not in program.arguments]
    order = program.random.permutation(len(made))
    outputs = [made[i] for i in order][:6]
    if not outputs:
        outputs = [ops.query(block) or block.add(program.floats(("R",)))]
    return program, outputs
