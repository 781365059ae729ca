//===- InsertBarriers.cpp - where the threads of a grid wait --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Analysis/AliasAnalysis.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

namespace condcomp {
#define GEN_PASS_DEF_INSERTBARRIERS
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
/// What may have happened to a buffer since the last barrier: the buffer, and
/// whether thread 0 alone did it, and whether it wrote.
struct Access {
  Value buffer;
  bool one, write;

  bool operator==(const Access &other) const {
    return buffer == other.buffer && one == other.one && write == other.write;
  }
};

/// Accesses since the last barrier.
class Accesses {
public:
  bool insert(const Access &access) {
    if (llvm::is_contained(list, access))
      return false;
    list.push_back(access);
    return true;
  }
  bool insert(const Accesses &other) {
    bool changed = false;
    for (const Access &access : other.list)
      changed |= insert(access);
    return changed;
  }
  void clear() { list.clear(); }
  bool empty() const { return list.empty(); }
  ArrayRef<Access> get() const { return list; }

private:
  SmallVector<Access> list;
};

/// Finds the places of the barriers of a kernel: follows its control flow, with
/// the accesses that are not yet separated by a barrier from what comes next.
class BarrierAnalysis {
public:
  explicit BarrierAnalysis(AliasAnalysis &aliases) : aliases(aliases) {}

  void visit(Region &region, Accesses &pending);
  /// The ops before which all threads have to wait.
  const llvm::SetVector<Operation *> &getPlaces() const { return places; }

private:
  void visit(Block &block, Accesses &pending);
  void visitRegions(Operation *op, Accesses &pending);
  bool conflict(const Access &x, const Access &y);

  AliasAnalysis &aliases;
  llvm::SetVector<Operation *> places;
};
} // namespace

/// What `op` does to memory, including the ops inside.
static Accesses getAccesses(Operation *op) {
  bool one = getRunner(op) == Runner::One;
  Accesses accesses;
  op->walk([&](MemoryEffectOpInterface inner) {
    SmallVector<MemoryEffects::EffectInstance> effects;
    inner.getEffects(effects);
    for (const MemoryEffects::EffectInstance &effect : effects)
      if (Value buffer = effect.getValue();
          buffer && !isShared(buffer) &&
          isa<MemoryEffects::Read, MemoryEffects::Write>(effect.getEffect()))
        accesses.insert(
            {buffer, one, isa<MemoryEffects::Write>(effect.getEffect())});
  });
  return accesses;
}

bool BarrierAnalysis::conflict(const Access &x, const Access &y) {
  return (x.write || y.write) && !(x.one && y.one) &&
         !aliases.alias(x.buffer, y.buffer).isNo();
}

void BarrierAnalysis::visit(Block &block, Accesses &pending) {
  for (Operation &op : block.without_terminator()) {
    if (getRunner(&op) == Runner::Inside) {
      visitRegions(&op, pending);
      continue;
    }
    Accesses own = getAccesses(&op);
    bool waits =
        places.contains(&op) ||
        llvm::any_of(own.get(), [&](const Access &access) {
          return llvm::any_of(pending.get(), [&](const Access &before) {
            return conflict(before, access);
          });
        });
    if (waits) {
      places.insert(&op);
      pending.clear();
    }
    pending.insert(own);
  }
  // Memory that is used again must not be in use.
  Operation *end = block.getTerminator();
  if (!isa<func::FuncOp>(block.getParentOp()) && releasesAtEnd(block) &&
      !pending.empty()) {
    places.insert(end);
    pending.clear();
  }
}

void BarrierAnalysis::visit(Region &region, Accesses &pending) {
  for (Block &block : region)
    visit(block, pending);
}

void BarrierAnalysis::visitRegions(Operation *op, Accesses &pending) {
  bool repeats = isa<LoopLikeOpInterface>(op);
  while (true) {
    Accesses after = pending;
    for (Region &region : op->getRegions()) {
      Accesses inside = pending;
      visit(region, inside);
      after.insert(inside);
    }
    // Regions of a loop are entered with what they left behind, too.
    bool changed = pending.insert(after);
    if (!repeats || !changed)
      return;
  }
}

namespace {
struct InsertBarriersPass
    : public condcomp::impl::InsertBarriersBase<InsertBarriersPass> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!isKernel(kernel))
      return;
    BarrierAnalysis analysis(getAnalysis<AliasAnalysis>());
    Accesses none;
    analysis.visit(kernel.getBody(), none);
    OpBuilder b(&getContext());
    for (Operation *op : analysis.getPlaces()) {
      b.setInsertionPoint(op);
      func::CallOp::create(b, op->getLoc(), kBarrierName, TypeRange());
    }
  }
};
} // namespace
