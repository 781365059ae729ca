# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The NumPy float64 semantics of every condcomp op.

An implementation of docs/spec.md that shares nothing with the compiler: tests
compare compiled programs with it. It is written to be read, not to be fast.
Floats are computed in float64, whatever the type of the inputs; a run-time
constraint that does not hold raises CheckError with its number in the
specification.

Shapes are written as in the specification: B batch dims, R rows, M modules, E
the entry dims (`[B, R, k]` for a uniform routing, else `[entries]`).
"""

from .algebra import (
    capacity,
    complement,
    concat_modules,
    normalize,
    reweight,
    scale,
    slice_modules,
)
from .bodies import Exit, apply, cascade, iterate
from .confidence import confidence
from .gates import (
    assign,
    expert_choice,
    from_mask,
    from_offsets,
    limit_groups,
    match_tokens,
    threshold,
    top_k,
    top_p,
)
from .movement import combine, mix, pool, restore, select
from .queries import (
    indices,
    module_sizes,
    num_entries,
    row_offsets,
    row_sizes,
    to_dense,
    to_mask,
    weights,
)
from .routing import CheckError, Routing
from .sampling import gumbel, philox, sample

__all__ = [
    "CheckError",
    "Exit",
    "Routing",
    "apply",
    "assign",
    "capacity",
    "cascade",
    "combine",
    "complement",
    "concat_modules",
    "confidence",
    "expert_choice",
    "from_mask",
    "from_offsets",
    "gumbel",
    "indices",
    "iterate",
    "limit_groups",
    "match_tokens",
    "mix",
    "module_sizes",
    "normalize",
    "num_entries",
    "philox",
    "pool",
    "restore",
    "reweight",
    "row_offsets",
    "row_sizes",
    "sample",
    "scale",
    "select",
    "slice_modules",
    "threshold",
    "to_dense",
    "to_mask",
    "top_k",
    "top_p",
    "weights",
]
