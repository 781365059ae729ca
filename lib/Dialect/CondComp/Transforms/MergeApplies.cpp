//===- MergeApplies.cpp - one dispatch for several bodies -----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/SetVector.h"

namespace condcomp {
#define GEN_PASS_DEF_MERGEAPPLIES
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Whether bodies see the same rows of the same modules.
static bool dispatchAlike(ApplyOp first, ApplyOp second) {
  return first != second && first->getBlock() == second->getBlock() &&
         first.getRouting() == second.getRouting() &&
         first.getScope() == second.getScope() &&
         first.getBodies().size() == second.getBodies().size();
}

/// Whether each row of the result is the one value that a body gave for it, or
/// that of `outs`, or is an entry of its own.
static bool handsOnValues(ApplyOp op) {
  if (op.getWeightUse() != WeightUse::None)
    return false;
  // The verifier has replace with at most one entry per row only.
  return op.getCombine() == CombineKind::None ||
         op.getCombine() == CombineKind::Replace;
}

/// Whether `second` takes what `first` gives row by row (entry by entry), and
/// nothing else does.
static bool isChain(ApplyOp first, ApplyOp second) {
  if (!handsOnValues(first) || second.getWeightUse() == WeightUse::Input)
    return false;
  bool entries = first.getCombine() == CombineKind::None;
  ValueRange taken = entries ? second.getEntries() : second.getRows();
  // Rows without an entry keep what the first apply kept for them.
  bool keeps = !entries && second.getCombine() == CombineKind::Replace;
  for (Value result : first.getResults())
    for (OpOperand &use : result.getUses()) {
      if (use.getOwner() != second)
        return false;
      unsigned at = use.getOperandNumber();
      auto isIn = [&](OperandRange range) {
        return !range.empty() && at >= range.getBeginOperandIndex() &&
               at < range.getBeginOperandIndex() + range.size();
      };
      if (!isIn(entries ? second.getEntries() : second.getRows()) &&
          !(keeps && isIn(second.getOuts())))
        return false;
    }
  return llvm::any_of(taken, [&](Value value) {
    return value.getDefiningOp() == first.getOperation();
  });
}

/// Whether `second` needs nothing of `first`, and their results are combined
/// alike. All that uses those of `first` comes after `second`.
static bool areSiblings(ApplyOp first, ApplyOp second) {
  if (first.getCombine() != second.getCombine() ||
      first.getWeightUse() != second.getWeightUse())
    return false;
  // Rows that both gather, so that there is something to save.
  bool share = llvm::any_of(first.getRows(), [&](Value rows) {
    return llvm::is_contained(second.getRows(), rows);
  });
  return share && llvm::all_of(first->getUsers(), [&](Operation *user) {
           Operation *here = first->getBlock()->findAncestorOpInBlock(*user);
           return here && second->isBeforeInBlock(here);
         });
}

/// The operands of one group, those of `second` that `first` makes left out.
static SmallVector<Value> unite(ApplyOp first, ValueRange ofFirst,
                                ValueRange ofSecond) {
  llvm::SetVector<Value> all(ofFirst.begin(), ofFirst.end());
  for (Value value : ofSecond)
    if (value.getDefiningOp() != first.getOperation())
      all.insert(value);
  return all.takeVector();
}

namespace {
/// Two applies as one, at the place of the second.
class Merger {
public:
  Merger(ApplyOp first, ApplyOp second, bool chain, PatternRewriter &rewriter)
      : first(first), second(second), chain(chain), rewriter(rewriter) {}

  void run();

private:
  void fill(Region &region, Region &ofFirst, Region &ofSecond);

