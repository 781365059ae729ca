//===- TopK.cpp - lowering of top_k, and packing the k best -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compact routings come straight from the scores, a block of rows at a time so
// that it stays in the cache: the cut below the k best of each row, then one
// scan that packs what is above it, and as many equal ones as there is room
// for.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "RowWords.h"
#include "Selection.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace condcomp;

namespace {

using Predicate = arith::CmpIPredicate;

/// Packs the entries of a block of rows. A candidate is written whether or not
/// it is an entry and the next one overwrites it if it is not: one spare place
/// at the end instead of a branch.
SmallVector<Value> packRows(TensorEmitter &b, Value weights, Value keys,
                            Value bits, const ChoiceCut &cut, Value k,
                            Type weightType) {
  Value candidates = emitWords(b, keys, cut.key, bits);
  Value zero = b.index(0), one = b.index(1);
  Value rows = b.dim(weights, 0), places = b.mul(rows, k);
  Value spare = b.add(places, one);
  SmallVector<Value> inits = {b.empty(spare, b.getIndexType()),
                              b.empty(spare, weightType), zero};
  auto packRow = [&](TensorEmitter &b, Value row, ValueRange outer) {
    Value bound = b.extract(cut.key, row);
    auto packEntry = [&](TensorEmitter &b, Value module, ValueRange carried) {
      Value at = carried[2], left = carried[3];
      Value equal =
          b.compare(Predicate::eq, b.extract(keys, {row, module}), bound);
      Value full = b.compare(Predicate::sle, left, b.scalar(left.getType(), 0));
      Value dropped = b.logicalAnd(equal, full);
      // The positions past the last module, whose keys are the least, are
      // always dropped, but read before.
      Value inside =
          b.createOrFold<arith::MinUIOp>(module, b.sub(b.dim(weights, 1), one));
      Value weight = b.extract(weights, {row, inside});
      return SmallVector<Value>{
          b.insert(module, carried[0], at),
          b.insert(b.castFloat(weight, weightType), carried[1], at),
          b.select(dropped, at, b.add(at, one)),
          b.select(equal, b.sub(left, b.scalar(left.getType(), 1)), left)};
    };
    SmallVector<Value> state(outer);
    state.push_back(b.extract(cut.room, row));
    state = forSetBits(b, candidates, row, state, packEntry);
    state.pop_back();
    return state;
  };
  SmallVector<Value> packed = b.forLoop(zero, rows, inits, packRow);
  return {b.slice(packed[0], zero, places), b.slice(packed[1], zero, places)};
}

struct LowerTopK : EmitterPattern<TopKOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(TopKOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Value scores = adaptor.getScores().front();
    Value numModules = b.dims(scores).back();
    std::optional<int64_t> staticK = op.getStaticK();
    Value k = staticK ? b.index(*staticK) : adaptor.getK().front();
    b.check(b.compare(Predicate::ule, k, numModules),
            "top_k C3: k = {0} must be between 0 and the number of modules, "
            "{1}",
            {k, numModules});
    return replaceWithRouting(op,
                              emitBestRouting(b, op.getRouting().getType(),
                                              scores, scores, k, staticK),
                              b, rewriter);
  }
};

} // namespace

RoutingValue condcomp::emitBestRouting(TensorEmitter &b, RoutingType type,
                                       Value scores, Value weights, Value k,
                                       std::optional<int64_t> staticK) {
  SmallVector<Value> dims = b.dims(scores);
  Type weightType = type.getElementType();
  // Slices of no entries have to be made without a static size of 0.
  if (type.getForm() != Form::Compact || staticK == 0)
    return RoutingValue::fromMask(b, type, dims, k,
                                  emitBest(b, scores, k, staticK),
                                  castElements(b, weights, weightType));

  scores = b.flattenLeading(scores, dims.size() - 1);
  weights = b.flattenLeading(weights, dims.size() - 1);
  Value numRows = b.dim(scores, 0), numEntries = b.mul(numRows, k);
  Type integer = weightType.isF64() ? b.getI64Type() : b.getI32Type();
  Value bits = emitWordBits(b, integer);
  SmallVector<Value> packed = b.forBlocks(
      numRows, emitListsPerBlock(b, dims.back()),
      {b.empty(numEntries, b.getIndexType()), b.empty(numEntries, weightType)},
      [&](TensorEmitter &b, Value row) { return b.mul(row, k); },
      [&](TensorEmitter &b, Value first, Value count) {
        Value keys = emitPadded(b, b.slice(scores, first, count),
                                emitLeastKey(b, integer),
                                [&](TensorEmitter &b, ValueRange e) {
                                  return emitChoiceKey(b, e[0], integer);
                                });
        ChoiceCut cut = emitKthCut(b, keys, k, staticK);
        return packRows(b, b.slice(weights, first, count), keys, bits, cut, k,
                        weightType);
      });
  return RoutingValue::fromEntries(b, type, dims, k, Value(), packed[0],
                                   packed[1]);
}

void condcomp::populateTopKPatterns(const TypeConverter &converter,
                                    RewritePatternSet &patterns) {
  patterns.add<LowerTopK>(converter, patterns.getContext());
}
