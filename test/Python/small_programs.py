# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs of these tests, small so that they compile in a moment."""

import functools

import condcomp

# y = x + x of every element type, and a copy of truth values.
FLOATS = ("f64", "f32", "f16", "bf16")
INTEGERS = ("i64", "i32", "i8")
DOUBLE = "\n".join(
    f"""
func.func @double_{t}(%x: tensor<?x3x{t}>) -> tensor<?x3x{t}> {{
  %y = arith.{op} %x, %x : tensor<?x3x{t}>
  return %y : tensor<?x3x{t}>
}}"""
    for types, op in ((FLOATS, "addf"), (INTEGERS, "addi"), (("i1",), "andi"))
    for t in types
)

# Scalars in and out, and arrays of rank 0.
SCALARS = (
    "\n".join(
        f"func.func @same_{t}(%v: {t}) -> {t} {{ return %v : {t} }}"
        for t in (*FLOATS, *INTEGERS, "i1", "index")
    )
    + """
func.func @rank0(%x: tensor<f32>) -> tensor<f32> {
  %y = arith.addf %x, %x : tensor<f32>
  return %y : tensor<f32>
}
func.func @several(%n: index, %x: tensor<?xf32>) -> (index, tensor<?xf32>) {
  return %n, %x : index, tensor<?xf32>
}
func.func @nothing(%n: index) { return }
func.func @zeros(%n: index) -> tensor<?xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty(%n) : tensor<?xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}
"""
)

# x @ w with weights, and a row count that a check refuses.
LINEAR = """
func.func @linear(%x: tensor<?x8xf32>, %w: tensor<8x16xf32> {condcomp.constant},
                  %b: tensor<16xf32> {condcomp.constant}) -> tensor<?x16xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%n) : tensor<?x16xf32>
  %z = linalg.broadcast ins(%b : tensor<16xf32>)
    outs(%e : tensor<?x16xf32>) dimensions = [0]
  %y = linalg.matmul ins(%x, %w : tensor<?x8xf32>, tensor<8x16xf32>)
    outs(%z : tensor<?x16xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}
func.func @gate(%scores: tensor<?x4xf32>, %k: index) -> tensor<?x4xi1> {
  %r = condcomp.top_k %scores, %k : tensor<?x4xf32>
    -> !condcomp.routing<?x4, f32, exactly ?>
  condcomp.trace %r "gate" : !condcomp.routing<?x4, f32, exactly ?>
  %m = condcomp.to_mask %r : !condcomp.routing<?x4, f32, exactly ?> -> tensor<?x4xi1>
  return %m : tensor<?x4xi1>
}
"""


@functools.cache
def get(source, **options):
    """The program, compiled once per test run; not optimized, to be quick."""
    return condcomp.compile(source, **{"opt_level": 0, **options})