  ApplyOp first, second;
  bool chain;
  PatternRewriter &rewriter;
  ApplyOp merged;
};
} // namespace

/// Maps the arguments of an old body to those of the merged one.
static void mapArguments(ApplyOp op, Block &old, ApplyOp merged, Block &body,
                         IRMapping &mapping) {
  unsigned oldAt = 0, newAt = 0;
  auto mapGroup = [&](OperandRange ofOp, OperandRange all) {
    for (auto [i, value] : llvm::enumerate(ofOp)) {
      auto it = llvm::find(all, value);
      if (it != all.end())
        mapping.map(old.getArgument(oldAt + i),
                    body.getArgument(newAt + std::distance(all.begin(), it)));
    }
    oldAt += ofOp.size();
    newAt += all.size();
  };
  mapGroup(op.getRows(), merged.getRows());
  mapGroup(op.getEntries(), merged.getEntries());
  mapGroup(op.getParams(), merged.getParams());
  if (op.getWithIds())
    mapping.map(old.getArgument(oldAt++), body.getArgument(newAt));
  newAt += merged.getWithIds();
  if (op.getWithModule())
    mapping.map(old.getArgument(oldAt), body.getArgument(newAt));
}

void Merger::fill(Region &region, Region &ofFirst, Region &ofSecond) {
  Block *body = rewriter.createBlock(
      &region, {}, merged.getBodyArgumentTypes(),
      SmallVector<Location>(merged.getBodyArgumentTypes().size(),
                            merged.getLoc()));
  SmallVector<Value> yielded;
  auto copy = [&](ApplyOp op, Region &old, IRMapping &mapping) {
    mapArguments(op, old.front(), merged, *body, mapping);
    for (Operation &inner : old.front().without_terminator())
      rewriter.clone(inner, mapping);
    SmallVector<Value> results;
    for (Value value : old.front().getTerminator()->getOperands())
      results.push_back(mapping.lookupOrDefault(value));
    return results;
  };
  IRMapping firstMapping, secondMapping;
  SmallVector<Value> made = copy(first, ofFirst, firstMapping);
  if (!chain)
    llvm::append_range(yielded, made);
  // What the second body gets of the first one.
  unsigned at = 0;
  for (ValueRange group :
       {ValueRange(second.getRows()), ValueRange(second.getEntries())})
    for (Value value : group) {
      if (value.getDefiningOp() == first.getOperation())
        secondMapping.map(ofSecond.getArgument(at),
                          made[cast<OpResult>(value).getResultNumber()]);
      ++at;
    }
  llvm::append_range(yielded, copy(second, ofSecond, secondMapping));
  YieldOp::create(rewriter, merged.getLoc(), yielded);
}

void Merger::run() {
  SmallVector<Value> outs;
  SmallVector<Type> types;
  if (!chain) {
    llvm::append_range(outs, first.getOuts());
    llvm::append_range(types, first.getResultTypes());
  }
  for (Value value : second.getOuts())
    outs.push_back(
        value.getDefiningOp() == first.getOperation()
            ? first.getOuts()[cast<OpResult>(value).getResultNumber()]
            : value);
  llvm::append_range(types, second.getResultTypes());
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(second);
  merged = ApplyOp::create(
      rewriter, rewriter.getFusedLoc({first.getLoc(), second.getLoc()}), types,
      second.getRouting(), unite(first, first.getRows(), second.getRows()),
      unite(first, first.getEntries(), second.getEntries()),
      unite(first, first.getParams(), second.getParams()), outs,
      second.getCombine(), second.getWeightUse(), second.getScope(),
      first.getWithIds() || second.getWithIds(),
      first.getWithModule() || second.getWithModule(),
      second.getBodies().size());
  for (auto [region, ofFirst, ofSecond] : llvm::zip_equal(
           merged.getBodies(), first.getBodies(), second.getBodies()))
    fill(region, ofFirst, ofSecond);
  ResultRange results = merged.getResults();
  rewriter.replaceOp(second, results.take_back(second.getNumResults()));
  if (chain)
    rewriter.eraseOp(first);
  else
    rewriter.replaceOp(first, results.take_front(first.getNumResults()));
}

namespace {
struct MergePair : OpRewritePattern<ApplyOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ApplyOp second,
                                PatternRewriter &rewriter) const override {
    for (Operation *user : second.getRouting().getUsers()) {
      auto first = dyn_cast<ApplyOp>(user);
      if (!first || !dispatchAlike(first, second) ||
          !first->isBeforeInBlock(second))
        continue;
      bool chain = isChain(first, second);
      if (!chain && !areSiblings(first, second))
        continue;
      Merger(first, second, chain, rewriter).run();
      return success();
    }
    return failure();
  }
};

struct MergeApplies : condcomp::impl::MergeAppliesBase<MergeApplies> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MergePair>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
