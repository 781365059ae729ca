//===- RowSizes.cpp - sizes as products -----------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowSizes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace condcomp::rows;

bool SizeTable::counts(const Size &size) const {
  return !size.isConstant() && llvm::any_of(size.symbols, [&](unsigned id) {
    return symbols[id].counts;
  });
}

std::optional<unsigned> SizeTable::getCount(const Size &size) const {
  std::optional<unsigned> count;
  for (unsigned id : size.symbols) {
    if (!symbols[id].counts)
      continue;
    if (count)
      return std::nullopt;
    count = id;
  }
  return count;
}

bool SizeTable::isNonNegative(const Size &size) const {
  return size.factor >= 0 && llvm::all_of(size.symbols, [&](unsigned id) {
           return symbols[id].isSize;
         });
}

std::optional<Size> SizeTable::multiply(const Size &lhs,
                                        const Size &rhs) const {
  Size result;
  if (llvm::MulOverflow(lhs.factor, rhs.factor, result.factor))
    return std::nullopt;
  if (result.factor == 0)
    return result;
  llvm::append_range(result.symbols, lhs.symbols);
  llvm::append_range(result.symbols, rhs.symbols);
  llvm::sort(result.symbols);
  return result;
}

std::optional<Size> SizeTable::divide(const Size &lhs, const Size &rhs) const {
  if (rhs.factor == 0 || lhs.factor % rhs.factor != 0)
    return std::nullopt;
  Size result = lhs;
  result.factor /= rhs.factor;
  for (unsigned id : rhs.symbols) {
    auto *it = llvm::find(result.symbols, id);
    if (it == result.symbols.end())
      return std::nullopt;
    result.symbols.erase(it);
  }
  return result;
}

std::optional<Size> SizeTable::add(const Size &lhs, const Size &rhs) const {
  if (lhs.factor == 0)
    return rhs;
  if (rhs.factor == 0)
    return lhs;
  if (lhs.symbols != rhs.symbols)
    return std::nullopt;
  Size result = lhs;
  if (llvm::AddOverflow(lhs.factor, rhs.factor, result.factor))
    return std::nullopt;
  return result.factor == 0 ? Size::constant(0) : result;
}

std::optional<bool> SizeTable::compare(arith::CmpIPredicate predicate,
                                       const Size &lhs, const Size &rhs) const {
  using P = arith::CmpIPredicate;
  bool isUnsigned = predicate == P::ult || predicate == P::ule ||
                    predicate == P::ugt || predicate == P::uge;
  if (isUnsigned && !(isNonNegative(lhs) && isNonNegative(rhs)))
    return std::nullopt;
  // The bounds of lhs − rhs, where they are known.
  std::optional<int64_t> low, high;
  if (lhs == rhs)
    low = high = 0;
  else if (lhs.isConstant() && rhs.isConstant())
    low = high = lhs.factor < rhs.factor ? -1 : 1;
  else if (isNonNegative(lhs) && rhs.isConstant() && rhs.factor <= 0)
    low = rhs.factor < 0 ? 1 : 0;
  else if (isNonNegative(rhs) && lhs.isConstant() && lhs.factor <= 0)
    high = lhs.factor < 0 ? -1 : 0;
  auto decide = [](bool yes, bool no) -> std::optional<bool> {
    if (yes)
      return true;
    if (no)
      return false;
    return std::nullopt;
  };
  bool equal = low && high && *low == 0 && *high == 0;
  bool apart = (low && *low > 0) || (high && *high < 0);
  switch (predicate) {
  case P::eq:
    return decide(equal, apart);
  case P::ne:
    return decide(apart, equal);
  case P::slt:
  case P::ult:
    return decide(high && *high < 0, low && *low >= 0);
  case P::sle:
  case P::ule:
    return decide(high && *high <= 0, low && *low > 0);
  case P::sgt:
  case P::ugt:
    return decide(low && *low > 0, high && *high <= 0);
  case P::sge:
  case P::uge:
    return decide(low && *low >= 0, high && *high < 0);
  }
  llvm_unreachable("unknown predicate");
}
