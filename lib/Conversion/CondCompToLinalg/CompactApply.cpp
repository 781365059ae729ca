//===- CompactApply.cpp - apply on gathered rows -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ApplyBodies.h"

using namespace mlir;
using namespace condcomp;

/// `rows[i] · weights[entries[i]]` for every i, rounded to the type of rows.
static Value scaleRows(TensorEmitter &b, Value rows, Value weights,
                       Value entries) {
  Type element = getElementTypeOrSelf(rows);
  if (!isa<FloatType>(element))
    return rows;
  int64_t rank = cast<ShapedType>(rows.getType()).getRank();
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  return b.generic({rows, entries}, b.empty(b.dims(rows), element), rank,
                   {all, {0}, all}, [&](TensorEmitter &b, ValueRange e) {
                     Value weight = b.extract(weights, e[1]);
                     return b.castFloat(emitWeighted(b, weight, e[0]), element);
                   });
}

SmallVector<Value> condcomp::makeSlots(ApplyOp op,
                                       const ApplyOperands &operands,
                                       Value numSlots, TensorEmitter &b) {
  SmallVector<Value> slots;
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    auto type = cast<RankedTensorType>(result.getType());
    SmallVector<Value> sizes = {numSlots};
    if (op.getCombine() == CombineKind::None) {
      int64_t leading = op.getRouting().getType().getEntryRank();
      for (int64_t size : type.getShape().drop_front(leading))
        sizes.push_back(b.index(size));
    } else {
      bool stack = op.getCombine() == CombineKind::Stack;
      llvm::append_range(sizes, b.dimsFrom(operands.outs[i], stack ? 2 : 1));
    }
    slots.push_back(b.empty(sizes, type.getElementType()));
  }
  return slots;
}

/// A body's entries in entry order with their weights: combine(none).
static Value emitEntryTensor(TensorEmitter &b, const RoutingValue &compact,
                             bool weighted, Value slots, Value slotOfEntry) {
  Type element = getElementTypeOrSelf(slots);
  int64_t rank = cast<ShapedType>(slots.getType()).getRank();
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  SmallVector<Value> inputs = {slotOfEntry, compact.getWeights()};
  SmallVector<Value> sizes = b.dimsFrom(slots, 1);
  sizes.insert(sizes.begin(), compact.getNumEntries(b));
  return b.generic(
      inputs, b.empty(sizes, element), rank, {{0}, {0}, all},
      [&](TensorEmitter &b, ValueRange e) {
        SmallVector<Value> at = {e[0]};
        for (int64_t i : ArrayRef<int64_t>(all).drop_front())
          at.push_back(b.loopIndex(i));
        Value value =
            emitWeighted(b, weighted ? e[1] : Value(), b.extract(slots, at));
        return value.getType() == element ? value : b.castFloat(value, element);
      });
}

SmallVector<Value> condcomp::combineSlots(ApplyOp op,
                                          const RoutingValue &compact,
                                          const ApplyOperands &operands,
                                          ValueRange slots, Value slotOfEntry,
                                          TensorEmitter &b) {
  bool weighted = op.getWeightUse() == WeightUse::Output;
  SmallVector<Value> results;
  for (auto [i, values] : llvm::enumerate(slots))
    results.push_back(
        op.getCombine() == CombineKind::None
            ? emitEntryTensor(b, compact, weighted, values, slotOfEntry)
            : emitCombine(b, compact, op.getCombine(), weighted, values,
                          slotOfEntry, operands.outs[i]));
  return results;
}

SmallVector<Value>
condcomp::emitCompactApply(ApplyOp op, const RoutingValue &routing,
                           const ApplyOperands &operands, TensorEmitter &b,
                           ConversionPatternRewriter &rewriter) {
  RoutingValue compact = routing.inForm(b, Form::Compact);
  bool perGroup = op.getScope() == Scope::Group;
  auto order = ModuleOrder::get(b, compact, perGroup);
  Value rowOf = compact.getRowOfEntry(b);
  Value numModules = compact.getNumModules();
  Value zero = b.index(0), one = b.index(1);
  Value numBatches = perGroup ? b.product(compact.getDims().drop_back(2)) : one;

  // The body of one group: its rows in, its slots out.
  auto runGroup = [&](TensorEmitter &b, Region &body, Value group, Value module,
                      ValueRange slots) {
    Value begin = b.extract(order.groupOffsets, group);
    Value size = b.sub(b.extract(order.groupOffsets, b.add(group, one)), begin);
    return b.ifElse(
        b.compare(arith::CmpIPredicate::ugt, size, zero),
        [&](TensorEmitter &b) {
          Value entries = b.slice(order.entryOfSlot, begin, size);
          Value rows = b.gatherRows(rowOf, entries);
          SmallVector<Value> arguments;
          auto gather = [&](Value source, Value at) {
            Value gathered = b.gatherRows(source, at);
            if (op.getWeightUse() == WeightUse::Input)
              gathered = scaleRows(b, gathered, compact.getWeights(), entries);
            arguments.push_back(gathered);
          };
          for (Value source : operands.rows)
            gather(source, rows);
          for (Value source : operands.entries)
            gather(source, entries);
          for (Value source : operands.params)
            arguments.push_back(b.sliceAt(source, module));
          if (op.getWithIds())
            arguments.push_back(rows);
          if (op.getWithModule())
            arguments.push_back(module);
          SmallVector<Value> next;
          auto yielded = inlineBody(body, b, arguments, rewriter);
          for (auto [value, slot] : llvm::zip_equal(yielded, slots)) {
            Value count = checkYielded(b, value, size, slot);
            next.push_back(b.insertSlice(value, slot, begin, count));
          }
          return next;
        },
        [&](TensorEmitter &) { return SmallVector<Value>(slots); });
  };

  SmallVector<Value> slots =
      makeSlots(op, operands, compact.getNumEntries(b), b);
  // One loop also for bodies of their own: of a loop for each, bufferization
  // compares what every one does with what all others do.
  int64_t numBodies = op.getBodies().size();
  slots = b.forLoop(
      zero, b.mul(numBatches, numModules), slots,
      [&](TensorEmitter &b, Value group, ValueRange carried) {
        Value module = perGroup ? b.rem(group, numModules) : group;
        if (numBodies == 1)
          return runGroup(b, op.getBodies().front(), group, module, carried);
        return b.indexSwitch(module, numBodies, carried.getTypes(),
                             [&](TensorEmitter &b, int64_t i) {
                               return runGroup(b, op.getBodies()[i], group,
                                               b.index(i), carried);
                             });
      });

  return combineSlots(op, compact, operands, slots, order.slotOfEntry, b);
}
