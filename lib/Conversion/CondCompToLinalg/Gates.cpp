//===- Gates.cpp - lowering of gates -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace condcomp;

//===----------------------------------------------------------------------===//
// top_k
//===----------------------------------------------------------------------===//

Value condcomp::emitRankKey(TensorEmitter &b, Value score, Value position) {
  Type f32 = b.getF32Type(), i32 = b.getI32Type(), i64 = b.getI64Type();
  score = b.castFloat(score, f32);
  Value zero = b.scalar(f32, 0);
  Value isZero =
      b.createOrFold<arith::CmpFOp>(arith::CmpFPredicate::OEQ, score, zero);
  Value isNaN =
      b.createOrFold<arith::CmpFOp>(arith::CmpFPredicate::UNO, score, score);
  // −0 and +0 tie.
  Value bits =
      b.createOrFold<arith::BitcastOp>(i32, b.select(isZero, zero, score));
  // Negative floats order backwards by their bits.
  Value sign = b.createOrFold<arith::ShRSIOp>(bits, b.scalar(i32, 31));
  Value flip = b.createOrFold<arith::AndIOp>(
      sign, arith::ConstantIntOp::create(b, i32, 0x7fffffff));
  Value key = b.createOrFold<arith::XOrIOp>(bits, flip);
  key = b.select(isNaN, arith::ConstantIntOp::create(b, i32, INT32_MIN), key);
  Value high = b.createOrFold<arith::ShLIOp>(
      b.createOrFold<arith::ExtSIOp>(i64, key), b.scalar(i64, 32));
  Value low = b.sub(arith::ConstantIntOp::create(b, i64, 0xffffffff),
                    b.createOrFold<arith::IndexCastOp>(i64, position));
  return b.createOrFold<arith::OrIOp>(high, low);
}

Value condcomp::emitPositionOfRankKey(TensorEmitter &b, Value key) {
  Value mask = arith::ConstantIntOp::create(b, b.getI64Type(), 0xffffffff);
  Value low = b.createOrFold<arith::AndIOp>(key, mask);
  return b.createOrFold<arith::IndexCastOp>(b.getIndexType(), b.sub(mask, low));
}

namespace {

Value emitRankKeys(TensorEmitter &b, Value scores) {
  int64_t moduleDim = cast<ShapedType>(scores.getType()).getRank() - 1;
  return b.elementwise(b.getI64Type(), scores,
                       [&](TensorEmitter &b, ValueRange e) {
                         return emitRankKey(b, e[0], b.loopIndex(moduleDim));
                       });
}

/// The k-th largest key of each row by taking the largest key below the last
/// one k times: for few k.
Value emitKthKeyByRounds(TensorEmitter &b, Value keys, int64_t k) {
  SmallVector<Value> rows = b.dims(keys);
  rows.pop_back();
  Type i64 = b.getI64Type();
  Value least = arith::ConstantIntOp::create(b, i64, INT64_MIN);
  Value bound = b.filled(rows, arith::ConstantIntOp::create(b, i64, INT64_MAX));
  unsigned rank = cast<ShapedType>(keys.getType()).getRank();
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  SmallVector<int64_t> row = llvm::to_vector(llvm::seq<int64_t>(0, rank - 1));
  for (int64_t round = 0; round < k; ++round)
    bound = b.generic({keys, bound}, b.filled(rows, least), rank,
                      {all, row, row}, [&](TensorEmitter &b, ValueRange e) {
                        Value below =
                            b.compare(arith::CmpIPredicate::slt, e[0], e[1]);
                        return b.createOrFold<arith::MaxSIOp>(
                            e[2], b.select(below, e[0], least));
                      });
  return bound;
}

/// The k-th largest key of each row, bit by bit from the top: 64 counting
/// passes whatever k and M are.
Value emitKthKeyByBisection(TensorEmitter &b, Value keys, Value k) {
  SmallVector<Value> rows = b.dims(keys);
  rows.pop_back();
  Type i64 = b.getI64Type();
  Value k64 = b.createOrFold<arith::IndexCastOp>(i64, k);
  // Keys as unsigned numbers, so that bits can be tried from the top.
  Value signBit = arith::ConstantIntOp::create(b, i64, INT64_MIN);
  Value one = b.scalar(i64, 1), zero = b.scalar(i64, 0);
  unsigned rank = cast<ShapedType>(keys.getType()).getRank();
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  SmallVector<int64_t> row = llvm::to_vector(llvm::seq<int64_t>(0, rank - 1));
  auto withBit = [&](TensorEmitter &b, Value bound, Value step) {
    Value shift =
        b.sub(b.scalar(i64, 63), b.createOrFold<arith::IndexCastOp>(i64, step));
    return b.createOrFold<arith::OrIOp>(
        bound, b.createOrFold<arith::ShLIOp>(one, shift));
  };
  Value bound = b.forLoop(
      b.index(0), b.index(64), b.filled(rows, zero),
      [&](TensorEmitter &b, Value step, ValueRange carried) {
        Value counts =
            b.generic({keys, carried[0]}, b.filled(rows, zero), rank,
                      {all, row, row}, [&](TensorEmitter &b, ValueRange e) {
                        Value key =
                            b.createOrFold<arith::XOrIOp>(e[0], signBit);
                        Value reaches = b.compare(arith::CmpIPredicate::uge,
                                                  key, withBit(b, e[1], step));
                        return b.add(e[2], b.select(reaches, one, zero));
                      });
        // In place: the loop then needs no buffer per step.
        return SmallVector<Value>{b.generic(
            counts, carried[0], rank - 1, {row, row},
            [&](TensorEmitter &b, ValueRange e) {
              Value enough = b.compare(arith::CmpIPredicate::sge, e[0], k64);
              return b.select(enough, withBit(b, e[1], step), e[1]);
            })};
      })[0];
  return b.elementwise(i64, bound, [&](TensorEmitter &b, ValueRange e) {
    return b.createOrFold<arith::XOrIOp>(e[0], signBit);
  });
}

/// Presence by counting the scores that come before each one. Scores of f64 do
/// not fit a rank key; M comparisons per score.
Value emitPresenceByRank(TensorEmitter &b, Value scores, Value k) {
  SmallVector<Value> sizes = b.dims(scores);
  unsigned rank = sizes.size();
  SmallVector<int64_t> mine = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  SmallVector<int64_t> other = mine;
  other.back() = rank;
  Value zero = b.index(0);
  Value ranks = b.generic(
      {scores, scores}, b.filled(sizes, zero), rank + 1, {mine, other, mine},
      [&](TensorEmitter &b, ValueRange e) {
        auto compare = [&](arith::CmpFPredicate predicate, Value l, Value r) {
          return b.createOrFold<arith::CmpFOp>(predicate, l, r);
        };
        using Predicate = arith::CmpFPredicate;
        Value lower = b.compare(arith::CmpIPredicate::ult, b.loopIndex(rank),
                                b.loopIndex(rank - 1));
        Value mineNaN = compare(Predicate::UNO, e[0], e[0]);
        Value otherNaN = compare(Predicate::UNO, e[1], e[1]);
        Value tie =
            b.select(mineNaN, otherNaN, compare(Predicate::OEQ, e[1], e[0]));
        Value better = b.select(mineNaN, b.logicalNot(otherNaN),
                                compare(Predicate::OGT, e[1], e[0]));
        Value before =
            b.createOrFold<arith::OrIOp>(better, b.logicalAnd(tie, lower));
        return b.select(before, b.add(e[2], b.index(1)), e[2]);
      });
  return b.elementwise(b.getI1Type(), ranks,
                       [&](TensorEmitter &b, ValueRange e) {
                         return b.compare(arith::CmpIPredicate::ult, e[0], k);
                       });
}

} // namespace

