//===- Runs.h - ops that loops over blocks of work run ----------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_RUNS_H
#define CONDCOMP_LIB_CODEGEN_GPU_RUNS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace condcomp {

/// The outermost forall that `op` is in, or `op` itself.
mlir::Operation *getOutermost(mlir::Operation *op);
/// Whether a value is the same each time that the foralls around run `op`: it
/// is outside of them, or can be computed there.
bool isSameForAllRuns(mlir::Value value, mlir::Operation *op);
/// Such a value ahead of those foralls, where it is computed again if need be:
/// at the insertion point.
mlir::Value getAheadOfRuns(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                           mlir::Operation *op);

/// How often `op` is run by the foralls that it is in.
mlir::Value countRuns(mlir::ImplicitLocOpBuilder &b, mlir::Operation *op);
/// Which of these runs the present one is.
mlir::Value getRunNumber(mlir::ImplicitLocOpBuilder &b, mlir::Operation *op);

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_RUNS_H
