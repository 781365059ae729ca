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
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
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

/// Whether two loops of a contraction occur in the same operands, as rows do,
/// and not in all, as batch loops do.
static bool haveSameRole(linalg::LinalgOp op, unsigned x, unsigned y) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  return llvm::all_of(maps,
                      [&](AffineMap map) {
                        return map.isFunctionOfDim(x) == map.isFunctionOfDim(y);
                      }) &&
         llvm::any_of(maps,
                      [&](AffineMap map) { return !map.isFunctionOfDim(x); });
}

/// Whether loops of a contraction that lie together in an operand still do when
/// its dims are where `where` says: rows, columns and terms of the sum have to
/// be walked as single loops.
static bool
keepsLoopsTogether(linalg::LinalgOp op, AffineMap map,
                   function_ref<std::optional<unsigned>(unsigned)> where) {
  for (unsigned dim = 0; dim + 1 < map.getNumResults(); ++dim) {
    if (!haveSameRole(op, map.getDimPosition(dim), map.getDimPosition(dim + 1)))
      continue;
    std::optional<unsigned> p = where(dim), q = where(dim + 1);
    if (!p || !q || *q != *p + 1)
      return false;
  }
  return true;
}

/// The same of a contraction's input that is read in place of its transpose.
static bool keepsLoopsTogether(linalg::LinalgOp producer, OpOperand *operand) {
  auto consumer = cast<linalg::LinalgOp>(operand->getOwner());
  AffineMap map = consumer.getMatchingIndexingMap(operand);
  OpOperand *source = producer.getDpsInputOperand(0);
  AffineMap from = producer.getMatchingIndexingMap(source);
  AffineMap to = producer.getMatchingIndexingMap(producer.getDpsInitOperand(0));
  if (!map.isProjectedPermutation() || !to.isPermutation())
    return true;
  // Where a dim of the transposed result lies in the source.
  AffineMap where = from.compose(inversePermutation(to));
  return keepsLoopsTogether(consumer, map, [&](unsigned dim) {
    return where.getResultPosition(getAffineDimExpr(dim, where.getContext()));
  });
}

static bool shouldFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::LinalgOp>();
  auto consumer = dyn_cast<linalg::LinalgOp>(operand->getOwner());
  if (!producer || !consumer)
    return false;
  bool shared = !producer->hasOneUse();
  if (onlyMovesData(producer)) {
    if (keepsOrder(producer))
      return true;
    return !shared && (consumer.getNumReductionLoops() == 0 ||
                       keepsLoopsTogether(producer, operand));
  }
  if (shared && !isCheap(producer))
    return false;
  // An element that is used at several points would be computed for each.
  return consumer.getMatchingIndexingMap(operand).isPermutation() ||
         llvm::none_of(producer.getDpsInputs(), [](Value input) {
           return isa<ShapedType>(input.getType());
         });
}

/// Whether the op is a transpose and no more.
static bool isTranspose(linalg::GenericOp op) {
  return op.getNumDpsInputs() == 1 && op.getNumDpsInits() == 1 &&
         op.getNumReductionLoops() == 0 &&
         llvm::all_of(op.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isPermutation(); }) &&
         llvm::hasSingleElement(*op.getBlock()) &&
         op.getBlock()->getTerminator()->getOperand(0) ==
             op.getBlock()->getArgument(0);
}

namespace {
/// A transpose of a filled and accumulated result: accumulate it transposed.
struct FoldTransposeOfResult : public OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp producer,
                                PatternRewriter &rewriter) const override {
    if (!producer.hasPureTensorSemantics() || !producer->hasOneUse() ||
        producer.getNumDpsInits() != 1 || producer.getNumReductionLoops() == 0)
      return failure();
    auto transpose =
        dyn_cast<linalg::GenericOp>(*producer->getResult(0).getUsers().begin());
    if (!transpose || !isTranspose(transpose) ||
        transpose.getDpsInputs()[0] != producer.getResult(0))
      return failure();
    auto fill = producer.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
    if (!fill)
      return failure();
    // Result dims of the transpose in terms of the producer's result dims.
    SmallVector<AffineMap> maps = transpose.getIndexingMapsArray();
    AffineMap permutation = maps[1].compose(inversePermutation(maps[0]));
    // Not the heads of an attention: their columns are those of one matrix.
    AffineMap map =
        producer.getMatchingIndexingMap(producer.getDpsInitOperand(0));
    if (!map.isProjectedPermutation() ||
        !keepsLoopsTogether(producer, map, [&](unsigned dim) {
          return permutation.getResultPosition(rewriter.getAffineDimExpr(dim));
        }))
      return failure();
    rewriter.setInsertionPoint(producer);
    auto type = cast<RankedTensorType>(transpose.getResult(0).getType());
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(rewriter, fill.getLoc(), fill.output());
    SmallVector<OpFoldResult> permuted;
    for (AffineExpr expr : permutation.getResults())
      permuted.push_back(sizes[cast<AffineDimExpr>(expr).getPosition()]);
    Value empty = tensor::EmptyOp::create(rewriter, fill.getLoc(), permuted,
                                          type.getElementType());
    Value start =
        linalg::FillOp::create(rewriter, fill.getLoc(), fill.value(), empty)
            .getResult(0);
    SmallVector<AffineMap> producerMaps = producer.getIndexingMapsArray();
    producerMaps.back() = permutation.compose(producerMaps.back());
    auto replacement = linalg::GenericOp::create(
        rewriter, producer.getLoc(), start.getType(), producer.getDpsInputs(),
        start, producerMaps, producer.getIteratorTypesArray());
    rewriter.inlineRegionBefore(producer.getRegion(), replacement.getRegion(),
                                replacement.getRegion().begin());
    Value result = replacement.getResult(0);
    if (result.getType() != type)
      result =
          tensor::CastOp::create(rewriter, transpose.getLoc(), type, result);
    rewriter.replaceOp(transpose, result);
    rewriter.eraseOp(producer);
    return success();
  }
};
} // namespace

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
    patterns.add<FoldTransposeOfResult>(context);
    affine::AffineApplyOp::getCanonicalizationPatterns(patterns, context);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, context);
    linalg::FillOp::getCanonicalizationPatterns(patterns, context);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
    // An op over another one's result asks for its sizes: of what it is made
    // of.
    tensor::DimOp::getCanonicalizationPatterns(patterns, context);
    tensor::populateFoldTensorEmptyPatterns(patterns);
    tensor::EmptyOp::getCanonicalizationPatterns(patterns, context);
    context->getLoadedDialect<linalg::LinalgDialect>()
        ->getCanonicalizationPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
  }
};
} // namespace
