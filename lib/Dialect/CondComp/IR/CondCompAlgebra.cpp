//===- CondCompAlgebra.cpp - routings to routings -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyShapes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace condcomp;

//===----------------------------------------------------------------------===//
// ReweightOp
//===----------------------------------------------------------------------===//

LogicalResult ReweightOp::verify() {
  RoutingType type = getRouting().getType();
  if (bool(getDense()) == bool(getEntries()))
    return emitOpError("C1: exactly one of dense(...) and entries(...) must be "
                       "given");
  Type weights = getDense() ? getDense().getType() : getEntries().getType();
  SmallVector<int64_t> shape =
      getDense() ? SmallVector<int64_t>(type.getShape()) : type.getEntryShape();
  if (failed(verifyShape(*this, "C2", getDense() ? "dense" : "entries", weights,
                         shape)))
    return failure();
  auto element = cast<FloatType>(getElementTypeOrSelf(weights));
  if (element.getWidth() > type.getElementType().getWidth())
    return emitOpError() << "C4: weights of " << element
                         << " do not fit a routing of "
                         << type.getElementType();
  return success();
}

namespace {
/// Only the last of two reweights counts.
struct ReweightOfReweight : OpRewritePattern<ReweightOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReweightOp op,
                                PatternRewriter &rewriter) const override {
    Operation *source = op.getRouting().getDefiningOp();
    if (!isa_and_nonnull<ReweightOp, NormalizeOp>(source))
      return failure();
    rewriter.modifyOpInPlace(
        op, [&] { op.getRoutingMutable().assign(source->getOperand(0)); });
    return success();
  }
};
} // namespace

void ReweightOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {
  patterns.add<ReweightOfReweight>(context);
}

//===----------------------------------------------------------------------===//
// CapacityOp
//===----------------------------------------------------------------------===//

LogicalResult CapacityOp::verify() {
  RoutingType type = getRouting().getType();
  RoutingType result = getResult().getType();
  if (bool(getCapacity()) == getStaticCapacity().has_value())
    return emitOpError("I2: the capacity is either an integer or a value");
  if (type.getShape() != result.getShape() ||
      type.getElementType() != result.getElementType() ||
      type.getForm() != result.getForm())
    return emitOpError() << "C1: the result must have the operand's shape, "
                            "weight type and form, got "
                         << type << " and " << result;
  int64_t capacity = getStaticCapacity().value_or(0);
  if (capacity < 0)
    return emitOpError() << "C3: capacity must not be negative, got "
                         << capacity;
  Bound row = type.getRowBound();
  if (row.kind == BoundKind::Exactly)
    row = row.isDynamic() ? Bound::none() : Bound::atMost(row.count);
  if (failed(verifyRowBound(*this, "C2", result, row)))
    return failure();
  std::optional<int64_t> max = type.getModuleBound().getStaticMax();
  if (getStaticCapacity())
    max = std::min(capacity, max.value_or(capacity));
  Bound module = max ? Bound::atMost(*max) : Bound::none();
  if (result.getModuleBound() != module)
    return emitOpError() << "C2: the result must be "
                         << result.withBounds(row, module) << ", got "
                         << result;
  if (getPriority()) {
    if (getOrder() == CapacityOrder::Weight)
      return emitOpError("C4: order(weight) takes no priority");
    Type priority = getPriority().getType();
    if (failed(verifyShape(*this, "I3", "priority", priority,
                           getSpaceShape(type, Space::Rows))))
      return failure();
    if (getElementTypeOrSelf(priority) != type.getElementType())
      return emitOpError() << "I3: priority must be of the weight type, "
                           << type.getElementType() << ", got " << priority;
  }
  return success();
}

Speculation::Speculatability CapacityOp::getSpeculatability() {
  return getStaticCapacity() ? Speculation::Speculatable
                             : Speculation::NotSpeculatable;
}

//===----------------------------------------------------------------------===//
// ConvertFormOp
//===----------------------------------------------------------------------===//

LogicalResult ConvertFormOp::verify() {
  if (getRouting().getType().withForm(getResult().getType().getForm()) !=
      getResult().getType())
    return emitOpError() << "C1: the types may differ in form only, got "
                         << getRouting().getType() << " and "
                         << getResult().getType();
  return success();
}

OpFoldResult ConvertFormOp::fold(FoldAdaptor adaptor) {
  if (getRouting().getType() == getResult().getType())
    return getRouting();
  // There and back again.
  auto source = getRouting().getDefiningOp<ConvertFormOp>();
  if (source && source.getRouting().getType() == getResult().getType())
    return source.getRouting();
  return {};
}
