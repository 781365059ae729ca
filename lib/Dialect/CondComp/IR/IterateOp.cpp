//===- IterateOp.cpp - one body, step after step -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyExits.h"
#include "VerifyShapes.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace condcomp;

LogicalResult IterateOp::verify() {
  if (failed(verifyExitOperands(*this)))
    return failure();
  APInt limit;
  bool known = matchPattern(getSteps(), m_ConstantInt(&limit));
  if (known && limit.isNegative())
    return emitOpError() << "C11: the limit of steps must not be negative, got "
                         << limit.getSExtValue();
  for (Type type : getParams().getTypes()) {
    auto shaped = cast<RankedTensorType>(type);
    if (shaped.getRank() == 0)
      return emitOpError() << "C12: params need a leading dim, got " << type;
    if (known && !shaped.isDynamicDim(0) &&
        shaped.getDimSize(0) < limit.getSExtValue())
      return emitOpError() << "C12: params must lead with at least the "
                           << limit.getSExtValue()
                           << " steps of the limit, got " << type;
  }
  return success();
}

LogicalResult IterateOp::verifyRegions() {
  SmallVector<Type> carried(getRows().getTypes()), params, extra;
  for (Type type : getParams().getTypes()) {
    auto shaped = cast<RankedTensorType>(type);
    params.push_back(RankedTensorType::get(shaped.getShape().drop_front(),
                                           shaped.getElementType()));
  }
  if (getWithStep())
    extra.push_back(IndexType::get(getContext()));
  if (failed(
          verifyExitRegion(*this, 0, /*last=*/false, carried, params, extra)))
    return failure();
  Operation *exit = getBody().front().getTerminator();
  return verifyRowTypes(exit, "C5", "carry", carried, getRows().getTypes());
}

//===----------------------------------------------------------------------===//
// Interfaces
//===----------------------------------------------------------------------===//

Speculation::Speculatability IterateOp::getSpeculatability() {
  // The limit, and that there are params for it, is checked at run time.
  return Speculation::NotSpeculatable;
}

// Nothing is forwarded as it is: the body gets the rows that are left, and
// results are put back in place.
void IterateOp::getSuccessorRegions(
    RegionBranchPoint, SmallVectorImpl<RegionSuccessor> &successors) {
  successors.push_back(RegionSuccessor(&getBody()));
  successors.push_back(RegionSuccessor(
      getOperation(), getOperation()->getResults().take_front(0)));
}

bool IterateOp::isRowwiseRegion(unsigned) { return true; }

SmallVector<BlockArgument> IterateOp::getRowArguments(unsigned) {
  return llvm::to_vector(getBody().getArguments().take_front(getRows().size()));
}

BlockArgument IterateOp::getIdsArgument(unsigned) {
  if (!getWithIds())
    return {};
  return getBody().getArguments().drop_back(getWithStep()).back();
}

SmallVector<BlockArgument> IterateOp::getStateArguments(unsigned) {
  return llvm::to_vector(getBody()
                             .getArguments()
                             .drop_back(getWithIds() + getWithStep())
                             .take_back(getState().size()));
}

RegionRuns IterateOp::getRegionRuns(unsigned) {
  RegionRuns runs;
  runs.rows = RegionRuns::Rows::Survivors;
  runs.mostRuns = getSteps();
  return runs;
}

bool IterateOp::mayKeepRows() { return true; }

unsigned IterateOp::getNumSurvivors() { return 0; }
