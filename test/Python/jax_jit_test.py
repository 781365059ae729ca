# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs inside JAX's jit, vmap and grad."""

# Requires: torch

import gc

import numpy as np
import small_programs as programs
import pytest

import condcomp

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")

from condcomp.jax import wrap  # noqa: E402

# Results whose sizes are sizes of arguments in all sorts of ways, or data.
SIZES = """
func.func @keep(%tokens: tensor<?x?x4xf32>, %scores: tensor<?x?xf32>, %k: index)
    -> tensor<?x?x4xf32> {
  %s = condcomp.top_k %scores, %k : tensor<?x?xf32> -> !condcomp.routing<?x?, f32, exactly ?>
  %kept = condcomp.select %s from pairs(%tokens : tensor<?x?x4xf32>)
    : !condcomp.routing<?x?, f32, exactly ?> -> tensor<?x?x4xf32>
  return %kept : tensor<?x?x4xf32>
}
func.func @flat(%x: tensor<?x?x4xf32>) -> tensor<?x4xf32> {
  %y = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x4xf32> into tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
func.func private @callee(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = arith.addf %x, %x : tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
func.func @halves(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %h = arith.divui %n, %c2 : index
  %r = arith.subi %n, %h : index
  %y = func.call @callee(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %a = tensor.extract_slice %y[0, 0] [%h, 4] [1, 1] : tensor<?x4xf32> to tensor<?x4xf32>
  %b = tensor.extract_slice %y[%h, 0] [%r, 4] [1, 1] : tensor<?x4xf32> to tensor<?x4xf32>
  return %a, %b : tensor<?x4xf32>, tensor<?x4xf32>
}
func.func @entries(%scores: tensor<?x4xf32>, %tau: f32) -> tensor<?xf32> {
  %r = condcomp.threshold %scores, %tau : tensor<?x4xf32>, f32 -> !condcomp.routing<?x4, f32>
  %w = condcomp.weights %r : !condcomp.routing<?x4, f32> -> tensor<?xf32>
  return %w : tensor<?xf32>
}
"""

DTYPES = [jnp.float32, jnp.float16, jnp.bfloat16, jnp.int32, jnp.int8, jnp.bool_]
NAMES = {"float32": "f32", "float16": "f16", "bfloat16": "bf16", "bool": "i1"}


def double(dtype):
    name = jnp.dtype(dtype).name
    name = NAMES.get(name, name.replace("int", "i"))
    return wrap(programs.get(programs.DOUBLE).functions[f"double_{name}"])


@pytest.mark.parametrize("dtype", DTYPES)
def test_element_types_and_numbers_of_rows(dtype):
    f = jax.jit(double(dtype))
    for rows in (0, 1, 5):  # traced again for each
        x = jnp.arange(rows * 3).reshape(rows, 3).astype(dtype)
        y = f(x)
        assert y.dtype == x.dtype and y.shape == x.shape
        assert (y == (x if dtype == jnp.bool_ else x + x)).all()


def test_jit_gives_what_a_call_gives():
    program = programs.get(programs.LINEAR)
    w, b = np.random.default_rng(0).random((8, 16), np.float32), np.ones(16, np.float32)
    x = np.random.default_rng(1).random((5, 8), np.float32)
    expected = program.linear(x, w, b)
    whole = wrap(program.linear)
    bound = wrap(program.bind("linear", w=w, b=b))

    @jax.jit
    def both(x, w, b):
        return whole(x, w, b), jnp.tanh(bound(x) * 1)

    one, two = both(x, w, b)
    np.testing.assert_array_equal(one, expected)
    np.testing.assert_allclose(two, np.tanh(expected), rtol=1e-6)
    np.testing.assert_array_equal(bound(jnp.asarray(x)), expected)  # without jit


