//===- CondCompToLinalg.cpp - the lowering pass -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "condcomp/Conversion/IndependentLoops.h"
#include "condcomp/Conversion/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace condcomp {
#define GEN_PASS_DEF_CONDCOMPTOLINALG
#include "condcomp/Conversion/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {

/// `condcomp.check` for compilers that do not know it: the numbers are lost.
struct CheckToAssert : OpConversionPattern<CheckOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult
  matchAndRewrite(CheckOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<cf::AssertOp>(op, adaptor.getCondition(),
                                              adaptor.getMessage());
    return success();
  }
};

struct CondCompToLinalg
    : condcomp::impl::CondCompToLinalgBase<CondCompToLinalg> {
  using Base::Base;

  /// Forms must be chosen before: names the first op where one is missing.
  LogicalResult verifyForms() {
    auto isUnset = [](Type type) {
      auto routing = dyn_cast<RoutingType>(type);
      return routing && routing.getForm() == Form::Unset;
    };
    WalkResult result = getOperation()->walk([&](Operation *op) {
      auto exiting = dyn_cast<ExitingOpInterface>(op);
      bool unset = exiting ? !exiting.getForm()
                           : llvm::any_of(op->getResultTypes(), isUnset);
      if (auto function = dyn_cast<FunctionOpInterface>(op))
        unset |= llvm::any_of(function.getArgumentTypes(), isUnset) ||
                 llvm::any_of(function.getResultTypes(), isUnset);
      if (!unset)
        return WalkResult::advance();
      op->emitError("has no form yet; run condcomp-choose-form first");
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  void runOnOperation() override {
    if (failed(verifyForms()))
      return signalPassFailure();
    MLIRContext *context = &getContext();
    TypeConverter converter;
    converter.addConversion([](Type type) { return type; });
    converter.addConversion(
        [](RoutingType type,
           SmallVectorImpl<Type> &types) -> std::optional<LogicalResult> {
          types = RoutingValue::getConvertedTypes(type);
          return failure(types.empty());
        });

    ConversionTarget target(*context);
    target.markUnknownOpDynamicallyLegal(
        [&](Operation *op) { return converter.isLegal(op); });
    target.addIllegalDialect<CondCompDialect>();
    target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp op) {
      return converter.isSignatureLegal(op.getFunctionType());
    });
    target.addDynamicallyLegalOp<tensor::GatherOp, tensor::ScatterOp>(
        [](Operation *op) {
          ArrayRef<int64_t> dims =
              isa<tensor::GatherOp>(op)
                  ? cast<tensor::GatherOp>(op).getGatherDims()
                  : cast<tensor::ScatterOp>(op).getScatterDims();
          return dims != ArrayRef<int64_t>{0};
        });

    RewritePatternSet patterns(context);
    if (assertChecks)
      patterns.add<CheckToAssert>(converter, context);
    else
      target.addLegalOp<CheckOp>();
    populateGatePatterns(converter, patterns);
    populateTopKPatterns(converter, patterns);
    populateGivenGatePatterns(converter, patterns);
    populateTopPPatterns(converter, patterns);
    populateSamplePatterns(converter, patterns);
    populateLimitGroupsPatterns(converter, patterns);
    populateAlgebraPatterns(converter, patterns);
    populateModulePatterns(converter, patterns);
    populateMatchTokensPatterns(converter, patterns);
    populateCapacityPatterns(converter, patterns);
    populateQueryPatterns(converter, patterns);
    populateMovementPatterns(converter, patterns);
    populatePoolPatterns(converter, patterns);
    populateTracePatterns(converter, patterns);
    populateApplyPatterns(converter, patterns);
    populateCascadePatterns(converter, patterns);
    populateIteratePatterns(converter, patterns);
    populateConfidencePatterns(converter, patterns);
    populateGatherScatterPatterns(converter, patterns);
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns,
                                                                   converter);
    populateCallOpTypeConversionPattern(patterns, converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    scf::populateSCFStructuralTypeConversionsAndLegality(converter, patterns,
                                                         target);
    if (failed(
            applyFullConversion(getOperation(), target, std::move(patterns))))
      return signalPassFailure();
    if (assertChecks)
      getOperation().walk([](scf::ForOp loop) {
        loop->removeDiscardableAttr(kIndependentAttrName);
      });
  }
};

} // namespace
