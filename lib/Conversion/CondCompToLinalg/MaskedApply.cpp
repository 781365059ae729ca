//===- MaskedApply.cpp - apply on all rows, absent parts removed -*- C++
//-*-===//
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

/// The state of the lowering: dense presence and weights, rows over all batch
/// indices.
class MaskedApply {
public:
  MaskedApply(ApplyOp op, const RoutingValue &routing,
              const ApplyOperands &operands, TensorEmitter &b,
              ConversionPatternRewriter &rewriter)
      : op(op), operands(operands), rewriter(rewriter),
        masked(routing.inForm(b, Form::Masked)),
        presence(b.flattenLeading(masked.getPresence(),
                                  masked.getDims().size() - 1)),
        weights(
            b.flattenLeading(masked.getWeights(), masked.getDims().size() - 1)),
        numRows(masked.getNumRows(b)) {
    if (!operands.entries.empty() || op.getCombine() == CombineKind::None)
      compact = routing.inForm(b, Form::Compact);
    if (!operands.entries.empty())
      positions = compact->getPositions(b);
  }

  SmallVector<Value> emit(TensorEmitter &b);

private:
  /// combine(stack) and combine(none) need every module's results at the end.
  bool keepsAll() {
    return op.getCombine() == CombineKind::Stack ||
           op.getCombine() == CombineKind::None;
  }
  bool isWeighted() { return op.getWeightUse() == WeightUse::Output; }

  SmallVector<Value> makeInits(TensorEmitter &b);
  SmallVector<Value> runModule(TensorEmitter &b, Region &body, Value module,
                               ValueRange carried);
  Value entriesOfModule(TensorEmitter &b, Value source, Value module);
  Value scaleByModule(TensorEmitter &b, Value rows, Value module);
  Value accumulate(TensorEmitter &b, Value value, Value old, Value module);
  Value finish(TensorEmitter &b, Value value, unsigned i);
  Value countEntries(TensorEmitter &b);

  ApplyOp op;
  const ApplyOperands &operands;
  ConversionPatternRewriter &rewriter;
  RoutingValue masked;
  std::optional<RoutingValue> compact;
  Value presence, weights, numRows, positions;
};

SmallVector<int64_t> allLoops(Value tensor) {
  return llvm::to_vector(
      llvm::seq<int64_t>(0, cast<ShapedType>(tensor.getType()).getRank()));
}

/// The dims of a result's rows, `[B·R, …]`.
SmallVector<Value> MaskedApply::makeInits(TensorEmitter &b) {
  SmallVector<Value> inits;
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    auto type = cast<RankedTensorType>(result.getType());
    Type accumulator = getAccumulatorType(type.getElementType());
    if (keepsAll()) {
      SmallVector<Value> sizes = {masked.getNumModules(), numRows};
      if (op.getCombine() == CombineKind::Stack) {
        llvm::append_range(sizes, b.dimsFrom(operands.outs[i], 2));
      } else {
        int64_t leading = op.getRouting().getType().getEntryRank();
        for (int64_t size : type.getShape().drop_front(leading))
          sizes.push_back(b.index(size));
      }
      inits.push_back(b.empty(sizes, type.getElementType()));
      continue;
    }
    Value outs = operands.outs[i];
    switch (op.getCombine()) {
    case CombineKind::Mean:
      inits.push_back(b.filled(b.dims(outs), b.scalar(accumulator, 0)));
      break;
    case CombineKind::Max:
      inits.push_back(b.filled(b.dims(outs), emitLeast(b, accumulator)));
      break;
    default:
      inits.push_back(castElements(b, outs, accumulator));
    }
  }
  return inits;
}

