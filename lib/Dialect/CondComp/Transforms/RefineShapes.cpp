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

/// A reshape that leaves a run-time leading dim alone, since all others are
/// static and have as many elements, as `view(n, tokens, heads, -1)` makes it:
/// other ops can be moved through expand_shape and collapse_shape.
struct RefineReshape : OpRewritePattern<tensor::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ReshapeOp op,
                                PatternRewriter &rewriter) const final {
    auto source = dyn_cast<RankedTensorType>(op.getSource().getType());
    auto result = dyn_cast<RankedTensorType>(op.getResult().getType());
    auto isOpenAtFront = [](RankedTensorType type) {
      return type && type.getRank() > 1 && type.isDynamicDim(0) &&
             type.getNumDynamicDims() == 1;
    };
    if (!isOpenAtFront(source) || !isOpenAtFront(result))
      return failure();
    auto tailOf = [](RankedTensorType type) {
      return RankedTensorType::get(type.getShape().drop_front(),
                                   type.getElementType());
    };
    RankedTensorType from = tailOf(source), to = tailOf(result);
    if (from.getNumElements() != to.getNumElements() ||
        from.getNumElements() == 0 || from.getRank() == to.getRank())
      return failure();
    std::optional<SmallVector<ReassociationIndices>> tail =
        getReassociationIndicesForReshape(from, to);
    if (!tail)
      return failure();
    SmallVector<ReassociationIndices> groups = {{0}};
    for (ReassociationIndices &group : *tail) {
      for (int64_t &dim : group)
        ++dim;
      groups.push_back(group);
    }
    if (from.getRank() > to.getRank()) {
      rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(
          op, result, op.getSource(), groups);
      return success();
    }
    SmallVector<OpFoldResult> sizes =
        getAsIndexOpFoldResult(rewriter.getContext(), result.getShape());
    // Asking an expanded tensor for its size would be another use of it.
    auto expand = op.getSource().getDefiningOp<tensor::ExpandShapeOp>();
    sizes.front() = expand ? expand.getMixedOutputShape().front()
                           : rewriter.createOrFold<tensor::DimOp>(
                                 op.getLoc(), op.getSource(), 0);
    rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(
        op, result, op.getSource(), groups, sizes);
    return success();
  }
};

struct RefineShapesPass
    : public condcomp::impl::RefineShapesBase<RefineShapesPass> {
  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet all(context);
    all.add<RefineExpandShape, RefineReshape>(context);
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
