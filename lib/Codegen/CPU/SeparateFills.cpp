//===- SeparateFills.cpp - a fill for every user --------------------------===//
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
#define GEN_PASS_DEF_SEPARATEFILLS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;

namespace {
struct SeparateFillsPass
    : public condcomp::impl::SeparateFillsBase<SeparateFillsPass> {
  void runOnOperation() override {
    SmallVector<linalg::FillOp> fills;
    getOperation()->walk([&](linalg::FillOp fill) {
      // What is written over must have no other content.
      if (fill.hasPureTensorSemantics() &&
          fill.output().getDefiningOp<tensor::EmptyOp>())
        fills.push_back(fill);
    });
    IRRewriter rewriter(&getContext());
    for (linalg::FillOp fill : fills) {
      Operation *empty = fill.output().getDefiningOp();
      for (OpOperand &use :
           llvm::make_early_inc_range(fill->getResult(0).getUses())) {
        auto user = dyn_cast<linalg::LinalgOp>(use.getOwner());
        if (!user || !user.isDpsInit(&use))
          continue;
        rewriter.setInsertionPoint(user);
        Operation *ownEmpty = rewriter.clone(*empty);
        IRMapping mapping;
        mapping.map(fill.output(), ownEmpty->getResult(0));
        Operation *own = rewriter.clone(*fill, mapping);
        rewriter.modifyOpInPlace(user, [&]() { use.set(own->getResult(0)); });
      }
      if (fill->use_empty())
        rewriter.eraseOp(fill);
      if (empty->use_empty())
        rewriter.eraseOp(empty);
    }
  }
};
} // namespace
