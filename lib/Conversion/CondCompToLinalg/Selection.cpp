//===- Selection.cpp - the k best of a row of scores -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Selection.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace condcomp;

using Predicate = arith::CmpIPredicate;

static Value constant(TensorEmitter &b, const APInt &value) {
  return arith::ConstantOp::create(
      b, b.getIntegerAttr(b.getIntegerType(value.getBitWidth()), value));
}

Value condcomp::emitLeastKey(TensorEmitter &b, Type type) {
  return constant(b, APInt::getSignedMinValue(type.getIntOrFloatBitWidth()));
}

Value condcomp::emitGreatestKey(TensorEmitter &b, Type type) {
  return constant(b, APInt::getSignedMaxValue(type.getIntOrFloatBitWidth()));
}

static Value logicalOr(TensorEmitter &b, Value lhs, Value rhs) {
  return b.createOrFold<arith::OrIOp>(lhs, rhs);
}

/// Negative floats order backwards by their bits: all but the sign are turned.
static Value emitMonotone(TensorEmitter &b, Value bits) {
  Type type = bits.getType();
  unsigned width = type.getIntOrFloatBitWidth();
  Value sign = b.createOrFold<arith::ShRSIOp>(bits, b.scalar(type, width - 1));
  Value flip = b.createOrFold<arith::AndIOp>(sign, emitGreatestKey(b, type));
  return b.createOrFold<arith::XOrIOp>(bits, flip);
}

static Type getKeyElementType(Value keys) {
  return cast<ShapedType>(keys.getType()).getElementType();
}

/// The loops over all dims of `keys`, and over all but the last.
namespace {
struct ListLoops {
  SmallVector<int64_t> all, list;
  explicit ListLoops(Value keys)
      : all(llvm::to_vector(
            llvm::seq<int64_t>(0, cast<ShapedType>(keys.getType()).getRank()))),
        list(ArrayRef(all).drop_back()) {}
  unsigned count() const { return all.size(); }
};
} // namespace

static SmallVector<Value> getListSizes(TensorEmitter &b, Value keys) {
  SmallVector<Value> sizes = b.dims(keys);
  sizes.pop_back();
  return sizes;
}

/// The position in the list, of the type of keys: one width for all lanes.
static Value emitPosition(TensorEmitter &b, Type type, int64_t loop) {
  return b.createOrFold<arith::IndexCastOp>(type, b.loopIndex(loop));
}

Value condcomp::emitChoiceKey(TensorEmitter &b, Value score, Type integer) {
  using FloatPredicate = arith::CmpFPredicate;
  Type type = integer.isInteger(64) ? b.getF64Type() : b.getF32Type();
  score = b.castFloat(score, type);
  Value zero = b.scalar(type, 0);
  Value isZero =
      b.createOrFold<arith::CmpFOp>(FloatPredicate::OEQ, score, zero);
  Value isNaN =
      b.createOrFold<arith::CmpFOp>(FloatPredicate::UNO, score, score);
  Value bits =
      b.createOrFold<arith::BitcastOp>(integer, b.select(isZero, zero, score));
  return b.select(isNaN, emitLeastKey(b, integer), emitMonotone(b, bits));
}

Value condcomp::emitChoiceKeys(TensorEmitter &b, Value scores,
                               ArrayRef<int64_t> order) {
  auto type = cast<ShapedType>(scores.getType());
  bool wide = type.getElementType().isF64();
  Type integer = wide ? b.getI64Type() : b.getI32Type();
  SmallVector<Value> sizes = b.dims(scores), ordered;
  SmallVector<int64_t> identity =
      llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  SmallVector<int64_t> result(order.empty() ? ArrayRef(identity) : order);
  for (int64_t dim : result)
    ordered.push_back(sizes[dim]);
  return b.generic(scores, b.empty(ordered, integer), type.getRank(),
                   {identity, result}, [&](TensorEmitter &b, ValueRange e) {
                     return emitChoiceKey(b, e[0], integer);
                   });
}

Value condcomp::emitScoreOfKey(TensorEmitter &b, Value key, Type type) {
  Value score = b.createOrFold<arith::BitcastOp>(type, emitMonotone(b, key));
  Value isNaN = b.compare(Predicate::eq, key, emitLeastKey(b, key.getType()));
  return b.select(isNaN, b.scalar(type, std::nan("")), score);
}

Value condcomp::emitComesBefore(TensorEmitter &b, ChoicePlace lhs,
                                ChoicePlace rhs) {
  return logicalOr(
      b, b.compare(Predicate::sgt, lhs.key, rhs.key),
      b.logicalAnd(b.compare(Predicate::eq, lhs.key, rhs.key),
                   b.compare(Predicate::slt, lhs.position, rhs.position)));
}

ChoicePlace condcomp::emitFirstPlace(TensorEmitter &b, Value keys) {
  SmallVector<Value> lists = getListSizes(b, keys);
  Type type = getKeyElementType(keys);
  // No score has this key.
  return {b.filled(lists, emitGreatestKey(b, type)),
          b.filled(lists, b.scalar(type, -1))};
}

