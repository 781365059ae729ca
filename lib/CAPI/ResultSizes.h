//===- ResultSizes.h - sizes of results before a call -----------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// JAX has to know the shapes of results while it traces. Sizes of results are
// nearly always expressions of sizes of arguments; what ops say of their shapes
// (ReifyRankedShapedTypeOpInterface) gives them.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CAPI_RESULTSIZES_H
#define CONDCOMP_LIB_CAPI_RESULTSIZES_H

#include "mlir/IR/BuiltinOps.h"
#include <optional>
#include <string>
#include <vector>

struct condcomp_function;

namespace condcomp {

/// The size of a dynamic dim of a result as an expression in reverse Polish
/// notation: pairs of an operation and its operand.
struct ResultSize {
  enum Operation : int64_t {
    /// Pushes the operand, the size of dim `operand % CONDCOMP_MAX_RANK` of
    /// argument `operand / CONDCOMP_MAX_RANK`, or the value of a scalar
    /// argument.
    Constant,
    Dim,
    Scalar,
    /// Take two numbers and push one; their operand is 0.
    Add,
    Sub,
    Mul,
    FloorDiv,
    CeilDiv,
    Mod,
    Min,
    Max,
  };
  std::vector<int64_t> code;
  /// Where there is no such expression, the op that the size comes from, if
  /// that is known.
  std::string whyUnknown;
};

/// Fills in `resultSizes` of the functions of a module that is about to be
/// compiled.
void inferResultSizes(mlir::ModuleOp module,
                      std::vector<condcomp_function> &functions);

} // namespace condcomp

#endif // CONDCOMP_LIB_CAPI_RESULTSIZES_H
