//===- RowWords.cpp - what is chosen of a row as bits of words -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowWords.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace condcomp;

/// Bits used of a word.
static constexpr int64_t kWord = 32;

Value condcomp::emitNumWords(TensorEmitter &b, Value numModules) {
  return b.div(b.add(numModules, b.index(kWord - 1)), b.index(kWord));
}

Value condcomp::emitWordBits(TensorEmitter &b, Type type) {
  return b.tabulate(b.index(kWord), type, [&](TensorEmitter &b, ValueRange i) {
    return b.createOrFold<arith::ShLIOp>(
        b.scalar(type, 1), b.createOrFold<arith::IndexCastOp>(type, i[0]));
  });
}

Value condcomp::emitPadded(TensorEmitter &b, Value rows, Value fill,
                           TensorEmitter::ElementFn fn) {
  Value numModules = b.dim(rows, 1);
  Value padded = b.mul(emitNumWords(b, numModules), b.index(kWord));
  std::optional<int64_t> known = getConstantIntValue(numModules);
  if (known && known == getConstantIntValue(padded))
    return b.elementwise(fill.getType(), rows, fn);
  Value all = b.filled({b.dim(rows, 0), padded}, fill);
  SmallVector<OpFoldResult> offsets(2, b.getIndexAttr(0)),
      strides(2, b.getIndexAttr(1)), sizes = getAsOpFoldResult(b.dims(rows));
  Value used = tensor::ExtractSliceOp::create(b, all, offsets, sizes, strides);
  used = b.generic(rows, used, 2, {{0, 1}, {0, 1}}, fn);
  return tensor::InsertSliceOp::create(b, used, all, offsets, sizes, strides);
}

Value condcomp::emitWords(TensorEmitter &b, Value keys, Value bounds,
                          Value bits) {
  Type type = getElementTypeOrSelf(keys);
  Value rows = b.dim(keys, 0);
  Value numWords = b.div(b.dim(keys, 1), b.index(kWord));
  Value words = b.unflattenLast(keys, {numWords, b.index(kWord)});
  Value zero = b.scalar(type, 0);
  return b.generic(
      {words, bounds, bits}, b.filled({rows, numWords}, zero), 3,
      {{0, 1, 2}, {0}, {2}, {0, 1}}, [&](TensorEmitter &b, ValueRange e) {
        Value reaches = b.compare(arith::CmpIPredicate::sge, e[0], e[1]);
        return b.createOrFold<arith::OrIOp>(e[3],
                                            b.select(reaches, e[2], zero));
      });
}

SmallVector<Value> condcomp::forSetBits(TensorEmitter &b, Value words,
                                        Value row, ValueRange inits,
                                        TensorEmitter::LoopFn body) {
  Value zero = b.index(0);
  auto toIndex = [](TensorEmitter &b, Value value) {
    return b.createOrFold<arith::IndexCastOp>(b.getIndexType(), value);
  };
  auto inWord = [&](TensorEmitter &b, Value number, ValueRange outer) {
    Value word = b.extract(words, {row, number});
    Value first = b.mul(number, b.index(kWord));
    auto ofBit = [&](TensorEmitter &b, Value, ValueRange carried) {
      Value word = carried.back();
      Value bit = b.createOrFold<math::CountTrailingZerosOp>(word);
      Value module = b.add(first, toIndex(b, bit));
      SmallVector<Value> next = body(b, module, carried.drop_back());
      next.push_back(b.createOrFold<arith::AndIOp>(
          word, b.sub(word, b.scalar(word.getType(), 1))));
      return next;
    };
    SmallVector<Value> state(outer);
    state.push_back(word);
    Value count = toIndex(b, b.createOrFold<math::CtPopOp>(word));
    state = b.forLoop(zero, count, state, ofBit);
    state.pop_back();
    return state;
  };
  return b.forLoop(zero, b.dim(words, 1), inits, inWord);
}
