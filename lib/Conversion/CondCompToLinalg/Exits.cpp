//===- Exits.cpp - rows that leave: shared by cascade and iterate -*- C++
//-*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Exits.h"
#include "condcomp/Dialect/CondComp/Transforms/RunTimeChoice.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace condcomp;

SmallVector<Value> ExitRows::flatten() const {
  SmallVector<Value> values = {left};
  if (alive)
    values.push_back(alive);
  llvm::append_range(values, carried);
  llvm::append_range(values, results);
  llvm::append_range(values, state);
  return values;
}

ExitRows ExitRows::unflatten(ValueRange values) const {
  ExitRows rows;
  rows.left = values.front();
  values = values.drop_front();
  if (alive) {
    rows.alive = values.front();
    values = values.drop_front();
  }
  auto take = [&](size_t count) {
    auto taken = llvm::to_vector_of<Value>(values.take_front(count));
    values = values.drop_front(count);
    return taken;
  };
  rows.carried = take(carried.size());
  rows.results = take(results.size());
  rows.state = take(state.size());
  return rows;
}

ExitRows Exits::start(TensorEmitter &b, ArrayRef<ValueRange> rows,
                      ArrayRef<ValueRange> state, ArrayRef<ValueRange> outs,
                      Value nowhere) {
  ExitRows all;
  Value numRows = b.dim(rows.front().front(), 0);
  auto check = [&](Value value, const Twine &what) {
    checkRowCount(b, value, numRows, (name + what).str());
    return value;
  };
  for (ValueRange values : rows)
    all.carried.push_back(check(values.front(), " C1: a rows operand"));
  for (ValueRange values : state)
    all.state.push_back(check(values.front(), " C1: a state operand"));
  for (ValueRange values : outs)
    all.results.push_back(check(values.front(), " C9: an outs operand"));
  if (outs.empty()) // Static after the rows (C9); every row leaves.
    for (Type type : op.getRowResults().getTypes()) {
      auto shaped = cast<RankedTensorType>(type);
      SmallVector<Value> sizes = {numRows};
      for (int64_t size : shaped.getShape().drop_front())
        sizes.push_back(b.index(size));
      all.results.push_back(b.empty(sizes, shaped.getElementType()));
    }
  all.results.push_back(b.filled(numRows, nowhere));
  all.left =
      masked ? b.filled(numRows, b.scalar(b.getI1Type(), 1)) : b.iota(numRows);
  // From here on the number of rows is open.
  auto open = [&](Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.front() = ShapedType::kDynamic;
    return b.castTo(RankedTensorType::get(shape, type.getElementType()), value);
  };
  all.left = open(all.left);
  if (op->hasAttr(kCompactFrom) && !masked)
    all.alive = open(b.filled(numRows, b.scalar(b.getI1Type(), 1)));
  for (Value &value : all.carried)
    value = open(value);
  return all;
}

Value Exits::areLeft(TensorEmitter &b, const ExitRows &rows) {
  Value zero = b.index(0), numRows = b.dim(rows.left, 0);
  if (!masked)
    return b.compare(arith::CmpIPredicate::ugt, numRows, zero);
  return b.forLoop(zero, numRows, b.scalar(b.getI1Type(), 0),
                   [&](TensorEmitter &b, Value i, ValueRange carried) {
                     Value any = b.createOrFold<arith::OrIOp>(
                         carried[0], b.extract(rows.left, i));
                     return SmallVector<Value>{any};
                   })[0];
}

/// Checks (C8) that `value` has the sizes of `like` after the rows.
void Exits::checkSizes(TensorEmitter &b, Value value, Value like,
                       const Twine &what) {
  for (int64_t i = 1, e = cast<ShapedType>(like.getType()).getRank(); i < e;
       ++i) {
    Value size = b.dim(value, i), expected = b.dim(like, i);
    Value equal = b.compare(arith::CmpIPredicate::eq, size, expected);
    if (!matchPattern(equal, m_One()))
      b.check(equal,
              name + " C8: " + what + " has size {0} in dim " + Twine(i) +
                  ", expected {1}",
              {size, expected});
  }
}

Exits::End Exits::inlineStage(TensorEmitter &b, Region &stage,
                              const ExitRows &rows, const ExitStep &step,
                              Value ids, Value numRows) {
  SmallVector<Value> arguments(rows.carried);
  llvm::append_range(arguments, step.params);
  llvm::append_range(arguments, rows.state);
  if (op.getWithIds())
    arguments.push_back(ids);
  llvm::append_range(arguments, step.step);
  for (auto [value, type] :
       llvm::zip_equal(arguments, stage.getArgumentTypes()))
    value = value.getType() == type ? value : b.castTo(type, value);

  auto exit = dyn_cast<ExitOp>(stage.front().getTerminator());
  size_t numCarry = exit ? exit.getCarry().size() : 0;
  size_t numResults = rows.results.size() - 1, numState = rows.state.size();
  SmallVector<Value> operands = inlineBody(stage, b, arguments, rewriter);
  ArrayRef<Value> all = operands;
  End end;
  auto check = [&](Value value, const Twine &what) {
    checkRowCount(b, value, numRows, (name + " C8: " + what).str());
  };
  if (exit) {
    end.done = all.front();
    all = all.drop_front();
    check(end.done, "done");
  }
  llvm::append_range(end.results, all.take_front(numResults));
  llvm::append_range(end.carry, all.slice(numResults, numCarry));
  llvm::append_range(end.state, all.slice(numResults + numCarry, numState));
  for (auto [value, whole] : llvm::zip(end.results, rows.results)) {
    check(value, "a result");
    checkSizes(b, value, whole, "a result");
  }
  for (Value value : end.carry)
    check(value, "a carried tensor");
  if (isa<IterateOp>(op))
    for (auto [value, before] : llvm::zip_equal(end.carry, rows.carried))
      checkSizes(b, value, before, "a carried tensor");
  return end;
}

