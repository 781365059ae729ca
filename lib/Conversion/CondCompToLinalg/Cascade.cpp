//===- Cascade.cpp - lowering of cascade -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ApplyBodies.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// What a stage leaves behind.
struct StageEnd {
  /// Null in the last stage: all rows leave.
  Value done;
  SmallVector<Value> results, carry, state;
};

/// Moves stage `index` to the insertion point.
StageEnd inlineStage(CascadeOp op, unsigned index, TensorEmitter &b,
                     ValueRange arguments, Value numRows,
                     ConversionPatternRewriter &rewriter) {
  Region &stage = op.getStages()[index];
  unsigned numState = op.getState().size();
  auto exit = dyn_cast<ExitOp>(stage.front().getTerminator());
  unsigned numResults = op.getRowResults().size();
  unsigned numCarry = exit ? exit.getCarry().size() : 0;
  ArrayRef<Value> all;
  SmallVector<Value> operands = inlineBody(stage, b, arguments, rewriter);
  all = operands;
  StageEnd end;
  if (exit) {
    end.done = all.front();
    all = all.drop_front();
    checkRowCount(b, end.done, numRows, "cascade C8: done");
  }
  llvm::append_range(end.results, all.take_front(numResults));
  llvm::append_range(end.carry, all.slice(numResults, numCarry));
  llvm::append_range(end.state, all.take_back(numState));
  for (Value value : end.results)
    checkRowCount(b, value, numRows, "cascade C8: a result");
  for (Value value : end.carry)
    checkRowCount(b, value, numRows, "cascade C8: a carried tensor");
  return end;
}

/// The arguments of a stage.
SmallVector<Value> stageArguments(CascadeOp op, unsigned index,
                                  TensorEmitter &b, ValueRange carried,
                                  ValueRange state, Value ids) {
  SmallVector<Value> arguments(carried);
  llvm::append_range(arguments, state);
  if (op.getWithIds())
    arguments.push_back(ids);
  for (auto [value, type] :
       llvm::zip_equal(arguments, op.getStages()[index].getArgumentTypes()))
    value = b.castTo(type, value);
  return arguments;
}

/// Tensors for the results and the exit stages, to be filled row by row.
SmallVector<Value> makeResults(CascadeOp op, TensorEmitter &b, Value numRows,
                               ArrayRef<SmallVector<Value>> trailing) {
  SmallVector<Value> results;
  for (auto [result, sizes] : llvm::zip_equal(op.getRowResults(), trailing)) {
    SmallVector<Value> all = {numRows};
    llvm::append_range(all, sizes);
    results.push_back(b.empty(all, getElementTypeOrSelf(result)));
  }
  results.push_back(b.empty(numRows, b.getI32Type()));
  return results;
}

//===----------------------------------------------------------------------===//
// Compact form
//===----------------------------------------------------------------------===//

/// Stages on the rows that are left, each inside the condition that some are.
class CompactCascade {
public:
  CompactCascade(CascadeOp op, ConversionPatternRewriter &rewriter)
      : op(op), rewriter(rewriter) {}

  /// Runs the stages from `index` on. `results` are the whole results and the
  /// exit stages. Returns them, then the state.
  SmallVector<Value> emitFrom(unsigned index, TensorEmitter &b,
                              ValueRange carried, Value ids, ValueRange results,
                              ValueRange state);

private:
  SmallVector<Value> leave(TensorEmitter &b, unsigned index,
                           const StageEnd &end, Value ids, Value leavers,
                           Value numLeavers, ValueRange results);

  CascadeOp op;
  ConversionPatternRewriter &rewriter;
};

/// Puts the rows at `leavers` (null: all) in their places of the results.
SmallVector<Value> CompactCascade::leave(TensorEmitter &b, unsigned index,
                                         const StageEnd &end, Value ids,
                                         Value leavers, Value numLeavers,
                                         ValueRange results) {
  Value stage = b.scalar(b.getI32Type(), index);
  return b.forLoop(b.index(0), numLeavers, results,
                   [&](TensorEmitter &b, Value i, ValueRange carried) {
                     Value from = leavers ? b.extract(leavers, i) : i;
                     Value at = b.extract(ids, from);
                     SmallVector<Value> next;
                     for (auto [value, whole] : llvm::zip(end.results, carried))
                       next.push_back(b.copyRow(value, from, whole, at));
                     next.push_back(b.insert(stage, carried.back(), at));
                     return next;
                   });
}

SmallVector<Value> CompactCascade::emitFrom(unsigned index, TensorEmitter &b,
                                            ValueRange carried, Value ids,
                                            ValueRange results,
                                            ValueRange state) {
  Value zero = b.index(0), one = b.index(1), numRows = b.dim(ids, 0);
  auto run = [&](TensorEmitter &b) {
    StageEnd end = inlineStage(
        op, index, b, stageArguments(op, index, b, carried, state, ids),
        numRows, rewriter);
    SmallVector<Value> after;
    if (!end.done) {
      after = leave(b, index, end, ids, Value(), numRows, results);
      llvm::append_range(after, end.state);
      return after;
    }
    // Both lists are written always; the one that the row is not for is
    // overwritten by its next row.
    SmallVector<Value> inits = {b.empty(numRows, b.getIndexType()), zero,
                                b.empty(numRows, b.getIndexType()), zero};
    SmallVector<Value> split = b.forLoop(
        zero, numRows, inits, [&](TensorEmitter &b, Value i, ValueRange lists) {
          Value done = b.extract(end.done, i);
          return SmallVector<Value>{
              b.insert(i, lists[0], lists[1]),
              b.select(done, lists[1], b.add(lists[1], one)),
              b.insert(i, lists[2], lists[3]),
              b.select(done, b.add(lists[3], one), lists[3])};
        });
    Value survivors = b.slice(split[0], zero, split[1]);
    SmallVector<Value> left =
        leave(b, index, end, ids, split[2], split[3], results);
    SmallVector<Value> kept;
    for (Value value : end.carry)
      kept.push_back(b.gatherRows(value, survivors));
    return emitFrom(index + 1, b, kept, b.gatherRows(ids, survivors), left,
                    end.state);
  };
  return b.ifElse(b.compare(arith::CmpIPredicate::ugt, numRows, zero), run,
                  [&](TensorEmitter &) {
                    SmallVector<Value> same(results);
                    llvm::append_range(same, state);
                    return same;
                  });
}

