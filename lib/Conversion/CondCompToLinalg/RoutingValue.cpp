//===- RoutingValue.cpp - a routing as tensors -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RoutingValue.h"
#include "RowWords.h"
#include "Selection.h"
#include "Sorting.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace condcomp;

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

SmallVector<Type> RoutingValue::getConvertedTypes(RoutingType type) {
  if (type.getForm() == Form::Unset)
    return {};
  Type index = IndexType::get(type.getContext());
  SmallVector<Type> types(
      llvm::count_if(type.getShape(), ShapedType::isDynamic), index);
  if (type.getRowBound().isDynamic())
    types.push_back(index);
  if (type.getForm() == Form::Masked) {
    types.push_back(RankedTensorType::get(
        type.getShape(), IntegerType::get(type.getContext(), 1)));
    types.push_back(
        RankedTensorType::get(type.getShape(), type.getElementType()));
    return types;
  }
  int64_t dynamic[] = {ShapedType::kDynamic};
  if (!type.hasUniformRows())
    types.push_back(RankedTensorType::get(dynamic, index));
  types.push_back(RankedTensorType::get(dynamic, index));
  types.push_back(RankedTensorType::get(dynamic, type.getElementType()));
  return types;
}

RoutingValue RoutingValue::unpack(TensorEmitter &b, RoutingType type,
                                  ValueRange values) {
  RoutingValue routing;
  routing.type = type;
  auto take = [&] {
    Value value = values.front();
    values = values.drop_front();
    return value;
  };
  for (int64_t dim : type.getShape())
    routing.dims.push_back(ShapedType::isDynamic(dim) ? take() : b.index(dim));
  if (type.hasUniformRows())
    routing.k = type.getRowBound().isDynamic()
                    ? take()
                    : b.index(type.getRowBound().count);
  if (routing.isMasked()) {
    routing.presence = take();
  } else {
    if (!type.hasUniformRows())
      routing.offsets = take();
    routing.modules = take();
  }
  routing.weights = take();
  return routing;
}

RoutingValue RoutingValue::fromMask(TensorEmitter &b, RoutingType type,
                                    ArrayRef<Value> dims, Value k,
                                    Value presence, Value weights) {
  RoutingValue routing;
  routing.type = type.withForm(Form::Masked);
  routing.dims.assign(dims.begin(), dims.end());
  routing.k = k;
  SmallVector<Type> types = getConvertedTypes(routing.type);
  routing.presence = b.castTo(types[types.size() - 2], presence);
  routing.weights = b.castTo(types.back(), weights);
  return routing;
}

RoutingValue RoutingValue::fromEntries(TensorEmitter &b, RoutingType type,
                                       ArrayRef<Value> dims, Value k,
                                       Value offsets, Value modules,
                                       Value weights) {
  RoutingValue routing;
  routing.type = type.withForm(Form::Compact);
  routing.dims.assign(dims.begin(), dims.end());
  routing.k = k;
  SmallVector<Type> types = getConvertedTypes(routing.type);
  routing.modules = b.castTo(types[types.size() - 2], modules);
  routing.weights = b.castTo(types.back(), weights);
  if (offsets)
    routing.offsets = b.castTo(types[types.size() - 3], offsets);
  return routing;
}

SmallVector<Value> RoutingValue::pack(TensorEmitter &b) const {
  SmallVector<Value> values;
  for (auto [dim, size] : llvm::zip_equal(type.getShape(), dims))
    if (ShapedType::isDynamic(dim))
      values.push_back(size);
  if (type.getRowBound().isDynamic())
    values.push_back(k);
  if (isMasked())
    values.push_back(presence);
  else if (offsets)
    llvm::append_values(values, offsets, modules);
  else
    values.push_back(modules);
  values.push_back(weights);
  return values;
}

Value RoutingValue::getNumRows(TensorEmitter &b) const {
  return b.product(ArrayRef(dims).drop_back());
}

RoutingValue RoutingValue::withWeights(TensorEmitter &b,
                                       Value newWeights) const {
  RoutingValue routing = *this;
  // Computed weights may know sizes that the converted types do not have.
  routing.weights = b.castTo(weights.getType(), newWeights);
  return routing;
}

//===----------------------------------------------------------------------===//
// Between forms
//===----------------------------------------------------------------------===//

