# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled programs and their functions."""

from typing import Any, Mapping, Optional, Union

from . import _condcomp
from ._arguments import Argument, Array, Traced, Type
from ._bound import Bound


class Function:
    """A public function of a program: `program.f`, or `program.functions["f"]`.

    name, arguments (`Argument`s), results (`Type`s) describe it; `str()` shows them.
    ops: names of the ops in the source ("condcomp.top_k"), and how many there are.
    """

    def __init__(self, program: "Program", native, description):
        self.name: str = native.name
        arguments, results = description
        self.arguments = tuple(
            Argument(name, Type(*type), constant) for name, type, constant in arguments
        )
        self.results = tuple(Type(*type) for type in results)
        self.ops: dict[str, int] = native.ops()
        self._native = native
        # The native function keeps the code alive; the program makes no cycle.
        self._settings = program._settings
        self._positions = {
            argument.name: position
            for position, argument in enumerate(self.arguments)
            if argument.name
        }

    def __call__(self, *arrays: Array, **named: Array) -> Any:
        """Calls the function: `Program.run` with arguments by position or name."""
        if named:
            arrays = self._order(arrays, named)
        settings = self._settings
        return self._native.run(arrays, settings.threads, None, settings.wait)

    def run(
        self, *arrays: Array, threads: Optional[int] = None, trace: Traced = None
    ) -> Any:
        """Calls the function: `Program.run`."""
        if threads is None:
            threads = self._settings.threads
        return self._native.run(arrays, threads, trace, self._settings.wait)

    def bind(
        self, weights: Optional[Mapping[Union[str, int], Array]] = None, /, **named
    ) -> Bound:
        """Fixes arguments: `Program.bind`."""
        fixed: dict[Union[str, int], Array] = dict(weights or {})
        fixed.update(named)
        return Bound(self, fixed)

    def _order(self, arrays, named):
        """All arguments by position."""
        ordered = list(arrays) + [None] * (len(self.arguments) - len(arrays))
        given = set(range(len(arrays)))
        for name, array in named.items():
            position = self._find(name)
            if position in given:
                raise TypeError(f"argument {name!r} of '{self.name}' is given twice")
            given.add(position)
            ordered[position] = array
        missing = [i for i in range(len(self.arguments)) if i not in given]
        if missing:
            raise TypeError(
                f"'{self.name}' lacks {self._name_all(missing)}: {self.describe()}"
            )
        return tuple(ordered)

    def _find(self, key):
        """The position of an argument, given by name or position."""
        if key in self._positions:
            return self._positions[key]
        if isinstance(key, int) and 0 <= key < len(self.arguments):
            return key
        raise TypeError(f"'{self.name}' has no argument {key!r}: {self.describe()}")

    def _name_all(self, positions):
        names = [
            f"{i} ('{self.arguments[i].name}')" if self.arguments[i].name else str(i)
            for i in positions
        ]
        return ("argument " if len(names) == 1 else "arguments ") + ", ".join(names)

    def describe(self) -> str:
        """`f(x: tensor<?x4xf32>, k: index) -> tensor<?x4xf32>`."""
        arguments = ", ".join(map(str, self.arguments))
        results = ", ".join(map(str, self.results))
        if len(self.results) != 1:
            results = f"({results})"
        return f"{self.name}({arguments}) -> {results}"

    def __str__(self) -> str:
        return self.describe()

    def __repr__(self) -> str:
        return f"<condcomp.Function {self.describe()}>"


class _Settings:
    """What a program shares with its functions."""

    __slots__ = ("threads", "target", "wait")


