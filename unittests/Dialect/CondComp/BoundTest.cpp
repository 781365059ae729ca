//===- BoundTest.cpp - tests of routing bounds ----------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace condcomp;

namespace {

const Bound exactlyRunTime = Bound::exactly(ShapedType::kDynamic);

TEST(BoundTest, EveryBoundImpliesNone) {
  for (Bound other :
       {Bound::none(), Bound::exactly(3), exactlyRunTime, Bound::atMost(3)})
    EXPECT_TRUE(Bound::none().isImpliedBy(other));
}

TEST(BoundTest, ExactlyIsImpliedByTheSameCountOnly) {
  EXPECT_TRUE(Bound::exactly(2).isImpliedBy(Bound::exactly(2)));
  EXPECT_FALSE(Bound::exactly(2).isImpliedBy(Bound::exactly(1)));
  EXPECT_FALSE(Bound::exactly(2).isImpliedBy(exactlyRunTime));
  EXPECT_FALSE(Bound::exactly(2).isImpliedBy(Bound::atMost(2)));
}

TEST(BoundTest, ExactlyRunTimeIsImpliedByEveryUniformBound) {
  EXPECT_TRUE(exactlyRunTime.isImpliedBy(exactlyRunTime));
  EXPECT_TRUE(exactlyRunTime.isImpliedBy(Bound::exactly(7)));
  EXPECT_FALSE(exactlyRunTime.isImpliedBy(Bound::atMost(1)));
}

TEST(BoundTest, AtMostIsImpliedBySmallerStaticCounts) {
  EXPECT_TRUE(Bound::atMost(4).isImpliedBy(Bound::atMost(3)));
  EXPECT_TRUE(Bound::atMost(4).isImpliedBy(Bound::exactly(4)));
  EXPECT_FALSE(Bound::atMost(4).isImpliedBy(Bound::exactly(5)));
  EXPECT_FALSE(Bound::atMost(4).isImpliedBy(exactlyRunTime));
  EXPECT_FALSE(Bound::atMost(4).isImpliedBy(Bound::none()));
}

TEST(RoutingTypeTest, EntryShapeIsPackedUnlessRowsAreUniform) {
  MLIRContext context;
  context.loadDialect<CondCompDialect>();
  auto type = [&](Bound row) {
    return RoutingType::get(&context, {4, ShapedType::kDynamic, 64},
                            Float32Type::get(&context), row, Bound::none(),
                            Form::Unset);
  };
  EXPECT_EQ(type(Bound::exactly(8)).getEntryShape(),
            (SmallVector<int64_t>{4, ShapedType::kDynamic, 8}));
  EXPECT_EQ(
      type(exactlyRunTime).getEntryShape(),
      (SmallVector<int64_t>{4, ShapedType::kDynamic, ShapedType::kDynamic}));
  EXPECT_EQ(type(Bound::atMost(8)).getEntryShape(),
            (SmallVector<int64_t>{ShapedType::kDynamic}));
  EXPECT_EQ(type(Bound::none()).getEntryShape(),
            (SmallVector<int64_t>{ShapedType::kDynamic}));
}

} // namespace