/// The presence `[rows, M]` as bits of words, `[rows, W]`.
static Value emitPresenceWords(TensorEmitter &b, Value presence, Value block) {
  Type word = b.getI32Type();
  Value zero = b.scalar(word, 0), one = b.scalar(word, 1);
  Value numRows = b.dim(presence, 0), bits = emitWordBits(b, word);
  Value numWords = emitNumWords(b, b.dim(presence, 1));
  return b.forBlocks(
      numRows, block, b.empty({numRows, numWords}, word),
      [](TensorEmitter &, Value row) { return row; },
      [&](TensorEmitter &b, Value first, Value count) {
        Value keys = emitPadded(b, b.slice(presence, first, count), zero,
                                [&](TensorEmitter &b, ValueRange e) {
                                  return b.select(e[0], one, zero);
                                });
        return SmallVector<Value>{
            emitWords(b, keys, b.filled(count, one), bits)};
      })[0];
}

/// Where each row's entries begin, `[rows + 1]`, and how many there are.
static std::pair<Value, Value> emitOffsets(TensorEmitter &b, Value words) {
  Value zero = b.index(0), one = b.index(1), numRows = b.dim(words, 0);
  Value sizes = b.reduceLast(
      words, b.filled(numRows, zero), [](TensorEmitter &b, ValueRange e) {
        Value count = b.createOrFold<math::CtPopOp>(e[0]);
        return b.add(
            e[1], b.createOrFold<arith::IndexCastOp>(b.getIndexType(), count));
      });
  Value start =
      b.insert(zero, b.empty(b.add(numRows, one), b.getIndexType()), zero);
  SmallVector<Value> sums =
      b.forLoop(zero, numRows, {start, zero},
                [&](TensorEmitter &b, Value row, ValueRange carried) {
                  Value end = b.add(carried[1], b.extract(sizes, row));
                  return SmallVector<Value>{
                      b.insert(end, carried[0], b.add(row, one)), end};
                });
  return {sums[0], sums[1]};
}

/// Packs the entries of a masked routing, in blocks of rows.
static RoutingValue compress(TensorEmitter &b, const RoutingValue &masked) {
  int64_t rowDims = masked.getDims().size() - 1;
  Value presence = b.flattenLeading(masked.getPresence(), rowDims);
  Value weights = b.flattenLeading(masked.getWeights(), rowDims);
  Value numRows = masked.getNumRows(b), k = masked.getK();
  Value block = emitListsPerBlock(b, masked.getNumModules());
  Value words = emitPresenceWords(b, presence, block);
  Value offsets, numEntries;
  if (k)
    numEntries = b.mul(numRows, k);
  else
    std::tie(offsets, numEntries) = emitOffsets(b, words);
  auto placeOf = [&](TensorEmitter &b, Value row) {
    return k ? b.mul(row, k) : b.extract(offsets, row);
  };

  Type element = masked.getType().getElementType();
  SmallVector<Value> packed = b.forBlocks(
      numRows, block,
      {b.empty(numEntries, b.getIndexType()), b.empty(numEntries, element)},
      placeOf, [&](TensorEmitter &b, Value first, Value count) {
        Value end = b.add(first, count);
        Value size = b.sub(placeOf(b, end), placeOf(b, first));
        SmallVector<Value> inits = {b.empty(size, b.getIndexType()),
                                    b.empty(size, element), b.index(0)};
        auto packRow = [&](TensorEmitter &b, Value row, ValueRange outer) {
          return forSetBits(
              b, words, row, outer,
              [&](TensorEmitter &b, Value module, ValueRange carried) {
                Value at = carried[2];
                Value weight = b.extract(weights, {row, module});
                return SmallVector<Value>{b.insert(module, carried[0], at),
                                          b.insert(weight, carried[1], at),
                                          b.add(at, b.index(1))};
              });
        };
        SmallVector<Value> block = b.forLoop(first, end, inits, packRow);
        block.pop_back();
        return block;
      });
  return RoutingValue::fromEntries(b, masked.getType(), masked.getDims(), k,
                                   offsets, packed[0], packed[1]);
}

/// Spreads the entries of a compact routing over dense masks.
static RoutingValue spread(TensorEmitter &b, const RoutingValue &compact) {
  Value positions = compact.getPositions(b);
  Value zero = b.index(0);
  Value presence = b.elementwise(
      b.getI1Type(), positions, [&](TensorEmitter &b, ValueRange e) {
        return b.compare(arith::CmpIPredicate::sge, e[0], zero);
      });
  Type element = compact.getType().getElementType();
  Value weights = b.filled({compact.getNumRows(b), compact.getNumModules()},
                           b.scalar(element, 0));
  Value rowOf = compact.getRowOfEntry(b);
  weights = b.forLoop(
      zero, compact.getNumEntries(b), weights,
      [&](TensorEmitter &b, Value entry, ValueRange carried) {
        return SmallVector<Value>{b.insert(
            b.extract(compact.getWeights(), entry), carried[0],
            {b.extract(rowOf, entry), b.extract(compact.getModules(), entry)})};
      })[0];
  ArrayRef<Value> rowSizes = compact.getDims().drop_back();
  return RoutingValue::fromMask(b, compact.getType(), compact.getDims(),
                                compact.getK(),
                                b.unflattenLeading(presence, rowSizes),
                                b.unflattenLeading(weights, rowSizes));
}