Value condcomp::emitTopKPresence(TensorEmitter &b, Value scores, Value k,
                                 std::optional<int64_t> staticK) {
  // Up to this k, rounds of a maximum are cheaper than 64 counting passes.
  static constexpr int64_t kMaxRounds = 16;
  if (getElementTypeOrSelf(scores).isF64())
    return emitPresenceByRank(b, scores, k);
  Value keys = emitRankKeys(b, scores);
  Value kth = staticK && *staticK <= kMaxRounds
                  ? emitKthKeyByRounds(b, keys, *staticK)
                  : emitKthKeyByBisection(b, keys, k);
  SmallVector<Value> dims = b.dims(scores);
  unsigned rank = dims.size();
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  SmallVector<int64_t> row(ArrayRef(all).drop_back());
  return b.generic({keys, kth}, b.empty(dims, b.getI1Type()), rank,
                   {all, row, all}, [&](TensorEmitter &b, ValueRange e) {
                     return b.compare(arith::CmpIPredicate::sge, e[0], e[1]);
                   });
}

namespace {

struct LowerTopK : EmitterPattern<TopKOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(TopKOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Value scores = adaptor.getScores().front();
    RoutingType type = op.getRouting().getType();
    SmallVector<Value> dims = b.dims(scores);
    std::optional<int64_t> staticK = op.getStaticK();
    Value k = staticK ? b.index(*staticK) : adaptor.getK().front();
    b.check(b.compare(arith::CmpIPredicate::ule, k, dims.back()),
            "top_k C3: k = {0} must be between 0 and the number of modules, "
            "{1}",
            {k, dims.back()});
    Value presence = emitTopKPresence(b, scores, k, staticK);
    return replaceWithRouting(
        op,
        RoutingValue::fromMask(b, type, dims, k, presence,
                               castElements(b, scores, type.getElementType())),
        b, rewriter);
  }
};

//===----------------------------------------------------------------------===//
// threshold
//===----------------------------------------------------------------------===//

struct LowerThreshold : EmitterPattern<ThresholdOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(ThresholdOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Value scores = adaptor.getScores().front();
    Value tau = adaptor.getTau().front();
    RoutingType type = op.getRouting().getType();
    Value presence = b.elementwise(
        b.getI1Type(), scores, [&](TensorEmitter &b, ValueRange e) {
          return b.createOrFold<arith::CmpFOp>(
              arith::CmpFPredicate::OGE,
              b.castFloat(e[0], type.getElementType()), tau);
        });
    return replaceWithRouting(
        op,
        RoutingValue::fromMask(b, type, b.dims(scores), Value(), presence,
                               castElements(b, scores, type.getElementType())),
        b, rewriter);
  }
};

//===----------------------------------------------------------------------===//
// from_mask
//===----------------------------------------------------------------------===//

struct LowerFromMask : EmitterPattern<FromMaskOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(FromMaskOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Value mask = adaptor.getMask().front();
    RoutingType type = op.getRouting().getType();
    SmallVector<Value> dims = b.dims(mask);
    Value weights = op.getWeights()
                        ? adaptor.getWeights().front()
                        : b.filled(dims, b.scalar(type.getElementType(), 1));
    if (op.getWeights())
      b.checkLeadingDims(weights, dims, "from_mask I2: the weights tensor");
    return replaceWithRouting(
        op, RoutingValue::fromMask(b, type, dims, Value(), mask, weights), b,
        rewriter);
  }
};

} // namespace

void condcomp::populateGatePatterns(const TypeConverter &converter,
                                    RewritePatternSet &patterns) {
  patterns.add<LowerTopK, LowerThreshold, LowerFromMask>(converter,
                                                         patterns.getContext());
}
