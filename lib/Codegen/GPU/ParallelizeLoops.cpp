//===- ParallelizeLoops.cpp - from linalg to parallel loops ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../CPU/ContractionMatch.h"
#include "../CPU/LinearView.h"
#include "../CPU/LoopBuilder.h"
#include "Grid.h"
#include "Runs.h"
#include "ThreadTile.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "condcomp/Conversion/IndependentLoops.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Remarks.h"

namespace condcomp {
#define GEN_PASS_DEF_PARALLELIZELOOPS
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

static void remarkSequential(Operation *op, StringRef what, StringRef why) {
  remark::failed(op->getLoc(), remark::RemarkOpts::name("SequentialLoops")
                                   .category("condcomp-gpu-parallelize-loops"))
      << (what + " are run one after another: " + why).str();
}

/// A parallel loop over `sizes`; just the body if there are none.
static void buildParallel(ImplicitLocOpBuilder &b, ArrayRef<Value> sizes,
                          function_ref<void(ValueRange)> body) {
  OpBuilder::InsertionGuard guard(b);
  if (sizes.empty())
    return body({});
  SmallVector<Value> zeros(sizes.size(), constantIndex(b, 0));
  SmallVector<Value> ones(sizes.size(), constantIndex(b, 1));
  auto loop = scf::ParallelOp::create(b, zeros, sizes, ones);
  b.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVars());
}

namespace {
/// Turns one linalg op into loops.
class LoopEmitter {
public:
  LoopEmitter(ImplicitLocOpBuilder &b, linalg::LinalgOp op)
      : b(b), op(op), sizes(loopSizes(b, op)), ivs(sizes.size()) {}

  void run();

private:
  SmallVector<Value> getIndices(OpOperand &operand);
  Value load(OpOperand &operand);
  SmallVector<Value> emitPoint(ValueRange sums);

  ImplicitLocOpBuilder &b;
  linalg::LinalgOp op;
  SmallVector<Value> sizes, ivs;
};
} // namespace

SmallVector<Value> LoopEmitter::getIndices(OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  return *affine::expandAffineMap(b, b.getLoc(), map, ivs);
}

Value LoopEmitter::load(OpOperand &operand) {
  if (!isa<MemRefType>(operand.get().getType()))
    return operand.get();
  return memref::LoadOp::create(b, operand.get(), getIndices(operand));
}

/// The sums after one more point of the loops.
SmallVector<Value> LoopEmitter::emitPoint(ValueRange sums) {
  IRMapping values;
  for (OpOperand *input : op.getDpsInputOperands())
    if (BlockArgument argument = op.getMatchingBlockArgument(input);
        !argument.use_empty())
      values.map(argument, load(*input));
  for (auto [argument, sum] : llvm::zip(op.getRegionOutputArgs(), sums))
    values.map(argument, sum);
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      values.map(index.getResult(), ivs[index.getDim()]);
      continue;
    }
    b.clone(inner, values)->walk([&](linalg::IndexOp index) {
      index.replaceAllUsesWith(ivs[index.getDim()]);
      index.erase();
    });
  }
  SmallVector<Value> next;
  for (Value yielded : op.getBlock()->getTerminator()->getOperands())
    next.push_back(values.lookupOrDefault(yielded));
  return next;
}

