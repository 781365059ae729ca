//===- LimitGroups.cpp - lowering of limit_groups -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Selection.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// The sum of the `count` best scores of each list, added in order of choice.
Value emitSumOfBest(TensorEmitter &b, Value scores, int64_t count, Type type) {
  Value keys = emitChoiceKeys(b, scores);
  auto scoresAt = [&](TensorEmitter &b, ChoicePlace place) {
    return b.elementwise(type, place.key, [&](TensorEmitter &b, ValueRange e) {
      return emitScoreOfKey(b, e[0], type);
    });
  };
  ChoicePlace best = emitNextPlace(b, keys, emitFirstPlace(b, keys));
  SmallVector<Value> state = {best.key, best.position, scoresAt(b, best)};
  auto addNext = [&](TensorEmitter &b, Value, ValueRange carried) {
    ChoicePlace next = emitNextPlace(b, keys, {carried[0], carried[1]});
    Value sum = b.elementwise(
        type, {carried[2], scoresAt(b, next)},
        [](TensorEmitter &b, ValueRange e) { return b.add(e[0], e[1]); });
    return SmallVector<Value>{next.key, next.position, sum};
  };
  // Published group scores add one or two: passes in a row, without a loop.
  constexpr int64_t kMaxUnrolled = 4;
  if (count > kMaxUnrolled)
    return b.forLoop(b.index(1), b.index(count), state, addNext)[2];
  for (int64_t i = 1; i < count; ++i)
    state = addNext(b, Value(), state);
  return state[2];
}

struct LowerLimitGroups : EmitterPattern<LimitGroupsOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(LimitGroupsOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Value scores = adaptor.getScores().front(),
          fill = adaptor.getFill().front();
    auto type = cast<RankedTensorType>(scores.getType());
    Value modules = b.dim(scores, type.getRank() - 1);
    Value groups = b.index(op.getGroups()), sumOf = b.index(op.getSumOf());
    b.check(
        b.compare(arith::CmpIPredicate::eq, b.rem(modules, groups), b.index(0)),
        "limit_groups C1: the number of groups, {0}, must divide the "
        "number of modules, {1}",
        {groups, modules});
    std::optional<int64_t> staticKeep = op.getStaticKeep();
    Value keep = staticKeep ? b.index(*staticKeep) : adaptor.getKeep().front();
    b.check(b.compare(arith::CmpIPredicate::ule, keep, groups),
            "limit_groups C2: keep = {0} must be between 0 and the number of "
            "groups, {1}",
            {keep, groups});
    Value groupSize = b.div(modules, groups);
    Value split = b.unflattenLast(scores, {groups, groupSize});
    // Without modules there is nothing to sum.
    Value none = b.compare(arith::CmpIPredicate::eq, modules, b.index(0));
    Value fits = b.compare(arith::CmpIPredicate::ule, sumOf, groupSize);
    b.check(b.createOrFold<arith::OrIOp>(none, fits),
            "limit_groups C3: sum_of = {0} must be between 1 and the modules "
            "of a group, {1}",
            {sumOf, groupSize});

    Type weight =
        type.getElementType().isF64() ? b.getF64Type() : b.getF32Type();
    Value groupScores = emitSumOfBest(b, split, op.getSumOf(), weight);
    Value kept = emitBest(b, groupScores, keep, staticKeep);
    SmallVector<Value> sizes = b.dims(split);
    SmallVector<int64_t> all =
        llvm::to_vector(llvm::seq<int64_t>(0, sizes.size()));
    SmallVector<int64_t> group(ArrayRef(all).drop_back());
    Value limited = b.generic(
        {split, kept}, b.empty(sizes, type.getElementType()), sizes.size(),
        {all, group, all}, [&](TensorEmitter &b, ValueRange e) {
          return b.select(e[1], e[0], fill);
        });
    SmallVector<ReassociationIndices> dims;
    for (int64_t dim = 0, last = type.getRank() - 1; dim < last; ++dim)
      dims.push_back({dim});
    dims.push_back({type.getRank() - 1, type.getRank()});
    Value result = tensor::CollapseShapeOp::create(b, limited, dims);
    rewriter.replaceOp(op, b.castTo(type, result));
    return success();
  }
};

} // namespace

void condcomp::populateLimitGroupsPatterns(const TypeConverter &converter,
                                           RewritePatternSet &patterns) {
  patterns.add<LowerLimitGroups>(converter, patterns.getContext());
}
