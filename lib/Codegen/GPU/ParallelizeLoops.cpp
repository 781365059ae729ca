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
#include "ThreadTile.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "condcomp/Conversion/IndependentLoops.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
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
  /// With `fromZero`, a contraction's result is what it sums up alone.
  LoopEmitter(ImplicitLocOpBuilder &b, linalg::LinalgOp op, bool fromZero)
      : b(b), op(op), sizes(loopSizes(b, op)), ivs(sizes.size()),
        contraction(matchContraction(op)), fromZero(fromZero) {}

  void run();

private:
  SmallVector<Value> getIndices(OpOperand &operand);
  Value load(OpOperand &operand);
  SmallVector<Value> emitReductions(ArrayRef<unsigned> loops,
                                    SmallVector<Value> sums);
  SmallVector<Value> emitPoint(ValueRange sums);
  Value convert(Value value, Type type);

  ImplicitLocOpBuilder &b;
  linalg::LinalgOp op;
  SmallVector<Value> sizes, ivs;
  std::optional<Contraction> contraction;
  bool fromZero;
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

/// Extends or rounds a number to `type`.
Value LoopEmitter::convert(Value value, Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (from < to)
    return arith::ExtFOp::create(b, type, value);
  if (from > to)
    return arith::TruncFOp::create(b, type, value);
  return value;
}

/// The sums after one more point of the loops.
SmallVector<Value> LoopEmitter::emitPoint(ValueRange sums) {
  if (contraction) {
    Value lhs = convert(load(*contraction->lhs), contraction->acc);
    Value rhs = convert(load(*contraction->rhs), contraction->acc);
    return {math::FmaOp::create(b, lhs, rhs, sums.front())};
  }
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

/// The sums after all points of the loops, in ascending order.
SmallVector<Value> LoopEmitter::emitReductions(ArrayRef<unsigned> loops,
                                               SmallVector<Value> sums) {
  if (loops.empty())
    return emitPoint(sums);
  OpBuilder::InsertionGuard guard(b);
  auto loop = scf::ForOp::create(b, constantIndex(b, 0), sizes[loops.front()],
                                 constantIndex(b, 1), sums);
  b.setInsertionPointToStart(loop.getBody());
  ivs[loops.front()] = loop.getInductionVar();
  scf::YieldOp::create(
      b, emitReductions(loops.drop_front(),
                        llvm::to_vector_of<Value>(loop.getRegionIterArgs())));
  return llvm::to_vector_of<Value>(loop.getResults());
}

void LoopEmitter::run() {
  SmallVector<unsigned> parallel, reductions;
  SmallVector<Value> parallelSizes;
  for (auto [i, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    (linalg::isParallelIterator(kind) ? parallel : reductions).push_back(i);
    if (linalg::isParallelIterator(kind))
      parallelSizes.push_back(sizes[i]);
  }
  buildParallel(b, parallelSizes, [&](ValueRange positions) {
    for (auto [i, position] : llvm::zip_equal(parallel, positions))
      ivs[i] = position;
    SmallVector<Value> sums;
    for (OpOperand &init : op.getDpsInitsMutable()) {
      if (contraction) {
        FloatType type = contraction->acc;
        sums.push_back(fromZero ? Value(arith::ConstantOp::create(
                                      b, b.getFloatAttr(type, 0)))
                                : convert(load(init), type));
        continue;
      }
      // What is written without being read may hold anything.
      bool read = !reductions.empty() || op.payloadUsesValueFromOperand(&init);
      sums.push_back(read ? load(init) : Value());
    }
    sums = emitReductions(reductions, sums);
    for (auto [init, sum] : llvm::zip(op.getDpsInitsMutable(), sums)) {
      Type element = cast<MemRefType>(init.get().getType()).getElementType();
      memref::StoreOp::create(b, contraction ? convert(sum, element) : sum,
                              init.get(), getIndices(init));
    }
  });
}

/// Emits a contraction in tiles if there is one for every other thread at
/// least, else by elements: many threads are worth more than few loads. Both
/// give the same bits.
static void emitContraction(ImplicitLocOpBuilder &b, const Contraction &c,
                            Value threads, bool fromZero) {
  ThreadTile tile(b, c, fromZero);
  LoopEmitter elements(b, c.op, fromZero);
  if (!tile.isBlocked())
    return elements.run();
  Value many = arith::CmpIOp::create(
      b, arith::CmpIPredicate::uge,
      mul(b, tile.countTiles(), constantIndex(b, 2)), threads);
  auto choice = scf::IfOp::create(b, many, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(choice.thenYield());
  tile.run();
  b.setInsertionPoint(choice.elseYield());
  elements.run();
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
        LoopEmitter(b, op, /*fromZero=*/false).run();
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
