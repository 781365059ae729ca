//===- SizeExpressions.h - sizes of values as polynomials -------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_DIALECT_CONDCOMP_ANALYSIS_SIZEEXPRESSIONS_H
#define CONDCOMP_LIB_DIALECT_CONDCOMP_ANALYSIS_SIZEEXPRESSIONS_H

#include "condcomp/Dialect/CondComp/Analysis/Cost.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "llvm/ADT/DenseMap.h"

namespace condcomp {

/// The sizes of a routing.
struct RoutingSizes {
  /// Batch dims, rows, modules.
  llvm::SmallVector<Polynomial> dims;
  /// Rows over all batch indices, and entries.
  Polynomial rows, entries;
  /// The count of `exactly k`; not for other bounds.
  std::optional<Polynomial> k;
};

/// What sizes and index values are, as polynomials in symbols.
class SizeExpressions {
public:
  using Dims = llvm::SmallVector<Polynomial>;

  //===--------------------------------------------------------------------===//
  // Symbols
  //===--------------------------------------------------------------------===//

  unsigned createSymbol(char kind, std::string meaning, bool isCount = false);
  Polynomial createSize(std::string meaning) {
    return Polynomial::symbol(createSymbol('n', std::move(meaning)));
  }
  /// Says that two sizes are the same.
  void unify(const Polynomial &lhs, const Polynomial &rhs);
  /// With the values of symbols put in. `full`: as if nothing were skipped.
  Polynomial resolve(const Polynomial &polynomial, bool full = false) const;

  //===--------------------------------------------------------------------===//
  // Values
  //===--------------------------------------------------------------------===//

  /// The dims of a tensor.
  const Dims &getDims(mlir::Value tensor);
  void setDims(mlir::Value tensor, Dims dims) { frame.dims[tensor] = dims; }
  Polynomial getElements(mlir::Value tensor);
  Polynomial getBytes(mlir::Value tensor);
  /// The product of dims `from` and following.
  Polynomial getInnerElements(mlir::Value tensor, unsigned from);
  /// An index value. It is never less than 0 where it is a size.
  Polynomial getValue(mlir::OpFoldResult index);
  RoutingSizes getRouting(mlir::Value routing);

  /// What is known of the values of one function, in one call.
  struct Frame {
    llvm::DenseMap<mlir::Value, Dims> dims;
    llvm::DenseMap<mlir::Value, Polynomial> values;
    llvm::DenseMap<mlir::Value, RoutingSizes> routings;
  };
  Frame frame;
  std::vector<CostSymbol> symbols;
  /// Whether a bound was taken where an exact number was not to be had.
  bool exact = true;

private:
  Polynomial makeValue(mlir::Value index);
  std::optional<Dims> makeDims(mlir::OpResult result);
  std::optional<Dims> makeCondCompDims(mlir::OpResult result);
  RoutingSizes makeRouting(mlir::Value routing);
  Polynomial makeEntries(mlir::Value routing, const RoutingSizes &sizes);

  llvm::DenseMap<char, unsigned> numOfKind;
};

} // namespace condcomp

#endif // CONDCOMP_LIB_DIALECT_CONDCOMP_ANALYSIS_SIZEEXPRESSIONS_H
