//===- DecomposeOps.cpp - structured ops in terms of linalg ---------------===//
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
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace condcomp {
#define GEN_PASS_DEF_DECOMPOSEOPS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;

/// `linalg.pack` as a copy: the source at (outer · tile + inner) in every tiled
/// dim, after padding where that is needed.
static void decompose(linalg::PackOp op, RewriterBase &rewriter) {
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  Value source = op.getSource();
  auto type = cast<RankedTensorType>(source.getType());
  int64_t rank = type.getRank();
  llvm::DenseMap<int64_t, OpFoldResult> tiles = op.getDimAndTileMapping();
  if (Value padding = op.getPaddingValue()) {
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, op.getLoc(), source);
    SmallVector<OpFoldResult> padded = sizes;
    AffineExpr size = b.getAffineSymbolExpr(0), tile = b.getAffineSymbolExpr(1);
    for (auto [dim, tileSize] : tiles)
      padded[dim] = affine::makeComposedFoldedAffineApply(
          b, op.getLoc(), size.ceilDiv(tile) * tile, {sizes[dim], tileSize});
    Value filled =
        linalg::FillOp::create(
            b, padding,
            Value(tensor::EmptyOp::create(b, padded, type.getElementType())))
            .getResult(0);
    SmallVector<OpFoldResult> zeros(rank, b.getIndexAttr(0)),
        ones(rank, b.getIndexAttr(1));
    source =
        tensor::InsertSliceOp::create(b, source, filled, zeros, sizes, ones);
  }
  // Loops are the dims of the result: outer dims, then tiles.
  SmallVector<AffineExpr> exprs(rank);
  ArrayRef<int64_t> permutation = op.getOuterDimsPerm();
  for (int64_t i = 0; i < rank; ++i)
    exprs[permutation.empty() ? i : permutation[i]] = b.getAffineDimExpr(i);
  for (auto [i, dim] : llvm::enumerate(op.getInnerDimsPos()))
    exprs[dim] =
        exprs[dim] * op.getStaticInnerTiles()[i] + b.getAffineDimExpr(rank + i);
  int64_t loops = rank + op.getInnerDimsPos().size();
  SmallVector<AffineMap> maps = {
      AffineMap::get(loops, 0, exprs, b.getContext()),
      b.getMultiDimIdentityMap(loops)};
  auto copy = linalg::GenericOp::create(
      b, op->getResultTypes(), source, op.getDest(), maps,
      SmallVector<utils::IteratorType>(loops, utils::IteratorType::parallel),
      [](OpBuilder &nested, Location loc, ValueRange elements) {
        linalg::YieldOp::create(nested, loc, elements[0]);
      });
  rewriter.replaceOp(op, copy.getResults());
}

/// Multiplies by the inverse of a row's sum where softmax divides each of its
/// elements by it: vectors are divided several times slower than multiplied.
/// The sum is at least the largest element's exp(0) = 1, or not a number.
static void multiplyByInverse(linalg::SoftmaxOp op, Value result,
                              RewriterBase &rewriter) {
  auto quotient = result.getDefiningOp<linalg::GenericOp>();
  auto divide = cast<arith::DivFOp>(
      quotient.getBlock()->getTerminator()->getOperand(0).getDefiningOp());
  OpOperand *sum =
      quotient.getMatchingOpOperand(cast<BlockArgument>(divide.getRhs()));
  rewriter.setInsertionPoint(quotient);
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  auto type = cast<RankedTensorType>(sum->get().getType());
  Value empty = tensor::EmptyOp::create(
      b, tensor::getMixedSizes(b, op.getLoc(), sum->get()),
      type.getElementType());
  SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::parallel);
  auto inverse = linalg::GenericOp::create(
      b, TypeRange(type), sum->get(), empty, maps, loops,
      [](OpBuilder &nested, Location loc, ValueRange elements) {
        Type type = elements[0].getType();
        Value one = arith::ConstantOp::create(nested, loc,
                                              nested.getFloatAttr(type, 1.0));
        Value quotient = arith::DivFOp::create(nested, loc, one, elements[0]);
        linalg::YieldOp::create(nested, loc, quotient);
      });
  rewriter.modifyOpInPlace(quotient, [&] { sum->set(inverse.getResult(0)); });
  rewriter.setInsertionPoint(divide);
  rewriter.replaceOpWithNewOp<arith::MulFOp>(divide, divide.getLhs(),
                                             divide.getRhs());
}

namespace {
struct DecomposeOpsPass
    : public condcomp::impl::DecomposeOpsBase<DecomposeOpsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    WalkResult result =
        getOperation()->walk([&](linalg::AggregatedOpInterface op) {
          rewriter.setInsertionPoint(op);
          FailureOr<SmallVector<Value>> parts = op.decomposeOperation(rewriter);
          if (failed(parts)) {
            op->emitOpError("has no decomposition into linalg ops");
            return WalkResult::interrupt();
          }
          if (auto softmax = dyn_cast<linalg::SoftmaxOp>(op.getOperation()))
            multiplyByInverse(softmax, parts->front(), rewriter);
          rewriter.replaceOp(op, *parts);
          return WalkResult::advance();
        });
    if (result.wasInterrupted())
      return signalPassFailure();
    getOperation()->walk([&](linalg::PackOp op) {
      rewriter.setInsertionPoint(op);
      if (op.hasPureTensorSemantics() &&
          !llvm::is_contained(op.getStaticInnerTiles(), ShapedType::kDynamic))
        decompose(op, rewriter);
    });
    RewritePatternSet patterns(&getContext());
    tensor::populateDecomposeTensorConcatPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
