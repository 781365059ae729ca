//===- TopK.cpp - lowering of top_k to packed entries -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compact routings come straight from the scores, a block of rows at a time so
// that it stays in the cache: the k-th largest key of each row, then one scan
// that packs what is above it, and as many equal ones as there is room for.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Selection.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace condcomp;

namespace {

using Predicate = arith::CmpIPredicate;

/// Scores of a block of rows. Keys of f32 fit the first level of cache.
constexpr int64_t kBlock = 8192;
/// Up to this k, k maxima are cheaper than a count per bit of the keys.
constexpr int64_t kMaxRounds = 12;
/// Keys in a word of candidates.
constexpr int64_t kWord = 32;

Value integerConstant(TensorEmitter &b, const APInt &value) {
  return arith::ConstantOp::create(
      b, b.getIntegerAttr(b.getIntegerType(value.getBitWidth()), value));
}

/// Finds the k-th largest of each row of keys `[rows, M]`.
class Threshold {
public:
  Threshold(TensorEmitter &b, Value keys, Value k)
      : keys(keys), rows(b.dim(keys, 0)), k(k),
        type(cast<ShapedType>(keys.getType()).getElementType()),
        width(type.getIntOrFloatBitWidth()) {
    count = b.createOrFold<arith::IndexCastOp>(type, k);
    least = integerConstant(b, APInt::getSignedMinValue(width));
  }

  /// The k-th largest key of each row, and how many are larger than it.
  std::pair<Value, Value> byRounds(TensorEmitter &b, int64_t staticK);
  std::pair<Value, Value> byBits(TensorEmitter &b);

private:
  Value countKeys(TensorEmitter &b, Predicate predicate, Value bound,
                  TensorEmitter::ElementFn boundFn);

