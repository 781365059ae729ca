//===- ConstantArguments.h - what does not change between calls -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_DIALECT_CONDCOMP_TRANSFORMS_CONSTANTARGUMENTS_H
#define CONDCOMP_DIALECT_CONDCOMP_TRANSFORMS_CONSTANTARGUMENTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringRef.h"

namespace condcomp {

/// Marks an argument that is the same in every call: weights.
inline constexpr llvm::StringLiteral kConstantArgument = "condcomp.constant";

/// What the name of the function that prepares the constant arguments of
/// another ends in.
inline constexpr llvm::StringLiteral kPrepackSuffix = "$prepack";

/// The positions of a function's constant arguments.
llvm::SmallVector<unsigned> getConstantArguments(mlir::func::FuncOp function);

/// The values of a function's first block that its constant arguments
/// determine.
class ConstantValues {
public:
  explicit ConstantValues(mlir::func::FuncOp function);

  /// A constant argument, or what is computed from such and nothing else.
  bool contains(mlir::Value value) const { return derived.contains(value); }
  void insert(mlir::Value value) { derived.insert(value); }
  /// Whether no argument at all determines the value.
  bool isFree(mlir::Value value) const { return free.contains(value); }

private:
  llvm::DenseSet<mlir::Value> derived, free;
};

} // namespace condcomp

#endif // CONDCOMP_DIALECT_CONDCOMP_TRANSFORMS_CONSTANTARGUMENTS_H
