# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Values of random programs, and how exact they are.

Where results could differ by rounding, decisions could differ too. So values
know how exact they are:

- `decides`: the compiled value equals the reference's: inputs, what is moved,
  and arithmetic on small integers, which is exact in every type. Only these
  are compared, ranked or thresholded.
- `size`, `unit`: all finite elements are multiples of 2^-unit and at most size,
  so that sums and products are exact as long as they fit the type's mantissa.
  None: any number; arithmetic on it is compared within a tolerance.
- `wild`: huge and denormal elements, which are moved and compared only.
"""

from dataclasses import dataclass

MANTISSA = {"f64": 53, "f32": 24, "f16": 11, "bf16": 8}


@dataclass(frozen=True)
class Value:
    """A tensor. dims: names of sizes (see Program) or integers."""

    name: str
    dims: tuple
    element: str = "f32"
    decides: bool = True
    size: float = None
    unit: int = 0
    wild: bool = False
    of: str = None  # the set of entries that this is an entry tensor of
    narrow: str = ""  # the narrowest type that went into it inexactly

    @property
    def tolerance(self):
        """The element type whose precision it has."""
        return self.narrow or self.element

    @property
    def is_float(self):
        return self.element in MANTISSA

    def __str__(self):
        return f"%{self.name}"


@dataclass(frozen=True)
class Routing:
    """A routing; `weights` says how exact its weights are."""

    name: str
    dims: tuple
    row_bound: tuple  # ("exactly", k), ("at_most", k) or ()
    weights: Value
    entries: str  # its set of entries: the same after reweight and normalize
    module_bound: tuple = ()  # as row_bound
    element: str = "f32"
    form: str = ""

    @property
    def lead(self):
        return self.dims[:-1]

    @property
    def entry_dims(self):
        if self.row_bound[:1] == ("exactly",):
            return self.lead + (self.row_bound[1],)
        return ("in " + self.entries,)

    def __str__(self):
        return f"%{self.name}"


def narrowest(*values):
    """The narrowest type that inexact values have been rounded to, or ""."""
    types = [v.tolerance for v in values if v is not None and not v.decides]
    return min(types, key=MANTISSA.get, default="")


def exact(name, dims, element, size, unit, operands=(), **more):
    """A value that is exact if its numbers fit the type, and that is not in use
    otherwise for types of few bits, whose rounding would add up.

    operands: what it is made of.
    """
    fits = size is not None and size * 2.0**unit <= 2.0 ** MANTISSA[element]
    if not fits and element in ("bf16", "f16"):
        return None
    narrow = [narrowest(*operands), element]
    return Value(
        name,
        tuple(dims),
        element,
        decides=fits,
        size=size if fits else None,
        unit=unit if fits else 0,
        narrow="" if fits else min(filter(None, narrow), key=MANTISSA.get),
        **more,
    )


def joined(name, dims, values, **more):
    """What is one of several values, of one element type, at each place."""
    known = all(v.size is not None for v in values)
    return Value(
        name,
        tuple(dims),
        values[0].element,
        decides=all(v.decides for v in values),
        size=max(v.size for v in values) if known else None,
        unit=max(v.unit for v in values),
        wild=any(v.wild for v in values),
        narrow=narrowest(*values),
        **more,
    )


ONE = Value("", (), size=1)  # weights where none are given