//===----------------------------------------------------------------------===//
// Masked form
//===----------------------------------------------------------------------===//

/// Where `alive` the new value, elsewhere the old one; `alive` is `[R]`.
Value mergeRows(TensorEmitter &b, Value alive, Value now, Value old) {
  int64_t rank = cast<ShapedType>(old.getType()).getRank();
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  SmallVector<Value> inputs = {alive, now, old};
  return b.generic(inputs, b.empty(b.dims(old), getElementTypeOrSelf(old)),
                   rank, {{0}, all, all, all},
                   [](TensorEmitter &b, ValueRange e) {
                     return b.select(e[0], e[1], e[2]);
                   });
}

/// All rows go through all stages; a row keeps what it left with.
SmallVector<Value> emitMaskedCascade(CascadeOp op, TensorEmitter &b,
                                     ValueRange rows, ValueRange state,
                                     Value numRows,
                                     ArrayRef<SmallVector<Value>> trailing,
                                     ConversionPatternRewriter &rewriter) {
  Type i1 = b.getI1Type();
  SmallVector<Value> carried(rows), states(state);
  SmallVector<Value> results = makeResults(op, b, numRows, trailing);
  Value ids = b.iota(numRows);
  Value alive = b.filled(numRows, b.scalar(i1, 1));
  for (unsigned index = 0, e = op.getStages().size(); index < e; ++index) {
    StageEnd end = inlineStage(
        op, index, b, stageArguments(op, index, b, carried, states, ids),
        numRows, rewriter);
    Value leaves = alive;
    if (end.done) {
      leaves = b.elementwise(i1, {alive, end.done},
                             [](TensorEmitter &b, ValueRange e) {
                               return b.logicalAnd(e[0], e[1]);
                             });
    }
    Value stage = b.filled(numRows, b.scalar(b.getI32Type(), index));
    results.back() = mergeRows(b, leaves, stage, results.back());
    for (auto [value, whole] : llvm::zip(end.results, results))
      whole = mergeRows(b, leaves, value, whole);
    for (auto [value, whole] : llvm::zip_equal(end.state, states))
      whole = mergeRows(b, alive, value, whole);
    if (!end.done)
      break;
    alive = b.elementwise(i1, {alive, end.done},
                          [](TensorEmitter &b, ValueRange e) {
                            return b.logicalAnd(e[0], b.logicalNot(e[1]));
                          });
    carried = end.carry;
  }
  llvm::append_range(results, states);
  return results;
}

//===----------------------------------------------------------------------===//
// Pattern
//===----------------------------------------------------------------------===//

struct LowerCascade : EmitterPattern<CascadeOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(CascadeOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    SmallVector<SmallVector<Value>> trailing;
    for (Value result : op.getRowResults()) {
      auto type = cast<RankedTensorType>(result.getType());
      trailing.emplace_back();
      for (int64_t size : type.getShape().drop_front())
        trailing.back().push_back(b.index(size));
    }
    SmallVector<Value> rows, state;
    for (ValueRange values : adaptor.getRows())
      rows.push_back(values.front());
    for (ValueRange values : adaptor.getState())
      state.push_back(values.front());
    Value numRows = b.dim(rows.front(), 0);
    for (Value value : ArrayRef(rows).drop_front())
      checkRowCount(b, value, numRows, "cascade C1: a rows operand");
    for (Value value : state)
      checkRowCount(b, value, numRows, "cascade C1: a state operand");

    SmallVector<Value> values;
    if (op.getForm() == Form::Masked) {
      values =
          emitMaskedCascade(op, b, rows, state, numRows, trailing, rewriter);
    } else {
      Value ids = b.castTo(
          RankedTensorType::get(ShapedType::kDynamic, b.getIndexType()),
          b.iota(numRows));
      values = CompactCascade(op, rewriter)
                   .emitFrom(0, b, rows, ids,
                             makeResults(op, b, numRows, trailing), state);
    }
    // Results, exit stages, state: the exit stages go last.
    unsigned numResults = op.getRowResults().size();
    std::rotate(values.begin() + numResults, values.begin() + numResults + 1,
                values.end());
    for (auto [value, result] : llvm::zip_equal(values, op.getResults()))
      value = b.castTo(result.getType(), value);
    rewriter.replaceOp(op, values);
    return success();
  }
};

} // namespace

void condcomp::populateCascadePatterns(const TypeConverter &converter,
                                       RewritePatternSet &patterns) {
  patterns.add<LowerCascade>(converter, patterns.getContext());
}
