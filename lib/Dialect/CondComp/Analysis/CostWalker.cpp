//===- CostWalker.cpp - adds up what ops cost -----------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CostWalker.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace condcomp;

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

/// The tensor whose memory an op's result takes: that of what it is a view of,
/// or writes into. Null if it is its own.
static Value getSharedWith(OpResult result) {
  Operation *op = result.getOwner();
  if (isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
          tensor::ExtractSliceOp>(op))
    return op->getOperand(0);
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
    return destination.getTiedOpOperand(result)->get();
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return loop.getTiedLoopInit(result)->get();
  return {};
}

Cost CostWalker::walkBlock(Block &block) {
  // Tensors that are made here, and the last op that needs their memory.
  llvm::DenseMap<Value, Value> owners;
  llvm::MapVector<Value, Operation *> lastUse;
  for (Operation &op : block) {
    for (OpResult result : op.getResults()) {
      if (!isa<RankedTensorType>(result.getType()) ||
          op.hasTrait<OpTrait::ConstantLike>())
        continue;
      Value shared = getSharedWith(result);
      Value owner = shared ? owners.lookup(shared) : Value(result);
      // Written over something from outside of the block: that is copied.
      if (!owner && isa<DestinationStyleOpInterface>(op))
        owner = result;
      if (!owner)
        continue;
      owners[result] = owner;
      Operation *&last = lastUse[owner];
      last = last ? last : &op;
      for (Operation *user : result.getUsers())
        if (Operation *here = block.findAncestorOpInBlock(*user);
            here && last->isBeforeInBlock(here))
          last = here;
    }
  }
  llvm::DenseMap<Operation *, SmallVector<Value>> dies;
  for (auto [owner, last] : lastUse)
    dies[last].push_back(owner);

  Cost sum;
  SmallVector<std::pair<Value, Polynomial>> alive;
  for (Operation &op : block) {
    Cost cost = walkOp(&op);
    add(sum, cost);
    for (Value result : op.getResults())
      if (lastUse.contains(result))
        alive.push_back({result, sizes.getBytes(result)});
    Polynomial now;
    for (const auto &[owner, bytes] : alive)
      now += bytes;
    addCandidate(sum.peakBytes, now);
    for (const Polynomial &inner : cost.peakBytes)
      addCandidate(sum.peakBytes, now + inner);
    for (Value dead : dies.lookup(&op))
      llvm::erase_if(alive, [&](auto &entry) { return entry.first == dead; });
  }
  return sum;
}

Cost CostWalker::walkOp(Operation *op) {
  if (auto conditional = dyn_cast<ConditionalOpInterface>(op))
    return walkConditional(conditional);
  if (auto call = dyn_cast<CallOpInterface>(op))
    return walkCall(call);
  if (isa<scf::IfOp, scf::IndexSwitchOp>(op))
    return walkBranches(op);
  if (isa<scf::SCFDialect>(op->getDialect()) && op->getNumRegions() > 0)
    return walkLoop(op);
  return getOpCost(op, sizes);
}

Cost CostWalker::walkCall(CallOpInterface call) {
  Cost cost;
  auto callee = dyn_cast_or_null<FunctionOpInterface>(
      call.resolveCallableInTable(&symbolTables));
  if (!callee || callee.isExternal() || llvm::is_contained(calls, callee)) {
    // Nothing is known of its cost.
    sizes.exact = false;
    return cost;
  }
  SizeExpressions::Frame inner;
  for (auto [argument, operand] :
       llvm::zip_equal(callee.getArguments(), call.getArgOperands())) {
    if (isa<RankedTensorType>(operand.getType()))
      inner.dims[argument] = sizes.getDims(operand);
    else if (isa<RoutingType>(operand.getType()))
      inner.routings[argument] = sizes.getRouting(operand);
    else if (operand.getType().isIndex())
      inner.values[argument] = sizes.getValue(operand);
  }
  std::swap(sizes.frame, inner);
  calls.push_back(callee);
  Block &body = callee.getFunctionBody().front();
  cost = walkBlock(body);
  calls.pop_back();
  // What is known of the results goes into the caller's frame.
  for (auto [result, returned] : llvm::zip_equal(
           call->getResults(), body.getTerminator()->getOperands())) {
    if (isa<RankedTensorType>(result.getType()))
      inner.dims[result] = SizeExpressions::Dims(sizes.getDims(returned));
    else if (isa<RoutingType>(result.getType()))
      inner.routings[result] = sizes.getRouting(returned);
    else if (result.getType().isIndex())
      inner.values[result] = sizes.getValue(returned);
  }
  std::swap(sizes.frame, inner);
  return cost;
}
