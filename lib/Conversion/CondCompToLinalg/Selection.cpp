//===- Selection.cpp - the k best of a row of scores -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Selection.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace condcomp;

using Predicate = arith::CmpIPredicate;

static Value constant(TensorEmitter &b, const APInt &value) {
  return arith::ConstantOp::create(
      b, b.getIntegerAttr(b.getIntegerType(value.getBitWidth()), value));
}

static Value signedMin(TensorEmitter &b, Type type) {
  return constant(b, APInt::getSignedMinValue(type.getIntOrFloatBitWidth()));
}

static Value signedMax(TensorEmitter &b, Type type) {
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
  Value flip = b.createOrFold<arith::AndIOp>(sign, signedMax(b, type));
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
  return b.select(isNaN, signedMin(b, integer), emitMonotone(b, bits));
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
  Value isNaN = b.compare(Predicate::eq, key, signedMin(b, key.getType()));
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
  return {b.filled(lists, signedMax(b, type)),
          b.filled(lists, b.scalar(type, -1))};
}

ChoicePlace condcomp::emitNextPlace(TensorEmitter &b, Value keys,
                                    ChoicePlace last) {
  SmallVector<Value> lists = getListSizes(b, keys);
  Type type = getKeyElementType(keys);
  ListLoops loops(keys);
  ChoicePlace next;
  next.key = b.generic(
      {keys, last.key, last.position}, b.filled(lists, signedMin(b, type)),
      loops.count(), {loops.all, loops.list, loops.list, loops.list},
      [&](TensorEmitter &b, ValueRange e) {
        Value position = emitPosition(b, type, loops.list.size());
        Value remains = emitComesBefore(b, {e[1], e[2]}, {e[0], position});
        return b.createOrFold<arith::MaxSIOp>(
            e[3], b.select(remains, e[0], signedMin(b, type)));
      });
  next.position =
      b.generic({keys, last.key, last.position, next.key},
                b.filled(lists, signedMax(b, type)), loops.count(),
                {loops.all, loops.list, loops.list, loops.list, loops.list},
                [&](TensorEmitter &b, ValueRange e) {
                  Value position = emitPosition(b, type, loops.list.size());
                  Value matches = b.logicalAnd(
                      b.compare(Predicate::eq, e[0], e[3]),
                      emitComesBefore(b, {e[1], e[2]}, {e[0], position}));
                  return b.createOrFold<arith::MinSIOp>(
                      e[4], b.select(matches, position, signedMax(b, type)));
                });
  return next;
}

/// The largest value of `bits` bits, per list, for which `accepts` holds when
/// tried bit by bit from the top; it must hold for all values below as well.
/// `counted` says what of (key, position, candidate, extra values of the list)
/// counts, `accepts` judges the count.
static Value emitBitSearch(
    TensorEmitter &b, Value keys, Value bits, ValueRange extra,
    llvm::function_ref<Value(TensorEmitter &, Value key, Value position,
                             Value candidate, ValueRange extra)>
        counted,
    llvm::function_ref<Value(TensorEmitter &, Value count, ValueRange extra)>
        accepts) {
  Type type = getKeyElementType(keys);
  SmallVector<Value> lists = getListSizes(b, keys);
  ListLoops loops(keys);
  Value one = b.scalar(type, 1), zero = b.scalar(type, 0);
  auto withBit = [&](TensorEmitter &b, Value found, Value step) {
    Value shift = b.createOrFold<arith::IndexCastOp>(
        type, b.sub(b.sub(bits, b.index(1)), step));
    return logicalOr(b, found, b.createOrFold<arith::ShLIOp>(one, shift));
  };
  return b.forLoop(
      b.index(0), bits, b.filled(lists, zero),
      [&](TensorEmitter &b, Value step, ValueRange carried) {
        SmallVector<Value> inputs = {keys, carried[0]};
        inputs.append(extra.begin(), extra.end());
        SmallVector<SmallVector<int64_t>> maps = {loops.all};
        maps.append(inputs.size(), loops.list);
        Value counts = b.generic(
            inputs, b.filled(lists, zero), loops.count(), maps,
            [&](TensorEmitter &b, ValueRange e) {
              Value position = emitPosition(b, type, loops.list.size());
              Value counts = counted(b, e[0], position, withBit(b, e[1], step),
                                     e.drop_front(2).drop_back());
              return b.add(e.back(), b.select(counts, one, zero));
            });
        // In place: the loop then needs no buffer per step.
        SmallVector<Value> judged = {counts};
        judged.append(extra.begin(), extra.end());
        maps.assign(judged.size() + 1, loops.list);
        return SmallVector<Value>{b.generic(
            judged, carried[0], loops.list.size(), maps,
            [&](TensorEmitter &b, ValueRange e) {
              Value accepted = accepts(b, e[0], e.drop_front().drop_back());
              return b.select(accepted, withBit(b, e.back(), step), e.back());
            })};
      })[0];
}

