//===- Iterate.cpp - lowering of iterate -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exits.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// Checks the limit of steps (C11), and that there are params for it (C12).
void checkLimit(TensorEmitter &b, Value limit, ArrayRef<ValueRange> params) {
  // Where rows leave is an i32; as an unsigned number, below zero is large.
  Value most = b.index(std::numeric_limits<int32_t>::max());
  b.check(b.compare(arith::CmpIPredicate::ule, limit, most),
          "iterate C11: the limit of steps is {0}, expected 0 to {1}",
          {limit, most});
  for (ValueRange values : params) {
    Value count = b.dim(values.front(), 0);
    b.check(b.compare(arith::CmpIPredicate::uge, count, limit),
            "iterate C12: a params operand has {0} steps, the limit is {1}",
            {count, limit});
  }
}

struct LowerIterate : EmitterPattern<IterateOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(IterateOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Exits exits(op, rewriter);
    Value limit = adaptor.getSteps().front();
    checkLimit(b, limit, adaptor.getParams());
    Value undoneAt = b.createOrFold<arith::IndexCastOp>(b.getI32Type(), limit);
    ExitRows rows = exits.start(b, adaptor.getRows(), adaptor.getState(),
                                adaptor.getOuts(), undoneAt);
    // Not an scf.while: upstream's deallocation clones every memref that goes
    // through a condition. Steps without rows pass at once.
    auto run = [&](TensorEmitter &b, Value number, ValueRange values) {
      ExitStep step;
      for (ValueRange params : adaptor.getParams())
        step.params.push_back(b.sliceAt(params.front(), number));
      if (op.getWithStep())
        step.step.push_back(number);
      step.doneAt = b.createOrFold<arith::IndexCastOp>(b.getI32Type(), number);
      step.last =
          b.compare(arith::CmpIPredicate::eq, b.add(number, b.index(1)), limit);
      step.undoneAt = undoneAt;
      SmallVector<Value> after =
          exits.run(b, op.getBody(), rows.unflatten(values), step).flatten();
      for (auto [value, before] : llvm::zip_equal(after, values))
        value = b.castTo(before.getType(), value);
      return after;
    };
    SmallVector<Value> values = b.forLoop(
        b.index(0), limit, rows.flatten(),
        [&](TensorEmitter &b, Value number, ValueRange values) {
          return b.ifElse(
              exits.areLeft(b, rows.unflatten(values)),
              [&](TensorEmitter &b) { return run(b, number, values); },
              [&](TensorEmitter &) { return SmallVector<Value>(values); });
        });
    exits.replace(b, rows.unflatten(values));
    return success();
  }
};

} // namespace

void condcomp::populateIteratePatterns(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<LowerIterate>(converter, patterns.getContext());
}
