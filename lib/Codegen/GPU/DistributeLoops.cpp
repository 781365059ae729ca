//===- DistributeLoops.cpp - who runs what in a kernel --------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../CPU/LoopBuilder.h"
#include "Grid.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace condcomp {
#define GEN_PASS_DEF_DISTRIBUTELOOPS
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Moves the body of `loop` into the body of `target`, which counts all its
/// iterations, `sizes` per dim, as one.
static void moveBody(scf::ParallelOp loop, scf::ForOp target,
                     ArrayRef<Value> sizes) {
  ImplicitLocOpBuilder b(loop.getLoc(), target.getBody()->getTerminator());
  Value number = target.getInductionVar();
  for (int64_t i = sizes.size() - 1; i >= 0; --i) {
    Value own = number;
    if (i > 0) {
      own = b.createOrFold<arith::RemUIOp>(number, sizes[i]);
      number = div(b, number, sizes[i]);
    }
    Value position =
        add(b, loop.getLowerBound()[i], mul(b, own, loop.getStep()[i]));
    loop.getInductionVars()[i].replaceAllUsesWith(position);
  }
  loop.getBody()->getTerminator()->erase();
  target.getBody()->getOperations().splice(
      target.getBody()->getTerminator()->getIterator(),
      loop.getBody()->getOperations());
  loop.erase();
}

/// Runs iterations first, first + step and so on.
static void runShare(scf::ParallelOp loop, Value first, Value step) {
  ImplicitLocOpBuilder b(loop.getLoc(), loop);
  SmallVector<Value> sizes;
  Value total = constantIndex(b, 1), zero = constantIndex(b, 0);
  for (auto [lower, upper, step] :
       llvm::zip(loop.getLowerBound(), loop.getUpperBound(), loop.getStep())) {
    Value length = b.createOrFold<arith::MaxSIOp>(sub(b, upper, lower), zero);
    sizes.push_back(ceilDiv(b, length, step));
    total = mul(b, total, sizes.back());
  }
  moveBody(loop, scf::ForOp::create(b, first, total, step), sizes);
}

namespace {
struct DistributeLoopsPass
    : public condcomp::impl::DistributeLoopsBase<DistributeLoopsPass> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!isKernel(kernel))
      return;
    SmallVector<Operation *> sequential;
    SmallVector<scf::ParallelOp> shared, whole;
    walkRunners(kernel.getBody(), [&](Operation *op) {
      if (getRunner(op) == Runner::One)
        sequential.push_back(op);
      else if (auto loop = dyn_cast<scf::ParallelOp>(op))
        shared.push_back(loop);
    });
    for (scf::ParallelOp loop : shared)
      loop.getBody()->walk(
          [&](scf::ParallelOp inner) { whole.push_back(inner); });

    auto b = ImplicitLocOpBuilder::atBlockBegin(kernel.getLoc(),
                                                &kernel.getBody().front());
    Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
    Value thread = kernel.getArgument(Thread);
    Value isFirst =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread, zero);
    for (scf::ParallelOp loop : whole)
      runShare(loop, zero, one);
    for (scf::ParallelOp loop : shared)
      runShare(loop, thread, kernel.getArgument(Threads));
    for (Operation *op : sequential) {
      b.setInsertionPoint(op);
      b.setLoc(op->getLoc());
      auto only = scf::IfOp::create(b, isFirst);
      op->moveBefore(only.thenYield());
    }
  }
};
} // namespace
