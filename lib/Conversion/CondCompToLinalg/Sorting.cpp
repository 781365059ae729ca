//===- Sorting.cpp - stable sorts of items -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sorting.h"
#include "Selection.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace condcomp;

// A counting sort.
BucketSort condcomp::emitBucketSort(
    TensorEmitter &b, Value items, Value count, Value numBuckets,
    function_ref<Value(TensorEmitter &, Value item)> bucketOf, Value into) {
  Value zero = b.index(0), one = b.index(1);
  if (!into)
    into = b.empty(count, b.getIndexType());

  // Counts, one place ahead: after the scan each place is where a bucket
  // begins.
  Value numOffsets = b.add(numBuckets, one);
  Value counts =
      b.forLoop(zero, count, b.filled(numOffsets, zero),
                [&](TensorEmitter &b, Value item, ValueRange carried) {
                  Value at = b.add(bucketOf(b, item), one);
                  return SmallVector<Value>{b.insert(
                      b.add(b.extract(carried[0], at), one), carried[0], at)};
                })[0];
  Value offsets = b.forLoop(
      one, numOffsets, counts,
      [&](TensorEmitter &b, Value at, ValueRange carried) {
        Value before = b.extract(carried[0], b.sub(at, one));
        return SmallVector<Value>{
            b.insert(b.add(b.extract(carried[0], at), before), carried[0], at)};
      })[0];
  Value next =
      b.elementwise(b.getIndexType(), offsets,
                    [](TensorEmitter &, ValueRange e) { return e[0]; });
  Value sorted =
      b.forLoop(zero, count, {next, into},
                [&](TensorEmitter &b, Value at, ValueRange carried) {
                  Value item = items ? b.extract(items, at) : at;
                  Value bucket = bucketOf(b, item);
                  Value place = b.extract(carried[0], bucket);
                  return SmallVector<Value>{
                      b.insert(b.add(place, one), carried[0], bucket),
                      b.insert(item, carried[1], place)};
                })[1];
  return {offsets, sorted};
}

// A radix sort, a byte at a time.
Value condcomp::emitSortDescending(TensorEmitter &b, Value keys) {
  Type type = cast<ShapedType>(keys.getType()).getElementType();
  unsigned width = type.getIntOrFloatBitWidth();
  Value count = b.dim(keys, 0), one = b.index(1);
  // As unsigned numbers in ascending order: all bits turned but the sign.
  Value turned = emitGreatestKey(b, type);
  auto byDigit = [&](TensorEmitter &b, Value items, Value digit, Value into) {
    Value shift =
        b.createOrFold<arith::IndexCastOp>(type, b.mul(digit, b.index(8)));
    auto bucketOf = [&](TensorEmitter &b, Value item) {
      Value bits = b.createOrFold<arith::XOrIOp>(b.extract(keys, item), turned);
      Value byte = b.createOrFold<arith::AndIOp>(
          b.createOrFold<arith::ShRUIOp>(bits, shift), b.scalar(type, 255));
      return b.createOrFold<arith::IndexCastOp>(b.getIndexType(), byte);
    };
    return emitBucketSort(b, items, count, b.index(256), bucketOf, into).items;
  };
  // Two digits per step: there and back between two buffers.
  SmallVector<Value> inits = {b.iota(count), b.empty(count, b.getIndexType())};
  return b.forLoop(b.index(0), b.index(width / 16), inits,
                   [&](TensorEmitter &b, Value step, ValueRange carried) {
                     Value digit = b.add(step, step);
                     Value there = byDigit(b, carried[0], digit, carried[1]);
                     Value back =
                         byDigit(b, there, b.add(digit, one), carried[0]);
                     return SmallVector<Value>{back, there};
                   })[0];
}

Value condcomp::emitPlaces(TensorEmitter &b, Value items) {
  Value count = b.dim(items, 0);
  return b.forLoop(b.index(0), count, b.empty(count, b.getIndexType()),
                   [&](TensorEmitter &b, Value place, ValueRange carried) {
                     return SmallVector<Value>{
                         b.insert(place, carried[0], b.extract(items, place))};
                   })[0];
}
