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

/// The number of iterations of `loop` per dim, and of all.
static std::pair<SmallVector<Value>, Value>
countIterations(ImplicitLocOpBuilder &b, scf::ParallelOp loop) {
  SmallVector<Value> sizes;
  Value total = constantIndex(b, 1), zero = constantIndex(b, 0);
  for (auto [lower, upper, step] :
       llvm::zip(loop.getLowerBound(), loop.getUpperBound(), loop.getStep())) {
    Value length = b.createOrFold<arith::MaxSIOp>(sub(b, upper, lower), zero);
    sizes.push_back(ceilDiv(b, length, step));
    total = mul(b, total, sizes.back());
  }
  return {sizes, total};
}

/// Runs all iterations in turn.
static void runWhole(scf::ParallelOp loop) {
  ImplicitLocOpBuilder b(loop.getLoc(), loop);
  auto [sizes, total] = countIterations(b, loop);
  moveBody(
      loop,
      scf::ForOp::create(b, constantIndex(b, 0), total, constantIndex(b, 1)),
      sizes);
}

namespace {
/// Hands out the iterations of loops to the threads of a grid. Loops that no
/// barrier separates go on where the one before ended, so that threads that it
/// left idle have something to do.
class Dealer {
public:
  Dealer(func::FuncOp kernel)
      : thread(kernel.getArgument(Thread)),
        threads(kernel.getArgument(Threads)) {}

  void deal(scf::ParallelOp loop);

private:
  Value countBefore(Operation *op) const;

  Value thread, threads;
  /// What has been handed out since the last barrier, after a loop.
  llvm::DenseMap<Operation *, Value> handedOut;
};
} // namespace

/// What has been handed out when `op` begins, in its block.
Value Dealer::countBefore(Operation *op) const {
  while ((op = op->getPrevNode())) {
    if (Value count = handedOut.lookup(op))
      return count;
    bool waits = op->walk([](func::CallOp call) {
                     return call.getCallee() == kBarrierName
                                ? WalkResult::interrupt()
                                : WalkResult::advance();
                   }).wasInterrupted();
    if (waits)
      break;
  }
  return Value();
}

void Dealer::deal(scf::ParallelOp loop) {
  ImplicitLocOpBuilder b(loop.getLoc(), loop);
  auto [sizes, total] = countIterations(b, loop);
  Value first = thread, count = total;
  if (Value before = countBefore(loop)) {
    Value offset = b.createOrFold<arith::RemUIOp>(before, threads);
    Value wraps =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult, thread, offset);
    first = arith::SelectOp::create(b, wraps,
                                    add(b, thread, sub(b, threads, offset)),
                                    sub(b, thread, offset));
    count = add(b, before, count);
  }
  // The threads of a warp have a tile together: they stay together.
  Value warp = constantIndex(b, kWarpSize);
  count = mul(b, ceilDiv(b, count, warp), warp);
  auto share = scf::ForOp::create(b, first, total, threads);
  moveBody(loop, share, sizes);
  handedOut[share] = count;
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
    Value zero = constantIndex(b, 0);
    Value thread = kernel.getArgument(Thread);
    Value isFirst =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread, zero);
    for (scf::ParallelOp loop : whole)
      runWhole(loop);
    Dealer dealer(kernel);
    for (scf::ParallelOp loop : shared)
      dealer.deal(loop);
    for (Operation *op : sequential) {
      b.setInsertionPoint(op);
      b.setLoc(op->getLoc());
      auto only = scf::IfOp::create(b, isFirst);
      op->moveBefore(only.thenYield());
    }
  }
};
} // namespace
