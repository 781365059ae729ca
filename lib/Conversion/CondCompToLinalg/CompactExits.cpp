//===- CompactExits.cpp - stages on the rows that are left ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exits.h"
#include "condcomp/Dialect/CondComp/Transforms/RunTimeChoice.h"

using namespace mlir;
using namespace condcomp;

Exits::Split Exits::split(TensorEmitter &b, const ExitRows &rows,
                          const ExitStep &step, Value done) {
  Value zero = b.index(0), one = b.index(1), numRows = b.dim(rows.left, 0);
  if (!done && !rows.alive)
    return {{}, {}, numRows, zero};
  // Both lists are written always; the one that the row is not for is
  // overwritten by its next row.
  SmallVector<Value> inits = {b.empty(numRows, b.getIndexType()), zero,
                              b.empty(numRows, b.getIndexType()), zero};
  SmallVector<Value> lists = b.forLoop(
      zero, numRows, inits, [&](TensorEmitter &b, Value i, ValueRange lists) {
        Value leaves = done ? b.extract(done, i) : b.scalar(b.getI1Type(), 1);
        if (step.last)
          leaves = b.createOrFold<arith::OrIOp>(leaves, step.last);
        Value stays = b.logicalNot(leaves);
        if (rows.alive) {
          Value alive = b.extract(rows.alive, i);
          leaves = b.logicalAnd(alive, leaves);
          stays = b.logicalAnd(alive, stays);
        }
        return SmallVector<Value>{
            b.insert(i, lists[0], lists[1]),
            b.select(stays, b.add(lists[1], one), lists[1]),
            b.insert(i, lists[2], lists[3]),
            b.select(leaves, b.add(lists[3], one), lists[3])};
      });
  return {b.slice(lists[0], zero, lists[1]), lists[2], lists[3], lists[1]};
}

/// Whether rows stay where they are: none leaves, or too few to pay for moving
/// the others.
Value Exits::stayTogether(TensorEmitter &b, Region &stage, Value numRows,
                          const Split &split) {
  auto shares = op->getAttrOfType<DenseI64ArrayAttr>(kCompactFrom);
  if (!shares)
    return b.compare(arith::CmpIPredicate::eq, split.numLeavers, b.index(0));
  Value from = b.index(shares[stage.getRegionNumber()]);
  return b.compare(arith::CmpIPredicate::ult,
                   b.mul(b.sub(numRows, split.numSurvivors), b.index(1000)),
                   b.mul(numRows, from));
}

ExitRows Exits::runCompact(TensorEmitter &b, Region &stage,
                           const ExitRows &rows, const ExitStep &step) {
  Value zero = b.index(0), numRows = b.dim(rows.left, 0);
  End end = inlineStage(b, stage, rows, step, rows.left, numRows);
  Split lists = split(b, rows, step, end.done);

  ExitRows next;
  next.state = end.state;
  next.results = b.forLoop(
      zero, lists.numLeavers, rows.results,
      [&](TensorEmitter &b, Value i, ValueRange results) {
        Value from = lists.leavers ? b.extract(lists.leavers, i) : i;
        Value at = b.extract(rows.left, from);
        SmallVector<Value> after;
        for (auto [value, whole] : llvm::zip(end.results, results))
          after.push_back(b.copyRow(value, from, whole, at));
        Value done = step.last ? b.extract(end.done, from) : Value();
        after.push_back(b.insert(leavesAt(b, step, done), results.back(), at));
        return after;
      });
  if (!end.done) {
    next.left = b.castTo(rows.left.getType(), b.iota(zero));
    if (rows.alive)
      next.alive = b.castTo(rows.alive.getType(),
                            b.filled(zero, b.scalar(b.getI1Type(), 1)));
    return next;
  }
  SmallVector<Value> kept = b.ifElse(
      stayTogether(b, stage, numRows, lists),
      [&](TensorEmitter &b) {
        SmallVector<Value> same = {rows.left};
        if (rows.alive) {
          // Rows that are done go along, to be passed over.
          Value alive =
              b.elementwise(b.getI1Type(), {rows.alive, end.done},
                            [](TensorEmitter &b, ValueRange e) {
                              return b.logicalAnd(e[0], b.logicalNot(e[1]));
                            });
          same.push_back(b.castTo(rows.alive.getType(), alive));
        }
        llvm::append_range(same, end.carry);
        return same;
      },
      [&](TensorEmitter &b) {
        SmallVector<Value> gathered = {b.castTo(
            rows.left.getType(), b.gatherRows(rows.left, lists.survivors))};
        if (rows.alive)
          gathered.push_back(b.castTo(
              rows.alive.getType(),
              b.filled(lists.numSurvivors, b.scalar(b.getI1Type(), 1))));
        for (Value value : end.carry)
          gathered.push_back(
              b.castTo(value.getType(), b.gatherRows(value, lists.survivors)));
        return gathered;
      });
  next.left = kept.front();
  ArrayRef<Value> carried = ArrayRef(kept).drop_front();
  if (rows.alive) {
    next.alive = carried.front();
    carried = carried.drop_front();
  }
  next.carried.assign(carried.begin(), carried.end());
  return next;
}
