//===- UpdateInPlace.cpp - elementwise ops over a dying input -------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace condcomp {
#define GEN_PASS_DEF_UPDATEINPLACE
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;

/// Whether nothing but `user` reads `value` after what comes before `user` in
/// its block.
static bool diesAt(Value value, Operation *user) {
  return llvm::all_of(value.getUses(), [&](OpOperand &use) {
    Operation *other = use.getOwner();
    if (other == user)
      return true;
    if (other->getBlock() != user->getBlock() || !other->isBeforeInBlock(user))
      return false;
    if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(other))
      return diesAt(other->getResult(0), user);
    auto reader = dyn_cast<linalg::LinalgOp>(other);
    return isa<tensor::DimOp>(other) || (reader && reader.isDpsInput(&use));
  });
}

/// What a value is a view of.
static Value skipReshapes(Value value) {
  while (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(
      value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

/// An input of `op` that can hold its result, or null.
static OpOperand *findDyingInput(linalg::GenericOp op) {
  OpOperand *init = op.getDpsInitOperand(0);
  for (OpOperand *input : op.getDpsInputOperands()) {
    Value value = input->get();
    // Only what a linalg op has just made is known to be a buffer of its own.
    Value made = skipReshapes(value);
    if (value.getType() == init->get().getType() &&
        llvm::count(op->getOperands(), value) == 1 && diesAt(made, op) &&
        made.getDefiningOp<linalg::LinalgOp>() &&
        made.getParentBlock() == op->getBlock() &&
        op.getMatchingIndexingMap(input) == op.getMatchingIndexingMap(init))
      return input;
  }
  return nullptr;
}

static void updateInPlace(linalg::GenericOp op, IRRewriter &rewriter) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() != 0 ||
      !op.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>() ||
      !op.getRegionOutputArgs()[0].use_empty() ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isPermutation())
    return;
  OpOperand *dying = findDyingInput(op);
  if (!dying)
    return;
  unsigned position = dying->getOperandNumber();
  SmallVector<Value> inputs(op.getDpsInputs());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  inputs.erase(inputs.begin() + position);
  maps.erase(maps.begin() + position);
  rewriter.setInsertionPoint(op);
  auto replacement = linalg::GenericOp::create(
      rewriter, op.getLoc(), op.getResultTypes(), inputs, dying->get(), maps,
      op.getIteratorTypesArray());
  rewriter.replaceAllUsesWith(op.getBlock()->getArgument(position),
                              op.getRegionOutputArgs()[0]);
  op.getBlock()->eraseArgument(position);
  rewriter.inlineRegionBefore(op.getRegion(), replacement.getRegion(),
                              replacement.getRegion().begin());
  rewriter.replaceOp(op, replacement.getResults());
}

namespace {
struct UpdateInPlacePass
    : public condcomp::impl::UpdateInPlaceBase<UpdateInPlacePass> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation()->walk([&](linalg::GenericOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::GenericOp op : ops)
      updateInPlace(op, rewriter);
  }
};
} // namespace
