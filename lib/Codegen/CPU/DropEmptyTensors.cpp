//===- DropEmptyTensors.cpp - nothing is computed of size 0 ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace condcomp {
#define GEN_PASS_DEF_DROPEMPTYTENSORS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;

static bool hasNoElements(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && llvm::is_contained(tensor.getShape(), 0);
}

/// Replaces a result by a tensor.empty of `sizes`.
static void replaceByEmpty(RewriterBase &rewriter, Value result,
                           ArrayRef<OpFoldResult> sizes) {
  auto type = cast<RankedTensorType>(result.getType());
  Location loc = result.getLoc();
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, sizes, type.getElementType());
  if (empty.getType() != type)
    empty = tensor::CastOp::create(rewriter, loc, type, empty);
  rewriter.replaceAllUsesWith(result, empty);
}

static void drop(RewriterBase &rewriter, linalg::LinalgOp op) {
  for (OpResult result : op->getResults())
    if (hasNoElements(result.getType()))
      replaceByEmpty(rewriter, result,
                     tensor::getMixedSizes(rewriter, op.getLoc(),
                                           op.getTiedOpOperand(result)->get()));
}

static void drop(RewriterBase &rewriter, tensor::CollapseShapeOp op) {
  ArrayRef<int64_t> shape = op.getSrcType().getShape();
  SmallVector<OpFoldResult> sizes;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    if (llvm::any_of(group, [&](int64_t dim) { return shape[dim] == 0; })) {
      sizes.push_back(rewriter.getIndexAttr(0));
      continue;
    }
    Value product;
    for (int64_t dim : group) {
      Value size =
          rewriter.createOrFold<tensor::DimOp>(op.getLoc(), op.getSrc(), dim);
      product = product ? rewriter.createOrFold<arith::MulIOp>(op.getLoc(),
                                                               product, size)
                        : size;
    }
    sizes.push_back(getAsOpFoldResult(product));
  }
  replaceByEmpty(rewriter, op.getResult(), sizes);
}

/// Ops of the tensor dialect that can tell the sizes of what they make.
static void drop(RewriterBase &rewriter, ReifyRankedShapedTypeOpInterface op) {
  ReifiedRankedShapedTypeDims shapes;
  if (op->getNumResults() != 1 ||
      failed(reifyResultShapes(rewriter, op, shapes)))
    return;
  replaceByEmpty(rewriter, op->getResult(0), shapes.front());
}

namespace {
struct DropEmptyTensors
    : public condcomp::impl::DropEmptyTensorsBase<DropEmptyTensors> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](Operation *op) {
      if (isa<tensor::EmptyOp>(op) || !isMemoryEffectFree(op))
        return;
      rewriter.setInsertionPoint(op);
      if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op);
          collapse && hasNoElements(collapse.getSrcType()))
        drop(rewriter, collapse);
      else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op);
               insert && hasNoElements(insert.getSourceType()))
        rewriter.replaceAllUsesWith(insert.getResult(), insert.getDest());
      else if (llvm::none_of(op->getResultTypes(), hasNoElements))
        return;
      else if (auto linalg = dyn_cast<linalg::LinalgOp>(op))
        drop(rewriter, linalg);
      else if (isa_and_nonnull<tensor::TensorDialect>(op->getDialect()) &&
               isa<ReifyRankedShapedTypeOpInterface>(op))
        drop(rewriter, cast<ReifyRankedShapedTypeOpInterface>(op));
      // Sizes may have been taken of it: then it stays.
      if (isOpTriviallyDead(op))
        rewriter.eraseOp(op);
    });
  }
};
} // namespace
