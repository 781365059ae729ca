//===- GivenGates.cpp - lowering of assign and from_offsets -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// Emits a check that no element of the 2-D i1 tensor `bad` is true; the
/// message gets the first bad position's row and `values` there.
void emitCheckNone(TensorEmitter &b, Value bad, Value values,
                   const Twine &message, ValueRange more = {}) {
  Value zero = b.index(0);
  Value none = b.scalar(b.getI1Type(), 0);
  SmallVector<Value> inits = {none, zero, zero};
  SmallVector<Value> first = b.forLoop(
      zero, b.dim(bad, 0), inits,
      [&](TensorEmitter &b, Value i, ValueRange outer) {
        return b.forLoop(
            zero, b.dim(bad, 1), outer,
            [&](TensorEmitter &b, Value j, ValueRange carried) {
              Value isFirst = b.logicalAnd(b.extract(bad, {i, j}),
                                           b.logicalNot(carried[0]));
              return SmallVector<Value>{
                  b.createOrFold<arith::OrIOp>(carried[0], isFirst),
                  b.select(isFirst, i, carried[1]),
                  b.select(isFirst, b.extract(values, {i, j}), carried[2])};
            });
      });
  SmallVector<Value> reported = {first[1], first[2]};
  llvm::append_range(reported, more);
  b.check(b.logicalNot(first[0]), message, reported);
}

//===----------------------------------------------------------------------===//
// assign
//===----------------------------------------------------------------------===//

struct LowerAssign : EmitterPattern<AssignOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(AssignOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getRouting().getType();
    Value source = adaptor.getIndices().front();
    Type index = b.getIndexType(), i1 = b.getI1Type();
    int64_t rank = cast<ShapedType>(source.getType()).getRank();
    SmallVector<Value> dims = b.dims(source);
    Value k = dims.back();
    dims.back() = op.getModules() ? adaptor.getModules().front()
                                  : b.index(type.getNumModules());
    Value numModules = dims.back();
    source = b.flattenLeading(source, rank - 1);
    Value indices =
        b.elementwise(index, source, [&](TensorEmitter &b, ValueRange e) {
          return e[0].getType() == index
                     ? e[0]
                     : b.createOrFold<arith::IndexCastOp>(index, e[0]);
        });
    // Read as unsigned, negative indices are out of range too.
    Value outside =
        b.elementwise(i1, indices, [&](TensorEmitter &b, ValueRange e) {
          return b.compare(arith::CmpIPredicate::uge, e[0], numModules);
        });
    bool drop = op.getOutOfRange() == OutOfRange::Drop;
    if (!drop)
      emitCheckNone(b, outside, indices,
                    "assign C3: row {0} has index {1}, which is not below the "
                    "number of modules, {2}",
                    numModules);

    // The place of an entry in its row is the number of kept smaller indices.
    SmallVector<Value> sizes = b.dims(indices);
    auto countOthers = [&](arith::CmpIPredicate predicate) {
      return b.generic({indices, indices, outside}, b.filled(sizes, b.index(0)),
                       3, {{0, 1}, {0, 2}, {0, 2}, {0, 1}},
                       [&](TensorEmitter &b, ValueRange e) {
                         Value counts =
                             b.logicalAnd(b.compare(predicate, e[1], e[0]),
                                          b.logicalNot(e[2]));
                         return b.select(counts, b.add(e[3], b.index(1)), e[3]);
                       });
    };
    Value places = countOthers(arith::CmpIPredicate::ult);
    Value same = countOthers(arith::CmpIPredicate::eq);
    Value duplicate =
        b.elementwise(i1, same, [&](TensorEmitter &b, ValueRange e) {
          return b.compare(arith::CmpIPredicate::ugt, e[0], b.index(1));
        });
    emitCheckNone(b, duplicate, indices,
                  "assign C4: row {0} has index {1} more than once");

    Value weights;
    if (op.getWeights())
      weights = b.flattenLeading(adaptor.getWeights().front(), rank - 1);
    Value one = b.scalar(type.getElementType(), 1);
    return replaceWithRouting(
        op, pack(b, type, dims, k, indices, outside, places, weights, one), b,
        rewriter);
  }

  /// Puts every kept entry in its place.
  static RoutingValue pack(TensorEmitter &b, RoutingType type,
                           ArrayRef<Value> dims, Value k, Value indices,
                           Value outside, Value places, Value weights,
                           Value one) {
    Value zero = b.index(0), numRows = b.dim(indices, 0);
    Value offsets, numEntries = b.mul(numRows, k);
    if (!type.hasUniformRows()) {
      Value init = b.insert(
          zero, b.empty(b.add(numRows, b.index(1)), b.getIndexType()), zero);
      SmallVector<Value> sums =
          b.forLoop(zero, numRows, {init, zero},
                    [&](TensorEmitter &b, Value row, ValueRange outer) {
                      Value end = b.forLoop(
                          zero, k, outer[1],
                          [&](TensorEmitter &b, Value j, ValueRange carried) {
                            return SmallVector<Value>{b.select(
                                b.extract(outside, {row, j}), carried[0],
                                b.add(carried[0], b.index(1)))};
                          })[0];
                      return SmallVector<Value>{
                          b.insert(end, outer[0], b.add(row, b.index(1))), end};
                    });
      offsets = sums[0];
      numEntries = sums[1];
    }
    SmallVector<Value> inits = {b.empty(numEntries, b.getIndexType()),
                                b.empty(numEntries, type.getElementType())};
    SmallVector<Value> packed = b.forEach(
        zero, numRows, inits,
        [&](TensorEmitter &b, Value row, ValueRange outer) {
          Value start = offsets ? b.extract(offsets, row) : b.mul(row, k);
          return b.forLoop(
              zero, k, outer,
              [&](TensorEmitter &b, Value j, ValueRange carried) {
                return b.ifElse(
                    b.extract(outside, {row, j}),
                    [&](TensorEmitter &) {
                      return SmallVector<Value>(carried);
                    },
                    [&](TensorEmitter &b) {
                      Value at = b.add(start, b.extract(places, {row, j}));
                      Value weight =
                          weights ? b.extract(weights, {row, j}) : one;
                      return SmallVector<Value>{
                          b.insert(b.extract(indices, {row, j}), carried[0],
                                   at),
                          b.insert(weight, carried[1], at)};
                    });
              });
        });
    return RoutingValue::fromEntries(b, type, dims,
                                     type.hasUniformRows() ? k : Value(),
                                     offsets, packed[0], packed[1]);
  }
};

