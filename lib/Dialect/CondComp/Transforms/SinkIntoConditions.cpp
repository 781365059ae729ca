//===- SinkIntoConditions.cpp - work only for rows that need it -----------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RowWork.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace condcomp {
#define GEN_PASS_DEF_SINKINTOCONDITIONS
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// How many bodies may get a copy of the same work.
static constexpr size_t kMostCopies = 4;

/// Does `work` at the beginning of `body`, whose row arguments stand for
/// `rows`, on arguments that are added for its sources, and erases the
/// arguments for what it makes. The caller changes the operands likewise: see
/// `exchange`.
static void moveInto(const RowWork &work, Block &body, ArrayRef<Value> rows,
                     ArrayRef<unsigned> made, RewriterBase &rewriter) {
  IRMapping mapping;
  for (auto [i, value] : llvm::enumerate(rows))
    mapping.map(value, body.getArgument(i));
  unsigned numRows = rows.size();
  for (Value source : work.getSources())
    if (!llvm::is_contained(rows, source))
      mapping.map(source,
                  body.insertArgument(numRows++, withOpenRows(source.getType()),
                                      source.getLoc()));
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(&body);
  work.emit(rewriter, mapping, mapping.lookup(work.getSources().front()));
  for (unsigned i : llvm::reverse(made)) {
    rewriter.replaceAllUsesWith(body.getArgument(i), mapping.lookup(rows[i]));
    body.eraseArgument(i);
  }
}

/// The rows with the work's sources in place of what it makes.
static void exchange(const RowWork &work, ArrayRef<Value> rows,
                     ArrayRef<unsigned> made, MutableOperandRange operands) {
  SmallVector<Value> next;
  for (auto [i, value] : llvm::enumerate(rows))
    if (!llvm::is_contained(made, i))
      next.push_back(value);
  for (Value source : work.getSources())
    if (!llvm::is_contained(rows, source))
      next.push_back(source);
  operands.assign(next);
}

/// Moves what makes those of `operands`, rows that `user` takes, that `isSink`
/// holds for into the regions whose row arguments they become.
static LogicalResult sinkRows(Operation *user, MutableOperandRange operands,
                              ArrayRef<Region *> regions,
                              function_ref<bool(unsigned)> isSink,
                              RewriterBase &rewriter) {
  OperandRange range = operands;
  if (range.empty())
    return failure();
  SmallVector<Value> rows(range);
  unsigned first = range.getBeginOperandIndex();
  RowWork work(user, *regions.front(), [&](OpOperand &use) {
    unsigned at = use.getOperandNumber();
    return at >= first && at < first + rows.size() && isSink(at - first);
  });
  if (work.empty() || !work.isWorthMoving(rows))
    return failure();
  SmallVector<unsigned> made;
  for (unsigned at : work.getMade())
    made.push_back(at - first);
  rewriter.modifyOpInPlace(regions.front()->getParentOp(), [&] {
    for (Region *region : regions)
      moveInto(work, region->front(), rows, made, rewriter);
  });
  rewriter.modifyOpInPlace(user, [&] { exchange(work, rows, made, operands); });
  work.erase(rewriter);
  return success();
}

namespace {
/// Into the bodies of an apply that skips rows.
struct SinkIntoApply : OpRewritePattern<ApplyOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ApplyOp op,
                                PatternRewriter &rewriter) const override {
    RoutingType type = op.getRouting().getType();
    // Of the rows of a batch index, the body sees those of all batch indices.
    if (type.getNumBatchDims() > 0)
      return rewriter.notifyMatchFailure(op, "rows are folded");
    std::optional<int64_t> most = type.getRowBound().getStaticMax();
    if (type.getNumModules() != 1 && (!most || *most > 1))
      return rewriter.notifyMatchFailure(op, "a row may run several times");
    if (most && *most > 0 && type.getRowBound().kind == BoundKind::Exactly)
      return rewriter.notifyMatchFailure(op, "no row is skipped");
    if (op.getWeightUse() == WeightUse::Input)
      return rewriter.notifyMatchFailure(op, "rows are scaled on the way");
    if (op.getBodies().size() > kMostCopies)
      return rewriter.notifyMatchFailure(op, "too many bodies");
    SmallVector<Region *> regions;
    for (Region &body : op.getBodies())
      regions.push_back(&body);
    return sinkRows(
        op, op.getRowsMutable(), regions, [](unsigned) { return true; },
        rewriter);
  }
};

/// The only use of a value, if it is carried on by an exit: the operand's
/// number in the exit's `carry`.
std::optional<unsigned> getCarried(Value value) {
  if (!value.hasOneUse())
    return std::nullopt;
  OpOperand &use = *value.use_begin();
  auto exit = dyn_cast<ExitOp>(use.getOwner());
  if (!exit || exit.getCarry().empty())
    return std::nullopt;
  unsigned first = exit.getCarry().getBeginOperandIndex();
  unsigned at = use.getOperandNumber();
  if (at < first || at >= first + exit.getCarry().size())
    return std::nullopt;
  return at - first;
}

/// Past the exits of a cascade: into it, where its first stage only carries the
/// rows on, and from a stage that only carries results on into the next.
struct SinkPastExits : OpRewritePattern<CascadeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CascadeOp op,
                                PatternRewriter &rewriter) const override {
    MutableArrayRef<Region> stages = op.getStages();
    if (stages.size() < 2)
      return failure();
    auto isCarried = [&](unsigned i) {
      return getCarried(stages.front().getArgument(i)).has_value();
    };
    if (succeeded(sinkRows(op, op.getRowsMutable(), {&stages.front()},
                           isCarried, rewriter)))
      return success();
    for (auto [i, stage] : llvm::enumerate(stages.drop_back())) {
      auto exit = cast<ExitOp>(stage.front().getTerminator());
      if (succeeded(sinkRows(
              exit, exit.getCarryMutable(), {&stages[i + 1]},
              [](unsigned) { return true; }, rewriter)))
        return success();
    }
    return failure();
  }
};

/// The sizes of a result are asked of what it is written into: they are then
/// no use of the result.
struct SizesOfDestinations : OpRewritePattern<tensor::DimOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::DimOp op,
                                PatternRewriter &rewriter) const override {
    auto linalgOp = op.getSource().getDefiningOp<linalg::LinalgOp>();
    if (!linalgOp)
      return failure();
    OpOperand *init = linalgOp.getTiedOpOperand(cast<OpResult>(op.getSource()));
    rewriter.modifyOpInPlace(
        op, [&] { op.getSourceMutable().assign(init->get()); });
    return success();
  }
};

struct SinkIntoConditions
    : condcomp::impl::SinkIntoConditionsBase<SinkIntoConditions> {
  void runOnOperation() override {
    // Work is seen whole only once no size is asked of it.
    RewritePatternSet sizes(&getContext()), patterns(&getContext());
    sizes.add<SizesOfDestinations>(&getContext());
    patterns.add<SinkIntoApply, SinkPastExits>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(sizes))) ||
        failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