def test_sizes_of_results_follow_from_arguments():
    program = programs.get(SIZES)
    tokens = np.random.default_rng(0).random((3, 5, 4), np.float32)
    scores = np.random.default_rng(1).random((3, 5), np.float32)
    keep, flat, halves = map(wrap, (program.keep, program.flat, program.halves))
    kept = jax.jit(lambda t, s: keep(t, s, 2))(tokens, scores)
    np.testing.assert_array_equal(kept, program.keep(tokens, scores, 2))
    np.testing.assert_array_equal(jax.jit(flat)(tokens), tokens.reshape(15, 4))
    for found, expected in zip(
        jax.jit(halves)(tokens[0]), program.halves(tokens[0]), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_sizes_of_results_that_fold_to_constants():
    body = "(%x: tensor<?xi32>) -> tensor<?xi32>"
    program = programs.get(f"""
    func.func @zeros{body} {{
      %y = arith.xori %x, %x : tensor<?xi32>
      return %y : tensor<?xi32>
    }}
    func.func @calls{body} {{
      %y = func.call @zeros(%x) : (tensor<?xi32>) -> tensor<?xi32>
      return %y : tensor<?xi32>
    }}""")
    for function in program.zeros, program.calls:
        y = jax.jit(wrap(function))(jnp.arange(5, dtype=jnp.int32))
        np.testing.assert_array_equal(y, np.zeros(5, np.int32))


def test_sizes_that_only_a_call_knows_are_errors():
    program = programs.get(SIZES)
    with pytest.raises(ValueError, match="dim 0 of result 0 of 'entries' is known in"):
        jax.jit(wrap(program.entries))(jnp.ones((2, 4)), 0.5)
    keep = wrap(program.keep)
    with pytest.raises(ValueError, match=r"value of argument 2 \('k'\)"):
        jax.jit(keep)(jnp.ones((3, 5, 4)), jnp.ones((3, 5)), jnp.int32(2))


def test_scalars_in_and_out():
    several = wrap(programs.get(programs.SCALARS).several)
    n, x = jax.jit(several)(jnp.int32(7), jnp.ones(3))
    assert n.dtype == jnp.int32 and n == 7 and x.shape == (3,)
    n, _ = jax.jit(lambda x: several(7, x))(jnp.ones(3))
    assert n == 7
    assert wrap(programs.get(programs.SCALARS).nothing)(3) is None
    zeros = wrap(programs.get(programs.SCALARS).zeros)
    assert jax.jit(lambda: zeros(6))().shape == (6,)


def test_vmap_calls_once_for_each_element():
    bound = wrap(
        programs.get(programs.LINEAR).bind(
            "linear", w=np.ones((8, 16), np.float32), b=np.ones(16, np.float32)
        )
    )
    x = jnp.arange(2 * 3 * 8, dtype=jnp.float32).reshape(2, 3, 8)
    y = jax.jit(jax.vmap(bound))(x)
    np.testing.assert_array_equal(y, jnp.stack([bound(x[0]), bound(x[1])]))


def test_gradients():
    program = programs.get(programs.LINEAR)

    def reference(x, w, b):
        return x @ w + b

    f = wrap(program.linear, gradient_of=reference)
    arrays = jnp.ones((3, 8)), jnp.full((8, 16), 2.0), jnp.ones(16)
    loss = lambda g: lambda *a: (g(*a) ** 2).sum()  # noqa: E731
    found = jax.jit(jax.grad(loss(f), (0, 1, 2)))(*arrays)
    for a, b in zip(found, jax.grad(loss(reference), (0, 1, 2))(*arrays), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    with pytest.raises(TypeError, match="'linear' computes no gradients.*gradient_of"):
        jax.grad(loss(wrap(program.linear)))(*arrays)


def test_gradients_beside_integers():
    def reference(n, x):
        return n, x * 1

    several = wrap(programs.get(programs.SCALARS).several, gradient_of=reference)
    found = jax.grad(lambda x: several(3, x)[1].sum())(jnp.ones(4))
    np.testing.assert_array_equal(found, np.ones(4))


def test_wrong_arguments():
    f = double(jnp.float32)
    with pytest.raises(TypeError, match="'double_f32' takes 1 arguments here, got 2"):
        f(1, 2)
    with pytest.raises(TypeError, match=r"argument 0 \('x'\).*f32 expected, not i32"):
        jax.jit(f)(jnp.ones((2, 3), jnp.int32))
    with pytest.raises(ValueError, match=r"got 2x4xf32: size 3 expected in dim 1"):
        jax.jit(f)(jnp.ones((2, 4)))
    with pytest.raises(TypeError, match="uint8, which no program takes"):
        f(jnp.ones((2, 3), jnp.uint8))
    with pytest.raises(TypeError, match=r"\('x'\).*int32: JAX has 64-bit types only"):
        wrap(programs.get(programs.DOUBLE).double_i64)(jnp.ones((2, 3), jnp.int32))
    with pytest.raises(TypeError, match="wrap takes a function of a program"):
        wrap(lambda x: x)


def test_failed_checks_are_errors_with_their_numbers():
    gate = wrap(programs.get(programs.LINEAR).gate)
    with pytest.raises(
        Exception,
        match="top_k C3: k = 9 must be between 0 and the number of modules, 4",
    ):
        jax.jit(gate)(jnp.ones((2, 4)), jnp.int32(9)).block_until_ready()
    assert jax.jit(gate)(jnp.ones((2, 4)), jnp.int32(1)).sum() == 2


def test_code_that_outlives_a_function_says_so():
    f = double(jnp.float32)
    compiled = jax.jit(f).lower(jnp.ones((1, 3))).compile()
    assert (compiled(jnp.ones((1, 3))) == 2).all()
    del f
    jax.clear_caches()
    gc.collect()
    try:
        compiled(jnp.ones((1, 3))).block_until_ready()
    except Exception as error:
        assert "keep the object that condcomp.jax.wrap returned" in str(error)


def test_weights_are_freed_with_the_function():
    gc.collect()
    before = condcomp.memory_live_bytes()
    bound = programs.get(programs.LINEAR).bind(
        "linear", w=np.ones((8, 16), np.float32), b=np.ones(16, np.float32)
    )
    f = wrap(bound)
    assert condcomp.memory_live_bytes() > before
    del bound, f
    gc.collect()
    assert condcomp.memory_live_bytes() == before


def test_programs_for_gpus():
    program = programs.get(programs.DOUBLE, target="cuda", chip="sm_90")
    with pytest.raises(TypeError, match="'double_f32' was compiled for a GPU"):
        wrap(program.double_f32)
