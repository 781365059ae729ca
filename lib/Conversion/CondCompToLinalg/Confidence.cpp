//===- Confidence.cpp - lowering of confidence -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace condcomp;

namespace {

struct LowerConfidence : EmitterPattern<ConfidenceOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(ConfidenceOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Value logits = castElements(b, adaptor.getLogits().front(),
                                getElementTypeOrSelf(op.getResult()));
    Type element = getElementTypeOrSelf(logits);
    SmallVector<Value> rows = b.dims(logits);
    Value numClasses = rows.pop_back_val();
    bool margin = op.getKind() == ConfidenceKind::Margin;
    Value least = b.index(margin ? 2 : 1);
    b.check(b.compare(arith::CmpIPredicate::uge, numClasses, least),
            "confidence C3: needs at least {1} classes, got {0}",
            {numClasses, least});

    Value lowest = emitLeast(b, element), zero = b.scalar(element, 0);
    Value max = b.reduceLast(
        logits, b.filled(rows, lowest),
        [](TensorEmitter &b, ValueRange e) { return emitMax(b, e[1], e[0]); });
    unsigned rank = rows.size() + 1;
    SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    SmallVector<int64_t> row(ArrayRef(all).drop_back());
    auto perClass = [&](TensorEmitter::ElementFn fn) {
      SmallVector<Value> sizes = rows;
      sizes.push_back(numClasses);
      return b.generic({logits, max}, b.empty(sizes, element), rank,
                       {all, row, all}, fn);
    };
    auto sum = [&](Value values) {
      return b.reduceLast(
          values, b.filled(rows, zero),
          [](TensorEmitter &b, ValueRange e) { return b.add(e[1], e[0]); });
    };
    Value shifted = perClass(
        [](TensorEmitter &b, ValueRange e) { return b.sub(e[0], e[1]); });
    Value exps =
        b.elementwise(element, shifted, [](TensorEmitter &b, ValueRange e) {
          return b.createOrFold<math::ExpOp>(e[0]);
        });
    Value total = sum(exps);
    Value result;
    switch (op.getKind()) {
    case ConfidenceKind::MaxProb:
      // The largest p is exp(0) over the sum.
      result =
          b.elementwise(element, total, [&](TensorEmitter &b, ValueRange e) {
            return b.div(b.scalar(element, 1), e[0]);
          });
      break;
    case ConfidenceKind::Entropy: {
      // −Σ p ln p = ln Σ − (Σ exp(x) x) / Σ for shifted x; 0 ln 0 = 0.
      Value products = b.elementwise(
          element, {exps, shifted}, [&](TensorEmitter &b, ValueRange e) {
            Value none = b.createOrFold<arith::CmpFOp>(
                arith::CmpFPredicate::OEQ, e[0], zero);
            return b.select(none, zero, b.mul(e[0], e[1]));
          });
      result = b.elementwise(element, {total, sum(products)},
                             [](TensorEmitter &b, ValueRange e) {
                               Value log = b.createOrFold<math::LogOp>(e[0]);
                               return b.sub(log, b.div(e[1], e[0]));
                             });
      break;
    }
    case ConfidenceKind::Margin:
      result = emitMargin(b, exps, total, rows);
      break;
    }
    rewriter.replaceOp(op, b.castTo(op.getResult().getType(), result));
    return success();
  }

  /// (1 − exp(second − max)) / Σ: with the largest exp, the one at the first
  /// place where it stands, left out, the largest that remains is the second.
  static Value emitMargin(TensorEmitter &b, Value exps, Value total,
                          ArrayRef<Value> rows) {
    Type element = getElementTypeOrSelf(exps);
    Value one = b.scalar(element, 1), zero = b.scalar(element, 0);
    int64_t last = rows.size();
    Value numClasses = b.dim(exps, last);
    // exp(0) is exactly 1.
    Value best = b.reduceLast(
        exps, b.filled(rows, numClasses), [&](TensorEmitter &b, ValueRange e) {
          Value isMax = b.createOrFold<arith::CmpFOp>(arith::CmpFPredicate::OEQ,
                                                      e[0], one);
          Value place = b.select(isMax, b.loopIndex(last), numClasses);
          return b.createOrFold<arith::MinUIOp>(e[1], place);
        });
    unsigned rank = rows.size() + 1;
    SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    SmallVector<int64_t> row(ArrayRef(all).drop_back());
    Value second =
        b.generic({exps, best}, b.filled(rows, zero), rank, {all, row, row},
                  [&](TensorEmitter &b, ValueRange e) {
                    Value isBest = b.compare(arith::CmpIPredicate::eq,
                                             b.loopIndex(last), e[1]);
                    return emitMax(b, e[2], b.select(isBest, zero, e[0]));
                  });
    return b.elementwise(element, {total, second},
                         [&](TensorEmitter &b, ValueRange e) {
                           return b.div(b.sub(one, e[1]), e[0]);
                         });
  }
};

} // namespace

void condcomp::populateConfidencePatterns(const TypeConverter &converter,
                                          RewritePatternSet &patterns) {
  patterns.add<LowerConfidence>(converter, patterns.getContext());
}
