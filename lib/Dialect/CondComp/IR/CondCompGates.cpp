//===- CondCompGates.cpp - scores to routings -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyShapes.h"

using namespace mlir;
using namespace condcomp;

/// Emits an error unless the routing has the shape of `type` (constraint C1 of
/// several gates).
static LogicalResult verifySameShape(Operation *op, StringRef what, Type type,
                                     RoutingType routing) {
  if (cast<ShapedType>(type).getRank() < 2)
    return op->emitOpError()
           << "I1: " << what << " must be a tensor of rank 2 or more, got "
           << type;
  return verifyShape(op, "C1", what, type, routing.getShape());
}

//===----------------------------------------------------------------------===//
// TopKOp
//===----------------------------------------------------------------------===//

LogicalResult TopKOp::verify() {
  RoutingType type = getRouting().getType();
  if (bool(getK()) == getStaticK().has_value())
    return emitOpError("I2: k is either an integer or a value");
  if (failed(verifySameShape(*this, "scores", getScores().getType(), type)) ||
      failed(verifyGateResult(*this, type,
                              getScores().getType().getElementType())))
    return failure();
  int64_t k = getStaticK().value_or(ShapedType::kDynamic);
  if (getStaticK() && (k < 0 || (!ShapedType::isDynamic(type.getNumModules()) &&
                                 k > type.getNumModules())))
    return emitOpError() << "C3: k = " << k << " must be between 0 and "
                         << "the number of modules, "
                         << shapeToString(type.getNumModules());
  return verifyRowBound(*this, "C2", type, Bound::exactly(k));
}

Speculation::Speculatability TopKOp::getSpeculatability() {
  // Without a static k and M the check k <= M may fail.
  bool proven = getStaticK() &&
                !ShapedType::isDynamic(getRouting().getType().getNumModules());
  return proven ? Speculation::Speculatable : Speculation::NotSpeculatable;
}

//===----------------------------------------------------------------------===//
// ThresholdOp
//===----------------------------------------------------------------------===//

LogicalResult ThresholdOp::verify() {
  RoutingType type = getRouting().getType();
  if (failed(verifySameShape(*this, "scores", getScores().getType(), type)) ||
      failed(verifyGateResult(*this, type,
                              getScores().getType().getElementType())))
    return failure();
  if (getTau().getType() != type.getElementType())
    return emitOpError() << "I2: tau must be of the weight type, "
                         << type.getElementType() << ", got "
                         << getTau().getType();
  return verifyRowBound(*this, "C2", type, Bound::none());
}

//===----------------------------------------------------------------------===//
// AssignOp
//===----------------------------------------------------------------------===//

LogicalResult AssignOp::verify() {
  RoutingType type = getRouting().getType();
  auto indices = cast<ShapedType>(getIndices().getType());
  if (indices.getRank() < 2)
    return emitOpError() << "I1: indices must be a tensor of rank 2 or more, "
                            "got "
                         << indices;
  if (!areCompatible(indices.getShape().drop_back(),
                     type.getShape().drop_back()))
    return emitOpError()
           << "C1: the routing's batch and row dims must be those "
              "of the indices, "
           << shapeToString(indices.getShape().drop_back()) << ", got " << type;
  if (ShapedType::isDynamic(type.getNumModules()) != bool(getModules()))
    return emitOpError() << "C1: modules(...) is given exactly when the "
                            "routing's type leaves the number of modules open";
  if (getWeights()) {
    auto weights = cast<ShapedType>(getWeights().getType());
    if (!areCompatible(weights.getShape(), indices.getShape()) ||
        weights.getElementType() != type.getElementType())
      return emitOpError() << "I2: weights must have the shape of the indices, "
                           << shapeToString(indices.getShape())
                           << ", and the weight type, " << type.getElementType()
                           << ", got " << weights;
  }
  if (failed(verifyGateResult(*this, type, Type())))
    return failure();
  int64_t k = indices.getShape().back();
  Bound bound = Bound::exactly(k);
  if (getOutOfRange() == OutOfRange::Drop)
    bound = ShapedType::isDynamic(k) ? Bound::none() : Bound::atMost(k);
  return verifyRowBound(*this, "C2", type, bound);
}

