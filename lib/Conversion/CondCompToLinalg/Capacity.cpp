//===- Capacity.cpp - lowering of capacity -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// Whether value `lhs` comes before `rhs` in descending order, NaN last, and
/// whether they tie.
struct Descending {
  Value before, tie;
  Descending(TensorEmitter &b, Value lhs, Value rhs) {
    auto compare = [&](arith::CmpFPredicate predicate, Value l, Value r) {
      return b.createOrFold<arith::CmpFOp>(predicate, l, r);
    };
    using Predicate = arith::CmpFPredicate;
    Value leftNaN = compare(Predicate::UNO, lhs, lhs);
    Value rightNaN = compare(Predicate::UNO, rhs, rhs);
    before = b.select(rightNaN, b.logicalNot(leftNaN),
                      compare(Predicate::OGT, lhs, rhs));
    tie = b.select(rightNaN, leftNaN, compare(Predicate::OEQ, lhs, rhs));
  }
};

/// What the order of claims is made of.
struct ClaimOrder {
  const RoutingValue &compact;
  Value rowOf;
  /// Batch index and module of each entry as one number, and their count.
  Value groupOf, numGroups;
  /// Rank of each entry in its row, null where it does not matter.
  Value ranks;
  /// Priority of each row, null where there is none.
  Value priority;
};

/// Number of larger weights in an entry's row (ties: lower modules).
Value emitRanks(TensorEmitter &b, const RoutingValue &compact, Value rowOf) {
  Value one = b.index(1), weights = compact.getWeights();
  Value init = b.empty(compact.getNumEntries(b), b.getIndexType());
  return b.forEach(
      b.index(0), compact.getNumEntries(b), init,
      [&](TensorEmitter &b, Value entry, ValueRange outer) {
        Value row = b.extract(rowOf, entry);
        Value mine = b.extract(weights, entry);
        Value rank =
            b.forLoop(compact.getRowStart(b, row),
                      compact.getRowStart(b, b.add(row, one)), b.index(0),
                      [&](TensorEmitter &b, Value other, ValueRange carried) {
                        Descending order(b, b.extract(weights, other), mine);
                        Value earlier =
                            b.compare(arith::CmpIPredicate::ult, other, entry);
                        Value before = b.createOrFold<arith::OrIOp>(
                            order.before, b.logicalAnd(order.tie, earlier));
                        return SmallVector<Value>{b.select(
                            before, b.add(carried[0], one), carried[0])};
                      })[0];
        return SmallVector<Value>{b.insert(rank, outer[0], entry)};
      })[0];
}

/// Entries claim in entry order, all of rank 0 first, then rank 1, …: one pass
/// over the entries per rank.
Value keepInPasses(TensorEmitter &b, const ClaimOrder &order, Value capacity) {
  Value zero = b.index(0), one = b.index(1);
  Value numEntries = order.compact.getNumEntries(b);
  Value passes = order.ranks ? order.compact.getMaxRowSize(b) : one;
  SmallVector<Value> inits = {b.filled(numEntries, b.scalar(b.getI1Type(), 0)),
                              b.filled(order.numGroups, zero)};
  return b.forLoop(
      zero, passes, inits, [&](TensorEmitter &b, Value pass, ValueRange outer) {
        return b.forLoop(
            zero, numEntries, outer,
            [&](TensorEmitter &b, Value entry, ValueRange carried) {
              Value group = b.extract(order.groupOf, entry);
              Value claims = b.extract(carried[1], group);
              Value turn = order.ranks
                               ? b.compare(arith::CmpIPredicate::eq,
                                           b.extract(order.ranks, entry), pass)
                               : b.scalar(b.getI1Type(), 1);
              Value fits = b.logicalAnd(
                  turn, b.compare(arith::CmpIPredicate::ult, claims, capacity));
              Value kept = b.createOrFold<arith::OrIOp>(
                  b.extract(carried[0], entry), fits);
              return SmallVector<Value>{
                  b.insert(kept, carried[0], entry),
                  b.insert(b.select(turn, b.add(claims, one), claims),
                           carried[1], group)};
            });
      })[0];
}

/// Counts, for each entry, the entries of its module that claim before it.
Value keepByComparison(TensorEmitter &b, const ClaimOrder &order, bool byWeight,
                       Value capacity) {
  Value zero = b.index(0), one = b.index(1);
  auto sorted = ModuleOrder::get(b, order.compact, /*perBatch=*/true);
  Value numEntries = order.compact.getNumEntries(b);
  Value weights = order.compact.getWeights();
  auto claimsBefore = [&](TensorEmitter &b, Value other, Value mine) {
    // Entries of one module are in row order.
    Value before = b.compare(arith::CmpIPredicate::ult, other, mine);
    auto refine = [&](Value otherKey, Value myKey) {
      Descending descending(b, otherKey, myKey);
      before = b.createOrFold<arith::OrIOp>(
          descending.before, b.logicalAnd(descending.tie, before));
    };
    if (byWeight)
      refine(b.extract(weights, other), b.extract(weights, mine));
    if (order.priority)
      refine(b.extract(order.priority, b.extract(order.rowOf, other)),
             b.extract(order.priority, b.extract(order.rowOf, mine)));
    if (order.ranks) {
      Value otherRank = b.extract(order.ranks, other);
      Value myRank = b.extract(order.ranks, mine);
      Value tie = b.compare(arith::CmpIPredicate::eq, otherRank, myRank);
      before = b.createOrFold<arith::OrIOp>(
          b.compare(arith::CmpIPredicate::ult, otherRank, myRank),
          b.logicalAnd(tie, before));
    }
    return before;
  };
  return b.forEach(
      zero, numEntries, b.empty(numEntries, b.getI1Type()),
      [&](TensorEmitter &b, Value mine, ValueRange outer) {
        Value group = b.extract(order.groupOf, mine);
        Value claims =
            b.forLoop(b.extract(sorted.groupOffsets, group),
                      b.extract(sorted.groupOffsets, b.add(group, one)), zero,
                      [&](TensorEmitter &b, Value slot, ValueRange carried) {
                        Value other = b.extract(sorted.entryOfSlot, slot);
                        return SmallVector<Value>{
                            b.select(claimsBefore(b, other, mine),
                                     b.add(carried[0], one), carried[0])};
                      })[0];
        Value fits = b.compare(arith::CmpIPredicate::ult, claims, capacity);
        return SmallVector<Value>{b.insert(fits, outer[0], mine)};
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

    ArrayRef<Value> dims = compact.getDims();
    Value rowOf = compact.getRowOfEntry(b);
    Value numModules = compact.getNumModules();
    Value rowsPerBatch = dims[dims.size() - 2];
    Value groupOf = b.elementwise(
        b.getIndexType(), {rowOf, compact.getModules()},
        [&](TensorEmitter &b, ValueRange e) {
          return b.add(b.mul(b.div(e[0], rowsPerBatch), numModules), e[1]);
        });
    ClaimOrder order = {
        compact, rowOf,
        groupOf, b.mul(b.product(dims.drop_back(2)), numModules),
        Value(), Value()};
    if (op.getOrder() == CapacityOrder::Rank)
      order.ranks = emitRanks(b, compact, rowOf);
    if (op.getPriority())
      order.priority = b.flattenLeading(adaptor.getPriority().front(),
                                        type.getNumBatchDims() + 1);
    bool byWeight = op.getOrder() == CapacityOrder::Weight;
    Value keep = byWeight || order.priority
                     ? keepByComparison(b, order, byWeight, capacity)
                     : keepInPasses(b, order, capacity);
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