ChoicePlace condcomp::emitNextPlace(TensorEmitter &b, Value keys,
                                    ChoicePlace last) {
  SmallVector<Value> lists = getListSizes(b, keys);
  Type type = getKeyElementType(keys);
  ListLoops loops(keys);
  ChoicePlace next;
  next.key = b.generic(
      {keys, last.key, last.position}, b.filled(lists, emitLeastKey(b, type)),
      loops.count(), {loops.all, loops.list, loops.list, loops.list},
      [&](TensorEmitter &b, ValueRange e) {
        Value position = emitPosition(b, type, loops.list.size());
        Value remains = emitComesBefore(b, {e[1], e[2]}, {e[0], position});
        return b.createOrFold<arith::MaxSIOp>(
            e[3], b.select(remains, e[0], emitLeastKey(b, type)));
      });
  next.position = b.generic(
      {keys, last.key, last.position, next.key},
      b.filled(lists, emitGreatestKey(b, type)), loops.count(),
      {loops.all, loops.list, loops.list, loops.list, loops.list},
      [&](TensorEmitter &b, ValueRange e) {
        Value position = emitPosition(b, type, loops.list.size());
        Value matches =
            b.logicalAnd(b.compare(Predicate::eq, e[0], e[3]),
                         emitComesBefore(b, {e[1], e[2]}, {e[0], position}));
        return b.createOrFold<arith::MinSIOp>(
            e[4], b.select(matches, position, emitGreatestKey(b, type)));
      });
  return next;
}

KeysBelow condcomp::emitKeysBelow(TensorEmitter &b, Value keys, Value bounds) {
  Type type = getKeyElementType(keys);
  Value lists = b.dim(keys, 0), least = emitLeastKey(b, type);
  Value zero = b.scalar(type, 0), one = b.scalar(type, 1);
  SmallVector<Value> outs = {b.filled(lists, least), b.filled(lists, zero)};
  AffineMap all = b.getMultiDimIdentityMap(2);
  AffineMap list = AffineMap::get(2, 0, b.getAffineDimExpr(0), b.getContext());
  auto op = linalg::GenericOp::create(
      b, TypeRange(ValueRange(outs)), ValueRange{keys, bounds}, outs,
      ArrayRef<AffineMap>{all, list, list, list},
      ArrayRef<utils::IteratorType>{utils::IteratorType::parallel,
                                    utils::IteratorType::reduction},
      [&](OpBuilder &nested, Location loc, ValueRange e) {
        TensorEmitter b(loc, nested);
        Value below = b.compare(Predicate::slt, e[0], e[1]);
        Value next =
            b.createOrFold<arith::MaxSIOp>(e[2], b.select(below, e[0], least));
        Value reached = b.add(e[3], b.select(below, zero, one));
        linalg::YieldOp::create(b, ValueRange{next, reached});
      });
  return {op.getResult(0), op.getResult(1)};
}

Value condcomp::emitCount(TensorEmitter &b, Value keys, ValueRange perList,
                          TensorEmitter::ElementFn test) {
  Type type = getKeyElementType(keys);
  Value zero = b.scalar(type, 0), one = b.scalar(type, 1);
  SmallVector<Value> inputs = {keys};
  llvm::append_range(inputs, perList);
  SmallVector<SmallVector<int64_t>> maps(inputs.size() + 1,
                                         SmallVector<int64_t>{0});
  maps[0] = {0, 1};
  return b.generic(inputs, b.filled(b.dim(keys, 0), zero), 2, maps,
                   [&](TensorEmitter &b, ValueRange e) {
                     Value passes = test(b, e.drop_back());
                     return b.add(e.back(), b.select(passes, one, zero));
                   });
}

Value condcomp::emitListsPerBlock(TensorEmitter &b, Value listSize) {
  // Keys of f32 fit the first level of cache.
  constexpr int64_t kBlock = 8192;
  Value one = b.index(1);
  Value lists =
      b.div(b.index(kBlock), b.createOrFold<arith::MaxUIOp>(listSize, one));
  return b.createOrFold<arith::MaxUIOp>(lists, one);
}

/// How many bits the numbers below `size` have.
static Value emitBitsBelow(TensorEmitter &b, Value size) {
  if (std::optional<int64_t> known = getConstantIntValue(size))
    return b.index(llvm::Log2_64_Ceil(std::max<int64_t>(*known, 1)));
  Type wide = b.getI64Type();
  Value last = b.sub(size, b.index(1));
  Value zeros = math::CountLeadingZerosOp::create(
      b, b.createOrFold<arith::IndexCastOp>(wide, last));
  return b.createOrFold<arith::IndexCastOp>(b.getIndexType(),
                                            b.sub(b.scalar(wide, 64), zeros));
}

