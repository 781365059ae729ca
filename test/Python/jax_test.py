# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arrays of JAX in and out of programs."""

# Requires: torch

import gc

import numpy as np
import small_programs as programs
import pytest

import condcomp

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")

DTYPES = {
    "f32": jnp.float32,
    "f16": jnp.float16,
    "bf16": jnp.bfloat16,
    "i32": jnp.int32,
    "i8": jnp.int8,
    "i1": jnp.bool_,
}


@pytest.mark.parametrize("rows", [0, 1, 5])
@pytest.mark.parametrize("name", DTYPES)
def test_element_types(name, rows, no_leak):
    function = programs.get(programs.DOUBLE).functions[f"double_{name}"]
    x = jnp.arange(rows * 3).reshape(rows, 3).astype(DTYPES[name])
    y = function(x)
    assert isinstance(y, jax.Array) and y.dtype == x.dtype and y.shape == x.shape
    assert (y == (x if name == "i1" else x + x)).all()


def test_results_own_their_memory():
    gc.collect()
    before = condcomp.memory_live_bytes()
    same = programs.get(programs.SCALARS).several(3, jnp.zeros(1000))[1]
    gc.collect()
    assert condcomp.memory_live_bytes() - before >= 4000  # no copy was made
    assert same.sum() == 0
    del same
    gc.collect()
    assert condcomp.memory_live_bytes() == before


def test_bound_weights():
    program = programs.get(programs.LINEAR)
    bound = program.bind("linear", w=jnp.ones((8, 16)), b=jnp.ones(16))
    assert isinstance(bound(jnp.ones((2, 8))), jax.Array)
    np.testing.assert_array_equal(bound(jnp.ones((2, 8))), np.full((2, 16), 9))


def test_wrong_arguments():
    with pytest.raises(TypeError, match=r"\('x'\).* got 2x3xi32: .*f32 expected"):
        programs.get(programs.DOUBLE).double_f32(jnp.ones((2, 3), jnp.int32))


def test_values_that_are_traced():
    with pytest.raises(TypeError, match=r"argument 0 \('x'\)"):
        jax.jit(programs.get(programs.DOUBLE).double_f32)(jnp.ones((2, 3)))
