//===- VerifyExits.cpp - what cascade and iterate verify alike -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyExits.h"
#include "VerifyShapes.h"

using namespace mlir;
using namespace condcomp;

LogicalResult condcomp::verifyRowTypes(Operation *op, StringRef constraint,
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

/// Emits C9 unless outs give every result its shape, and every row that stays
/// its result.
static LogicalResult verifyOuts(ExitingOpInterface op) {
  ResultRange results = op.getRowResults();
  if (op.getOuts().empty()) {
    if (op.mayKeepRows() && !results.empty())
      return op->emitOpError()
             << "C9: needs one outs per result, for rows that do not leave, "
                "got 0 for "
             << results.size() << " results";
    for (Type type : results.getTypes())
      if (llvm::any_of(cast<ShapedType>(type).getShape().drop_front(),
                       ShapedType::isDynamic))
        return op->emitOpError() << "C9: without outs the dims of results "
                                    "after the rows must be static, got "
                                 << type;
    return success();
  }
  if (op.getOuts().getTypes() == results.getTypes())
    return success();
  return op->emitOpError() << "C9: outs must be (" << results.getTypes()
                           << ") like the results, got ("
                           << op.getOuts().getTypes() << ")";
}

LogicalResult condcomp::verifyExitOperands(ExitingOpInterface op) {
  if (op.getRows().empty())
    return op->emitOpError("C1: needs at least one rows operand");
  int64_t numRows = ShapedType::kDynamic;
  for (OperandRange values : {op.getRows(), op.getState()})
    for (Type type : values.getTypes()) {
      auto shaped = cast<RankedTensorType>(type);
      if (shaped.getRank() == 0)
        return op->emitOpError()
               << "C1: rows and state need a leading dim, got " << type;
      int64_t dim = shaped.getDimSize(0);
      if (ShapedType::isDynamic(dim))
        continue;
      if (!ShapedType::isDynamic(numRows) && dim != numRows)
        return op->emitOpError()
               << "C1: rows and state must have the same number of rows, got "
               << numRows << " and " << dim;
      numRows = dim;
    }
  unsigned numState = op.getState().size();
  unsigned numSurvivors = op.getNumSurvivors();
  if (op->getNumResults() < numState + 1 + numSurvivors)
    return op->emitOpError()
           << "C7: needs results for " << numState << " state operands, "
           << numSurvivors << " survivors and where rows left, got "
           << op->getNumResults() << " results";
  auto leftAt = cast<RankedTensorType>(op.getLeftAt().getType());
  if (leftAt.getRank() != 1 || !leftAt.getElementType().isInteger(32))
    return op->emitOpError()
           << "C7: after results and state comes where each row left, "
              "tensor<Rxi32>, got "
           << leftAt;
  for (Type result : op->getResults().drop_back(numSurvivors).getTypes()) {
    auto type = cast<RankedTensorType>(result);
    if (type.getRank() == 0 || !areCompatible(type.getDimSize(0), numRows))
      return op->emitOpError() << "C4: results lead with the number of rows, "
                               << shapeToString(numRows) << ", got " << type;
  }
  if (op.getStateResults().getTypes() != op.getState().getTypes())
    return op->emitOpError()
           << "C6: the state results must be (" << op.getState().getTypes()
           << "), got (" << op.getStateResults().getTypes() << ")";
  return verifyOuts(op);
}

/// Emits C2 unless the region takes the arguments that it should.
static LogicalResult verifyArguments(ExitingOpInterface op, Region &region,
                                     ArrayRef<Type> carried, TypeRange params,
                                     TypeRange extra) {
  unsigned index = region.getRegionNumber();
  SmallVector<Type> expected(params);
  llvm::append_range(expected, op.getState().getTypes());
  if (op.getWithIds())
    expected.push_back(RankedTensorType::get({ShapedType::kDynamic},
                                             IndexType::get(op->getContext())));
  llvm::append_range(expected, extra);
  SmallVector<Type> types(region.getArgumentTypes());
  if (types.size() != carried.size() + expected.size())
    return op->emitOpError()
           << "C2: stage " << index << " must have "
           << carried.size() + expected.size()
           << " arguments (carried rows, params, state, ids, step), got "
           << types.size();
  ArrayRef<Type> all = types;
  if (failed(
          verifyRowTypes(op, index == 0 ? "C2" : "C5",
                         "carried arguments of stage " + std::to_string(index),
                         all.take_front(carried.size()), carried)))
    return failure();
  if (TypeRange(all.drop_front(carried.size())) == TypeRange(expected))
    return success();
  return op->emitOpError() << "C2: stage " << index << " must take ("
                           << TypeRange(expected) << ") after its rows, got ("
                           << TypeRange(all.drop_front(carried.size())) << ")";
}

LogicalResult condcomp::verifyExitRegion(ExitingOpInterface op, unsigned index,
                                         bool last,
                                         SmallVectorImpl<Type> &carried,
                                         TypeRange params, TypeRange extra) {
  Region &region = op->getRegion(index);
  if (failed(verifyArguments(op, region, carried, params, extra)))
    return failure();
  Operation *terminator = region.front().getTerminator();
  auto exit = dyn_cast<ExitOp>(terminator);
  if (last ? !isa<YieldOp>(terminator) : !exit)
    return op->emitOpError()
           << "C3: stage " << index << " must end in condcomp."
           << (last ? "yield" : "exit") << ", got " << terminator->getName();
  size_t numState =
      std::min<size_t>(op.getState().size(), terminator->getNumOperands());
  OperandRange operands = terminator->getOperands();
  TypeRange results = last ? operands.drop_back(numState).getTypes()
                           : exit.getResults().getTypes();
  TypeRange state = last ? operands.take_back(numState).getTypes()
                         : exit.getState().getTypes();
  if (failed(verifyRowTypes(terminator, "C4", "results", results,
                            op.getRowResults().getTypes())))
    return failure();
  if (state != TypeRange(op.getState().getTypes()))
    return terminator->emitOpError()
           << "C6: state must be (" << op.getState().getTypes() << "), got ("
           << state << ")";
  if (last)
    return success();
  carried.assign(exit.getCarry().getTypes().begin(),
                 exit.getCarry().getTypes().end());
  for (Type type : carried)
    if (cast<ShapedType>(type).getRank() == 0 ||
        !cast<ShapedType>(type).isDynamicDim(0))
      return exit.emitOpError()
             << "C2: carried types are tensor<?x…>, got " << type;
  return success();
}

//===----------------------------------------------------------------------===//
// ExitOp and YieldOp
//===----------------------------------------------------------------------===//

LogicalResult ExitOp::verify() {
  auto done = cast<ShapedType>(getDone().getType());
  if (done.getRank() != 1)
    return emitOpError() << "C4: done must be tensor<?xi1>, got " << done;
  if (!getSoft())
    return success();
  auto soft = cast<ShapedType>(getSoft().getType());
  if (soft.getRank() != 1)
    return emitOpError()
           << "C4: soft must be tensor<?xf32> or tensor<?xf64>, got " << soft;
  return success();
}

MutableOperandRange ExitOp::getMutableSuccessorOperands(RegionSuccessor) {
  return MutableOperandRange(getOperation(), 0, 0);
}

MutableOperandRange YieldOp::getMutableSuccessorOperands(RegionSuccessor) {
  return MutableOperandRange(getOperation(), 0, 0);
}