RoutingValue RoutingValue::inForm(TensorEmitter &b, Form form) const {
  if (type.getForm() == form)
    return *this;
  return form == Form::Compact ? compress(b, *this) : spread(b, *this);
}

//===----------------------------------------------------------------------===//
// The compact view
//===----------------------------------------------------------------------===//

Value RoutingValue::getNumEntries(TensorEmitter &b) const {
  if (type.hasUniformRows())
    return b.mul(getNumRows(b), k);
  return b.dim(modules, 0);
}

Value RoutingValue::getRowStart(TensorEmitter &b, Value row) const {
  if (type.hasUniformRows())
    return b.mul(row, k);
  return b.extract(offsets, row);
}

Value RoutingValue::getRowOffsets(TensorEmitter &b) const {
  if (offsets)
    return offsets;
  return b.tabulate(
      b.add(getNumRows(b), b.index(1)), b.getIndexType(),
      [&](TensorEmitter &b, ValueRange i) { return b.mul(i[0], k); });
}

Value RoutingValue::getRowOfEntry(TensorEmitter &b) const {
  if (type.hasUniformRows()) {
    // There are no entries to divide when k is 0.
    return b.tabulate(
        getNumEntries(b), b.getIndexType(),
        [&](TensorEmitter &b, ValueRange i) { return b.div(i[0], k); });
  }
  Value init = b.empty(getNumEntries(b), b.getIndexType());
  return b.forLoop(
      b.index(0), getNumRows(b), init,
      [&](TensorEmitter &b, Value row, ValueRange outer) {
        return b.forLoop(
            getRowStart(b, row), getRowStart(b, b.add(row, b.index(1))), outer,
            [&](TensorEmitter &b, Value entry, ValueRange carried) {
              return SmallVector<Value>{b.insert(row, carried[0], entry)};
            });
      })[0];
}

Value RoutingValue::getGroupOfEntry(TensorEmitter &b) const {
  Value numRows = dims[dims.size() - 2], numModules = dims.back();
  return b.elementwise(b.getIndexType(), {getRowOfEntry(b), modules},
                       [&](TensorEmitter &b, ValueRange e) {
                         return b.add(b.mul(b.div(e[0], numRows), numModules),
                                      e[1]);
                       });
}

Value RoutingValue::getMaxRowSize(TensorEmitter &b) const {
  if (type.hasUniformRows())
    return k;
  return b.forLoop(b.index(0), getNumRows(b), b.index(0),
                   [&](TensorEmitter &b, Value row, ValueRange carried) {
                     Value size = b.sub(getRowStart(b, b.add(row, b.index(1))),
                                        getRowStart(b, row));
                     return SmallVector<Value>{
                         b.createOrFold<arith::MaxUIOp>(carried[0], size)};
                   })[0];
}

Value RoutingValue::getPositions(TensorEmitter &b) const {
  Value none = b.filled({getNumRows(b), getNumModules()}, b.index(-1));
  Value rowOf = getRowOfEntry(b);
  return b.forLoop(b.index(0), getNumEntries(b), none,
                   [&](TensorEmitter &b, Value entry, ValueRange carried) {
                     return SmallVector<Value>{b.insert(
                         entry, carried[0],
                         {b.extract(rowOf, entry), b.extract(modules, entry)})};
                   })[0];
}

//===----------------------------------------------------------------------===//
// ModuleOrder
//===----------------------------------------------------------------------===//

// Entries are in row order already.
ModuleOrder ModuleOrder::get(TensorEmitter &b, const RoutingValue &routing,
                             bool perBatch) {
  Value groups = routing.getModules(), numGroups = routing.getNumModules();
  ArrayRef<Value> dims = routing.getDims();
  if (perBatch && dims.size() > 2) {
    groups = routing.getGroupOfEntry(b);
    numGroups = b.mul(b.product(dims.drop_back(2)), numGroups);
  }
  BucketSort sorted = emitBucketSort(
      b, Value(), routing.getNumEntries(b), numGroups,
      [&](TensorEmitter &b, Value entry) { return b.extract(groups, entry); });
  return {sorted.offsets, sorted.items, emitPlaces(b, sorted.items)};
}