void LoopEmitter::run() {
  SmallVector<unsigned> parallel, reductions;
  SmallVector<Value> parallelSizes, reductionSizes;
  for (auto [i, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    bool isParallel = linalg::isParallelIterator(kind);
    (isParallel ? parallel : reductions).push_back(i);
    (isParallel ? parallelSizes : reductionSizes).push_back(sizes[i]);
  }
  buildParallel(b, parallelSizes, [&](ValueRange positions) {
    for (auto [i, position] : llvm::zip_equal(parallel, positions))
      ivs[i] = position;
    SmallVector<Value> sums;
    for (OpOperand &init : op.getDpsInitsMutable()) {
      // What is written without being read may hold anything.
      bool read = !reductions.empty() || op.payloadUsesValueFromOperand(&init);
      sums.push_back(read ? load(init) : Value());
    }
    // In ascending order.
    sums = buildCarryingNest(
        b, reductionSizes, sums, [&](ValueRange indices, ValueRange carried) {
          for (auto [i, index] : llvm::zip_equal(reductions, indices))
            ivs[i] = index;
          return emitPoint(carried);
        });
    for (auto [init, sum] : llvm::zip(op.getDpsInitsMutable(), sums))
      memref::StoreOp::create(b, sum, init.get(), getIndices(init));
  });
}

/// Emits a contraction in tiles if there is one for every other thread at
/// least, else by elements: many threads are worth more than few loads. Both
/// give the same bits.
static void emitContraction(ImplicitLocOpBuilder &b, const Contraction &c,
                            Value threads, bool fromZero) {
  ThreadTile tiles(b, c, fromZero, /*side=*/4);
  if (!tiles.isBlocked())
    return tiles.run();
  // The choice is to be the same in all blocks.
  Value number = mul(b, countRuns(b, c.op), tiles.countTiles());
  Value many =
      arith::CmpIOp::create(b, arith::CmpIPredicate::uge,
                            mul(b, number, constantIndex(b, 2)), threads);
  auto choice = scf::IfOp::create(b, many, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(choice.thenYield());
  tiles.run();
  b.setInsertionPoint(choice.elseYield());
  ThreadTile(b, c, fromZero, /*side=*/1).run();
}

/// Whether each element of the results belongs to one point of the parallel
/// loops, and computing it can't fail.
static bool isParallelizable(linalg::LinalgOp op) {
  SmallVector<unsigned> reductions;
  op.getReductionDims(reductions);
  for (OpOperand &init : op.getDpsInitsMutable())
    for (unsigned loop : reductions)
      if (op.getMatchingIndexingMap(&init).isFunctionOfDim(loop))
        return false;
  return !op.getBlock()
              ->walk([](cf::AssertOp) { return WalkResult::interrupt(); })
              .wasInterrupted();
}

static void copyInParallel(memref::CopyOp op) {
  // Bufferization inserts a slice where it was computed.
  if (op.getSource() == op.getTarget())
    return op.erase();
  ImplicitLocOpBuilder b(op.getLoc(), op);
  SmallVector<Value> sizes;
  for (int64_t i = 0, e = op.getSource().getType().getRank(); i < e; ++i)
    sizes.push_back(b.createOrFold<memref::DimOp>(op.getSource(), i));
  buildParallel(b, sizes, [&](ValueRange position) {
    Value element = memref::LoadOp::create(b, op.getSource(), position);
    memref::StoreOp::create(b, element, op.getTarget(), position);
  });
  op.erase();
}

/// Makes a loop of independent iterations parallel, if its body can be run by
/// one thread.
static void parallelize(scf::ForOp loop) {
  bool simple = loop.getNumResults() == 0 && !loop.getUnsignedCmp();
  loop.getBody()->walk([&](Operation *op) {
    simple &= !isa<memref::AllocOp, CheckOp, cf::AssertOp>(op);
  });
  if (!simple) {
    remarkSequential(
        loop, "independent iterations",
        "the loop carries values, or its body allocates or checks");
    return;
  }
  ImplicitLocOpBuilder b(loop.getLoc(), loop);
  auto parallel = scf::ParallelOp::create(b, ValueRange(loop.getLowerBound()),
                                          ValueRange(loop.getUpperBound()),
                                          ValueRange(loop.getStep()));
  Block *body = parallel.getBody();
  loop.getInductionVar().replaceAllUsesWith(parallel.getInductionVars()[0]);
  loop.getBody()->getTerminator()->erase();
  body->getOperations().splice(body->begin(), loop.getBody()->getOperations());
  loop.erase();
}

namespace {
struct ParallelizeLoopsPass
    : public condcomp::impl::ParallelizeLoopsBase<ParallelizeLoopsPass> {
  void runOnOperation() override {
    if (!isKernel(getOperation()))
      return;
    SmallVector<linalg::LinalgOp> ops;
    SmallVector<memref::CopyOp> copies;
    SmallVector<scf::ForOp> loops;
    getOperation()->walk([&](Operation *op) {
      if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
          linalgOp && linalgOp.hasPureBufferSemantics())
        ops.push_back(linalgOp);
      else if (auto copy = dyn_cast<memref::CopyOp>(op))
        copies.push_back(copy);
      else if (auto loop = dyn_cast<scf::ForOp>(op);
               loop && loop->hasAttr(kIndependentAttrName))
        loops.push_back(loop);
    });
    for (memref::CopyOp copy : copies)
      copyInParallel(copy);
    // A contraction takes in the fill with zeros before it, which spares a
    // barrier.
    llvm::SmallPtrSet<Operation *, 8> filled, fills;
    for (linalg::LinalgOp op : ops)
      if (std::optional<Contraction> contraction = matchContraction(op))
        if (linalg::FillOp fill = findZeroFill(*contraction)) {
          filled.insert(op);
          fills.insert(fill);
        }
    for (linalg::LinalgOp op : ops) {
      ImplicitLocOpBuilder b(op.getLoc(), op);
      if (fills.contains(op)) {
        // Taken in.
      } else if (std::optional<Contraction> c = matchContraction(op)) {
        emitContraction(b, *c, getOperation().getArgument(Threads),
                        filled.contains(op));
      } else if (isParallelizable(op)) {
        LoopEmitter(b, op).run();
      } else {
        remarkSequential(op,
                         ("elements of " + op->getName().getStringRef()).str(),
                         "its body can fail, or results depend on the order of "
                         "its loops");
        IRRewriter rewriter(b);
        if (failed(linalg::linalgOpToLoops(rewriter, op)))
          return signalPassFailure();
      }
      op->erase();
    }
    for (scf::ForOp loop : loops)
      parallelize(loop);
  }
};
} // namespace
