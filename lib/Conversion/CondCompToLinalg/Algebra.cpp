//===- Algebra.cpp - lowering of the routing algebra -*- C++ -*-===//
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

struct LowerReweight : EmitterPattern<ReweightOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(ReweightOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getRouting().getType();
    Type element = type.getElementType();
    auto routing = RoutingValue::unpack(b, type, adaptor.getRouting());
    if (op.getDense() && routing.isMasked()) {
      Value weights = castElements(b, adaptor.getDense().front(), element);
      return replaceWithRouting(op, routing.withWeights(b, weights), b,
                                rewriter);
    }

    RoutingValue compact = routing.inForm(b, Form::Compact);
    Value weights;
    if (op.getDense()) {
      Value dense = b.flattenLeading(adaptor.getDense().front(),
                                     type.getShape().size() - 1);
      weights = b.elementwise(
          element, {compact.getRowOfEntry(b), compact.getModules()},
          [&](TensorEmitter &b, ValueRange e) {
            return b.castFloat(b.extract(dense, {e[0], e[1]}), element);
          });
    } else {
      weights = b.flattenLeading(
          castElements(b, adaptor.getEntries().front(), element),
          type.getEntryRank());
      Value count = b.dim(weights, 0), expected = compact.getNumEntries(b);
      b.check(b.compare(arith::CmpIPredicate::eq, count, expected),
              "reweight C2: {0} weights for {1} entries", {count, expected});
    }
    return replaceWithRouting(op, compact.withWeights(b, weights), b, rewriter);
  }
};

//===----------------------------------------------------------------------===//
// normalize
//===----------------------------------------------------------------------===//

/// Folds the entry values of each row, in ascending order: `[B·R]`.
Value foldRows(TensorEmitter &b, const RoutingValue &compact, Value values,
               Value init, TensorEmitter::ElementFn fn) {
  Value zero = b.index(0), numRows = compact.getNumRows(b);
  Value empty = b.empty(numRows, init.getType());
  return b.forEach(
      zero, numRows, empty, [&](TensorEmitter &b, Value row, ValueRange outer) {
        Value folded =
            b.forLoop(compact.getRowStart(b, row),
                      compact.getRowStart(b, b.add(row, b.index(1))), init,
                      [&](TensorEmitter &b, Value entry, ValueRange carried) {
                        return SmallVector<Value>{
                            fn(b, {carried[0], b.extract(values, entry)})};
                      })[0];
        return SmallVector<Value>{b.insert(folded, outer[0], row)};
      })[0];
}

// Both forms run this code on packed entries: sums then agree bit for bit.
struct LowerNormalize : EmitterPattern<NormalizeOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(NormalizeOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getRouting().getType();
    Type element = type.getElementType();
    RoutingValue compact = getCompact(op, adaptor, b);
    Value weights = compact.getWeights(), rowOf = compact.getRowOfEntry(b);
    auto perEntry = [&](Value perRow, TensorEmitter::ElementFn fn) {
      return b.elementwise(element, {weights, rowOf},
                           [&](TensorEmitter &b, ValueRange e) {
                             Value ofRow = b.extract(perRow, e[1]);
                             return fn(b, {e[0], ofRow});
                           });
    };
    if (op.getKind() == NormalizeKind::Softmax) {
      Value least = b.scalar(element, -std::numeric_limits<double>::infinity());
      Value max = foldRows(
          b, compact, weights, least, [](TensorEmitter &b, ValueRange e) {
            return b.createOrFold<arith::MaximumFOp>(e[0], e[1]);
          });
      weights = perEntry(max, [](TensorEmitter &b, ValueRange e) {
        return b.createOrFold<math::ExpOp>(b.sub(e[0], e[1]));
      });
    }
    Value zero = b.scalar(element, 0);
    Value sum =
        foldRows(b, compact, weights, zero, [](TensorEmitter &b, ValueRange e) {
          return b.add(e[0], e[1]);
        });
    weights = perEntry(sum, [&](TensorEmitter &b, ValueRange e) {
      Value isZero =
          b.createOrFold<arith::CmpFOp>(arith::CmpFPredicate::OEQ, e[1], zero);
      return b.select(isZero, e[0], b.div(e[0], e[1]));
    });
    return replaceWithRouting(op, compact.withWeights(b, weights), b, rewriter);
  }
};

struct LowerScale : EmitterPattern<ScaleOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(ScaleOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getRouting().getType();
    auto routing = RoutingValue::unpack(b, type, adaptor.getRouting());
    Value factor = adaptor.getFactor().front();
    Value weights = b.elementwise(
        type.getElementType(), routing.getWeights(),
        [&](TensorEmitter &b, ValueRange e) { return b.mul(e[0], factor); });
    return replaceWithRouting(op, routing.withWeights(b, weights), b, rewriter);
  }
};

struct LowerConvertForm : EmitterPattern<ConvertFormOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(ConvertFormOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    return replaceWithRouting(op,
                              RoutingValue::unpack(b, op.getRouting().getType(),
                                                   adaptor.getRouting()),
                              b, rewriter);
  }
};

} // namespace

void condcomp::populateAlgebraPatterns(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<LowerReweight, LowerNormalize, LowerScale, LowerConvertForm>(
      converter, patterns.getContext());
}
