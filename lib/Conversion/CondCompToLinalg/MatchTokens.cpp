//===- MatchTokens.cpp - lowering of match_tokens -------------------------===//
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

/// Each token's best partner: the largest of a row of `[B, Na, Nb]` scores, in
/// the order of top_k.
struct BestMatch {
  /// The partner, `[B, Na]`, and the score with it.
  Value partner, score;

  BestMatch(TensorEmitter &b, Value scores);
};

BestMatch::BestMatch(TensorEmitter &b, Value scores) {
  Type element = getElementTypeOrSelf(scores);
  Value keys = emitChoiceKeys(b, scores);
  ChoicePlace first = emitNextPlace(b, keys, emitFirstPlace(b, keys));
  partner = b.elementwise(
      b.getIndexType(), first.position, [](TensorEmitter &b, ValueRange e) {
        return b.createOrFold<arith::IndexCastOp>(b.getIndexType(), e[0]);
      });
  // Without partners there is nothing to read, and nobody is merged.
  Value some =
      b.compare(arith::CmpIPredicate::ugt, b.dim(scores, 2), b.index(0));
  score = b.ifElse(
      some,
      [&](TensorEmitter &b) {
        return SmallVector<Value>{b.elementwise(
            element, partner, [&](TensorEmitter &b, ValueRange e) {
              return b.extract(scores, {b.loopIndex(0), b.loopIndex(1), e[0]});
            })};
      },
      [&](TensorEmitter &b) {
        return SmallVector<Value>{
            b.filled(b.dims(partner), b.scalar(element, 0))};
      })[0];
}

struct LowerMatchTokens : EmitterPattern<MatchTokensOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(MatchTokensOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getRouting().getType();
    Value scores = adaptor.getScores().front();
    SmallVector<Value> sizes = b.dims(scores);
    Value numA = sizes.end()[-2], numB = sizes.back();
    Value zero = b.index(0);
    std::optional<int64_t> staticR = op.getStaticR();
    Value r = staticR ? b.index(*staticR) : adaptor.getR().front();
    using Predicate = arith::CmpIPredicate;
    Value partners =
        b.createOrFold<arith::OrIOp>(b.compare(Predicate::eq, r, zero),
                                     b.compare(Predicate::ugt, numB, zero));
    b.check(
        b.logicalAnd(b.compare(Predicate::ule, r, numA), partners),
        "match_tokens C3: r = {0} tokens can't be taken from {1} and merged "
        "into {2}",
        {r, numA, numB});
    Value numStaying = b.sub(numA, r);
    SmallVector<Value> dims(ArrayRef(sizes).drop_back(2));
    Value numBatches = b.product(dims);
    dims.push_back(b.add(numA, numB));
    dims.push_back(b.add(numStaying, numB));
    for (auto [i, promised] : llvm::enumerate(type.getShape()))
      if (!ShapedType::isDynamic(promised))
        b.check(b.compare(Predicate::eq, dims[i], b.index(promised)),
                "match_tokens C1: size {0} in dim " + Twine(i) +
                    " of the routing, expected {1}",
                {dims[i], b.index(promised)});

    scores = sizes.size() == 2 ? b.unflattenLeading(scores, {b.index(1), numA})
                               : b.flattenLeading(scores, sizes.size() - 2);
    BestMatch best(b, scores);
    Value merged = emitBest(b, best.score, r, staticR);
    Value modules =
        number(b, best.partner, merged, numBatches, numA, numB, numStaying);
    SmallVector<Value> shape = dims;
    for (auto [i, promised] : llvm::enumerate(type.getShape()))
      if (!ShapedType::isDynamic(promised))
        shape[i] = b.index(promised);
    Value weights = b.filled(b.product(ArrayRef(shape).drop_back()),
                             b.scalar(type.getElementType(), 1));
    return replaceWithRouting(op,
                              RoutingValue::fromEntries(b, type, shape,
                                                        b.index(1), Value(),
                                                        modules, weights),
                              b, rewriter);
  }

  /// The module of each token: those of a that stay are numbered through, then
  /// come those of b.
  static Value number(TensorEmitter &b, Value partner, Value merged,
                      Value numBatches, Value numA, Value numB,
                      Value numStaying) {
    Value zero = b.index(0), one = b.index(1), numRows = b.add(numA, numB);
    Value init = b.empty(b.mul(numBatches, numRows), b.getIndexType());
    return b.forEach(
        zero, numBatches, init,
        [&](TensorEmitter &b, Value batch, ValueRange outer) {
          Value first = b.mul(batch, numRows);
          SmallVector<Value> inits = {outer[0], zero};
          Value modules = b.forLoop(
              zero, numA, inits,
              [&](TensorEmitter &b, Value token, ValueRange carried) {
                Value goes = b.extract(merged, {batch, token});
                Value target =
                    b.add(numStaying, b.extract(partner, {batch, token}));
                Value module = b.select(goes, target, carried[1]);
                return SmallVector<Value>{
                    b.insert(module, carried[0], b.add(first, token)),
                    b.select(goes, carried[1], b.add(carried[1], one))};
              })[0];
          Value firstB = b.add(first, numA);
          return b.forLoop(
              zero, numB, modules,
              [&](TensorEmitter &b, Value token, ValueRange carried) {
                return SmallVector<Value>{b.insert(b.add(numStaying, token),
                                                   carried[0],
                                                   b.add(firstB, token))};
              });
        })[0];
  }
};

} // namespace

void condcomp::populateMatchTokensPatterns(const TypeConverter &converter,
                                           RewritePatternSet &patterns) {
  patterns.add<LowerMatchTokens>(converter, patterns.getContext());
}
