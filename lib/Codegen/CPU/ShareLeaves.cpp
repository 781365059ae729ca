//===- ShareLeaves.cpp - equal work in one function -----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionMatch.h"
#include "condcomp/Codegen/CPU/Passes.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/MapVector.h"

namespace condcomp {
#define GEN_PASS_DEF_SHARELEAVES
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {

/// Neighbouring ops that run as a whole, and what they read of their
/// surroundings, constants left aside.
struct Leaf {
  SmallVector<Operation *, 2> ops;
  SetVector<Value> inputs;
};

bool isConstant(Value value) { return matchPattern(value, m_Constant()); }

bool isLeaf(Operation *op) {
  if (op->getNumResults() != 0)
    return false;
  if (auto copy = dyn_cast<memref::CopyOp>(op))
    return isa<MemRefType>(copy.getSource().getType()) &&
           isa<MemRefType>(copy.getTarget().getType());
  if (!isa<linalg::LinalgOp, scf::ForallOp>(op))
    return false;
  // A check ends the function that it is in.
  return !op->walk([](Operation *nested) {
              return isa<CheckOp, cf::AssertOp, CallOpInterface>(nested)
                         ? WalkResult::interrupt()
                         : WalkResult::advance();
            }).wasInterrupted();
}

/// Reads inputs by types without where they begin: that differs where each
/// layer has a place of its own in one tensor.
void openOffsets(linalg::LinalgOp op) {
  OpBuilder b(op);
  for (OpOperand *input : op.getDpsInputOperands()) {
    auto type = dyn_cast<MemRefType>(input->get().getType());
    auto layout = type ? dyn_cast<StridedLayoutAttr>(type.getLayout())
                       : StridedLayoutAttr();
    if (!layout || ShapedType::isDynamic(layout.getOffset()))
      continue;
    auto open = MemRefType::get(type.getShape(), type.getElementType(),
                                StridedLayoutAttr::get(op.getContext(),
                                                       ShapedType::kDynamic,
                                                       layout.getStrides()),
                                type.getMemorySpace());
    input->set(memref::CastOp::create(b, op.getLoc(), open, input->get()));
  }
}

Leaf makeLeaf(Operation *op) {
  Leaf leaf;
  // Contractions take a fill in that stands before them.
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    if (std::optional<Contraction> found = matchContraction(linalgOp))
      if (linalg::FillOp fill = findZeroFill(*found))
        leaf.ops.push_back(fill);
  leaf.ops.push_back(op);
  SetVector<Value> all;
  for (Operation *part : leaf.ops) {
    all.insert(part->operand_begin(), part->operand_end());
    getUsedValuesDefinedAbove(part->getRegions(), all);
  }
  for (Value value : all)
    if (!isConstant(value))
      leaf.inputs.insert(value);
  return leaf;
}

/// Whether `b` computes of its inputs what `a` does.
bool areEqual(const Leaf &a, const Leaf &b) {
  if (a.ops.size() != b.ops.size() || a.inputs.size() != b.inputs.size())
    return false;
  DenseMap<Value, Value> known;
  for (auto [x, y] : llvm::zip(a.inputs, b.inputs)) {
    if (x.getType() != y.getType())
      return false;
    known[x] = y;
  }
  auto check = [&](Value x, Value y) {
    if (auto found = known.find(x); found != known.end())
      return success(found->second == y);
    Attribute p, q;
    return success(matchPattern(x, m_Constant(&p)) &&
                   matchPattern(y, m_Constant(&q)) && p == q &&
                   x.getType() == y.getType());
  };
  auto mark = [&](Value x, Value y) { known[x] = y; };
  return llvm::all_of(llvm::zip(a.ops, b.ops), [&](auto pair) {
    return OperationEquivalence::isEquivalentTo(
        std::get<0>(pair), std::get<1>(pair), check, mark,
        OperationEquivalence::IgnoreLocations);
  });
}

/// A private function that does what the leaf does, of its inputs.
func::FuncOp makeFunction(const Leaf &leaf, SymbolTable &symbols) {
  Operation *last = leaf.ops.back();
  OpBuilder b(symbols.getOp()->getContext());
  SmallVector<Type> types;
  for (Value input : leaf.inputs)
    types.push_back(input.getType());
  auto function = func::FuncOp::create(last->getLoc(), "leaf",
                                       b.getFunctionType(types, {}));
  function.setPrivate();
  symbols.insert(function);
  Block *body = function.addEntryBlock();
  b.setInsertionPointToEnd(body);
  IRMapping mapping;
  for (auto [input, argument] : llvm::zip(leaf.inputs, body->getArguments()))
    mapping.map(input, argument);
  for (Operation *op : leaf.ops) {
    SetVector<Value> used(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), used);
    for (Value value : used)
      if (!mapping.contains(value))
        mapping.map(value, b.clone(*value.getDefiningOp())->getResult(0));
    b.clone(*op, mapping);
  }
  func::ReturnOp::create(b, last->getLoc());
  return function;
}

/// Calls the function in the leaf's place.
void replace(const Leaf &leaf, func::FuncOp function) {
  OpBuilder b(leaf.ops.back());
  func::CallOp::create(b, leaf.ops.back()->getLoc(), function,
                       leaf.inputs.getArrayRef());
  for (Operation *op : leaf.ops)
    op->erase();
}

struct ShareLeaves : condcomp::impl::ShareLeavesBase<ShareLeaves> {
  void runOnOperation() override {
    getOperation()->walk([](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics() && !op->getParentOfType<scf::ForallOp>())
        openOffsets(op);
    });
    SmallVector<Leaf> leaves;
    DenseSet<Operation *> taken;
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!isLeaf(op))
        return WalkResult::advance();
      leaves.push_back(makeLeaf(op));
      taken.insert_range(ArrayRef(leaves.back().ops).drop_back());
      return WalkResult::skip();
    });
    // A fill comes before the contraction that takes it in.
    llvm::erase_if(leaves, [&](const Leaf &leaf) {
      return taken.contains(leaf.ops.back());
    });

    // Only what has the same ops and types is compared.
    llvm::MapVector<llvm::hash_code, SmallVector<SmallVector<Leaf *>>> groups;
    for (Leaf &leaf : leaves) {
      llvm::hash_code hash(0);
      for (Operation *op : leaf.ops)
        hash = llvm::hash_combine(hash, op->getName());
      for (Value input : leaf.inputs)
        hash = llvm::hash_combine(hash, input.getType());
      auto &same = groups[hash];
      auto *group = llvm::find_if(
          same, [&](auto &group) { return areEqual(*group.front(), leaf); });
      if (group == same.end())
        same.push_back({&leaf});
      else
        group->push_back(&leaf);
    }

    SymbolTable symbols(getOperation());
    for (auto &[hash, same] : groups)
      for (ArrayRef<Leaf *> group : same) {
        if (group.size() == 1) {
          for (Operation *op : group.front()->ops)
            (void)memref::foldMemRefCast(op);
          continue;
        }
        func::FuncOp function = makeFunction(*group.front(), symbols);
        for (Leaf *leaf : group)
          replace(*leaf, function);
      }
  }
};

} // namespace
