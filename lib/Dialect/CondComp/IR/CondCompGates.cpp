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

/// Verifies a k that is an integer or a value, and the row bound that follows.
static LogicalResult verifyCount(Operation *op, Value k,
                                 std::optional<int64_t> staticK,
                                 RoutingType type) {
  if (bool(k) == staticK.has_value())
    return op->emitOpError("I2: k is either an integer or a value");
  int64_t count = staticK.value_or(ShapedType::kDynamic);
  int64_t modules = type.getNumModules();
  if (staticK &&
      (count < 0 || (!ShapedType::isDynamic(modules) && count > modules)))
    return op->emitOpError() << "C3: k = " << count
                             << " must be between 0 and the number of modules, "
                             << shapeToString(modules);
  return verifyRowBound(op, "C2", type, Bound::exactly(count));
}

LogicalResult TopKOp::verify() {
  RoutingType type = getRouting().getType();
  if (failed(verifySameShape(*this, "scores", getScores().getType(), type)) ||
      failed(verifyGateResult(*this, type,
                              getScores().getType().getElementType())))
    return failure();
  return verifyCount(*this, getK(), getStaticK(), type);
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
// TopPOp
//===----------------------------------------------------------------------===//

LogicalResult TopPOp::verify() {
  RoutingType type = getRouting().getType();
  if ((getMin() && getStaticMin()) || (getMax() && getStaticMax()))
    return emitOpError("I3: min and max are either integers or values");
  if (failed(verifySameShape(*this, "scores", getScores().getType(), type)) ||
      failed(verifyGateResult(*this, type,
                              getScores().getType().getElementType())))
    return failure();
  if (getP().getType() != type.getElementType())
    return emitOpError() << "I2: p must be of the weight type, "
                         << type.getElementType() << ", got "
                         << getP().getType();
  // What is not static may be any number that fits.
  int64_t modules = type.getNumModules();
  int64_t most = ShapedType::isDynamic(modules) ? INT64_MAX : modules;
  int64_t max = getStaticMax().value_or(most);
  int64_t min = getStaticMin().value_or(0);
  if (min < 0 || min > max || max > most) {
    InFlightDiagnostic error = emitOpError("C3: ");
    if (getStaticMin())
      error << "min = " << min << (getStaticMax() ? " and " : "");
    if (getStaticMax())
      error << "max = " << max;
    return error << " must satisfy 0 <= min <= max <= the number of modules, "
                 << shapeToString(modules);
  }
  return verifyRowBound(*this, "C2", type,
                        getStaticMax() ? Bound::atMost(max) : Bound::none());
}

Speculation::Speculatability TopPOp::getSpeculatability() {
  // Without either, 0 <= min <= max <= M holds by definition.
  bool modulesKnown =
      !ShapedType::isDynamic(getRouting().getType().getNumModules());
  bool proven = !getMin() && !getMax() &&
                (modulesKnown || (!getStaticMin() && !getStaticMax()));
  return proven ? Speculation::Speculatable : Speculation::NotSpeculatable;
}

//===----------------------------------------------------------------------===//
// ExpertChoiceOp
//===----------------------------------------------------------------------===//

LogicalResult ExpertChoiceOp::verify() {
  RoutingType type = getRouting().getType();
  if (bool(getC()) == getStaticC().has_value())
    return emitOpError("I2: c is either an integer or a value");
  if (failed(verifySameShape(*this, "scores", getScores().getType(), type)))
    return failure();
  int64_t c = getStaticC().value_or(ShapedType::kDynamic);
  int64_t rows = type.getNumRows();
  if (getStaticC() && (c < 0 || (!ShapedType::isDynamic(rows) && c > rows)))
    return emitOpError() << "C3: c = " << c << " must be between 0 and the "
                         << "number of rows, " << shapeToString(rows);
  RoutingType expected = type.withBounds(Bound::none(), Bound::exactly(c));
  if (type != expected)
    return emitOpError() << "C2: the routing must be " << expected << ", got "
                         << type;
  return verifyGateResult(*this, type, getScores().getType().getElementType(),
                          Bound::exactly(c));
}

Speculation::Speculatability ExpertChoiceOp::getSpeculatability() {
  bool proven = getStaticC() &&
                !ShapedType::isDynamic(getRouting().getType().getNumRows());
  return proven ? Speculation::Speculatable : Speculation::NotSpeculatable;
}

// Rows compete for the places of a module.
bool ExpertChoiceOp::isRowwise() { return false; }

//===----------------------------------------------------------------------===//
// SampleOp
//===----------------------------------------------------------------------===//

LogicalResult SampleOp::verify() {
  RoutingType type = getRouting().getType();
  if (failed(verifySameShape(*this, "logits", getLogits().getType(), type)) ||
      failed(verifyGateResult(*this, type,
                              getLogits().getType().getElementType())) ||
      failed(verifyCount(*this, getK(), getStaticK(), type)))
    return failure();
  if (getIds() && failed(verifyShape(*this, "I5", "ids", getIds().getType(),
                                     getSpaceShape(type, Space::Rows))))
    return failure();
  return success();
}

Speculation::Speculatability SampleOp::getSpeculatability() {
  // The checks of ids and of the step are left to run time.
  bool proven = getStaticK() && !getIds() && !getStep() &&
                !ShapedType::isDynamic(getRouting().getType().getNumModules());
  return proven ? Speculation::Speculatable : Speculation::NotSpeculatable;
}

//===----------------------------------------------------------------------===//
// LimitGroupsOp
//===----------------------------------------------------------------------===//

LogicalResult LimitGroupsOp::verify() {
  auto scores = cast<ShapedType>(getScores().getType());
  if (scores.getRank() < 2)
    return emitOpError()
           << "I1: scores must be a tensor of rank 2 or more, got " << scores;
  if (bool(getKeep()) == getStaticKeep().has_value())
    return emitOpError("I4: keep is either an integer or a value");
  int64_t groups = getGroups(), modules = scores.getShape().back();
  bool known = !ShapedType::isDynamic(modules);
  if (groups < 1 || (known && modules % groups != 0))
    return emitOpError() << "C1: the number of groups, " << groups
                         << ", must divide the number of modules, "
                         << shapeToString(modules);
  std::optional<int64_t> keep = getStaticKeep();
  if (keep && (*keep < 0 || *keep > groups))
    return emitOpError() << "C2: keep = " << *keep
                         << " must be between 0 and the number of groups, "
                         << groups;
  int64_t sumOf = getSumOf();
  if (sumOf < 1 || (known && modules > 0 && sumOf > modules / groups))
    return emitOpError() << "C3: sum_of = " << sumOf
                         << " must be between 1 and the modules of a group, "
                         << shapeToString(known ? modules / groups : modules);
  return success();
}

Speculation::Speculatability LimitGroupsOp::getSpeculatability() {
  bool proven = getStaticKeep() &&
                !ShapedType::isDynamic(getScores().getType().getShape().back());
  return proven ? Speculation::Speculatable : Speculation::NotSpeculatable;
}

OpFoldResult LimitGroupsOp::fold(FoldAdaptor) {
  // All groups are kept, and no check remains.
  if (getStaticKeep() == getGroups() &&
      getSpeculatability() == Speculation::Speculatable)
    return getScores();
  return {};
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