/// Where the last of the keys is that equal a cut's and have room, for each of
/// the lists `[lists, N]`: the greatest place where there is room for all, as
/// there mostly is.
static Value emitCutPosition(TensorEmitter &b, Value keys,
                             const ChoiceCut &cut) {
  Type type = getKeyElementType(keys);
  Value lists = b.dim(keys, 0), size = b.dim(keys, 1);
  Value zero = b.scalar(type, 0), one = b.scalar(type, 1);
  Value equal = emitCount(b, keys, cut.key, [](TensorEmitter &b, ValueRange e) {
    return b.compare(Predicate::eq, e[0], e[1]);
  });
  auto isTight = [](TensorEmitter &b, Value equal, Value room) {
    return b.compare(Predicate::sgt, equal, room);
  };
  Value numTight =
      b.generic({equal, cut.room}, b.filled({}, b.index(0)), 1, {{0}, {0}, {}},
                [&](TensorEmitter &b, ValueRange e) {
                  Value more =
                      b.select(isTight(b, e[0], e[1]), b.index(1), b.index(0));
                  return b.add(e[2], more);
                });
  Value anyTight =
      b.compare(Predicate::sgt, b.extract(numTight, {}), b.index(0));
  // Bit by bit from the top: the last position with fewer equal keys before it
  // than there is room for.
  Value steps = b.select(anyTight, emitBitsBelow(b, size), b.index(0));
  Value found = b.forLoop(
      b.index(0), steps, b.filled(lists, zero),
      [&](TensorEmitter &b, Value step, ValueRange carried) {
        Value shift = b.createOrFold<arith::IndexCastOp>(
            type, b.sub(b.sub(steps, b.index(1)), step));
        Value bit = b.createOrFold<arith::ShLIOp>(one, shift);
        Value before = emitCount(
            b, keys, {cut.key, carried[0]},
            [&](TensorEmitter &b, ValueRange e) {
              Value end = b.createOrFold<arith::OrIOp>(e[2], bit);
              return b.logicalAnd(
                  b.compare(Predicate::eq, e[0], e[1]),
                  b.compare(Predicate::slt, emitPosition(b, type, 1), end));
            });
        return SmallVector<Value>{
            b.generic({before, cut.room}, carried[0], 1, {{0}, {0}, {0}},
                      [&](TensorEmitter &b, ValueRange e) {
                        Value fits = b.compare(Predicate::slt, e[0], e[1]);
                        Value moved = b.createOrFold<arith::OrIOp>(e[2], bit);
                        return b.select(fits, moved, e[2]);
                      })};
      })[0];
  return b.elementwise(
      type, {equal, cut.room, found}, [&](TensorEmitter &b, ValueRange e) {
        Value none = b.compare(Predicate::sle, e[1], zero);
        Value last = b.select(none, b.scalar(type, -1), e[2]);
        return b.select(isTight(b, e[0], e[1]), last, emitGreatestKey(b, type));
      });
}

ChoicePlace condcomp::emitLastPlace(TensorEmitter &b, Value keys, CutFn cutOf) {
  SmallVector<Value> sizes = getListSizes(b, keys);
  Type type = getKeyElementType(keys);
  Value lists = b.flattenLeading(keys, sizes.size());
  Value count = b.dim(lists, 0), block = emitListsPerBlock(b, b.dim(lists, 1));
  SmallVector<Value> inits = {b.empty(count, type), b.empty(count, type)};
  SmallVector<Value> places = b.forBlocks(
      count, block, inits, [](TensorEmitter &, Value row) { return row; },
      [&](TensorEmitter &b, Value first, Value count) {
        Value keys = b.slice(lists, first, count);
        ChoiceCut cut = cutOf(b, keys);
        return SmallVector<Value>{cut.key, emitCutPosition(b, keys, cut)};
      });
  return {b.unflattenLeading(places[0], sizes),
          b.unflattenLeading(places[1], sizes)};
}

Value condcomp::emitUpTo(TensorEmitter &b, Value scores, ChoicePlace last,
                         ArrayRef<int64_t> order) {
  Type type = getKeyElementType(last.key);
  SmallVector<Value> sizes = b.dims(scores);
  SmallVector<int64_t> all =
      llvm::to_vector(llvm::seq<int64_t>(0, sizes.size()));
  SmallVector<int64_t> lists(order.empty() ? ArrayRef(all) : order);
  int64_t competing = lists.pop_back_val();
  // Keys are made once more: those there are may lie in another order.
  return b.generic(
      {scores, last.key, last.position}, b.empty(sizes, b.getI1Type()),
      sizes.size(), {all, lists, lists, all},
      [&](TensorEmitter &b, ValueRange e) {
        Value key = emitChoiceKey(b, e[0], type);
        Value position = emitPosition(b, type, competing);
        return b.logicalNot(emitComesBefore(b, {e[1], e[2]}, {key, position}));
      });
}

Value condcomp::emitBest(TensorEmitter &b, Value scores, Value k,
                         std::optional<int64_t> staticK,
                         ArrayRef<int64_t> order) {
  ChoicePlace last = emitLastPlace(b, emitChoiceKeys(b, scores, order),
                                   [&](TensorEmitter &b, Value keys) {
                                     return emitKthCut(b, keys, k, staticK);
                                   });
  return emitUpTo(b, scores, last, order);
}