  Value keys, rows, k;
  Type type;
  unsigned width;
  /// k and the least key, of the keys' type.
  Value count, least;
};

/// Counts the keys of each row that compare so with `boundFn` of `bound`.
Value Threshold::countKeys(TensorEmitter &b, Predicate predicate, Value bound,
                           TensorEmitter::ElementFn boundFn) {
  return b.generic({keys, bound}, b.filled(rows, b.scalar(type, 0)), 2,
                   {{0, 1}, {0}, {0}}, [&](TensorEmitter &b, ValueRange e) {
                     Value reaches =
                         b.compare(predicate, e[0], boundFn(b, e[1]));
                     return b.add(e[2], b.select(reaches, b.scalar(type, 1),
                                                 b.scalar(type, 0)));
                   });
}

/// The largest key below the last one, until k keys are at or above it. Equal
/// keys are one step, so that k steps are enough.
std::pair<Value, Value> Threshold::byRounds(TensorEmitter &b, int64_t staticK) {
  Value greatest = integerConstant(b, APInt::getSignedMaxValue(width));
  Value zero = b.scalar(type, 0), one = b.scalar(type, 1);
  SmallVector<Value> inits = {b.filled(rows, greatest), b.filled(rows, zero)};
  MLIRContext *context = b.getContext();
  AffineMap all = b.getMultiDimIdentityMap(2);
  AffineMap row = AffineMap::get(2, 0, b.getAffineDimExpr(0), context);
  AffineMap each = b.getMultiDimIdentityMap(1);
  auto parallel = utils::IteratorType::parallel;
  auto reduction = utils::IteratorType::reduction;
  SmallVector<Value> result = b.forLoop(
      b.index(0), b.index(staticK), inits,
      [&](TensorEmitter &b, Value, ValueRange carried) -> SmallVector<Value> {
        SmallVector<Value> outs = {b.filled(rows, least), b.filled(rows, zero)};
        auto step = linalg::GenericOp::create(
            b, TypeRange(ValueRange(outs)), ValueRange{keys, carried[0]}, outs,
            ArrayRef<AffineMap>{all, row, row, row},
            ArrayRef<utils::IteratorType>{parallel, reduction},
            [&](OpBuilder &nested, Location loc, ValueRange e) {
              TensorEmitter b(loc, nested);
              Value below = b.compare(Predicate::slt, e[0], e[1]);
              Value next = b.createOrFold<arith::MaxSIOp>(
                  e[2], b.select(below, e[0], least));
              Value reached = b.add(e[3], b.select(below, zero, one));
              linalg::YieldOp::create(b, ValueRange{next, reached});
            });
        // In place: the loop then carries no buffers from step to step.
        auto update = linalg::GenericOp::create(
            b, carried.getTypes(), step.getResults(), carried,
            ArrayRef<AffineMap>(SmallVector<AffineMap>(4, each)),
            ArrayRef<utils::IteratorType>{parallel},
            [&](OpBuilder &nested, Location loc, ValueRange e) {
              TensorEmitter b(loc, nested);
              Value enough = b.compare(Predicate::sge, e[1], count);
              linalg::YieldOp::create(b,
                                      ValueRange{b.select(enough, e[2], e[0]),
                                                 b.select(enough, e[3], e[1])});
            });
        return llvm::to_vector_of<Value>(update.getResults());
      });
  return {result[0], result[1]};
}

/// Bit by bit from the top: one counting pass per bit, whatever k and M are.
std::pair<Value, Value> Threshold::byBits(TensorEmitter &b) {
  // Bits are tried in unsigned numbers, of which the sign bit is flipped.
  auto withBit = [&](TensorEmitter &b, Value found, Value step) {
    Value shift = b.sub(b.scalar(type, width - 1),
                        b.createOrFold<arith::IndexCastOp>(type, step));
    return b.createOrFold<arith::OrIOp>(
        found, b.createOrFold<arith::ShLIOp>(b.scalar(type, 1), shift));
  };
  auto flipped = [&](TensorEmitter &b, Value number) {
    return b.createOrFold<arith::XOrIOp>(number, least);
  };
  Value found = b.forLoop(
      b.index(0), b.index(width), b.filled(rows, b.scalar(type, 0)),
      [&](TensorEmitter &b, Value step, ValueRange carried) {
        Value counts = countKeys(b, Predicate::sge, carried[0],
                                 [&](TensorEmitter &b, ValueRange e) {
                                   return flipped(b, withBit(b, e[0], step));
                                 });
        return SmallVector<Value>{
            b.generic(counts, carried[0], 1, {{0}, {0}},
                      [&](TensorEmitter &b, ValueRange e) {
                        Value enough = b.compare(Predicate::sge, e[0], count);
                        return b.select(enough, withBit(b, e[1], step), e[1]);
                      })};
      })[0];
  Value key = b.elementwise(type, found, [&](TensorEmitter &b, ValueRange e) {
    return flipped(b, e[0]);
  });
  Value larger = countKeys(b, Predicate::sgt, key,
                           [](TensorEmitter &, ValueRange e) { return e[0]; });
  return {key, larger};
}

/// Keys of the scores, with the least one up to a whole number of words.
Value emitKeys(TensorEmitter &b, Value scores, Type integer) {
  Value numModules = b.dim(scores, 1), word = b.index(kWord);
  Value padded =
      b.mul(b.div(b.add(numModules, b.index(kWord - 1)), word), word);
  auto fn = [&](TensorEmitter &b, ValueRange e) {
    return emitChoiceKey(b, e[0], integer);
  };
  if (getConstantIntValue(numModules) == getConstantIntValue(padded) &&
      getConstantIntValue(padded))
    return b.elementwise(integer, scores, fn);
  Value least = integerConstant(
      b, APInt::getSignedMinValue(integer.getIntOrFloatBitWidth()));
  Value all = b.filled({b.dim(scores, 0), padded}, least);
  SmallVector<OpFoldResult> offsets(2, b.getIndexAttr(0)),
      strides(2, b.getIndexAttr(1)), sizes = getAsOpFoldResult(b.dims(scores));
  Value used = tensor::ExtractSliceOp::create(b, all, offsets, sizes, strides);
  used = b.generic(scores, used, 2, {{0, 1}, {0, 1}}, fn);
  return tensor::InsertSliceOp::create(b, used, all, offsets, sizes, strides);
}

/// A bit per key of `[rows, W · 32]`, set where it is at or above the row's
/// threshold: `[rows, W]`. `bits` is 1, 2, 4, … of 32 bits.
Value emitCandidates(TensorEmitter &b, Value keys, Value threshold,
                     Value bits) {
  Type type = getElementTypeOrSelf(keys);
  Value rows = b.dim(keys, 0);
  Value numWords = b.div(b.dim(keys, 1), b.index(kWord));
  Value words = b.unflattenLast(keys, {numWords, b.index(kWord)});
  Value zero = b.scalar(type, 0);
  return b.generic({words, threshold, bits}, b.filled({rows, numWords}, zero),
                   3, {{0, 1, 2}, {0}, {2}, {0, 1}},
                   [&](TensorEmitter &b, ValueRange e) {
                     Value reaches = b.compare(Predicate::sge, e[0], e[1]);
                     return b.createOrFold<arith::OrIOp>(
                         e[3], b.select(reaches, e[2], zero));
                   });
}

/// Packs the entries of a block of rows. A candidate is written whether or not
/// it is an entry and the next one overwrites it if it is not: one spare place
/// at the end instead of a branch.
SmallVector<Value> packRows(TensorEmitter &b, Value scores, Value keys,
                            Value bits, Value threshold, Value larger, Value k,
                            Type weightType) {
  Value candidates = emitCandidates(b, keys, threshold, bits);
  Value zero = b.index(0), one = b.index(1);
  Value rows = b.dim(scores, 0), places = b.mul(rows, k);
  Value spare = b.add(places, one);
  Type type = getElementTypeOrSelf(keys);
  auto toIndex = [](TensorEmitter &b, Value value) {
    return b.createOrFold<arith::IndexCastOp>(b.getIndexType(), value);
  };
  SmallVector<Value> inits = {b.empty(spare, b.getIndexType()),
                              b.empty(spare, weightType), zero};
  auto packRow = [&](TensorEmitter &b, Value row, ValueRange outer) {
    Value bound = b.extract(threshold, row);
    Value room = b.sub(k, toIndex(b, b.extract(larger, row)));
    auto packWord = [&](TensorEmitter &b, Value number, ValueRange before) {
      Value word = b.extract(candidates, {row, number});
      Value first = b.mul(number, b.index(kWord));
      auto packEntry = [&](TensorEmitter &b, Value, ValueRange carried) {
        Value at = carried[2], left = carried[3], word = carried[4];
        Value bit = b.createOrFold<math::CountTrailingZerosOp>(word);
        Value module = b.add(first, toIndex(b, bit));
        Value equal =
            b.compare(Predicate::eq, b.extract(keys, {row, module}), bound);
        Value full = b.compare(Predicate::sle, left, zero);
        Value dropped = b.logicalAnd(equal, full);
        // The positions past the last module, whose keys are the least, are
        // always dropped, but read before.
        Value inside = b.createOrFold<arith::MinUIOp>(
            module, b.sub(b.dim(scores, 1), one));
        Value score = b.extract(scores, {row, inside});
        Value rest =
            b.createOrFold<arith::AndIOp>(word, b.sub(word, b.scalar(type, 1)));
        return SmallVector<Value>{
            b.insert(module, carried[0], at),
            b.insert(b.castFloat(score, weightType), carried[1], at),
            b.select(dropped, at, b.add(at, one)),
            b.select(equal, b.sub(left, one), left), rest};
      };
      SmallVector<Value> inits(before);
      inits.push_back(word);
      Value count = toIndex(b, b.createOrFold<math::CtPopOp>(word));
      SmallVector<Value> after = b.forLoop(zero, count, inits, packEntry);
      after.pop_back();
      return after;
    };
    SmallVector<Value> inits(outer);
    inits.push_back(room);
    SmallVector<Value> after =
        b.forLoop(zero, b.dim(candidates, 1), inits, packWord);
    after.pop_back();
    return after;
  };
  SmallVector<Value> packed = b.forLoop(zero, rows, inits, packRow);
  return {b.slice(packed[0], zero, places), b.slice(packed[1], zero, places)};
}

struct LowerCompactTopK : EmitterPattern<TopKOp> {
  using EmitterPattern::EmitterPattern;

