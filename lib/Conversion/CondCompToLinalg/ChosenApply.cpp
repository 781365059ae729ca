//===- ChosenApply.cpp - apply on some rows or on all ---------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ApplyBodies.h"

using namespace mlir;
using namespace condcomp;

// The body is there once: what is chosen is which rows it gets, and where
// their results are found.
SmallVector<Value>
condcomp::emitChosenApply(ApplyOp op, int64_t allFrom,
                          const RoutingValue &routing,
                          const ApplyOperands &operands, TensorEmitter &b,
                          ConversionPatternRewriter &rewriter) {
  RoutingValue compact = routing.inForm(b, Form::Compact);
  Value numRows = compact.getNumRows(b);
  Value numEntries = compact.getNumEntries(b);
  Value rowOf = compact.getRowOfEntry(b);
  Value zero = b.index(0);
  Value all =
      b.compare(arith::CmpIPredicate::uge, b.mul(numEntries, b.index(1000)),
                b.mul(numRows, b.index(allFrom)));
  Value size = b.select(all, numRows, numEntries);

  Block &body = op.getBodies().front().front();
  auto typed = [&](Value value, unsigned argument) {
    return b.castTo(body.getArgument(argument).getType(), value);
  };
  Type indices =
      RankedTensorType::get({ShapedType::kDynamic}, b.getIndexType());
  auto iota = [&](TensorEmitter &b, Value count) {
    return b.castTo(indices, b.iota(count));
  };
  // The slot of every entry, the rows that the body gets, and their ids.
  SmallVector<Value> chosen = b.ifElse(
      all,
      [&](TensorEmitter &b) {
        SmallVector<Value> whole = {b.castTo(indices, rowOf)};
        for (auto [i, source] : llvm::enumerate(operands.rows))
          whole.push_back(typed(source, i));
        if (op.getWithIds())
          whole.push_back(iota(b, numRows));
        return whole;
      },
      [&](TensorEmitter &b) {
        SmallVector<Value> gathered = {iota(b, numEntries)};
        for (auto [i, source] : llvm::enumerate(operands.rows))
          gathered.push_back(typed(b.gatherRows(source, rowOf), i));
        if (op.getWithIds())
          gathered.push_back(b.castTo(indices, rowOf));
        return gathered;
      });
  Value slotOfEntry = chosen.front();
  ArrayRef<Value> rows = ArrayRef(chosen).slice(1, operands.rows.size());
  SmallVector<Value> arguments(rows);
  for (Value source : operands.params)
    arguments.push_back(b.sliceAt(source, zero));
  if (op.getWithIds())
    arguments.push_back(chosen.back());
  if (op.getWithModule())
    arguments.push_back(zero);

  SmallVector<Value> slots = makeSlots(op, operands, size, b);
  slots = b.ifElse(
      b.compare(arith::CmpIPredicate::ugt, size, zero),
      [&](TensorEmitter &b) {
        SmallVector<Value> next;
        auto yielded =
            inlineBody(op.getBodies().front(), b, arguments, rewriter);
        for (auto [value, slot] : llvm::zip_equal(yielded, slots)) {
          Value count = checkYielded(b, value, size, slot);
          next.push_back(b.insertSlice(value, slot, zero, count));
        }
        return next;
      },
      [&](TensorEmitter &) { return slots; });
  return combineSlots(op, compact, operands, slots, slotOfEntry, b);
}
