//===- ExpandBitCounts.cpp - counts of bits into arithmetic ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace condcomp {
#define GEN_PASS_DEF_EXPANDBITCOUNTS
#include "condcomp/Conversion/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {

/// Numbers whose bits can be counted: of one or more whole bytes.
bool isCountable(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  return integer && integer.getWidth() % 8 == 0;
}

/// A number each of whose bytes is `byte`.
Value getBytes(OpBuilder &b, Location loc, Type type, uint8_t byte) {
  APInt value = APInt::getSplat(type.getIntOrFloatBitWidth(), APInt(8, byte));
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, value));
}

Value shiftRight(OpBuilder &b, Location loc, Value value, int64_t bits) {
  Value by = arith::ConstantOp::create(b, loc,
                                       b.getIntegerAttr(value.getType(), bits));
  return arith::ShRUIOp::create(b, loc, value, by);
}

/// Adds up pairs of bits, of pairs, and of halves of bytes, then all bytes by
/// one product (Warren, Hacker's Delight, 5-1).
struct ExpandPopulationCount : OpRewritePattern<math::CtPopOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::CtPopOp op,
                                PatternRewriter &b) const override {
    Type type = op.getType();
    if (!isCountable(type))
      return b.notifyMatchFailure(op, "not a scalar of whole bytes");
    Location loc = op.getLoc();
    auto mask = [&](Value value, uint8_t byte) -> Value {
      return arith::AndIOp::create(b, loc, value, getBytes(b, loc, type, byte));
    };
    Value x = op.getOperand();
    x = arith::SubIOp::create(b, loc, x, mask(shiftRight(b, loc, x, 1), 0x55));
    x = arith::AddIOp::create(b, loc, mask(x, 0x33),
                              mask(shiftRight(b, loc, x, 2), 0x33));
    x = mask(arith::AddIOp::create(b, loc, x, shiftRight(b, loc, x, 4)), 0x0f);
    x = arith::MulIOp::create(b, loc, x, getBytes(b, loc, type, 0x01));
    b.replaceOp(op, shiftRight(b, loc, x, type.getIntOrFloatBitWidth() - 8));
    return success();
  }
};

/// The zeros below the lowest one are the ones of ~x & (x - 1).
struct ExpandTrailingZeros : OpRewritePattern<math::CountTrailingZerosOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::CountTrailingZerosOp op,
                                PatternRewriter &b) const override {
    Type type = op.getType();
    if (!isCountable(type))
      return b.notifyMatchFailure(op, "not a scalar of whole bytes");
    Location loc = op.getLoc();
    Value minusOne = getBytes(b, loc, type, 0xff);
    Value below = arith::AddIOp::create(b, loc, op.getOperand(), minusOne);
    Value zeros = arith::XOrIOp::create(b, loc, op.getOperand(), minusOne);
    b.replaceOpWithNewOp<math::CtPopOp>(
        op, arith::AndIOp::create(b, loc, zeros, below));
    return success();
  }
};

struct ExpandBitCounts : condcomp::impl::ExpandBitCountsBase<ExpandBitCounts> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandPopulationCount, ExpandTrailingZeros>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
