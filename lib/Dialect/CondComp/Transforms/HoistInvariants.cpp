//===- HoistInvariants.cpp - once instead of in every run -----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

namespace condcomp {
#define GEN_PASS_DEF_HOISTINVARIANTS
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Whether a region may run several times in a call of its op. What runs once
/// at most is better left where it may not run at all.
static bool mayRunOften(ConditionalOpInterface op, unsigned region) {
  std::optional<int64_t> most =
      getConstantIntValue(op.getRegionRuns(region).mostRuns);
  return !most || ShapedType::isDynamic(*most) || *most > 1;
}

static bool canHoist(Operation *op, Region *) {
  return !op->hasTrait<OpTrait::ConstantLike>() && isMemoryEffectFree(op) &&
         isSpeculatable(op);
}

/// A tensor that is written into stays with what writes: outside, each run
/// would need a copy.
static void returnDestinations(ArrayRef<Operation *> hoisted, Region &region) {
  for (Operation *op : llvm::reverse(hoisted)) {
    if (!isa<tensor::EmptyOp, linalg::FillOp>(op))
      continue;
    for (OpOperand &use : llvm::make_early_inc_range(op->getUses())) {
      if (!region.isAncestor(use.getOwner()->getParentRegion()))
        continue;
      OpBuilder b(use.getOwner());
      use.set(b.clone(*op)->getResult(0));
    }
    if (op->use_empty())
      op->erase();
  }
}

namespace {
struct HoistInvariants : condcomp::impl::HoistInvariantsBase<HoistInvariants> {
  void runOnOperation() override {
    // Inner regions first: what leaves them may leave outer ones too.
    getOperation()->walk([&](ConditionalOpInterface op) {
      for (Region &region : op->getRegions()) {
        if (!mayRunOften(op, region.getRegionNumber()))
          continue;
        SmallVector<Operation *> hoisted;
        moveLoopInvariantCode(
            &region,
            [](Value value, Region *region) {
              return !region->isAncestor(value.getParentRegion());
            },
            canHoist,
            [&](Operation *inner, Region *) {
              inner->moveBefore(op);
              hoisted.push_back(inner);
            });
        returnDestinations(hoisted, region);
      }
    });
  }
};
} // namespace
