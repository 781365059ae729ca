# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled programs inside JAX's jit, on the CPU.

    import condcomp.jax

    experts = condcomp.jax.wrap(program.experts)   # or program.bind("experts", w=w)

    @jax.jit
    def layer(x, scores):
        return jax.nn.relu(experts(x, scores))

A call becomes one call of XLA's foreign function interface (`jax.ffi`). Shapes of
results are worked out while JAX traces, for each shape that it traces with.
"""

import weakref
from typing import Any, Callable, Optional, Union

import jax
import jax.numpy as jnp
import numpy as np

from . import _condcomp
from ._bound import Bound
from ._program import Function

__all__ = ["Wrapped", "wrap"]

_TARGET = "condcomp_call"
_ELEMENTS = {
    "float64": "f64",
    "float32": "f32",
    "float16": "f16",
    "bfloat16": "bf16",
    "int64": "i64",
    "int32": "i32",
    "int8": "i8",
    "bool": "i1",
}
_DTYPES = {element: dtype for dtype, element in _ELEMENTS.items()} | {"index": "int64"}
_WIDE = ("i64", "index")

if not hasattr(_condcomp, "jax_handler"):
    raise ImportError(
        "condcomp was built without JAX's headers: install jaxlib where it is built "
        "(in a clone: ./dev setup --with-torch, then ./dev build)"
    )
jax.ffi.register_ffi_target(_TARGET, _condcomp.jax_handler(), platform="cpu")


def wrap(
    function: Union[Function, Bound],
    *,
    threads: Optional[int] = None,
    gradient_of: Optional[Callable[..., Any]] = None,
) -> "Wrapped":
    """A function of a program, or one with bound weights, as a function of JAX arrays.

    The result is called with all arguments that `function` takes, by position: arrays
    or traced values of the argument's dtype, rank and static sizes; for a scalar, a
    number too. It returns one array, a tuple of several, or None. `jit` and `vmap`
    (one call per element) may be around it.

    threads: as in `Program.run`. gradient_of: a JAX function of the same arguments that
    computes the same; its gradients are those of the result. Without it, asking for a
    gradient is a TypeError.

    Raises, while tracing, TypeError for a wrong dtype or number of arguments, ValueError
    for a wrong shape and where the shape of a result is not known before the call. A
    failed check raises jax.errors.JaxRuntimeError with its text.
    """
    return Wrapped(function, threads, gradient_of)


class Wrapped:
    """What `wrap` makes. Keep it as long as jitted code that calls it: such code holds
    nothing of it and fails, with an error that says so, once it is gone."""

    def __init__(self, function, threads, gradient_of):
        if not isinstance(function, (Function, Bound)):
            raise TypeError(
                "wrap takes a function of a program (program.f) or a bound one "
                f"(program.bind('f', ...)), not {type(function).__name__}"
            )
        self.function = function
        bound = isinstance(function, Bound)
        whole = function.function if bound else function
        if whole._settings.target != "cpu":
            raise TypeError(
                f"'{function.name}' was compiled for a GPU: wrap takes functions for the "
                "CPU; outside of jit, call it with JAX arrays"
            )
        self._whole = whole
        self._given = function._free if bound else range(len(whole.arguments))
        self._held = function._held if bound else {}
        self._fixed = function._shapes if bound else {}
        if threads is None:
            threads = whole._settings.threads
        self._threads = _condcomp.check_threads(threads)
        self._number = _condcomp.jax_add(function._native)
        weakref.finalize(self, _condcomp.jax_remove, self._number)
        self._gradient_of = gradient_of
        # Numbers are no arrays, and have no gradients.
        self._call = jax.custom_vjp(self._forward, nondiff_argnums=(0,))
        self._call.defvjp(
            lambda numbers, *traced: (self._forward(numbers, *traced), traced),
            self._backward,
        )

    def __call__(self, *arrays):
        if len(arrays) != len(self._given):
            raise TypeError(
                f"'{self._whole.name}' takes {len(self._given)} arguments here, got "
                f"{len(arrays)}: {self._whole.describe()}"
            )
        # A number is known while tracing, as sizes may depend on it.
        numbers = tuple(
            array if isinstance(array, (bool, int, float)) else None for array in arrays
        )
        traced = [self._array(i, array) for i, array in zip(self._given, arrays)]
        return self._call(numbers, *traced)

    def _array(self, position, value):
        """A value as an array of the argument's dtype, if it is a number."""
        argument = self._whole.arguments[position]
        if isinstance(value, (bool, int, float)) and not argument.type.is_tensor:
            return jnp.asarray(value, self._dtype(argument.type.dtype))
        return jnp.asarray(value)

    def _dtype(self, element):
        """The dtype that JAX has for scalars of an element type."""
        if element in _WIDE and not jax.config.jax_enable_x64:
            return np.dtype("int32")
        return jnp.dtype(_DTYPES[element])

    def _forward(self, numbers, *traced):
        arrays = dict(zip(self._given, traced))
        arrays.update((i, self._array(i, value)) for i, value in self._held.items())
        shapes = self._result_shapes(dict(zip(self._given, numbers)), arrays)
        call = jax.ffi.ffi_call(_TARGET, shapes, vmap_method="sequential")
        results = call(
            *(arrays[i] for i in sorted(arrays)),
            function=np.int64(self._number),
            threads=np.int64(self._threads),
        )
        if len(shapes) > 1:
            return tuple(results)
        return results[0] if shapes else None

    def _result_shapes(self, numbers, arrays):
        described = []
        for position, argument in enumerate(self._whole.arguments):
            if position not in arrays:
                described.append((argument.type.dtype, self._fixed[position], None))
                continue
            array, number = arrays[position], numbers.get(position)
            element = self._element(position, argument, array)
            if position in self._held and not argument.type.is_tensor:
                number = self._held[position]
            known = isinstance(number, (bool, int))
            described.append((element, array.shape, int(number) if known else None))
        shapes = self._whole._native.result_shapes(described)
        return [
            jax.ShapeDtypeStruct(shape, self._result_dtype(index, type))
            for index, (shape, type) in enumerate(zip(shapes, self._whole.results))
        ]

    def _element(self, position, argument, array):
        """The element type of an array; checked by the program, but for what depends on
        JAX's settings."""
        element = _ELEMENTS.get(array.dtype.name)
        if element is None:
            raise TypeError(
                f"{self._whole._name_all([position])} of '{self._whole.name}' is "
                f"{argument.type}, got an array of {array.dtype}, which no program takes"
            )
        wanted = argument.type
        if element == "i32" and wanted.dtype in _WIDE and not wanted.is_tensor:
            return "i64"
        if not jax.config.jax_enable_x64 and element != wanted.dtype:
            if wanted.dtype in (*_WIDE, "f64"):
                raise TypeError(
                    f"{self._whole._name_all([position])} of '{self._whole.name}' is "
                    f"{wanted}, got {array.dtype}: JAX has 64-bit types only with "
                    "jax.config.update('jax_enable_x64', True)"
                )
        return element

    def _result_dtype(self, index, type):
        if not type.is_tensor:
            return self._dtype(type.dtype)
        if type.dtype in (*_WIDE, "f64") and not jax.config.jax_enable_x64:
            raise TypeError(
                f"result {index} of '{self._whole.name}' is {type}: JAX has 64-bit "
                "types only with jax.config.update('jax_enable_x64', True)"
            )
        return jnp.dtype(_DTYPES[type.dtype])

    def _backward(self, _, arrays, gradients):
        if self._gradient_of is None:
            raise TypeError(
                f"'{self._whole.name}' computes no gradients: give "
                "condcomp.jax.wrap(..., gradient_of=f) a JAX function f of the same "
                "arguments, or put jax.lax.stop_gradient around the arguments"
            )
        _, pull_back = jax.vjp(self._gradient_of, *arrays)
        return pull_back(gradients)

    def __repr__(self):
        return f"<condcomp.jax.Wrapped {self.function!r}>"
