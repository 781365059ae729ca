//===- Passes.td - CPU code generation passes --------------*- tablegen -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_CODEGEN_CPU_PASSES
#define CONDCOMP_CODEGEN_CPU_PASSES

include "mlir/Pass/PassBase.td"

def LowerContractions
    : Pass<"condcomp-lower-contractions", "::mlir::ModuleOp"> {
  let summary = "Turn linalg contractions on memrefs into register-tiled loops";
  let description = [{
    Any linalg op whose body is `out + lhs * rhs` (inputs may be extended first)
    becomes a parallel loop over batches, row blocks and column panels that
    calls a panel function: it packs a slice of the right-hand side and runs a
    micro-kernel that keeps a tile of the result in registers. Panel functions
    and kernels are private functions shared by all contractions of the same
    element types and layouts, so code size does not grow with the number of
    contractions.

    Each result element is summed over the reduction dims in ascending order by
    fused multiply-adds into one accumulator (f32 for bf16 and f16), whatever
    the number of rows, threads, or the position in a tile. A contraction of
    other element types, or whose result is not stored exactly once per
    accumulation, is left for `condcomp-vectorize-loops`, with a remark.
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "unsigned", /*default=*/"512",
           "Width of a vector register in bits">,
    Option<"parallel", "parallel", "bool", /*default=*/"true",
           "Run the outer loops on all threads">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect",
    "::mlir::LLVM::LLVMDialect"
  ];
}

def ParallelToOpenMP : Pass<"condcomp-parallel-to-openmp"> {
  let summary = "Turn scf.parallel into OpenMP work-sharing loops";
  let description = [{
    Upstream's conversion wraps every body in a `memref.alloca_scope`, which
    takes no control flow of several blocks. The loops made here hold no stack
    allocation of their own, so this pass does without the scope, and refuses a
    body that has one. A loop with a single iteration is run by the calling
    thread alone: how many iterations there are is decided from the sizes at
    run time.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::omp::OpenMPDialect"];
}

def FuseElementwise : Pass<"condcomp-fuse-elementwise"> {
  let summary = "Fuse elementwise linalg ops into their consumers";
  let description = [{
    Runs upstream's producer-consumer fusion under these rules: a producer with
    one use is fused into an elementwise consumer; a producer that only moves,
    broadcasts or extends data is fused into a contraction or a reduction as
    well; a cheap producer without memory reads (a fill, an iota) is fused into
    each of its consumers. Nothing that computes is repeated.
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"
  ];
}

def ExpandMath : Pass<"condcomp-expand-math"> {
  let summary = "Expand f32 math functions into polynomials";
  let description = [{
    Replaces exp, tanh, erf, log and others on f32 (bf16 and f16 are computed
    in f32) by arithmetic, before loops are vectorized: scalar and vector code
    then compute the same function to the bit. f64 functions stay and become
    calls of the C library, element by element.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect"
  ];
}

#endif // CONDCOMP_CODEGEN_CPU_PASSES
