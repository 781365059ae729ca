//===- CascadeOp.cpp - stages with exits -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyShapes.h"

using namespace mlir;
using namespace condcomp;

/// Emits an error unless `types` are `tensor<?x…>` like `full` after its rows.
static LogicalResult verifyRowTypes(Operation *op, StringRef constraint,
                                    StringRef what, TypeRange types,
                                    TypeRange full) {
  SmallVector<Type> expected;
  for (Type type : full) {
    auto shaped = cast<RankedTensorType>(type);
    SmallVector<int64_t> shape(shaped.getShape());
    shape.front() = ShapedType::kDynamic;
    expected.push_back(RankedTensorType::get(shape, shaped.getElementType()));
  }
  if (types == TypeRange(expected))
    return success();
  return op->emitOpError() << constraint << ": " << what << " must be ("
                           << TypeRange(expected) << "), got (" << types << ")";
}

LogicalResult CascadeOp::verify() {
  if (getStages().empty() || getRows().empty())
    return emitOpError("C1: needs at least one stage and one rows operand");
  int64_t numRows = ShapedType::kDynamic;
  for (Value value : getOperands()) {
    auto type = cast<RankedTensorType>(value.getType());
    if (type.getRank() == 0)
      return emitOpError() << "C1: rows and state need a leading dim, got "
                           << type;
    int64_t dim = type.getDimSize(0);
    if (ShapedType::isDynamic(dim))
      continue;
    if (!ShapedType::isDynamic(numRows) && dim != numRows)
      return emitOpError() << "C1: rows and state must have the same number of "
                              "rows, got "
                           << numRows << " and " << dim;
    numRows = dim;
  }
  unsigned numState = getState().size();
  if (getNumResults() < numState + 1)
    return emitOpError() << "C7: needs results for " << numState
                         << " state operands and the exit stage, got "
                         << getNumResults() << " results";
  auto leftAt = cast<RankedTensorType>(getLeftAt().getType());
  if (leftAt.getRank() != 1 || !leftAt.getElementType().isInteger(32))
    return emitOpError() << "C7: the last result, the exit stage, must be "
                            "tensor<Rxi32>, got "
                         << leftAt;
  for (Value result : getResults()) {
    auto type = cast<RankedTensorType>(result.getType());
    if (type.getRank() == 0 || !areCompatible(type.getDimSize(0), numRows))
      return emitOpError() << "C4: results lead with the number of rows, "
                           << shapeToString(numRows) << ", got " << type;
  }
  for (Value result : getRowResults()) {
    auto type = cast<RankedTensorType>(result.getType());
    if (llvm::any_of(type.getShape().drop_front(), ShapedType::isDynamic))
      return emitOpError() << "C9: the dims of results after the rows must be "
                              "static, got "
                           << type;
  }
  if (getStateResults().getTypes() != getState().getTypes())
    return emitOpError() << "C6: the state results must be ("
                         << getState().getTypes() << "), got ("
                         << getStateResults().getTypes() << ")";
  return success();
}

LogicalResult CascadeOp::verifyRegions() {
  // What the stage at hand takes: at first the rows, then what was carried.
  SmallVector<Type> carried(getRows().getTypes());
  Type ids = RankedTensorType::get({ShapedType::kDynamic},
                                   IndexType::get(getContext()));
  for (auto [index, stage] : llvm::enumerate(getStages())) {
    unsigned numArgs = carried.size() + getState().size() + getWithIds();
    if (stage.getNumArguments() != numArgs)
      return emitOpError() << "C2: stage " << index << " must have " << numArgs
                           << " arguments (carried rows, state, ids), got "
                           << stage.getNumArguments();
    SmallVector<Type> arguments(stage.getArgumentTypes());
    ArrayRef<Type> types = arguments;
    if (failed(verifyRowTypes(*this, index == 0 ? "C2" : "C5",
                              "carried arguments of stage " +
                                  std::to_string(index),
                              types.take_front(carried.size()), carried)))
      return failure();
    if (TypeRange(types.slice(carried.size(), getState().size())) !=
            TypeRange(getState().getTypes()) ||
        (getWithIds() && types.back() != ids))
      return emitOpError() << "C2: stage " << index
                           << " must take the state types and "
                              "tensor<?xindex> after its rows, got ("
                           << TypeRange(types) << ")";

    Operation *terminator = stage.front().getTerminator();
    bool last = index + 1 == getStages().size();
    auto exit = dyn_cast<ExitOp>(terminator);
    if (last ? !isa<YieldOp>(terminator) : !exit)
      return emitOpError() << "C3: stage " << index << " must end in condcomp."
                           << (last ? "yield" : "exit") << ", got "
                           << terminator->getName();
    ValueRange results =
        last ? ValueRange(terminator->getOperands())
                   .drop_back(std::min<size_t>(getState().size(),
                                               terminator->getNumOperands()))
             : ValueRange(exit.getResults());
    ValueRange state =
        last ? ValueRange(terminator->getOperands()).drop_front(results.size())
             : ValueRange(exit.getState());
    if (failed(verifyRowTypes(terminator, "C4", "results", results.getTypes(),
                              getRowResults().getTypes())))
      return failure();
    if (TypeRange(state.getTypes()) != TypeRange(getState().getTypes()))
      return terminator->emitOpError()
             << "C6: state must be (" << getState().getTypes() << "), got ("
             << state.getTypes() << ")";
    if (last)
      break;
    auto done = cast<ShapedType>(exit.getDone().getType());
    if (done.getRank() != 1)
      return exit.emitOpError()
             << "C4: done must be tensor<?xi1>, got " << done;
    carried.assign(exit.getCarry().getTypes().begin(),
                   exit.getCarry().getTypes().end());
    for (Type type : carried)
      if (cast<ShapedType>(type).getRank() == 0 ||
          !cast<ShapedType>(type).isDynamicDim(0))
        return exit.emitOpError()
               << "C2: carried types are tensor<?x…>, got " << type;
  }
  return success();
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

//===----------------------------------------------------------------------===//
// ExitOp and YieldOp
//===----------------------------------------------------------------------===//

MutableOperandRange ExitOp::getMutableSuccessorOperands(RegionSuccessor) {
  return MutableOperandRange(getOperation(), 0, 0);
}

MutableOperandRange YieldOp::getMutableSuccessorOperands(RegionSuccessor) {
  return MutableOperandRange(getOperation(), 0, 0);
}
