# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions with bound weights."""

import weakref
from typing import TYPE_CHECKING, Any, Mapping, Optional, Union

from ._arguments import Array, Traced
from ._errors import StaleWeightsError

if TYPE_CHECKING:
    from ._program import Function


class Bound:
    """A function with fixed arguments, made by `Program.bind`.

    Arguments marked `condcomp.constant` are packed for this machine, and a copy is
    all that is kept of them: the originals may be freed. Calls take the others. A
    program for a GPU uses arrays that are there as they are, without a copy, and
    keeps them; others it copies there.
    """

    def __init__(self, function: "Function", weights: Mapping[Union[str, int], Array]):
        fixed = {}
        for key, array in weights.items():
            position = function._find(key)
            if position in fixed:
                raise TypeError(
                    f"{function._name_all([position])} of '{function.name}' "
                    "is given twice"
                )
            fixed[position] = array
        constants = function._native.constants
        missing = [i for i in constants if i not in fixed]
        if missing:
            raise TypeError(
                f"binding '{function.name}' needs all of its constant arguments; it "
                f"lacks {function._name_all(missing)}: {function.describe()}"
            )
        self.function = function
        self.name = function.name
        # Versions first: a change while packing is seen, too.
        self._watched = [
            (position, *watched)
            for position in constants
            if (watched := _watch(fixed[position]))
        ]
        self._native = function._native.bind(
            tuple(fixed[i] for i in constants), function._settings.threads
        )
        if self.shares:
            # A change in place is what the next call computes with.
            self._watched = []
        # Sizes of results may depend on them.
        self._shapes = {i: tuple(getattr(a, "shape", ())) for i, a in fixed.items()}
        # What is not packed is held.
        self._held = {i: a for i, a in fixed.items() if i not in constants}
        self._free = [i for i in range(len(function.arguments)) if i not in fixed]
        self.arguments = tuple(function.arguments[i] for i in self._free)
        self.results = function.results

    @property
    def nbytes(self) -> int:
        """Bytes of what was packed, or copied to a GPU."""
        return self._native.nbytes

    @property
    def shares(self) -> bool:
        """Whether calls read the constant arguments where they are, on a GPU."""
        return self._native.shares

    @property
    def packed(self) -> tuple:
        """What was packed, in no order to rely on: objects with `__dlpack__`, to be
        read only; layouts as in docs/codegen.md, "Packed right-hand sides". Of a
        program for a GPU, nothing."""
        return self._native.packed

    def __call__(self, *arrays: Array, **named: Array) -> Any:
        """Calls the function with its other arguments, by position or name."""
        return self._run(arrays, named, self.function._settings.threads, None)

    def run(
        self, *arrays: Array, threads: Optional[int] = None, trace: Traced = None
    ) -> Any:
        """Calls the function with its other arguments: see `Program.run`."""
        if threads is None:
            threads = self.function._settings.threads
        return self._run(arrays, None, threads, trace)

    def _run(self, arrays, named, threads, trace):
        for position, reference, version in self._watched:
            tensor = reference()
            if tensor is not None and tensor._version != version:
                raise StaleWeightsError(
                    f"{self.function._name_all([position])} of '{self.name}' was "
                    f"changed in place after it was bound (version {version}, now "
                    f"{tensor._version}): bind again"
                )
        if named or self._held:
            arrays = self._order(arrays, named or {})
        wait = self.function._settings.wait
        return self._native.run(arrays, threads, trace, wait)

    def _order(self, arrays, named):
        """The arguments that are not packed, by position."""
        function = self.function
        if len(arrays) > len(self._free):
            raise TypeError(
                f"'{self.name}' takes {len(self._free)} arguments besides those that "
                f"are bound, got {len(arrays)}"
            )
        given = {**self._held, **dict(zip(self._free, arrays))}
        for name, array in named.items():
            position = function._find(name)
            if position in given or position not in self._free:
                raise TypeError(f"argument {name!r} of '{self.name}' is given twice")
            given[position] = array
        missing = [i for i in self._free if i not in given]
        if missing:
            raise TypeError(
                f"'{self.name}' lacks {function._name_all(missing)}: "
                f"{function.describe()}"
            )
        return tuple(given[position] for position in sorted(given))

    def __repr__(self) -> str:
        arguments = ", ".join(map(str, self.arguments))
        return f"<condcomp.Bound {self.name}({arguments}), {self.nbytes} bytes packed>"


def _watch(array):
    """A reference to a PyTorch tensor and its version; None for other arrays, and
    for tensors that count no versions."""
    try:
        return weakref.ref(array), array._version
    except (AttributeError, TypeError, RuntimeError):
        return None
