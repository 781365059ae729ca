//===- KthCut.cpp - what the k best of a list have in common -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Selection.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace condcomp;

namespace {

using Predicate = arith::CmpIPredicate;

/// Up to this k, k maxima are cheaper than a count per bit of the keys.
constexpr int64_t kMaxRounds = 12;

/// Finds the cut below the k best of each row of keys `[rows, M]`.
class CutFinder {
public:
  CutFinder(TensorEmitter &b, Value keys, Value k)
      : keys(keys), rows(b.dim(keys, 0)),
        type(cast<ShapedType>(keys.getType()).getElementType()),
        width(type.getIntOrFloatBitWidth()) {
    count = b.createOrFold<arith::IndexCastOp>(type, k);
    least = emitLeastKey(b, type);
  }

  ChoiceCut byRounds(TensorEmitter &b, int64_t staticK);
  ChoiceCut byBits(TensorEmitter &b);

private:
  /// The cut at a key, given how many are larger.
  ChoiceCut withRoom(TensorEmitter &b, Value key, Value larger) {
    return {key,
            b.elementwise(type, larger, [&](TensorEmitter &b, ValueRange e) {
              return b.sub(count, e[0]);
            })};
  }

  Value keys, rows;
  Type type;
  unsigned width;
  /// k and the least key, of the keys' type.
  Value count, least;
};

/// The largest key below the last one, until k keys are at or above it. Equal
/// keys are one step, so that k steps are enough.
ChoiceCut CutFinder::byRounds(TensorEmitter &b, int64_t staticK) {
  Value greatest = emitGreatestKey(b, type);
  SmallVector<Value> inits = {b.filled(rows, greatest),
                              b.filled(rows, b.scalar(type, 0))};
  AffineMap each = b.getMultiDimIdentityMap(1);
  SmallVector<Value> result = b.forLoop(
      b.index(0), b.index(staticK), inits,
      [&](TensorEmitter &b, Value, ValueRange carried) -> SmallVector<Value> {
        KeysBelow step = emitKeysBelow(b, keys, carried[0]);
        // In place: the loop then carries no buffers from step to step.
        auto update = linalg::GenericOp::create(
            b, carried.getTypes(), ValueRange{step.next, step.reached}, carried,
            ArrayRef<AffineMap>(SmallVector<AffineMap>(4, each)),
            ArrayRef<utils::IteratorType>{utils::IteratorType::parallel},
            [&](OpBuilder &nested, Location loc, ValueRange e) {
              TensorEmitter b(loc, nested);
              Value enough = b.compare(Predicate::sge, e[1], count);
              linalg::YieldOp::create(b,
                                      ValueRange{b.select(enough, e[2], e[0]),
                                                 b.select(enough, e[3], e[1])});
            });
        return llvm::to_vector_of<Value>(update.getResults());
      });
  return withRoom(b, result[0], result[1]);
}

/// Bit by bit from the top: one counting pass per bit, whatever k and M are.
ChoiceCut CutFinder::byBits(TensorEmitter &b) {
  // Bits are tried in unsigned numbers, of which the sign bit is flipped.
  auto withBit = [&](TensorEmitter &b, Value found, Value step) {
    Value shift = b.sub(b.scalar(type, width - 1),
                        b.createOrFold<arith::IndexCastOp>(type, step));
    return b.createOrFold<arith::OrIOp>(
        found, b.createOrFold<arith::ShLIOp>(b.scalar(type, 1), shift));
  };
  auto flipped = [&](TensorEmitter &b, Value number) {
    return b.createOrFold<arith::XOrIOp>(number, least);
  };
  Value found = b.forLoop(
      b.index(0), b.index(width), b.filled(rows, b.scalar(type, 0)),
      [&](TensorEmitter &b, Value step, ValueRange carried) {
        Value counts =
            emitCount(b, keys, carried[0], [&](TensorEmitter &b, ValueRange e) {
              return b.compare(Predicate::sge, e[0],
                               flipped(b, withBit(b, e[1], step)));
            });
        return SmallVector<Value>{
            b.generic(counts, carried[0], 1, {{0}, {0}},
                      [&](TensorEmitter &b, ValueRange e) {
                        Value enough = b.compare(Predicate::sge, e[0], count);
                        return b.select(enough, withBit(b, e[1], step), e[1]);
                      })};
      })[0];
  Value key = b.elementwise(type, found, [&](TensorEmitter &b, ValueRange e) {
    return flipped(b, e[0]);
  });
  Value larger = emitCount(b, keys, key, [](TensorEmitter &b, ValueRange e) {
    return b.compare(Predicate::sgt, e[0], e[1]);
  });
  return withRoom(b, key, larger);
}

} // namespace

ChoiceCut condcomp::emitKthCut(TensorEmitter &b, Value keys, Value k,
                               std::optional<int64_t> staticK) {
  CutFinder find(b, keys, k);
  return staticK && *staticK <= kMaxRounds ? find.byRounds(b, *staticK)
                                           : find.byBits(b);
}
