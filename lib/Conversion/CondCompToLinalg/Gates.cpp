//===- Gates.cpp - lowering of gates -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "Selection.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace condcomp;

namespace {

//===----------------------------------------------------------------------===//
// expert_choice
//===----------------------------------------------------------------------===//

// The rows of a module compete: top_k along the rows.
struct LowerExpertChoice : EmitterPattern<ExpertChoiceOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(ExpertChoiceOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Value scores = adaptor.getScores().front();
    RoutingType type = op.getRouting().getType();
    SmallVector<Value> dims = b.dims(scores);
    std::optional<int64_t> staticC = op.getStaticC();
    Value c = staticC ? b.index(*staticC) : adaptor.getC().front();
    int64_t rowsDim = dims.size() - 2, modulesDim = dims.size() - 1;
    b.check(b.compare(arith::CmpIPredicate::ule, c, dims[rowsDim]),
            "expert_choice C3: c = {0} must be between 0 and the number of "
            "rows, {1}",
            {c, dims[rowsDim]});
    SmallVector<int64_t> byModule =
        llvm::to_vector(llvm::seq<int64_t>(0, rowsDim));
    byModule.append({modulesDim, rowsDim});
    Value presence = emitBest(b, scores, c, staticC, byModule);
    return replaceWithRouting(
        op,
        RoutingValue::fromMask(b, type, dims, Value(), presence,
                               castElements(b, scores, type.getElementType())),
        b, rewriter);
  }
};

//===----------------------------------------------------------------------===//
// threshold
//===----------------------------------------------------------------------===//

struct LowerThreshold : EmitterPattern<ThresholdOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(ThresholdOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Value scores = adaptor.getScores().front();
    Value tau = adaptor.getTau().front();
    RoutingType type = op.getRouting().getType();
    Value presence = b.elementwise(
        b.getI1Type(), scores, [&](TensorEmitter &b, ValueRange e) {
          return b.createOrFold<arith::CmpFOp>(
              arith::CmpFPredicate::OGE,
              b.castFloat(e[0], type.getElementType()), tau);
        });
    return replaceWithRouting(
        op,
        RoutingValue::fromMask(b, type, b.dims(scores), Value(), presence,
                               castElements(b, scores, type.getElementType())),
        b, rewriter);
  }
};

//===----------------------------------------------------------------------===//
// from_mask
//===----------------------------------------------------------------------===//

struct LowerFromMask : EmitterPattern<FromMaskOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(FromMaskOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    Value mask = adaptor.getMask().front();
    RoutingType type = op.getRouting().getType();
    SmallVector<Value> dims = b.dims(mask);
    Value weights = op.getWeights()
                        ? adaptor.getWeights().front()
                        : b.filled(dims, b.scalar(type.getElementType(), 1));
    if (op.getWeights())
      b.checkLeadingDims(weights, dims, "from_mask I2: the weights tensor");
    return replaceWithRouting(
        op, RoutingValue::fromMask(b, type, dims, Value(), mask, weights), b,
        rewriter);
  }
};

} // namespace

void condcomp::populateGatePatterns(const TypeConverter &converter,
                                    RewritePatternSet &patterns) {
  patterns.add<LowerExpertChoice, LowerThreshold, LowerFromMask>(
      converter, patterns.getContext());
}
