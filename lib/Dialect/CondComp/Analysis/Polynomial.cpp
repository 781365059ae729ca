//===- Polynomial.cpp - sums of products of sizes -------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Analysis/Polynomial.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace condcomp;

Polynomial Polynomial::constant(uint64_t value) {
  Polynomial result;
  result.add({}, value);
  return result;
}

Polynomial Polynomial::symbol(unsigned id) {
  Polynomial result;
  result.add({id}, 1);
  return result;
}

std::optional<uint64_t> Polynomial::getConstant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms.begin()->first.empty())
    return terms.begin()->second;
  return std::nullopt;
}

std::optional<unsigned> Polynomial::getSymbol() const {
  if (terms.size() == 1 && terms.begin()->first.size() == 1 &&
      terms.begin()->second == 1)
    return terms.begin()->first.front();
  return std::nullopt;
}

void Polynomial::add(const Monomial &symbols, uint64_t coefficient) {
  if (coefficient == 0)
    return;
  uint64_t &term = terms[symbols];
  term = llvm::SaturatingAdd(term, coefficient);
}

Polynomial &Polynomial::operator+=(const Polynomial &other) {
  for (const auto &[symbols, coefficient] : other.terms)
    add(symbols, coefficient);
  return *this;
}

Polynomial &Polynomial::operator*=(const Polynomial &other) {
  Polynomial product;
  for (const auto &[left, leftCoefficient] : terms)
    for (const auto &[right, rightCoefficient] : other.terms) {
      Monomial symbols(left);
      llvm::append_range(symbols, right);
      llvm::sort(symbols);
      product.add(symbols,
                  llvm::SaturatingMultiply(leftCoefficient, rightCoefficient));
    }
  terms = std::move(product.terms);
  return *this;
}

std::optional<Polynomial> Polynomial::divide(const Polynomial &divisor) const {
  if (divisor.terms.size() != 1)
    return std::nullopt;
  const auto &[symbols, coefficient] = *divisor.terms.begin();
  Polynomial quotient;
  for (const auto &[mine, myCoefficient] : terms) {
    if (myCoefficient % coefficient != 0)
      return std::nullopt;
    Monomial rest(mine);
    for (unsigned symbol : symbols) {
      auto *it = llvm::find(rest, symbol);
      if (it == rest.end())
        return std::nullopt;
      rest.erase(it);
    }
    quotient.add(rest, myCoefficient / coefficient);
  }
  return quotient;
}

Polynomial
Polynomial::substitute(llvm::function_ref<Polynomial(unsigned)> value) const {
  Polynomial result;
  for (const auto &[symbols, coefficient] : terms) {
    Polynomial product = constant(coefficient);
    for (unsigned symbol : symbols)
      product *= value(symbol);
    result += product;
  }
  return result;
}

uint64_t Polynomial::evaluate(llvm::ArrayRef<uint64_t> values) const {
  uint64_t sum = 0;
  for (const auto &[symbols, coefficient] : terms) {
    uint64_t product = coefficient;
    for (unsigned symbol : symbols)
      product = llvm::SaturatingMultiply(product, values[symbol]);
    sum = llvm::SaturatingAdd(sum, product);
  }
  return sum;
}

bool Polynomial::isAtMost(const Polynomial &other) const {
  return llvm::all_of(terms, [&](const auto &term) {
    auto it = other.terms.find(term.first);
    return it != other.terms.end() && term.second <= it->second;
  });
}

Polynomial Polynomial::max(const Polynomial &lhs, const Polynomial &rhs) {
  Polynomial result = lhs;
  for (const auto &[symbols, coefficient] : rhs.terms) {
    uint64_t &term = result.terms[symbols];
    term = std::max(term, coefficient);
  }
  return result;
}

std::string
Polynomial::format(llvm::function_ref<std::string(unsigned)> name) const {
  if (terms.empty())
    return "0";
  // By name, so that the text does not depend on how symbols are numbered.
  llvm::SmallVector<std::pair<llvm::SmallVector<std::string>, uint64_t>> named;
  for (const auto &[symbols, coefficient] : terms) {
    auto &[names, value] = named.emplace_back();
    for (unsigned symbol : symbols)
      names.push_back(name(symbol));
    llvm::sort(names);
    value = coefficient;
  }
  llvm::sort(named, [](const auto &lhs, const auto &rhs) {
    if (lhs.first.size() != rhs.first.size())
      return lhs.first.size() > rhs.first.size();
    return lhs.first < rhs.first;
  });
  std::string text;
  for (auto &[names, coefficient] : named) {
    if (coefficient != 1 || names.empty())
      names.insert(names.begin(), std::to_string(coefficient));
    text += (text.empty() ? "" : " + ") + llvm::join(names, "*");
  }
  return text;
}