/// An entries operand as seen by one module: each row's value, 0 where the row
/// has no entry.
Value MaskedApply::entriesOfModule(TensorEmitter &b, Value source,
                                   Value module) {
  Type element = getElementTypeOrSelf(source);
  SmallVector<Value> sizes = b.dimsFrom(source, 1);
  sizes.insert(sizes.begin(), numRows);
  // One pass if there are entries, none (and nothing to read) if not.
  Value passes =
      b.createOrFold<arith::MinUIOp>(compact->getNumEntries(b), b.index(1));
  SmallVector<int64_t> output = {0};
  for (size_t i = 1; i < sizes.size(); ++i)
    output.push_back(i + 1);
  return b.generic(
      b.empty(passes, b.getI1Type()), b.filled(sizes, b.scalar(element, 0)),
      sizes.size() + 1, {{1}, output}, [&](TensorEmitter &b, ValueRange e) {
        Value zero = b.index(0);
        Value position = b.extract(positions, {b.loopIndex(0), module});
        Value present = b.compare(arith::CmpIPredicate::sge, position, zero);
        SmallVector<Value> at = {b.select(present, position, zero)};
        for (int64_t loop : ArrayRef<int64_t>(output).drop_front())
          at.push_back(b.loopIndex(loop));
        return b.select(present, b.extract(source, at), e[1]);
      });
}

Value MaskedApply::scaleByModule(TensorEmitter &b, Value rows, Value module) {
  Type element = getElementTypeOrSelf(rows);
  if (!isa<FloatType>(element))
    return rows;
  return b.elementwise(element, rows, [&](TensorEmitter &b, ValueRange e) {
    Value weight = b.extract(weights, {b.loopIndex(0), module});
    return b.castFloat(emitWeighted(b, weight, e[0]), element);
  });
}

/// One module's results added to what the modules before it left.
Value MaskedApply::accumulate(TensorEmitter &b, Value value, Value old,
                              Value module) {
  SmallVector<int64_t> all = allLoops(value);
  return b.generic(
      value, old, all.size(), {all, all}, [&](TensorEmitter &b, ValueRange e) {
        SmallVector<Value> at = {b.loopIndex(0), module};
        Value weight = isWeighted() ? b.extract(weights, at) : Value();
        Value next = emitWeighted(b, weight, e[0]);
        if (op.getCombine() == CombineKind::Max)
          next = emitMax(b, e[1], next);
        else if (op.getCombine() != CombineKind::Replace)
          next = b.add(e[1], next);
        return b.select(b.extract(presence, at), next, e[1]);
      });
}

SmallVector<Value> MaskedApply::runModule(TensorEmitter &b, Region &body,
                                          Value module, ValueRange carried) {
  SmallVector<Value> arguments;
  auto pass = [&](Value rows) {
    if (op.getWeightUse() == WeightUse::Input)
      rows = scaleByModule(b, rows, module);
    Type type = body.getArgument(arguments.size()).getType();
    arguments.push_back(b.castTo(type, rows));
  };
  for (Value source : operands.rows)
    pass(source);
  for (Value source : operands.entries)
    pass(entriesOfModule(b, source, module));
  for (Value source : operands.params)
    arguments.push_back(b.sliceAt(source, module));
  if (op.getWithIds()) {
    Type type = body.getArgument(arguments.size()).getType();
    arguments.push_back(b.castTo(type, b.iota(numRows)));
  }
  if (op.getWithModule())
    arguments.push_back(module);

  SmallVector<Value> next;
  auto yielded = inlineBody(body, b, arguments, rewriter);
  for (auto [value, old] : llvm::zip_equal(yielded, carried)) {
    Value count = checkYielded(b, value, numRows, old);
    next.push_back(keepsAll() ? b.insertSliceAt(value, old, module, count)
                              : accumulate(b, value, old, module));
  }
  return next;
}

Value MaskedApply::countEntries(TensorEmitter &b) {
  Type i64 = b.getI64Type();
  return b.reduceLast(presence, b.filled(numRows, b.scalar(i64, 0)),
                      [&](TensorEmitter &b, ValueRange e) {
                        return b.add(e[1],
                                     b.createOrFold<arith::ExtUIOp>(i64, e[0]));
                      });
}