class Program:
    """A compiled module. `condcomp.compile` makes it.

    functions: name to `Function`; a function is an attribute, too: `program.f`.
    form, target: as compiled. remarks: what the compiler noticed, such as loops that
    it did not vectorize. cached: whether the code came from the cache.
    Any number of threads may call it at once.
    """

    def __init__(self, native, *, form, target, threads, wait, cached):
        self._native = native
        self._settings = _Settings()
        self._settings.target = target
        self.threads = threads
        self.wait = wait
        self.form: str = form
        self.target: str = target
        self.cached: bool = cached
        self.functions: dict[str, Function] = {
            function.name: Function(self, function, function.describe())
            for function in native.functions()
        }
        for name, function in self.functions.items():
            if not hasattr(type(self), name):
                self.__dict__.setdefault(name, function)

    @property
    def threads(self) -> int:
        """The number of threads of calls that do not say otherwise; 0: as many as
        OpenMP decides. It changes no result."""
        return self._settings.threads

    @threads.setter
    def threads(self, threads: int) -> None:
        self._settings.threads = _condcomp.check_threads(threads)

    @property
    def wait(self) -> bool:
        """Whether calls on a GPU wait for it: `condcomp.compile`."""
        return self._settings.wait

    @wait.setter
    def wait(self, wait: bool) -> None:
        if not wait and self._settings.target != "cuda":
            raise ValueError("wait=False is for target='cuda' only")
        self._settings.wait = bool(wait)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Remarks and warnings of the compiler, each beginning with its place."""
        return tuple(self._native.remarks())

    def run(
        self,
        name: str,
        /,
        *arrays: Array,
        threads: Optional[int] = None,
        trace: Traced = None,
    ) -> Any:
        """Calls the function `name`.

        arrays: for a tensor argument, an array of NumPy (with ml_dtypes for bf16),
        PyTorch or JAX, or anything else with `__dlpack__`, in the memory of the CPU,
        of the argument's element type (i64 for index), rank and static sizes. It is
        not copied unless it is not contiguous (CopyWarning, once). For a scalar, a
        number. Returns the result, a tuple of several, or None: new arrays of the
        library of the first array that is PyTorch's or JAX's, else of NumPy. A
        PyTorch tensor that requires grad can only be passed under `torch.no_grad()`.

        A program for target "cuda" takes all tensors from the memory of one GPU, where
        they are used as they are, on PyTorch's current stream or the default stream,
        and returns new arrays there; or all from the CPU, from where they are copied
        to the GPU, and results back.

        threads: for this call. trace: is called with a `Trace` for every routing
        that passes a `condcomp.trace` op, if the program was compiled with trace.

        With `wait=False`, what fails on the GPU is raised later: `condcomp.compile`.

        Raises LookupError if there is no such function, TypeError for a wrong number of
        arguments or element type, ValueError for a wrong rank, shape or device,
        CheckError if a check of the program fails, MemoryError if memory runs out,
        DeviceError if a GPU or its driver fails or is not there.
        The GIL is released meanwhile.
        """
        return self._get(name).run(*arrays, threads=threads, trace=trace)

    def bind(
        self,
        name: str,
        weights: Optional[Mapping[Union[str, int], Array]] = None,
        /,
        **named: Array,
    ) -> Bound:
        """Fixes arguments of the function `name`, given by name (or by name or
        position in a dict), and returns what takes the others.

        All arguments marked `condcomp.constant` have to be among them. They are
        packed here, once, into memory of the result; further arguments are only
        held. When a PyTorch tensor that was packed is changed in place later, the
        next call raises StaleWeightsError. Changes of NumPy arrays, or through
        `tensor.data` or NumPy views of a tensor, are not seen.
        """
        return self._get(name).bind(weights, **named)

    def _get(self, name):
        if name not in self.functions:
            raise LookupError(self._missing(name))
        return self.functions[name]

    def _missing(self, name):
        names = ", ".join(f"'{n}'" for n in self.functions) or "none"
        return f"no public function '{name}'; the program has {names}"

    def __getattr__(self, name: str) -> Function:
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(self._missing(name))

    def __dir__(self):
        return [*super().__dir__(), *self.functions]

    def __repr__(self) -> str:
        functions = "".join(f"\n  {f.describe()}" for f in self.functions.values())
        return f"<condcomp.Program, {self.form} form, {self.target}:{functions}>"
