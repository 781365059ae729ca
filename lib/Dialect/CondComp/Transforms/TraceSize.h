//===- TraceSize.h - where the sizes of tensors come from -------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_DIALECT_CONDCOMP_TRANSFORMS_TRACESIZE_H
#define CONDCOMP_LIB_DIALECT_CONDCOMP_TRANSFORMS_TRACESIZE_H

#include "mlir/IR/Builders.h"

namespace condcomp {

/// Of functions whose sizes and indices are checked already: what the compiler
/// makes of them reads at places of its own.
inline constexpr llvm::StringLiteral kCheckedName = "condcomp.checked";

/// A size: that of a dim of a tensor, an index, or a constant.
struct Size {
  /// The tensor or index, or null.
  mlir::Value origin;
  int64_t dim = 0;
  int64_t constant = 0;

  /// Whether the size is known in the first block of `function`.
  bool isKnownIn(mlir::Block *block) {
    return !origin || origin.getParentBlock() == block;
  }
  mlir::Value materialize(mlir::OpBuilder &b, mlir::Location loc) const;

  bool operator==(const Size &other) const {
    return origin == other.origin && dim == other.dim &&
           constant == other.constant;
  }
};

/// Follows the size of a dim of `tensor` back through ops that keep it, out of
/// the bodies of condcomp ops too. None if there is no such dim.
std::optional<Size> traceSize(mlir::Value tensor, int64_t dim);

/// The same of an index.
Size traceIndex(mlir::Value index);

/// The sizes that this one is the product of: those of the dims that a
/// collapsed dim is made of, or itself.
llvm::SmallVector<Size> getFactors(const Size &size);

/// Multiplies sizes.
mlir::Value materializeProduct(mlir::OpBuilder &b, mlir::Location loc,
                               llvm::ArrayRef<Size> factors);

} // namespace condcomp

#endif // CONDCOMP_LIB_DIALECT_CONDCOMP_TRANSFORMS_TRACESIZE_H
