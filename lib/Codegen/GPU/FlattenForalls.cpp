//===- FlattenForalls.cpp - blocks of work for the whole grid -------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Analysis/AliasAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

namespace condcomp {
#define GEN_PASS_DEF_FLATTENFORALLS
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
/// Turns one forall into parallel loops over its iterations and those of the
/// loops inside.
class Flattener {
public:
  using Ops = SmallVector<Operation *>;

  Flattener(scf::ForallOp forall, AliasAnalysis &aliases,
            const llvm::SmallPtrSetImpl<Operation *> &replaced)
      : forall(forall), aliases(aliases), replaced(replaced),
        b(forall.getLoc(), forall) {}

  /// Returns the first op that stands against it, with the reason, or null.
  Operation *check(std::string &reason);
  void run() { emit(*forall.getBody(), {}); }

private:
  Operation *check(Block &block, std::string &reason);
  bool isInvariant(Value value) {
    return getConstantIntValue(value) || forall.isDefinedOutsideOfLoop(value);
  }
  /// An invariant outside of the forall.
  Value getOutside(Value value) {
    std::optional<int64_t> known = getConstantIntValue(value);
    return known ? arith::ConstantIndexOp::create(b, *known).getResult()
                 : value;
  }
  /// What `bound` is at most in any block, outside of the forall; null if that
  /// is not known.
  Value getMost(Value bound);
  void emit(Block &block, Ops setup);
  void emitLoop(scf::ParallelOp inner, ArrayRef<Operation *> setup);

  scf::ForallOp forall;
  AliasAnalysis &aliases;
  /// Foralls inside that are flat already.
  const llvm::SmallPtrSetImpl<Operation *> &replaced;
  ImplicitLocOpBuilder b;
  /// The buffers that are read ahead of loops, and those that loops write.
  SmallVector<Value> read, written;
};
} // namespace

/// The same of the most that its operands can be, where it grows with them.
Value Flattener::getMost(Value bound) {
  if (isInvariant(bound))
    return getOutside(bound);
  Operation *op = bound.getDefiningOp();
  if (!isa_and_nonnull<arith::MinUIOp, arith::AddIOp, arith::SubIOp,
                       arith::MulIOp, arith::DivUIOp>(op))
    return Value();
  Value x = getMost(op->getOperand(0)), y = getMost(op->getOperand(1));
  if (isa<arith::MinUIOp>(op) && !(x && y))
    return x ? x : y;
  bool shrinks = isa<arith::SubIOp, arith::DivUIOp>(op);
  if (!x || !y || (shrinks && !isInvariant(op->getOperand(1))))
    return Value();
  IRMapping most;
  most.map(op->getOperands(), ValueRange{x, y});
  return b.clone(*op, most)->getResult(0);
}

Operation *Flattener::check(Block &block, std::string &reason) {
  for (Operation &op : block.without_terminator()) {
    if (replaced.contains(&op))
      continue;
    if (auto loop = dyn_cast<scf::ParallelOp>(op)) {
      auto varies = [&](Value value) { return !isInvariant(value); };
      if (loop.getNumResults() != 0 ||
          llvm::any_of(loop.getLowerBound(), varies) ||
          llvm::any_of(loop.getStep(), varies) ||
          llvm::any_of(loop.getUpperBound(), [&](Value bound) {
            return varies(bound) && !getMost(bound);
          })) {
        reason = "has bounds that depend on the block";
        return loop;
      }
      loop->walk([&](MemoryEffectOpInterface inner) {
        SmallVector<MemoryEffects::EffectInstance> effects;
        inner.getEffects<MemoryEffects::Write>(effects);
        for (const MemoryEffects::EffectInstance &effect : effects)
          if (!effect.getValue() || !isShared(effect.getValue()))
            written.push_back(effect.getValue());
      });
      continue;
    }
    if (auto choice = dyn_cast<scf::IfOp>(op)) {
      if (choice.getNumResults() != 0 || !isInvariant(choice.getCondition())) {
        reason = "depends on the block";
        return choice;
      }
      for (Region &region : choice->getRegions())
        for (Block &branch : region)
          if (Operation *failed = check(branch, reason))
            return failed;
      continue;
    }
    std::optional<SmallVector<MemoryEffects::EffectInstance>> effects =
        getEffectsRecursively(&op);
    if (op.getNumRegions() != 0 || !effects) {
      reason = "is no parallel loop";
      return &op;
    }
    for (const MemoryEffects::EffectInstance &effect : *effects) {
      if (!isa<MemoryEffects::Read>(effect.getEffect()) || !effect.getValue()) {
        reason = "allocates or writes, or is a check";
        return &op;
      }
      read.push_back(effect.getValue());
    }
  }
  return nullptr;
}

