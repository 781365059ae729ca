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

  /// Deals the loops of a block of which `before` iterations have been handed
  /// out since the last barrier, or null if none have; returns what has been
  /// at its end.
  Value deal(Block &block, Value before);

private:
  Value deal(scf::ParallelOp loop, Value before);
  Value deal(scf::IfOp choice, Value before);
  Value getNumberByBlocks(ImplicitLocOpBuilder &b, int64_t size);

  Value thread, threads;
};
} // namespace

/// The smallest multiple of `unit` that is not below `count`.
static Value roundUp(ImplicitLocOpBuilder &b, Value count, int64_t unit) {
  Value size = constantIndex(b, unit);
  return mul(b, ceilDiv(b, count, size), size);
}

static bool isBarrier(Operation *op) {
  auto call = dyn_cast<func::CallOp>(op);
  return call && call.getCallee() == kBarrierName;
}

static bool hasBarrier(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        return isBarrier(inner) ? WalkResult::interrupt()
                                : WalkResult::advance();
      })
      .wasInterrupted();
}

/// How many threads stay together: those of a warp have a tile together, and
/// those of a block if they wait for each other.
static int64_t countCooperating(scf::ParallelOp loop) {
  int64_t threads = kWarpSize;
  loop->walk([&](gpu::BarrierOp barrier) {
    if (auto all = barrier->getAttrOfType<IntegerAttr>(kBlockThreadsAttrName))
      threads = all.getInt();
  });
  return threads;
}

/// The number of the thread if those of a block of `size` threads follow each
/// other: they are numbered warp by warp, of each block in turn.
Value Dealer::getNumberByBlocks(ImplicitLocOpBuilder &b, int64_t size) {
  Value width = constantIndex(b, kWarpSize);
  Value blocks = div(b, threads, constantIndex(b, size));
  Value warp = div(b, thread, width);
  Value block = b.createOrFold<arith::RemUIOp>(warp, blocks);
  Value first = add(b, mul(b, block, constantIndex(b, size)),
                    mul(b, div(b, warp, blocks), width));
  return add(b, first, b.createOrFold<arith::RemUIOp>(thread, width));
}

Value Dealer::deal(scf::ParallelOp loop, Value before) {
  ImplicitLocOpBuilder b(loop.getLoc(), loop);
  auto [sizes, total] = countIterations(b, loop);
  int64_t together = countCooperating(loop);
  Value own = together == kWarpSize ? thread : getNumberByBlocks(b, together);
  Value first = own, count = total;
  if (before) {
    before = roundUp(b, before, together);
    Value offset = b.createOrFold<arith::RemUIOp>(before, threads);
    Value wraps =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult, own, offset);
    first = arith::SelectOp::create(
        b, wraps, add(b, own, sub(b, threads, offset)), sub(b, own, offset));
    count = add(b, before, count);
  }
  moveBody(loop, scf::ForOp::create(b, first, total, threads), sizes);
  return count;
}

/// A choice that all threads make alike also gives what its branch has handed
/// out.
Value Dealer::deal(scf::IfOp choice, Value before) {
  bool waits = hasBarrier(choice);
  SmallVector<Value> after;
  for (Region &region : choice->getRegions())
    after.push_back(region.empty() ? before : deal(region.front(), before));
  if (waits)
    return Value();
  if (after[0] == before && after[1] == before)
    return before;
  ImplicitLocOpBuilder b(choice.getLoc(), choice);
  SmallVector<Type> types(choice.getResultTypes());
  types.push_back(b.getIndexType());
  auto counting = scf::IfOp::create(b, types, choice.getCondition(),
                                    /*withElseRegion=*/true);
  for (auto [i, region] : llvm::enumerate(choice->getRegions())) {
    Block &block = counting->getRegion(i).front();
    b.setInsertionPointToEnd(&block);
    SmallVector<Value> results;
    if (!region.empty()) {
      Operation *end = region.front().getTerminator();
      results = end->getOperands();
      end->erase();
      block.getOperations().splice(block.end(), region.front().getOperations());
    }
    b.setInsertionPointToEnd(&block);
    results.push_back(after[i] ? after[i] : constantIndex(b, 0));
    scf::YieldOp::create(b, results);
  }
  choice.replaceAllUsesWith(counting.getResults().drop_back());
  choice.erase();
  return counting.getResults().back();
}

Value Dealer::deal(Block &block, Value before) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (auto loop = dyn_cast<scf::ParallelOp>(op)) {
      before = deal(loop, before);
    } else if (isBarrier(&op)) {
      before = Value();
    } else if (getRunner(&op) == Runner::Inside) {
      if (auto choice = dyn_cast<scf::IfOp>(op)) {
        before = deal(choice, before);
        continue;
      }
      bool waits = hasBarrier(&op);
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          deal(inner, Value());
      if (waits)
        before = Value();
    }
  }
  return before;
}

namespace {
struct DistributeLoopsPass
    : public condcomp::impl::DistributeLoopsBase<DistributeLoopsPass> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!isKernel(kernel))
      return;
    SmallVector<Operation *> sequential;
    SmallVector<scf::ParallelOp> whole;
    walkRunners(kernel.getBody(), [&](Operation *op) {
      if (getRunner(op) == Runner::One)
        sequential.push_back(op);
      else if (auto loop = dyn_cast<scf::ParallelOp>(op))
        loop.getBody()->walk(
            [&](scf::ParallelOp inner) { whole.push_back(inner); });
    });

    auto b = ImplicitLocOpBuilder::atBlockBegin(kernel.getLoc(),
                                                &kernel.getBody().front());
    Value zero = constantIndex(b, 0);
    Value thread = kernel.getArgument(Thread);
    Value isFirst =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, thread, zero);
    for (scf::ParallelOp loop : whole)
      runWhole(loop);
    Dealer(kernel).deal(kernel.getBody().front(), Value());
    for (Operation *op : sequential) {
      b.setInsertionPoint(op);
      b.setLoc(op->getLoc());
      auto only = scf::IfOp::create(b, isFirst);
      op->moveBefore(only.thenYield());
    }
  }
};
} // namespace
