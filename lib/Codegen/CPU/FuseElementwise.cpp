//===- FuseElementwise.cpp - fusion of elementwise linalg ops -------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace condcomp {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;

/// A producer with at most this much work per element is computed again by each
/// of its consumers: they read its input instead of its result.
static constexpr int64_t kCheap = 4;

/// Whether the op moves, broadcasts or extends data, and no more.
static bool onlyMovesData(linalg::LinalgOp op) {
  return llvm::all_of(*op.getBlock(), [](Operation &inner) {
    return isa<linalg::YieldOp, arith::ExtFOp>(inner);
  });
}

/// Whether the result is that of the input at other or fewer indices, in the
/// same order: a broadcast or a cast, but no transpose.
static bool keepsOrder(linalg::LinalgOp op) {
  return llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
    int64_t last = -1;
    for (AffineExpr expr : map.getResults()) {
      if (isa<AffineConstantExpr>(expr))
        continue;
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim || static_cast<int64_t>(dim.getPosition()) <= last)
        return false;
      last = dim.getPosition();
    }
    return true;
  });
}

/// Whether reading the producer's inputs once more costs no more than reading
/// its result: one input that is not a scalar, and a few instructions.
static bool isCheap(linalg::LinalgOp op) {
  int64_t work = 0;
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (inner.getNumRegions() || !isPure(&inner) ||
        inner.getDialect()->getNamespace() == "math" ||
        isa<tensor::ExtractOp>(inner))
      return false;
    work += isa<arith::DivFOp>(inner) ? kCheap : 1;
  }
  int64_t tensors = llvm::count_if(op.getDpsInputs(), [](Value input) {
    return isa<ShapedType>(input.getType());
  });
  return work <= kCheap && tensors <= 1;
}

static bool shouldFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::LinalgOp>();
  auto consumer = dyn_cast<linalg::LinalgOp>(operand->getOwner());
  if (!producer || !consumer)
    return false;
  bool shared = !producer->hasOneUse();
  if (onlyMovesData(producer))
    return keepsOrder(producer) || !shared;
  if (shared && !isCheap(producer))
    return false;
  // An element that is used at several points would be computed for each.
  return consumer.getMatchingIndexingMap(operand).isPermutation() ||
         llvm::none_of(producer.getDpsInputs(), [](Value input) {
           return isa<ShapedType>(input.getType());
         });
}

/// A reshape of an elementwise op or a contraction becomes one of its inputs,
/// so that what lies before and after it can be fused.
static bool shouldMoveReshape(OpOperand *operand) {
  Operation *producer = operand->get().getDefiningOp();
  return producer && producer->hasOneUse();
}

namespace {
struct FuseElementwisePass
    : public condcomp::impl::FuseElementwiseBase<FuseElementwisePass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    IRRewriter rewriter(context);
    SmallVector<linalg::LinalgOp> named;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (!isa<linalg::GenericOp, linalg::FillOp>(op) &&
          op.hasPureTensorSemantics())
        named.push_back(op);
    });
    for (linalg::LinalgOp op : named) {
      rewriter.setInsertionPoint(op);
      (void)linalg::generalizeNamedOp(rewriter, op);
    }
    RewritePatternSet patterns(context);
    linalg::populateElementwiseOpsFusionPatterns(patterns, shouldFuse);
    linalg::populateFoldReshapeOpsByExpansionPatterns(patterns,
                                                      shouldMoveReshape);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    affine::AffineApplyOp::getCanonicalizationPatterns(patterns, context);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, context);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
    tensor::EmptyOp::getCanonicalizationPatterns(patterns, context);
    context->getLoadedDialect<linalg::LinalgDialect>()
        ->getCanonicalizationPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
