//===- CascadeOp.cpp - stages with exits -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyExits.h"

using namespace mlir;
using namespace condcomp;

LogicalResult CascadeOp::verify() {
  if (getStages().empty())
    return emitOpError("C1: needs at least one stage");
  return success();
}

/// Emits C10 unless an open cascade returns what its last stage carries.
static LogicalResult verifySurvivors(CascadeOp op) {
  ExitOp exit = op.getLastExit();
  if (!exit)
    return success();
  SmallVector<Type> expected = {RankedTensorType::get(
      {ShapedType::kDynamic}, IndexType::get(op.getContext()))};
  llvm::append_range(expected, exit.getCarry().getTypes());
  if (op.getSurvivors().getTypes() != TypeRange(expected))
    return op.emitOpError()
           << "C10: an open cascade returns the survivors' ids "
              "and carry, ("
           << TypeRange(expected) << "), got (" << op.getSurvivors().getTypes()
           << ")";
  return success();
}

// What the cascade returns follows from the operands of its last terminator,
// which is verified by now.
LogicalResult CascadeOp::verifyRegions() {
  if (failed(verifyExitOperands(*this)) || failed(verifySurvivors(*this)))
    return failure();
  // What the stage at hand takes: at first the rows, then what was carried.
  SmallVector<Type> carried(getRows().getTypes());
  for (unsigned index = 0, e = getStages().size(); index < e; ++index) {
    bool last = index + 1 == e && !getLastExit();
    if (failed(verifyExitRegion(*this, index, last, carried)))
      return failure();
  }
  return success();
}

ExitOp CascadeOp::getLastExit() {
  if (getStages().empty() || getStages().back().empty() ||
      getStages().back().front().empty())
    return {};
  return dyn_cast<ExitOp>(getStages().back().front().back());
}

//===----------------------------------------------------------------------===//
// Interfaces
//===----------------------------------------------------------------------===//

// Nothing is forwarded as it is: stages get the rows that are left, and results
// are put back in place.
void CascadeOp::getSuccessorRegions(
    RegionBranchPoint point, SmallVectorImpl<RegionSuccessor> &successors) {
  unsigned next = 0;
  if (!point.isParent())
    next = point.getTerminatorPredecessorOrNull()
               ->getParentRegion()
               ->getRegionNumber() +
           1;
  if (next < getStages().size())
    successors.push_back(RegionSuccessor(&getStages()[next]));
  else
    successors.push_back(RegionSuccessor(
        getOperation(), getOperation()->getResults().take_front(0)));
}

bool CascadeOp::isRowwiseRegion(unsigned) { return true; }

SmallVector<BlockArgument> CascadeOp::getRowArguments(unsigned index) {
  auto arguments = getStages()[index].getArguments();
  return llvm::to_vector(arguments.drop_back(getState().size() + getWithIds()));
}

BlockArgument CascadeOp::getIdsArgument(unsigned index) {
  if (!getWithIds())
    return {};
  return getStages()[index].getArguments().back();
}

SmallVector<BlockArgument> CascadeOp::getStateArguments(unsigned index) {
  auto arguments = getStages()[index].getArguments();
  return llvm::to_vector(
      arguments.drop_back(getWithIds()).take_back(getState().size()));
}

RegionRuns CascadeOp::getRegionRuns(unsigned index) {
  RegionRuns runs;
  runs.rows = index == 0 ? RegionRuns::Rows::All : RegionRuns::Rows::Survivors;
  runs.mostRuns = Builder(getContext()).getIndexAttr(1);
  return runs;
}

bool CascadeOp::mayKeepRows() { return getNumSurvivors() > 0; }

unsigned CascadeOp::getNumSurvivors() {
  ExitOp exit = getLastExit();
  return exit ? 1 + exit.getCarry().size() : 0;
}
