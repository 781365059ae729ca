//===- RefineShapes.cpp - constants become static sizes -------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace condcomp {
#define GEN_PASS_DEF_REFINESHAPES
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;

namespace {
struct RefineExpandShape : OpRewritePattern<tensor::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExpandShapeOp op,
                                PatternRewriter &rewriter) const final {
    SmallVector<int64_t> shape(op.getResultType().getShape());
    SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
    bool refined = false;
    for (auto [dim, size] : llvm::zip_equal(shape, sizes)) {
      std::optional<int64_t> value = getConstantIntValue(size);
      if (!ShapedType::isDynamic(dim) || !value || *value < 0)
        continue;
      dim = *value;
      size = rewriter.getIndexAttr(*value);
      refined = true;
    }
    if (!refined)
      return failure();
    // Of a dynamic dim, at least one part has to stay dynamic.
    for (auto [source, group] : llvm::zip_equal(op.getSrcType().getShape(),
                                                op.getReassociationIndices()))
      if (ShapedType::isDynamic(source) &&
          llvm::none_of(group, [&](int64_t dim) {
            return ShapedType::isDynamic(shape[dim]);
          }))
        return failure();
    Value expanded = tensor::ExpandShapeOp::create(
        rewriter, op.getLoc(), op.getResultType().clone(shape), op.getSrc(),
        op.getReassociationIndices(), sizes);
    rewriter.replaceOpWithNewOp<tensor::CastOp>(op, op.getResultType(),
                                                expanded);
    return success();
  }
};

struct RefineShapesPass
    : public condcomp::impl::RefineShapesBase<RefineShapesPass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet all(context);
    all.add<RefineExpandShape>(context);
    for (Dialect *dialect : context->getLoadedDialects())
      dialect->getCanonicalizationPatterns(all);
    for (RegisteredOperationName op : context->getRegisteredOperations())
      op.getCanonicalizationPatterns(all, context);
    patterns = std::move(all);
    return success();
  }

  void runOnOperation() override {
    if (failed(applyPatternsGreedily(getOperation(), patterns)))
      signalPassFailure();
  }

  FrozenRewritePatternSet patterns;
};
} // namespace