/// Where a row leaves that is `done` or leaves all the same.
Value Exits::leavesAt(TensorEmitter &b, const ExitStep &step, Value done) {
  return step.last ? b.select(done, step.doneAt, step.undoneAt) : step.doneAt;
}

ExitRows Exits::run(TensorEmitter &b, Region &stage, const ExitRows &rows,
                    const ExitStep &step) {
  return masked ? runMasked(b, stage, rows, step)
                : runCompact(b, stage, rows, step);
}

//===----------------------------------------------------------------------===//
// Masked form
//===----------------------------------------------------------------------===//

/// Where `mask` the new value, elsewhere the old one; `mask` is `[R]`.
static Value mergeRows(TensorEmitter &b, Value mask, Value now, Value old) {
  int64_t rank = cast<ShapedType>(old.getType()).getRank();
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  SmallVector<Value> inputs = {mask, now, old};
  Value merged =
      b.generic(inputs, b.empty(b.dims(old), getElementTypeOrSelf(old)), rank,
                {{0}, all, all, all}, [](TensorEmitter &b, ValueRange e) {
                  return b.select(e[0], e[1], e[2]);
                });
  return b.castTo(old.getType(), merged);
}

ExitRows Exits::runMasked(TensorEmitter &b, Region &stage, const ExitRows &rows,
                          const ExitStep &step) {
  Type i1 = b.getI1Type();
  Value numRows = b.dim(rows.left, 0);
  End end = inlineStage(b, stage, rows, step, b.iota(numRows), numRows);
  Value done = end.done ? end.done : b.filled(numRows, b.scalar(i1, 1));
  auto leaves = [&](TensorEmitter &b, Value done) {
    return step.last ? b.createOrFold<arith::OrIOp>(done, step.last) : done;
  };
  Value leaving =
      b.elementwise(i1, {rows.left, done}, [&](TensorEmitter &b, ValueRange e) {
        return b.logicalAnd(e[0], leaves(b, e[1]));
      });
  ExitRows next;
  for (auto [value, whole] : llvm::zip(end.results, rows.results))
    next.results.push_back(mergeRows(b, leaving, value, whole));
  Value at =
      b.elementwise(b.getI32Type(), done, [&](TensorEmitter &b, ValueRange e) {
        return leavesAt(b, step, e[0]);
      });
  next.results.push_back(mergeRows(b, leaving, at, rows.results.back()));
  for (auto [value, whole] : llvm::zip_equal(end.state, rows.state))
    next.state.push_back(mergeRows(b, rows.left, value, whole));
  next.left =
      b.elementwise(i1, {rows.left, done}, [&](TensorEmitter &b, ValueRange e) {
        return b.logicalAnd(e[0], b.logicalNot(leaves(b, e[1])));
      });
  next.left = b.castTo(rows.left.getType(), next.left);
  // Rows that have left an iterate stand still, so that none of them walks out
  // of the tensors that its body indexes by what it carries.
  next.carried = end.carry;
  if (isa<IterateOp>(op))
    for (auto [value, before] : llvm::zip_equal(next.carried, rows.carried))
      value = mergeRows(b, next.left, value, before);
  return next;
}

//===----------------------------------------------------------------------===//
// The end
//===----------------------------------------------------------------------===//

SmallVector<Value> Exits::survivors(TensorEmitter &b, const ExitRows &rows) {
  SmallVector<Value> packed = {rows.left};
  llvm::append_range(packed, rows.carried);
  if (!masked)
    return packed;
  Value zero = b.index(0), one = b.index(1), numRows = b.dim(rows.left, 0);
  SmallVector<Value> list =
      b.forLoop(zero, numRows, {b.empty(numRows, b.getIndexType()), zero},
                [&](TensorEmitter &b, Value i, ValueRange carried) {
                  Value next = b.add(carried[1], one);
                  return SmallVector<Value>{
                      b.insert(i, carried[0], carried[1]),
                      b.select(b.extract(rows.left, i), next, carried[1])};
                });
  Value ids = b.slice(list[0], zero, list[1]);
  packed.front() = ids;
  for (Value &value : MutableArrayRef(packed).drop_front())
    value = b.gatherRows(value, ids);
  return packed;
}

void Exits::replace(TensorEmitter &b, const ExitRows &rows,
                    ValueRange survivors) {
  ArrayRef<Value> results = rows.results;
  SmallVector<Value> values(results.drop_back());
  llvm::append_range(values, rows.state);
  values.push_back(results.back());
  llvm::append_range(values, survivors);
  for (auto [value, result] : llvm::zip_equal(values, op->getResults()))
    value = b.castTo(result.getType(), value);
  rewriter.replaceOp(op, values);
}
