//===- ReMoE.cpp - a gate of another project ------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReMoE.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace remoe;

#include "ReMoE_dialect.cpp.inc"
#define GET_OP_CLASSES
#include "ReMoE_op.cpp.inc"

void ReMoEDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "ReMoE_op.cpp.inc"
      >();
}

LogicalResult ReluGateOp::verify() {
  condcomp::RoutingType type = getRouting().getType();
  RankedTensorType scores = getScores().getType();
  if (scores.getShape() != type.getShape())
    return emitOpError("has scores of type ")
           << scores << " for a routing of type " << type;
  if (scores.getElementType() != type.getElementType())
    return emitOpError("has scores of ")
           << scores.getElementType() << " for weights of "
           << type.getElementType();
  if (type.getRowBound() || type.getModuleBound())
    return emitOpError("promises no number of entries, but its type is ")
           << type;
  return success();
}

FailureOr<Value> ReluGateOp::decomposeGate(OpBuilder &builder) {
  Location loc = getLoc();
  RankedTensorType scores = getScores().getType();
  // Presence is a mask of its own: a weight of zero would still be an entry.
  Value zero = arith::ConstantOp::create(
      builder, loc, builder.getFloatAttr(scores.getElementType(), 0));
  Value empty = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, getScores()),
      builder.getI1Type());
  AffineMap map = builder.getMultiDimIdentityMap(scores.getRank());
  SmallVector<utils::IteratorType> loops(scores.getRank(),
                                         utils::IteratorType::parallel);
  auto mask = linalg::GenericOp::create(
      builder, loc, empty.getType(), getScores(), empty,
      ArrayRef<AffineMap>{map, map}, loops,
      [&](OpBuilder &b, Location loc, ValueRange elements) {
        Value isPositive = arith::CmpFOp::create(
            b, loc, arith::CmpFPredicate::OGT, elements[0], zero);
        linalg::YieldOp::create(b, loc, isPositive);
      });
  return condcomp::FromMaskOp::create(builder, loc, getRouting().getType(),
                                      mask.getResult(0), getScores())
      .getRouting();
}