Operation *Flattener::check(std::string &reason) {
  reason = "is in a loop that one thread runs";
  if (!forall.getOutputs().empty() ||
      forall->getParentOfType<scf::ParallelOp>())
    return forall;
  if (Operation *op = check(*forall.getBody(), reason))
    return op;
  // What a loop begins with is read again by those behind it.
  for (Value source : read)
    for (Value target : written)
      if (!target || !aliases.alias(source, target).isNo()) {
        reason = "reads what it writes";
        return forall;
      }
  return nullptr;
}

/// Emits the loops of `block`, each with what is computed ahead of it.
void Flattener::emit(Block &block, Ops setup) {
  for (Operation &op : block.without_terminator()) {
    if (replaced.contains(&op))
      continue;
    if (auto loop = dyn_cast<scf::ParallelOp>(op)) {
      emitLoop(loop, setup);
    } else if (auto choice = dyn_cast<scf::IfOp>(op)) {
      OpBuilder::InsertionGuard guard(b);
      auto outer = scf::IfOp::create(b, choice.getCondition(),
                                     choice.elseBlock() != nullptr);
      b.setInsertionPoint(outer.thenYield());
      emit(*choice.thenBlock(), setup);
      if (!choice.elseBlock())
        continue;
      b.setInsertionPoint(outer.elseYield());
      emit(*choice.elseBlock(), setup);
    } else {
      setup.push_back(&op);
    }
  }
}

void Flattener::emitLoop(scf::ParallelOp inner, ArrayRef<Operation *> setup) {
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Value> lower = forall.getLowerBound(b),
                     upper = forall.getUpperBound(b), step = forall.getStep(b);
  for (auto [from, to, by] : llvm::zip_equal(
           inner.getLowerBound(), inner.getUpperBound(), inner.getStep())) {
    lower.push_back(getOutside(from));
    step.push_back(getOutside(by));
    upper.push_back(getMost(to));
  }
  auto loop = scf::ParallelOp::create(b, lower, upper, step);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> ivs(loop.getInductionVars());
  auto outerIvs = ArrayRef(ivs).take_front(forall.getRank());
  auto innerIvs = ArrayRef(ivs).drop_front(forall.getRank());
  IRMapping mapping;
  mapping.map(forall.getInductionVars(), outerIvs);
  mapping.map(inner.getInductionVars(), innerIvs);
  for (Operation *op : setup)
    b.clone(*op, mapping);
  // Iterations that this block does not have end at once.
  Value inside;
  for (auto [iv, bound] : llvm::zip_equal(innerIvs, inner.getUpperBound())) {
    if (isInvariant(bound))
      continue;
    Value own = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, iv,
                                      mapping.lookup(bound));
    inside = inside ? arith::AndIOp::create(b, inside, own) : own;
  }
  if (inside)
    b.setInsertionPoint(scf::IfOp::create(b, inside).thenYield());
  for (Operation &op : inner.getBody()->without_terminator())
    b.clone(op, mapping);
}

namespace {
struct FlattenForallsPass
    : public condcomp::impl::FlattenForallsBase<FlattenForallsPass> {
  void runOnOperation() override {
    SmallVector<scf::ForallOp> foralls, sequential;
    getOperation()->walk(
        [&](scf::ForallOp forall) { foralls.push_back(forall); });
    if (foralls.empty())
      return;
    // They stay until the end: what was found out is known by addresses.
    llvm::SmallPtrSet<Operation *, 8> replaced;
    for (scf::ForallOp forall : foralls) {
      moveLoopInvariantCode(forall);
      Flattener flattener(forall, getAnalysis<AliasAnalysis>(), replaced);
      std::string reason;
      if (Operation *op = flattener.check(reason)) {
        sequential.push_back(forall);
        remark::failed(op->getLoc(),
                       remark::RemarkOpts::name("SequentialBlocks")
                           .category("condcomp-gpu-flatten-foralls"))
            << ("blocks are run one after another: " +
                op->getName().getStringRef() + " " + reason)
                   .str();
        continue;
      }
      flattener.run();
      replaced.insert(forall);
    }
    for (scf::ForallOp forall : foralls)
      if (replaced.contains(forall))
        forall->erase();
    IRRewriter rewriter(&getContext());
    for (scf::ForallOp forall : sequential) {
      rewriter.setInsertionPoint(forall);
      if (failed(scf::forallToForLoop(rewriter, forall)))
        return signalPassFailure();
    }
  }
};
} // namespace
