//===- Movement.cpp - lowering of select, combine and restore -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace condcomp;

//===----------------------------------------------------------------------===//
// Combination, shared with apply
//===----------------------------------------------------------------------===//

Type condcomp::getAccumulatorType(Type type) {
  auto floatType = dyn_cast<FloatType>(type);
  if (floatType && floatType.getWidth() < 32)
    return Float32Type::get(type.getContext());
  return type;
}

Value condcomp::emitWeighted(TensorEmitter &b, Value weight, Value value) {
  Type type = getAccumulatorType(value.getType());
  if (auto accumulator = dyn_cast<FloatType>(type))
    value = b.castFloat(value, accumulator);
  if (!weight)
    return value;
  // f64 weights of an f32 value and f32 weights of an f64 one.
  return b.mul(b.castFloat(weight, type), value);
}

Value condcomp::castElements(TensorEmitter &b, Value tensor, Type type) {
  if (getElementTypeOrSelf(tensor) == type)
    return tensor;
  return b.elementwise(type, tensor, [&](TensorEmitter &b, ValueRange e) {
    return b.castFloat(e[0], type);
  });
}

/// Loops `from`, `from` + 1, … for the trailing dims of a tensor.
static SmallVector<int64_t> seq(int64_t from, int64_t count) {
  return llvm::to_vector(llvm::seq<int64_t>(from, from + count));
}

/// The value of an entry at the current element of the linalg op being filled;
/// `trailing` are the loops of the dims after the entry's.
static Value readEntry(TensorEmitter &b, Value values, Value slotOfEntry,
                       Value entry, ArrayRef<int64_t> trailing) {
  SmallVector<Value> at = {slotOfEntry ? b.extract(slotOfEntry, entry) : entry};
  for (int64_t loop : trailing)
    at.push_back(b.loopIndex(loop));
  return b.extract(values, at);
}

/// Accumulates each row's entries in ascending order into `init` `[B·R, …]`:
/// loops are rows, places in the row, trailing dims.
static Value accumulateRows(TensorEmitter &b, const RoutingValue &compact,
                            bool weighted, Value values, Value slotOfEntry,
                            Value init, TensorEmitter::ElementFn fn) {
  int64_t rank = cast<ShapedType>(init.getType()).getRank();
  SmallVector<int64_t> trailing = seq(2, rank - 1);
  SmallVector<int64_t> output = {0};
  llvm::append_range(output, trailing);
  bool uniform = compact.getType().hasUniformRows();
  // Gives the loop over places its size; never read.
  Value places = b.empty(compact.getMaxRowSize(b), b.getI1Type());
  return b.generic(
      places, init, rank + 1, {{1}, output},
      [&](TensorEmitter &b, ValueRange e) {
        Value accumulated = e[1], row = b.loopIndex(0);
        Value entry = b.add(compact.getRowStart(b, row), b.loopIndex(1));
        Value valid;
        if (!uniform) {
          valid = b.compare(arith::CmpIPredicate::ult, entry,
                            compact.getRowStart(b, b.add(row, b.index(1))));
          // Some row has entries, or there would be no places: 0 is readable.
          entry = b.select(valid, entry, b.index(0));
        }
        Value weight =
            weighted ? b.extract(compact.getWeights(), entry) : Value();
        Value value = emitWeighted(
            b, weight, readEntry(b, values, slotOfEntry, entry, trailing));
        Value next = fn(b, {accumulated, value});
        return valid ? b.select(valid, next, accumulated) : next;
      });
}

/// Writes each entry's value at its pair of `outs` `[B·R, M, …]`.
static Value emitIntoPairs(TensorEmitter &b, const RoutingValue &compact,
                           bool weighted, Value values, Value slotOfEntry,
                           Value outs, TensorEmitter::ElementFn fn) {
  int64_t rank = cast<ShapedType>(outs.getType()).getRank();
  Type element = getElementTypeOrSelf(outs);
  SmallVector<int64_t> trailing = seq(3, rank - 2);
  SmallVector<int64_t> output = {0, 1};
  llvm::append_range(output, trailing);
  // One pass if there are entries, none (and nothing to read) if not.
  Value passes =
      b.createOrFold<arith::MinUIOp>(compact.getNumEntries(b), b.index(1));
  SmallVector<Value> inputs = {compact.getPositions(b),
                               b.empty(passes, b.getI1Type())};
  return b.generic(
      inputs, outs, rank + 1, {{0, 1}, {2}, output},
      [&](TensorEmitter &b, ValueRange e) {
        Value zero = b.index(0);
        Value present = b.compare(arith::CmpIPredicate::sge, e[0], zero);
        Value entry = b.select(present, e[0], zero);
        Value weight =
            weighted ? b.extract(compact.getWeights(), entry) : Value();
        Value value = emitWeighted(
            b, weight, readEntry(b, values, slotOfEntry, entry, trailing));
        value = fn(b, {e[2], value});
        if (value.getType() != element)
          value = b.castFloat(value, element);
        return b.select(present, value, e[2]);
      });
}

