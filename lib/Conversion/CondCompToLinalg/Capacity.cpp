//===- Capacity.cpp - lowering of capacity -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Selection.h"
#include "Sorting.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// Up to so many entries per row comparing them is cheaper than sorting.
constexpr int64_t kMaxCompared = 16;

bool hasFewEntriesPerRow(RoutingType type) {
  std::optional<int64_t> most = type.getRowBound().getStaticMax();
  return most && *most <= kMaxCompared;
}

/// Number of larger weights in an entry's row (ties: lower modules): counted
/// among the row's entries.
Value emitRanksByComparison(TensorEmitter &b, const RoutingValue &compact,
                            Value keys, Value rowOf) {
  Value one = b.index(1);
  Value init = b.empty(compact.getNumEntries(b), b.getIndexType());
  return b.forLoop(
      b.index(0), compact.getNumEntries(b), init,
      [&](TensorEmitter &b, Value entry, ValueRange outer) {
        Value row = b.extract(rowOf, entry);
        ChoicePlace mine = {b.extract(keys, entry), entry};
        Value rank = b.forLoop(
            compact.getRowStart(b, row),
            compact.getRowStart(b, b.add(row, one)), b.index(0),
            [&](TensorEmitter &b, Value other, ValueRange carried) {
              Value before =
                  emitComesBefore(b, {b.extract(keys, other), other}, mine);
              return SmallVector<Value>{
                  b.select(before, b.add(carried[0], one), carried[0])};
            })[0];
        return SmallVector<Value>{b.insert(rank, outer[0], entry)};
      })[0];
}

/// The same from the entries in order of weight, then of row.
Value emitRanksBySorting(TensorEmitter &b, const RoutingValue &compact,
                         Value keys, Value rowOf) {
  auto rowOfItem = [&](TensorEmitter &b, Value item) {
    return b.extract(rowOf, item);
  };
  Value numEntries = compact.getNumEntries(b);
  Value sorted = emitBucketSort(b, emitSortDescending(b, keys), numEntries,
                                compact.getNumRows(b), rowOfItem)
                     .items;
  return b.forLoop(b.index(0), numEntries,
                   b.empty(numEntries, b.getIndexType()),
                   [&](TensorEmitter &b, Value place, ValueRange carried) {
                     Value entry = b.extract(sorted, place);
                     Value start = compact.getRowStart(b, rowOfItem(b, entry));
                     return SmallVector<Value>{
                         b.insert(b.sub(place, start), carried[0], entry)};
                   })[0];
}

struct LowerCapacity : EmitterPattern<CapacityOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(CapacityOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getRouting().getType();
    RoutingValue compact = getCompact(op, adaptor, b);
    Value capacity;
    if (op.getStaticCapacity()) {
      capacity = b.index(*op.getStaticCapacity());
    } else {
      capacity = adaptor.getCapacity().front();
      b.check(b.compare(arith::CmpIPredicate::sge, capacity, b.index(0)),
              "capacity C3: capacity must not be negative, got {0}", capacity);
    }

    // Entries in the order in which they claim, whatever their modules: sorted
    // by what counts least first.
    Value rowOf = compact.getRowOfEntry(b);
    Value numEntries = compact.getNumEntries(b), claimants;
    if (op.getOrder() == CapacityOrder::Weight)
      claimants =
          emitSortDescending(b, emitChoiceKeys(b, compact.getWeights()));
    if (op.getPriority()) {
      Value priority = b.flattenLeading(adaptor.getPriority().front(),
                                        type.getNumBatchDims() + 1);
      Value places =
          emitPlaces(b, emitSortDescending(b, emitChoiceKeys(b, priority)));
      claimants =
          emitBucketSort(b, claimants, numEntries, compact.getNumRows(b),
                         [&](TensorEmitter &b, Value entry) {
                           return b.extract(places, b.extract(rowOf, entry));
                         })
              .items;
    }
    if (op.getOrder() == CapacityOrder::Rank) {
      Value keys = emitChoiceKeys(b, compact.getWeights());
      Value ranks = hasFewEntriesPerRow(type)
                        ? emitRanksByComparison(b, compact, keys, rowOf)
                        : emitRanksBySorting(b, compact, keys, rowOf);
      claimants =
          emitBucketSort(b, claimants, numEntries, compact.getMaxRowSize(b),
                         [&](TensorEmitter &b, Value entry) {
                           return b.extract(ranks, entry);
                         })
              .items;
    }

    // The first ones of each module fit.
    ArrayRef<Value> dims = compact.getDims();
    Value groupOf = compact.getGroupOfEntry(b);
    Value numGroups =
        b.mul(b.product(dims.drop_back(2)), compact.getNumModules());
    BucketSort claims = emitBucketSort(b, claimants, numEntries, numGroups,
                                       [&](TensorEmitter &b, Value entry) {
                                         return b.extract(groupOf, entry);
                                       });
    Value keep = b.forLoop(
        b.index(0), numEntries, b.empty(numEntries, b.getI1Type()),
        [&](TensorEmitter &b, Value place, ValueRange carried) {
          Value entry = b.extract(claims.items, place);
          Value first = b.extract(claims.offsets, b.extract(groupOf, entry));
          Value fits = b.compare(arith::CmpIPredicate::ult, b.sub(place, first),
                                 capacity);
          return SmallVector<Value>{b.insert(fits, carried[0], entry)};
        })[0];
    return replaceWithRouting(
        op,
        filterEntries(b, compact, op.getResult().getType(), dims,
                      [&](TensorEmitter &b, Value entry, Value) {
                        return b.extract(keep, entry);
                      }),
        b, rewriter);
  }
};

} // namespace

void condcomp::populateCapacityPatterns(const TypeConverter &converter,
                                        RewritePatternSet &patterns) {
  patterns.add<LowerCapacity>(converter, patterns.getContext());
}
