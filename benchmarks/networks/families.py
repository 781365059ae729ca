# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The networks by name."""

from .exits import ExitEncoder
from .halting import AVit
from .mixed import Mixed
from .mnist import Mnist
from .pruning import DynamicVit, Tome
from .skipping import MixtureOfDepths, SkipNet

FAMILIES = {
    "exits": ExitEncoder,
    "dynamic-vit": DynamicVit,
    "tome": Tome,
    "a-vit": AVit,
    "mixture-of-depths": MixtureOfDepths,
    "skip-net": SkipNet,
    "mixed": Mixed,
    "mnist": Mnist,
}
