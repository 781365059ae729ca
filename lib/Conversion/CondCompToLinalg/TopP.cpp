//===- TopP.cpp - lowering of top_p -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Selection.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// The modules of a row as a binary heap with the best one on top: a row pays
/// for the modules that it takes, not for sorting all of them.
class ModuleHeap {
public:
  /// `keys` is `[rows, M]`.
  ModuleHeap(Value keys, Value row) : keys(keys), row(row) {}

  /// All modules in `storage`, `[M]`.
  Value emitBuild(TensorEmitter &b, Value storage, Value size) const {
    Value zero = b.index(0), one = b.index(1);
    Value heap = b.forLoop(
        zero, size, storage,
        [&](TensorEmitter &b, Value module, ValueRange carried) {
          return SmallVector<Value>{b.insert(module, carried[0], module)};
        })[0];
    Value parents = b.div(size, b.index(2));
    return b.forLoop(zero, parents, heap,
                     [&](TensorEmitter &b, Value step, ValueRange carried) {
                       Value at = b.sub(b.sub(parents, one), step);
                       Value module = b.extract(carried[0], at);
                       return SmallVector<Value>{
                           emitSift(b, carried[0], size, at, module)};
                     })[0];
  }

  /// The heap without its top; `size` is the size after that.
  Value emitPop(TensorEmitter &b, Value heap, Value size) const {
    return emitSift(b, heap, size, b.index(0), b.extract(heap, size));
  }

private:
  /// `module` put at position `at`, or further down below better ones.
  Value emitSift(TensorEmitter &b, Value heap, Value size, Value at,
                 Value module) const {
    Value zero = b.index(0), one = b.index(1);
    // Children past the end stand for the last one there is.
    Value last = b.createOrFold<arith::MaxSIOp>(b.sub(size, one), zero);
    Type index = b.getIndexType();
    SmallVector<Value> sifted = b.whileLoop(
        {heap.getType(), index, index, index}, {heap, at},
        [&](TensorEmitter &b, ValueRange carried, SmallVector<Value> &passed) {
          Value left = b.add(b.mul(carried[1], b.index(2)), one);
          Value inside = b.compare(arith::CmpIPredicate::ult, left, size);
          Value right = b.createOrFold<arith::MinUIOp>(b.add(left, one), last);
          left = b.createOrFold<arith::MinUIOp>(left, last);
          Value leftModule = b.extract(carried[0], left);
          Value rightModule = b.extract(carried[0], right);
          Value isRight = emitBefore(b, rightModule, leftModule);
          Value child = b.select(isRight, rightModule, leftModule);
          passed = {carried[0], carried[1], b.select(isRight, right, left),
                    child};
          return b.logicalAnd(inside, emitBefore(b, child, module));
        },
        [&](TensorEmitter &b, ValueRange passed) {
          return SmallVector<Value>{b.insert(passed[3], passed[0], passed[1]),
                                    passed[2]};
        });
    return b.insert(module, sifted[0], sifted[1]);
  }

  Value emitBefore(TensorEmitter &b, Value lhs, Value rhs) const {
    return emitComesBefore(b, {b.extract(keys, {row, lhs}), lhs},
                           {b.extract(keys, {row, rhs}), rhs});
  }

  Value keys, row;
};

struct LowerTopP : EmitterPattern<TopPOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(TopPOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Value scores = adaptor.getScores().front(), p = adaptor.getP().front();
    RoutingType type = op.getRouting().getType();
    Type weight = type.getElementType();
    SmallVector<Value> dims = b.dims(scores);
    Value zero = b.index(0), one = b.index(1), modules = dims.back();
    Value max = modules, min;
    if (op.getMax() || op.getStaticMax())
      max =
          op.getMax() ? adaptor.getMax().front() : b.index(*op.getStaticMax());
    if (op.getMin() || op.getStaticMin())
      min =
          op.getMin() ? adaptor.getMin().front() : b.index(*op.getStaticMin());
    else
      min = b.createOrFold<arith::MinSIOp>(max, one);
    auto isAtMost = [&](Value lhs, Value rhs) {
      return b.compare(arith::CmpIPredicate::sle, lhs, rhs);
    };
    b.check(b.logicalAnd(b.logicalAnd(isAtMost(zero, min), isAtMost(min, max)),
                         isAtMost(max, modules)),
            "top_p C3: min = {0} and max = {1} must satisfy 0 <= min <= max <= "
            "the number of modules, {2}",
            {min, max, modules});

    int64_t rowDims = dims.size() - 1;
    Value rows = b.product(ArrayRef(dims).drop_back());
    Value weights = castElements(b, scores, weight);
    Value keys = b.flattenLeading(emitChoiceKeys(b, scores), rowDims);
    Value flatWeights = b.flattenLeading(weights, rowDims);
    SmallVector<Value> inits = {
        b.filled({rows, modules}, b.scalar(b.getI1Type(), 0)),
        b.empty(modules, b.getIndexType())};
    Value presence = b.forLoop(
        zero, rows, inits, [&](TensorEmitter &b, Value row, ValueRange outer) {
          ModuleHeap heap(keys, row);
          Value built = heap.emitBuild(b, outer[1], modules);
          // Presence, heap, number of modules taken, sum of their scores.
          SmallVector<Value> state = {outer[0], built, zero,
                                      b.scalar(weight, 0)};
          SmallVector<Value> taken = b.whileLoop(
              ValueRange(state).getTypes(), state,
              [&](TensorEmitter &b, ValueRange carried,
                  SmallVector<Value> &passed) {
                passed = llvm::to_vector(carried);
                Value reached = b.createOrFold<arith::CmpFOp>(
                    arith::CmpFPredicate::OGE, carried[3], p);
                Value few =
                    b.compare(arith::CmpIPredicate::ult, carried[2], min);
                Value more =
                    b.createOrFold<arith::OrIOp>(few, b.logicalNot(reached));
                return b.logicalAnd(
                    b.compare(arith::CmpIPredicate::ult, carried[2], max),
                    more);
              },
              [&](TensorEmitter &b, ValueRange passed) {
                Value best = b.extract(passed[1], zero);
                Value count = b.add(passed[2], one);
                Value sum =
                    b.add(passed[3], b.extract(flatWeights, {row, best}));
                return SmallVector<Value>{
                    b.insert(b.scalar(b.getI1Type(), 1), passed[0],
                             {row, best}),
                    heap.emitPop(b, passed[1], b.sub(modules, count)), count,
                    sum};
              });
          return SmallVector<Value>{taken[0], taken[1]};
        })[0];
    presence = b.unflattenLeading(presence, ArrayRef(dims).take_front(rowDims));
    return replaceWithRouting(
        op, RoutingValue::fromMask(b, type, dims, Value(), presence, weights),
        b, rewriter);
  }
};

} // namespace

void condcomp::populateTopPPatterns(const TypeConverter &converter,
                                    RewritePatternSet &patterns) {
  patterns.add<LowerTopP>(converter, patterns.getContext());
}