//===----------------------------------------------------------------------===//
// FromMaskOp
//===----------------------------------------------------------------------===//

LogicalResult FromMaskOp::verify() {
  RoutingType type = getRouting().getType();
  if (failed(verifySameShape(*this, "mask", getMask().getType(), type)) ||
      failed(verifyGateResult(*this, type, Type())))
    return failure();
  if (getWeights()) {
    auto weights = cast<ShapedType>(getWeights().getType());
    if (!areCompatible(weights.getShape(), type.getShape()) ||
        weights.getElementType() != type.getElementType())
      return emitOpError() << "I2: weights must have the shape of the mask, "
                           << shapeToString(type.getShape())
                           << ", and the weight type, " << type.getElementType()
                           << ", got " << weights;
  }
  return verifyRowBound(*this, "C2", type, Bound::none());
}

//===----------------------------------------------------------------------===//
// FromOffsetsOp
//===----------------------------------------------------------------------===//

LogicalResult FromOffsetsOp::verify() {
  RoutingType type = getRouting().getType();
  auto offsets = cast<ShapedType>(getOffsets().getType());
  if (offsets.getRank() != 1)
    return emitOpError() << "I1: offsets must be a tensor of rank 1, got "
                         << offsets;
  if (type.getNumBatchDims() != 0)
    return emitOpError() << "C1: the routing has no batch dims, got " << type;
  int64_t size = offsets.getShape().front();
  int64_t modules = type.getNumModules();
  if (!ShapedType::isDynamic(size) && !ShapedType::isDynamic(modules) &&
      size != modules + 1)
    return emitOpError() << "C1: " << size << " offsets make " << size - 1
                         << " modules, got " << type;
  if (failed(verifyGateResult(*this, type, Type())))
    return failure();
  return verifyRowBound(*this, "C1", type, Bound::exactly(1));
}

// Which module a row belongs to depends on where it stands among the rows.
bool FromOffsetsOp::isRowwise() { return false; }

//===----------------------------------------------------------------------===//
// MatchTokensOp
//===----------------------------------------------------------------------===//

LogicalResult MatchTokensOp::verify() {
  RoutingType type = getRouting().getType();
  auto scores = cast<ShapedType>(getScores().getType());
  if (bool(getR()) == getStaticR().has_value())
    return emitOpError("I2: r is either an integer or a value");
  if (scores.getRank() < 2)
    return emitOpError()
           << "I1: scores must be a tensor of rank 2 or more, got " << scores;
  if (failed(verifyGateResult(*this, type, scores.getElementType())))
    return failure();
  int64_t numA = scores.getShape().drop_back().back();
  int64_t numB = scores.getShape().back();
  int64_t r = getStaticR().value_or(ShapedType::kDynamic);
  if (getStaticR() && (r < 0 || (!ShapedType::isDynamic(numA) && r > numA) ||
                       (r > 0 && numB == 0)))
    return emitOpError() << "C3: r = " << r << " tokens can't be taken from "
                         << shapeToString(numA) << " and merged into "
                         << shapeToString(numB);
  bool known = !ShapedType::isDynamic(numA) && !ShapedType::isDynamic(numB);
  SmallVector<int64_t> shape(scores.getShape());
  shape.end()[-2] = known ? numA + numB : ShapedType::kDynamic;
  shape.back() = known && getStaticR() ? numA + numB - r : ShapedType::kDynamic;
  if (!areCompatible(shape, type.getShape()))
    return emitOpError() << "C1: the routing must have the shape "
                         << shapeToString(shape) << ", got " << type;
  return verifyRowBound(*this, "C2", type, Bound::exactly(1));
}

bool MatchTokensOp::isRowwise() { return false; }
