//===- RowSizes.h - sizes as products -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_DIALECT_CONDCOMP_ANALYSIS_ROWSIZES_H
#define CONDCOMP_LIB_DIALECT_CONDCOMP_ANALYSIS_ROWSIZES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace condcomp::rows {

/// A product of an integer and symbols: 48, n, 4·n·s. Symbols are sorted.
struct Size {
  int64_t factor = 1;
  llvm::SmallVector<unsigned, 2> symbols;

  static Size constant(int64_t value) { return {value, {}}; }
  static Size symbol(unsigned id) { return {1, {id}}; }
  bool isConstant() const { return symbols.empty() || factor == 0; }
  bool isOne() const { return symbols.empty() && factor == 1; }
  bool operator==(const Size &other) const {
    return factor == other.factor && symbols == other.symbols;
  }
  bool operator!=(const Size &other) const { return !(*this == other); }
};

/// The symbols of an analysis and arithmetic on sizes made of them.
class SizeTable {
public:
  /// A new symbol. `counts`: it is a number of rows (or of entries of rows),
  /// which varies with the batch. `isSize`: it is never negative.
  unsigned create(bool counts, bool isSize) {
    symbols.push_back({counts, isSize});
    return symbols.size() - 1;
  }
  /// Whether the size varies with the number of rows.
  bool counts(const Size &size) const;
  /// The one symbol in `size` that counts rows, if there is just one.
  std::optional<unsigned> getCount(const Size &size) const;
  bool isNonNegative(const Size &size) const;

  /// Products and quotients; none on overflow or where division leaves a rest.
  std::optional<Size> multiply(const Size &lhs, const Size &rhs) const;
  std::optional<Size> divide(const Size &lhs, const Size &rhs) const;
  std::optional<Size> add(const Size &lhs, const Size &rhs) const;
  /// The outcome of a comparison, if it is the same for all sizes.
  std::optional<bool> compare(mlir::arith::CmpIPredicate predicate,
                              const Size &lhs, const Size &rhs) const;

private:
  struct Symbol {
    bool counts;
    bool isSize;
  };
  llvm::SmallVector<Symbol> symbols;
};

} // namespace condcomp::rows

#endif // CONDCOMP_LIB_DIALECT_CONDCOMP_ANALYSIS_ROWSIZES_H
