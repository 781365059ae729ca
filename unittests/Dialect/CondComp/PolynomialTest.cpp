//===- PolynomialTest.cpp - tests of sums of products of sizes ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Analysis/Polynomial.h"
#include "gtest/gtest.h"
#include <limits>

using namespace condcomp;

namespace {

const Polynomial n = Polynomial::symbol(0);
const Polynomial m = Polynomial::symbol(1);

Polynomial number(uint64_t value) { return Polynomial::constant(value); }

std::string format(const Polynomial &polynomial) {
  return polynomial.format(
      [](unsigned id) { return std::string(1, id ? 'm' : 'n'); });
}

TEST(PolynomialTest, TermsOfTheSameSymbolsAreOne) {
  EXPECT_EQ(n * m + m * n, number(2) * n * m);
  EXPECT_EQ((n + m) * (n + m), n * n + number(2) * n * m + m * m);
  EXPECT_TRUE((number(0) * n).isZero());
}

TEST(PolynomialTest, TextBeginsWithTheLongestProducts) {
  EXPECT_EQ(format(number(7) + n + number(3) * m * m + n * m),
            "3*m*m + m*n + n + 7");
  EXPECT_EQ(format(Polynomial()), "0");
}

TEST(PolynomialTest, EvaluatesWithTheValuesOfSymbols) {
  EXPECT_EQ((number(2) * n * n + m + number(5)).evaluate({3, 10}), 33u);
  EXPECT_EQ(Polynomial().evaluate({}), 0u);
}

TEST(PolynomialTest, SaturatesInsteadOfWrapping) {
  uint64_t most = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ((number(most) * number(2)).getConstant(), most);
  EXPECT_EQ((number(most) * n).evaluate({3, 0}), most);
}

TEST(PolynomialTest, DividesWithoutRestOnly) {
  EXPECT_EQ((number(6) * n * m).divide(number(2) * m), number(3) * n);
  EXPECT_FALSE((number(6) * n + m).divide(number(2)));
  EXPECT_FALSE(n.divide(m));
  EXPECT_FALSE(n.divide(n + m));
  EXPECT_FALSE(n.divide(Polynomial()));
}

TEST(PolynomialTest, SubstitutesProducts) {
  auto value = [](unsigned id) { return id ? m : m + number(1); };
  EXPECT_EQ((n * n).substitute(value), m * m + number(2) * m + number(1));
}

TEST(PolynomialTest, ComparesTermByTerm) {
  EXPECT_TRUE(n.isAtMost(number(2) * n + m));
  EXPECT_FALSE((number(3) * n).isAtMost(number(2) * n + m));
  // True for all sizes from 1 on, but not told by terms.
  EXPECT_FALSE(n.isAtMost(n * n));
  EXPECT_EQ(Polynomial::max(number(2) * n + m, n + number(3) * m),
            number(2) * n + number(3) * m);
}

} // namespace