Value condcomp::emitLeast(TensorEmitter &b, Type type) {
  if (isa<FloatType>(type))
    return b.scalar(type, -std::numeric_limits<double>::infinity());
  if (type.isIndex())
    return b.index(std::numeric_limits<int64_t>::min());
  return arith::ConstantOp::create(
      b, b.getIntegerAttr(
             type, APInt::getSignedMinValue(type.getIntOrFloatBitWidth())));
}

Value condcomp::emitMax(TensorEmitter &b, Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return b.createOrFold<arith::MaximumFOp>(lhs, rhs);
  return b.createOrFold<arith::MaxSIOp>(lhs, rhs);
}

Value condcomp::emitCombine(TensorEmitter &b, const RoutingValue &routing,
                            CombineKind kind, bool weighted, Value values,
                            Value slotOfEntry, Value outs) {
  // No row has an entry.
  if (routing.getType().getRowBound().getStaticMax() == 0)
    return outs;
  RoutingValue compact = routing.inForm(b, Form::Compact);
  Type element = getElementTypeOrSelf(outs);
  Type accumulator = getAccumulatorType(element);
  auto second = [](TensorEmitter &, ValueRange e) { return e[1]; };
  auto sum = [](TensorEmitter &b, ValueRange e) { return b.add(e[0], e[1]); };
  if (kind == CombineKind::Stack)
    return emitIntoPairs(b, compact, weighted, values, slotOfEntry, outs,
                         second);

  auto accumulate = [&](Value init, TensorEmitter::ElementFn fn) {
    return accumulateRows(b, compact, weighted, values, slotOfEntry, init, fn);
  };
  if (kind == CombineKind::Sum || kind == CombineKind::Replace) {
    Value init = castElements(b, outs, accumulator);
    Value result = kind == CombineKind::Sum ? accumulate(init, sum)
                                            : accumulate(init, second);
    return castElements(b, result, element);
  }

  // mean and max: rows without entries keep outs.
  bool mean = kind == CombineKind::Mean;
  Value start = mean ? b.scalar(accumulator, 0) : emitLeast(b, accumulator);
  Value init = b.filled(b.dims(outs), start);
  Value result = mean ? accumulate(init, sum)
                      : accumulate(init, [](TensorEmitter &b, ValueRange e) {
                          return emitMax(b, e[0], e[1]);
                        });
  return b.elementwise(
      element, {outs, result}, [&](TensorEmitter &b, ValueRange e) {
        Value row = b.loopIndex(0);
        Value count = b.sub(compact.getRowStart(b, b.add(row, b.index(1))),
                            compact.getRowStart(b, row));
        Value some = b.compare(arith::CmpIPredicate::ugt, count, b.index(0));
        Value value = e[1];
        if (mean) {
          Value divisor = b.createOrFold<arith::UIToFPOp>(
              accumulator,
              b.createOrFold<arith::IndexCastOp>(b.getI64Type(), count));
          value = b.div(value, divisor);
        }
        if (value.getType() != element)
          value = b.castFloat(value, element);
        return b.select(some, value, e[0]);
      });
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

namespace {

struct LowerSelect : EmitterPattern<SelectOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(SelectOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getRouting().getType();
    RoutingValue compact = getCompact(op, adaptor, b);
    Value rows = compact.getRowOfEntry(b), modules = compact.getModules();
    Value numModules = compact.getNumModules();
    ArrayRef<Value> dims = compact.getDims();
    Value rowsPerBatch = dims[dims.size() - 2];
    bool batched = type.getNumBatchDims() > 0;
    int64_t spaceRank = type.getShape().size() - 1;
    Value at;
    switch (op.getSpace()) {
    case Space::Rows:
      at = rows;
      break;
    case Space::Modules:
      at = !batched
               ? modules
               : b.elementwise(b.getIndexType(), {rows, modules},
                               [&](TensorEmitter &b, ValueRange e) {
                                 return b.add(b.mul(b.div(e[0], rowsPerBatch),
                                                    numModules),
                                              e[1]);
                               });
      break;
    case Space::Pairs:
      at = b.elementwise(b.getIndexType(), {rows, modules},
                         [&](TensorEmitter &b, ValueRange e) {
                           return b.add(b.mul(e[0], numModules), e[1]);
                         });
      ++spaceRank;
      break;
    }
    SmallVector<Value> lead(dims);
    if (op.getSpace() == Space::Rows)
      lead.pop_back();
    else if (op.getSpace() == Space::Modules)
      lead.erase(lead.end() - 2);
    b.checkLeadingDims(adaptor.getSource().front(), lead,
                       "select C1: the source");
    Value source = b.flattenLeading(adaptor.getSource().front(), spaceRank);
    Value result = b.gatherRows(source, at);
    if (type.hasUniformRows())
      result = b.unflattenLeading(result, compact.getEntrySizes());
    rewriter.replaceOp(op, b.castTo(op.getResult().getType(), result));
    return success();
  }
};

/// `combine` and `restore`: entries into `outs`, with batch dims folded.
template <typename OpT>
struct LowerIntoOuts : EmitterPattern<OpT> {
  using EmitterPattern<OpT>::EmitterPattern;
  using typename EmitterPattern<OpT>::Adaptor;

  virtual Value emit(OpT op, TensorEmitter &b, const RoutingValue &compact,
                     Value entries, Value outs) const = 0;

  LogicalResult lower(OpT op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const final {
    RoutingType type = op.getRouting().getType();
    RoutingValue compact = this->getCompact(op, adaptor, b);
    Value entries =
        b.flattenLeading(adaptor.getEntries().front(), type.getEntryRank());
    Value count = b.dim(entries, 0), expected = compact.getNumEntries(b);
    b.check(b.compare(arith::CmpIPredicate::eq, count, expected),
            op.getOperation()->getName().stripDialect() +
                " C1: the entry tensor has {0} entries, the routing {1}",
            {count, expected});
    bool pairs =
        std::is_same_v<OpT, RestoreOp> || op.getKind() == CombineKind::Stack;
    b.checkLeadingDims(
        adaptor.getOuts().front(), compact.getDims().drop_back(pairs ? 0 : 1),
        op.getOperation()->getName().stripDialect() + " C2: the outs operand");
    Value outs =
        b.flattenLeading(adaptor.getOuts().front(), type.getShape().size() - 1);
    Value result = emit(op, b, compact, entries, outs);
    result = b.unflattenLeading(result, compact.getDims().drop_back());
    rewriter.replaceOp(op, b.castTo(op.getResult().getType(), result));
    return success();
  }
};

struct LowerCombine : LowerIntoOuts<CombineOp> {
  using LowerIntoOuts::LowerIntoOuts;
  Value emit(CombineOp op, TensorEmitter &b, const RoutingValue &compact,
             Value entries, Value outs) const override {
    return emitCombine(b, compact, op.getKind(),
                       op.getWeightUse() == WeightUse::Output, entries, Value(),
                       outs);
  }
};

struct LowerRestore : LowerIntoOuts<RestoreOp> {
  using LowerIntoOuts::LowerIntoOuts;
  Value emit(RestoreOp op, TensorEmitter &b, const RoutingValue &compact,
             Value entries, Value outs) const override {
    Type accumulator = getAccumulatorType(getElementTypeOrSelf(outs));
    bool sum = op.getKind() == CombineKind::Sum;
    return emitIntoPairs(b, compact, /*weighted=*/false, entries, Value(), outs,
                         [&](TensorEmitter &b, ValueRange e) -> Value {
                           if (!sum)
                             return e[1];
                           Value old = isa<FloatType>(accumulator)
                                           ? b.castFloat(e[0], accumulator)
                                           : e[0];
                           return b.add(old, e[1]);
                         });
  }
};

} // namespace

void condcomp::populateMovementPatterns(const TypeConverter &converter,
                                        RewritePatternSet &patterns) {
  patterns.add<LowerSelect, LowerCombine, LowerRestore>(converter,
                                                        patterns.getContext());
}