//===----------------------------------------------------------------------===//
// from_offsets
//===----------------------------------------------------------------------===//

struct LowerFromOffsets : EmitterPattern<FromOffsetsOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(FromOffsetsOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getRouting().getType();
    Value offsets = adaptor.getOffsets().front();
    Value zero = b.index(0), one = b.index(1);
    Value size = b.dim(offsets, 0);
    b.check(b.compare(arith::CmpIPredicate::uge, size, one),
            "from_offsets C2: needs at least one offset, got {0}", size);
    if (!ShapedType::isDynamic(type.getNumModules()))
      b.check(b.compare(arith::CmpIPredicate::eq, size,
                        b.index(type.getNumModules() + 1)),
              "from_offsets C1: {0} offsets for {1} modules",
              {size, b.index(type.getNumModules())});
    Value first = b.extract(offsets, zero);
    b.check(b.compare(arith::CmpIPredicate::eq, first, zero),
            "from_offsets C2: the first offset must be 0, got {0}", first);
    Value numModules = b.sub(size, one);
    SmallVector<Value> inits = {b.scalar(b.getI1Type(), 1), zero};
    SmallVector<Value> monotone = b.forLoop(
        zero, numModules, inits,
        [&](TensorEmitter &b, Value i, ValueRange carried) {
          Value rises =
              b.compare(arith::CmpIPredicate::sle, b.extract(offsets, i),
                        b.extract(offsets, b.add(i, one)));
          Value fallsFirst = b.logicalAnd(carried[0], b.logicalNot(rises));
          return SmallVector<Value>{b.logicalAnd(carried[0], rises),
                                    b.select(fallsFirst, i, carried[1])};
        });
    b.check(monotone[0],
            "from_offsets C2: offsets must not decrease, but they do after "
            "position {0}",
            monotone[1]);
    Value numRows = b.extract(offsets, numModules);
    if (!ShapedType::isDynamic(type.getNumRows())) {
      Value expected = b.index(type.getNumRows());
      b.check(b.compare(arith::CmpIPredicate::eq, numRows, expected),
              "from_offsets C2: the last offset, {0}, must be the number of "
              "rows, {1}",
              {numRows, expected});
      numRows = expected;
    }
    Value modules = b.forLoop(
        zero, numModules, b.empty(numRows, b.getIndexType()),
        [&](TensorEmitter &b, Value module, ValueRange outer) {
          return b.forLoop(
              b.extract(offsets, module),
              b.extract(offsets, b.add(module, one)), outer,
              [&](TensorEmitter &b, Value row, ValueRange carried) {
                return SmallVector<Value>{b.insert(module, carried[0], row)};
              });
        })[0];
    Value weights = b.filled(numRows, b.scalar(type.getElementType(), 1));
    return replaceWithRouting(
        op,
        RoutingValue::fromEntries(b, type, {numRows, numModules}, one, Value(),
                                  modules, weights),
        b, rewriter);
  }
};

} // namespace

void condcomp::populateGivenGatePatterns(const TypeConverter &converter,
                                         RewritePatternSet &patterns) {
  patterns.add<LowerAssign, LowerFromOffsets>(converter, patterns.getContext());
}
