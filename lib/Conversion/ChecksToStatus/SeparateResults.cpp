//===- SeparateResults.cpp - every result has its own memory --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"

namespace condcomp {
#define GEN_PASS_DEF_SEPARATERESULTS
#include "condcomp/Conversion/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// The tensor whose memory `value` is a view of.
static Value getViewed(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
             tensor::ExtractSliceOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// The operands of which one may be `value`: what branches and loops hand on
/// and `arith.select` chooses is not copied.
static SmallVector<OpOperand *> getPassedOn(Value value) {
  if (auto select = value.getDefiningOp<arith::SelectOp>())
    return {&select.getTrueValueMutable(), &select.getFalseValueMutable()};
  Operation *owner = isa<BlockArgument>(value)
                         ? cast<BlockArgument>(value).getOwner()->getParentOp()
                         : value.getDefiningOp();
  auto branch = dyn_cast_or_null<RegionBranchOpInterface>(owner);
  if (!branch)
    return {};
  RegionBranchInverseSuccessorMapping mapping;
  branch.getSuccessorInputOperandMapping(mapping);
  return mapping.lookup(value);
}

/// Adds all tensors whose memory may be that of `value`.
static void collectMemory(Value value, llvm::SmallDenseSet<Value> &memory) {
  value = getViewed(value);
  if (!memory.insert(value).second)
    return;
  for (OpOperand *passedOn : getPassedOn(value)) {
    // A loop that starts from a tensor without values writes all of them, and
    // deallocation copies at run time what turns out to be an argument.
    Value source = getViewed(passedOn->get());
    bool isStart = isa<RegionBranchOpInterface>(passedOn->getOwner());
    auto argument = dyn_cast<BlockArgument>(source);
    if (!(isStart && source.getDefiningOp<tensor::EmptyOp>()) &&
        !(argument && isa<func::FuncOp>(argument.getOwner()->getParentOp())))
      collectMemory(source, memory);
  }
}

namespace {
struct SeparateResults
    : public condcomp::impl::SeparateResultsBase<SeparateResults> {
  void runOnOperation() override {
    getOperation().walk([](func::ReturnOp op) {
      OpBuilder builder(op);
      llvm::SmallDenseSet<Value> taken;
      for (OpOperand &operand : op->getOpOperands()) {
        auto type = dyn_cast<RankedTensorType>(operand.get().getType());
        if (!type)
          continue;
        llvm::SmallDenseSet<Value> memory;
        collectMemory(operand.get(), memory);
        // What holds nothing yet may become the memory of any other tensor.
        Value viewed = getViewed(operand.get());
        bool undefined = viewed.getDefiningOp<tensor::EmptyOp>() != nullptr;
        bool shared = llvm::any_of(
            memory, [&](Value value) { return taken.contains(value); });
        if (!shared && !undefined) {
          taken.insert_range(memory);
          continue;
        }
        operand.set(bufferization::AllocTensorOp::create(
            builder, op.getLoc(), type, /*dynamicSizes=*/ValueRange{},
            /*copy=*/operand.get()));
      }
    });
  }
};
} // namespace
