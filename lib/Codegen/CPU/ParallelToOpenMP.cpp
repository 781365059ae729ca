//===- ParallelToOpenMP.cpp - parallel loops to OpenMP --------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"

namespace condcomp {
#define GEN_PASS_DEF_PARALLELTOOPENMP
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

static LogicalResult convert(scf::ParallelOp loop, bool dynamic) {
  if (!loop.getInitVals().empty())
    return loop.emitError("cannot be run by OpenMP: it has ")
           << loop.getInitVals().size() << " reduction results";
  WalkResult stack = loop.getBody()->walk([](Operation *op) {
    return isa<memref::AllocaOp>(op) ? WalkResult::interrupt()
                                     : WalkResult::advance();
  });
  if (stack.wasInterrupted())
    return loop.emitError(
        "cannot be run by OpenMP: its body allocates on the stack, which "
        "would grow with every iteration");

  ImplicitLocOpBuilder b(loop.getLoc(), loop);
  auto parallel = omp::ParallelOp::create(b);
  b.createBlock(&parallel.getRegion());
  omp::WsloopOperands schedule;
  if (dynamic)
    schedule.scheduleKind = omp::ClauseScheduleKindAttr::get(
        b.getContext(), omp::ClauseScheduleKind::Dynamic);
  auto share = omp::WsloopOp::create(b, schedule);
  omp::TerminatorOp::create(b);
  b.createBlock(&share.getRegion());
  omp::LoopNestOperands bounds;
  llvm::append_range(bounds.loopLowerBounds, loop.getLowerBound());
  llvm::append_range(bounds.loopUpperBounds, loop.getUpperBound());
  llvm::append_range(bounds.loopSteps, loop.getStep());
  bounds.collapseNumLoops = b.getI64IntegerAttr(loop.getNumLoops());
  auto nest = omp::LoopNestOp::create(b, bounds);
  nest.getRegion().takeBody(loop.getRegion());
  Operation *end = nest.getRegion().front().getTerminator();
  b.setInsertionPoint(end);
  omp::YieldOp::create(b, ValueRange());
  end->erase();
  loop.erase();
  return success();
}

namespace {
struct ParallelToOpenMPPass
    : public condcomp::impl::ParallelToOpenMPBase<ParallelToOpenMPPass> {
  void runOnOperation() override {
    SmallVector<scf::ForallOp> foralls;
    getOperation()->walk([&](scf::ForallOp loop) { foralls.push_back(loop); });
    llvm::SmallPtrSet<Operation *, 4> dynamic;
    IRRewriter rewriter(&getContext());
    for (scf::ForallOp loop : foralls) {
      rewriter.setInsertionPoint(loop);
      scf::ParallelOp parallel;
      if (failed(scf::forallToParallelLoop(rewriter, loop, &parallel)))
        return signalPassFailure();
      dynamic.insert(parallel);
    }
    SmallVector<scf::ParallelOp> loops;
    getOperation()->walk([&](scf::ParallelOp loop) { loops.push_back(loop); });
    for (scf::ParallelOp loop : loops)
      if (failed(convert(loop, dynamic.contains(loop))))
        return signalPassFailure();
  }
};
} // namespace
