//===- Polynomial.h - sums of products of sizes -----------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_DIALECT_CONDCOMP_ANALYSIS_POLYNOMIAL_H
#define CONDCOMP_DIALECT_CONDCOMP_ANALYSIS_POLYNOMIAL_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <map>
#include <optional>
#include <string>

namespace condcomp {

/// A polynomial with natural coefficients in symbols that are never negative:
/// sizes and what is computed of them, such as 128·n·n + 3·e. Coefficients
/// saturate.
class Polynomial {
public:
  /// The symbols of a product, sorted; a square has its symbol twice.
  using Monomial = llvm::SmallVector<unsigned, 4>;

  Polynomial() = default;
  static Polynomial constant(uint64_t value);
  static Polynomial symbol(unsigned id);

  bool isZero() const { return terms.empty(); }
  /// The value, if it has no symbols.
  std::optional<uint64_t> getConstant() const;
  /// The symbol, if it is nothing else.
  std::optional<unsigned> getSymbol() const;
  const std::map<Monomial, uint64_t> &getTerms() const { return terms; }

  Polynomial &operator+=(const Polynomial &other);
  Polynomial &operator*=(const Polynomial &other);
  friend Polynomial operator+(Polynomial lhs, const Polynomial &rhs) {
    return lhs += rhs;
  }
  friend Polynomial operator*(Polynomial lhs, const Polynomial &rhs) {
    return lhs *= rhs;
  }
  bool operator==(const Polynomial &other) const {
    return terms == other.terms;
  }
  /// Adds `coefficient` times the product of `symbols`.
  void add(const Monomial &symbols, uint64_t coefficient);

  /// The quotient by a polynomial of one term, if it leaves no rest.
  std::optional<Polynomial> divide(const Polynomial &divisor) const;
  /// Every symbol replaced by what `value` gives for it.
  Polynomial substitute(llvm::function_ref<Polynomial(unsigned)> value) const;
  uint64_t evaluate(llvm::ArrayRef<uint64_t> values) const;
  /// Whether `other` is at least as large term by term, and so for all values.
  bool isAtMost(const Polynomial &other) const;
  /// The least polynomial that is at least as large term by term as both.
  static Polynomial max(const Polynomial &lhs, const Polynomial &rhs);

  /// `128*n0*n0 + 3*e1 + 7`: the terms with the most symbols first.
  std::string format(llvm::function_ref<std::string(unsigned)> name) const;

private:
  /// No coefficient is zero.
  std::map<Monomial, uint64_t> terms;
};

} // namespace condcomp

#endif // CONDCOMP_DIALECT_CONDCOMP_ANALYSIS_POLYNOMIAL_H