/// From accumulated values to the result.
Value MaskedApply::finish(TensorEmitter &b, Value value, unsigned i) {
  CombineKind kind = op.getCombine();
  Type element = getElementTypeOrSelf(op.getResult(i));
  Type accumulator = getAccumulatorType(element);
  auto round = [&](TensorEmitter &b, Value v) {
    return v.getType() == element ? v : b.castFloat(v, element);
  };
  if (kind == CombineKind::Sum || kind == CombineKind::Replace)
    return castElements(b, value, element);

  if (kind == CombineKind::Mean || kind == CombineKind::Max) {
    SmallVector<int64_t> all = allLoops(value);
    SmallVector<Value> inputs = {operands.outs[i], value, countEntries(b)};
    return b.generic(inputs, b.empty(b.dims(value), element), all.size(),
                     {all, all, {0}, all}, [&](TensorEmitter &b, ValueRange e) {
                       Value some = b.compare(arith::CmpIPredicate::sgt, e[2],
                                              b.scalar(b.getI64Type(), 0));
                       Value result = e[1];
                       if (kind == CombineKind::Mean)
                         result = b.div(result, b.createOrFold<arith::UIToFPOp>(
                                                    accumulator, e[2]));
                       return b.select(some, round(b, result), e[0]);
                     });
  }

  // stack and none: `value` is `[M, B·R, …]`.
  auto read = [&](TensorEmitter &b, Value row, Value module,
                  int64_t firstTrailing) {
    SmallVector<Value> at = {module, row};
    int64_t trailing = cast<ShapedType>(value.getType()).getRank() - 2;
    for (int64_t loop = 0; loop < trailing; ++loop)
      at.push_back(b.loopIndex(firstTrailing + loop));
    Value weight = isWeighted() ? b.extract(weights, {row, module}) : Value();
    return round(b, emitWeighted(b, weight, b.extract(value, at)));
  };
  if (kind == CombineKind::Stack)
    return b.elementwise(element, operands.outs[i],
                         [&](TensorEmitter &b, ValueRange e) {
                           Value row = b.loopIndex(0), module = b.loopIndex(1);
                           return b.select(b.extract(presence, {row, module}),
                                           read(b, row, module, 2), e[0]);
                         });
  SmallVector<Value> sizes = b.dimsFrom(value, 2);
  sizes.insert(sizes.begin(), compact->getNumEntries(b));
  SmallVector<int64_t> all =
      llvm::to_vector(llvm::seq<int64_t>(0, sizes.size()));
  SmallVector<Value> inputs = {compact->getRowOfEntry(b),
                               compact->getModules()};
  return b.generic(
      inputs, b.empty(sizes, element), sizes.size(), {{0}, {0}, all},
      [&](TensorEmitter &b, ValueRange e) { return read(b, e[0], e[1], 1); });
}

SmallVector<Value> MaskedApply::emit(TensorEmitter &b) {
  SmallVector<Value> values = makeInits(b);
  if (op.hasSharedBody()) {
    values = b.forLoop(b.index(0), masked.getNumModules(), values,
                       [&](TensorEmitter &b, Value module, ValueRange carried) {
                         return runModule(b, op.getBodies().front(), module,
                                          carried);
                       });
  } else {
    for (auto [i, body] : llvm::enumerate(op.getBodies()))
      values = runModule(b, body, b.index(i), values);
  }
  SmallVector<Value> results;
  for (auto [i, value] : llvm::enumerate(values))
    results.push_back(finish(b, value, i));
  return results;
}

} // namespace

SmallVector<Value>
condcomp::emitMaskedApply(ApplyOp op, const RoutingValue &routing,
                          const ApplyOperands &operands, TensorEmitter &b,
                          ConversionPatternRewriter &rewriter) {
  return MaskedApply(op, routing, operands, b, rewriter).emit(b);
}