  LogicalResult lower(TopKOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getRouting().getType();
    if (type.getForm() != Form::Compact)
      return rewriter.notifyMatchFailure(op, "not compact");
    // Slices of no entries have to be made without a static size of 0.
    if (op.getStaticK() == 0)
      return rewriter.notifyMatchFailure(op, "no entries to pack");
    Value scores = adaptor.getScores().front();
    SmallVector<Value> dims = b.dims(scores);
    std::optional<int64_t> staticK = op.getStaticK();
    Value k = staticK ? b.index(*staticK) : adaptor.getK().front();
    Value numModules = dims.back();
    b.check(b.compare(Predicate::ule, k, numModules),
            "top_k C3: k = {0} must be between 0 and the number of modules, "
            "{1}",
            {k, numModules});

    scores = b.flattenLeading(scores, dims.size() - 1);
    Value numRows = b.dim(scores, 0), one = b.index(1);
    Value block = b.createOrFold<arith::MaxUIOp>(
        b.div(b.index(kBlock), b.createOrFold<arith::MaxUIOp>(numModules, one)),
        one);
    Value numEntries = b.mul(numRows, k);
    Type weightType = type.getElementType();
    Type integer = weightType.isF64() ? b.getI64Type() : b.getI32Type();
    Value bits = b.tabulate(
        b.index(kWord), integer, [&](TensorEmitter &b, ValueRange i) {
          return b.createOrFold<arith::ShLIOp>(
              b.scalar(integer, 1),
              b.createOrFold<arith::IndexCastOp>(integer, i[0]));
        });
    SmallVector<Value> packed =
        b.forBlocks(numRows, block,
                    {b.empty(numEntries, b.getIndexType()),
                     b.empty(numEntries, weightType)},
                    k, [&](TensorEmitter &b, Value first, Value count) {
                      Value rows = b.slice(scores, first, count);
                      Value keys = emitKeys(b, rows, integer);
                      Threshold find(b, keys, k);
                      auto [threshold, larger] =
                          staticK && *staticK <= kMaxRounds
                              ? find.byRounds(b, *staticK)
                              : find.byBits(b);
                      return packRows(b, rows, keys, bits, threshold, larger, k,
                                      weightType);
                    });
    return replaceWithRouting(op,
                              RoutingValue::fromEntries(b, type, dims, k,
                                                        Value(), packed[0],
                                                        packed[1]),
                              b, rewriter);
  }
};

} // namespace

void condcomp::populateTopKPatterns(const TypeConverter &converter,
                                    RewritePatternSet &patterns) {
  patterns.add<LowerCompactTopK>(converter, patterns.getContext(),
                                 /*benefit=*/2);
}
