//===- KeepModuleOrder.cpp - entries go on as entries ---------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace condcomp {
#define GEN_PASS_DEF_KEEPMODULEORDER
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// The entries from which `tensor` was put together by `routing`, if reading it
/// where the routing has entries gives just these: the entry tensor, or null.
static Value getEntries(Value tensor, Value routing, Space space) {
  Operation *op = tensor.getDefiningOp();
  auto isSame = [&](auto movement) {
    return movement.getRouting() == routing &&
           movement.getEntries().getType().getElementType() ==
               cast<RankedTensorType>(tensor.getType()).getElementType();
  };
  if (auto restore = dyn_cast_or_null<RestoreOp>(op))
    return space == Space::Pairs && isSame(restore) &&
                   restore.getKind() == CombineKind::Replace
               ? restore.getEntries()
               : Value();
  auto combine = dyn_cast_or_null<CombineOp>(op);
  if (!combine || !isSame(combine) ||
      combine.getWeightUse() == WeightUse::Output)
    return {};
  // The verifier has replace with at most one entry per row only.
  bool isWhole =
      (space == Space::Rows && combine.getKind() == CombineKind::Replace) ||
      (space == Space::Pairs && combine.getKind() == CombineKind::Stack);
  return isWhole ? combine.getEntries() : Value();
}

namespace {
/// What was just put in place is not taken out again.
struct SelectOfEntries : OpRewritePattern<SelectOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectOp op,
                                PatternRewriter &rewriter) const override {
    Value entries = getEntries(op.getSource(), op.getRouting(), op.getSpace());
    if (!entries || entries.getType() != op.getType())
      return failure();
    rewriter.replaceOp(op, entries);
    return success();
  }
};

/// Rows that came from entries go to bodies as entries.
struct ApplyToEntries : OpRewritePattern<ApplyOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ApplyOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> rows(op.getRows()), entries(op.getEntries());
    unsigned i = 0;
    for (; i < rows.size(); ++i)
      if (Value found = getEntries(rows[i], op.getRouting(), Space::Rows)) {
        entries.push_back(found);
        break;
      }
    if (i == rows.size())
      return failure();
    unsigned numRows = rows.size();
    rows.erase(rows.begin() + i);
    rewriter.modifyOpInPlace(op, [&] {
      // The argument for it is now the last of the entries.
      unsigned last = numRows + op.getEntries().size();
      for (Region &body : op.getBodies()) {
        BlockArgument old = body.getArgument(i);
        BlockArgument moved =
            body.insertArgument(last, old.getType(), old.getLoc());
        rewriter.replaceAllUsesWith(old, moved);
        body.eraseArgument(i);
      }
      op.getRowsMutable().assign(rows);
      op.getEntriesMutable().assign(entries);
    });
    return success();
  }
};

struct KeepModuleOrder : condcomp::impl::KeepModuleOrderBase<KeepModuleOrder> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SelectOfEntries, ApplyToEntries>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