/// Bit by bit from the top: a counting pass per bit of the keys, then one per
/// bit of a position among equal keys, whatever k is.
static ChoicePlace emitKthPlaceBySearch(TensorEmitter &b, Value keys, Value k) {
  Type type = getKeyElementType(keys);
  Value kInt = b.createOrFold<arith::IndexCastOp>(type, k);
  // Keys as unsigned numbers, so that bits can be tried from the top.
  Value signBit = signedMin(b, type);
  Value unsignedKey = emitBitSearch(
      b, keys, b.index(type.getIntOrFloatBitWidth()), {},
      [&](TensorEmitter &b, Value key, Value, Value candidate, ValueRange) {
        return b.compare(Predicate::uge,
                         b.createOrFold<arith::XOrIOp>(key, signBit),
                         candidate);
      },
      [&](TensorEmitter &b, Value count, ValueRange) {
        return b.compare(Predicate::sge, count, kInt);
      });
  ChoicePlace place;
  place.key =
      b.elementwise(type, unsignedKey, [&](TensorEmitter &b, ValueRange e) {
        return b.createOrFold<arith::XOrIOp>(e[0], signBit);
      });

  // How many of the equal keys are still to be taken.
  ListLoops loops(keys);
  Value missing = b.generic(
      {keys, place.key}, b.filled(getListSizes(b, keys), kInt), loops.count(),
      {loops.all, loops.list, loops.list}, [&](TensorEmitter &b, ValueRange e) {
        Value above = b.compare(Predicate::sgt, e[0], e[1]);
        return b.add(e[2],
                     b.select(above, b.scalar(type, -1), b.scalar(type, 0)));
      });
  // The position of the last of these has fewer equal keys below it.
  Value size = b.createOrFold<arith::IndexCastOp>(
      b.getI64Type(), b.dim(keys, loops.count() - 1));
  Value zeros = b.createOrFold<math::CountLeadingZerosOp>(size);
  Value bits = b.createOrFold<arith::IndexCastOp>(
      b.getIndexType(), b.sub(b.scalar(b.getI64Type(), 64), zeros));
  place.position = emitBitSearch(
      b, keys, bits, {place.key, missing},
      [&](TensorEmitter &b, Value key, Value position, Value candidate,
          ValueRange extra) {
        return b.logicalAnd(b.compare(Predicate::eq, key, extra[0]),
                            b.compare(Predicate::slt, position, candidate));
      },
      [&](TensorEmitter &b, Value count, ValueRange extra) {
        return b.compare(Predicate::slt, count, extra[1]);
      });
  return place;
}

ChoicePlace condcomp::emitKthPlace(TensorEmitter &b, Value keys, Value k,
                                   std::optional<int64_t> staticK) {
  // Up to this k, two passes per choice are cheaper than the search.
  constexpr int64_t kMaxRounds = 16;
  if (!staticK || *staticK > kMaxRounds)
    return emitKthPlaceBySearch(b, keys, k);
  ChoicePlace place = emitFirstPlace(b, keys);
  for (int64_t round = 0; round < *staticK; ++round)
    place = emitNextPlace(b, keys, place);
  return place;
}

Value condcomp::emitBest(TensorEmitter &b, Value scores, Value k,
                         std::optional<int64_t> staticK,
                         ArrayRef<int64_t> order) {
  Value keys = emitChoiceKeys(b, scores, order);
  Type type = getKeyElementType(keys);
  ChoicePlace kth = emitKthPlace(b, keys, k, staticK);
  SmallVector<Value> sizes = b.dims(scores);
  SmallVector<int64_t> result =
      llvm::to_vector(llvm::seq<int64_t>(0, sizes.size()));
  SmallVector<int64_t> all(order.empty() ? ArrayRef(result) : order);
  SmallVector<int64_t> list(ArrayRef(all).drop_back());
  return b.generic({keys, kth.key, kth.position}, b.empty(sizes, b.getI1Type()),
                   sizes.size(), {all, list, list, result},
                   [&](TensorEmitter &b, ValueRange e) {
                     Value position = emitPosition(b, type, all.back());
                     return b.logicalNot(
                         emitComesBefore(b, {e[1], e[2]}, {e[0], position}));
                   });
}
