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

/// Verifies C1 of ops that change entries only.
static LogicalResult verifySameRouting(Operation *op, RoutingType type,
                                       RoutingType result) {
  if (type.getShape() == result.getShape() &&
      type.getElementType() == result.getElementType() &&
      type.getForm() == result.getForm())
    return success();
  return op->emitOpError() << "C1: the result must have the operand's shape, "
                              "weight type and form, got "
                           << type << " and " << result;
}

/// Verifies C2: the bounds that follow from those of the operands.
static LogicalResult verifyBounds(Operation *op, RoutingType result, Bound row,
                                  Bound module) {
  if (result.getRowBound() == row && result.getModuleBound() == module)
    return success();
  return op->emitOpError() << "C2: the result must be "
                           << result.withBounds(row, module) << ", got "
                           << result;
}

namespace {
/// Weights that an op replaces or ignores need not be computed.
template <typename OpT>
struct SkipWeights : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpT op,
                                PatternRewriter &rewriter) const override {
    Operation *source = op.getRouting().getDefiningOp();
    if (!isa_and_nonnull<ReweightOp, NormalizeOp, ScaleOp>(source))
      return failure();
    rewriter.modifyOpInPlace(
        op, [&] { op.getRoutingMutable().assign(source->getOperand(0)); });
    return success();
  }
};
} // namespace

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

void ReweightOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {
  patterns.add<SkipWeights<ReweightOp>>(context);
}

//===----------------------------------------------------------------------===//
// ScaleOp
//===----------------------------------------------------------------------===//

OpFoldResult ScaleOp::fold(FoldAdaptor adaptor) {
  auto factor = dyn_cast_or_null<FloatAttr>(adaptor.getFactor());
  if (factor && factor.getValue().isExactlyValue(1))
    return getRouting();
  return {};
}

//===----------------------------------------------------------------------===//
// CapacityOp
//===----------------------------------------------------------------------===//

LogicalResult CapacityOp::verify() {
  RoutingType type = getRouting().getType();
  RoutingType result = getResult().getType();
  if (bool(getCapacity()) == getStaticCapacity().has_value())
    return emitOpError("I2: the capacity is either an integer or a value");
  if (failed(verifySameRouting(*this, type, result)))
    return failure();
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
  if (failed(verifyBounds(*this, result, row, module)))
    return failure();
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
// ComplementOp
//===----------------------------------------------------------------------===//

/// `size` less the count of an `exactly` bound; none for other bounds.
static Bound complementBound(Bound bound, int64_t size) {
  if (bound.kind != BoundKind::Exactly)
    return Bound::none();
  return Bound::exactly(bound.isDynamic() || ShapedType::isDynamic(size)
                            ? ShapedType::kDynamic
                            : size - bound.count);
}

LogicalResult ComplementOp::verify() {
  RoutingType type = getRouting().getType();
  if (failed(verifySameRouting(*this, type, getResult().getType())))
    return failure();
  Bound module = complementBound(type.getModuleBound(), type.getNumRows());
  // Modules have no bound of run-time size.
  if (module.isDynamic())
    module = Bound::none();
  return verifyBounds(*this, getResult().getType(),
                      complementBound(type.getRowBound(), type.getNumModules()),
                      module);
}

OpFoldResult ComplementOp::fold(FoldAdaptor adaptor) {
  // The complement of a complement has lost its weights, that of a third one
  // is the first.
  auto second = getRouting().getDefiningOp<ComplementOp>();
  auto first =
      second ? second.getRouting().getDefiningOp<ComplementOp>() : nullptr;
  if (first && first.getResult().getType() == getResult().getType())
    return first.getResult();
  return {};
}

void ComplementOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                               MLIRContext *context) {
  patterns.add<SkipWeights<ComplementOp>>(context);
}

//===----------------------------------------------------------------------===//
// SliceModulesOp
//===----------------------------------------------------------------------===//

bool SliceModulesOp::isFull() {
  return getStaticOffset() && *getStaticOffset() == 0 && getStaticSize() &&
         int64_t(*getStaticSize()) == getRouting().getType().getNumModules();
}

LogicalResult SliceModulesOp::verify() {
  RoutingType type = getRouting().getType();
  RoutingType result = getResult().getType();
  if (bool(getOffset()) == getStaticOffset().has_value())
    return emitOpError("I2: the offset is either an integer or a value");
  if (bool(getSize()) == getStaticSize().has_value())
    return emitOpError("I3: the size is either an integer or a value");
  int64_t offset = getStaticOffset().value_or(0);
  int64_t size = getStaticSize().value_or(0);
  int64_t modules = type.getNumModules();
  if (offset < 0 || size < 0 ||
      (!ShapedType::isDynamic(modules) &&
       (offset > modules || size > modules - offset)))
    return emitOpError() << "C3: modules " << offset << " to " << offset
                         << " + " << size << " are not within the "
                         << shapeToString(modules) << " modules of " << type;
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = getStaticSize().value_or(ShapedType::kDynamic);
  if (result.getShape() != ArrayRef(shape) ||
      type.getElementType() != result.getElementType() ||
      type.getForm() != result.getForm())
    return emitOpError() << "C1: the result must have the shape "
                         << shapeToString(shape)
                         << " and the operand's weight type and form, got "
                         << type << " and " << result;
  Bound row = type.getRowBound();
  if (!isFull()) {
    std::optional<int64_t> max = row.getStaticMax();
    if (max && getStaticSize())
      max = std::min<int64_t>(*max, size);
    row = max ? Bound::atMost(*max) : Bound::none();
  }
  return verifyBounds(*this, result, row, type.getModuleBound());
}

OpFoldResult SliceModulesOp::fold(FoldAdaptor adaptor) {
  return isFull() ? OpFoldResult(getRouting()) : OpFoldResult();
}

Speculation::Speculatability SliceModulesOp::getSpeculatability() {
  // Without all of the numbers the check of the range may fail.
  bool proven = getStaticOffset() && getStaticSize() &&
                !ShapedType::isDynamic(getRouting().getType().getNumModules());
  return proven ? Speculation::Speculatable : Speculation::NotSpeculatable;
}

//===----------------------------------------------------------------------===//
// ConcatModulesOp
//===----------------------------------------------------------------------===//

/// The number of entries in rows of two routings together.
static Bound addBounds(Bound lhs, Bound rhs) {
  bool exact = lhs.kind == BoundKind::Exactly && rhs.kind == BoundKind::Exactly;
  if (exact && (lhs.isDynamic() || rhs.isDynamic()))
    return Bound::exactly(ShapedType::kDynamic);
  std::optional<int64_t> left = lhs.getStaticMax(), right = rhs.getStaticMax();
  if (!left || !right)
    return Bound::none();
  return exact ? Bound::exactly(*left + *right) : Bound::atMost(*left + *right);
}

/// What both bounds promise. Two run-time counts need not be the same one.
static Bound weakerBound(Bound lhs, Bound rhs) {
  if (lhs == rhs && !lhs.isDynamic())
    return lhs;
  std::optional<int64_t> left = lhs.getStaticMax(), right = rhs.getStaticMax();
  return left && right ? Bound::atMost(std::max(*left, *right)) : Bound::none();
}

LogicalResult ConcatModulesOp::verify() {
  if (getRoutings().empty())
    return emitOpError("I1: at least one routing must be given");
  RoutingType result = getResult().getType();
  auto first = cast<RoutingType>(getRoutings().front().getType());
  Bound row = first.getRowBound(), module = first.getModuleBound();
  int64_t modules = first.getNumModules();
  for (Type operand : getRoutings().getTypes()) {
    auto type = cast<RoutingType>(operand);
    if (type.getShape().size() != result.getShape().size() ||
        !areCompatible(type.getShape().drop_back(),
                       result.getShape().drop_back()) ||
        type.getElementType() != result.getElementType() ||
        type.getForm() != result.getForm())
      return emitOpError() << "C1: all routings must have the batch dims, "
                              "rows, weight type and form of the result, got "
                           << type << " and " << result;
  }
  for (Value operand : getRoutings().drop_front()) {
    auto type = cast<RoutingType>(operand.getType());
    row = addBounds(row, type.getRowBound());
    module = weakerBound(module, type.getModuleBound());
    modules = ShapedType::isDynamic(modules) ||
                      ShapedType::isDynamic(type.getNumModules())
                  ? ShapedType::kDynamic
                  : modules + type.getNumModules();
  }
  if (result.getNumModules() != modules)
    return emitOpError() << "C1: the result must have "
                         << shapeToString(modules) << " modules, got "
                         << result;
  return verifyBounds(*this, result, row, module);
}

OpFoldResult ConcatModulesOp::fold(FoldAdaptor adaptor) {
  if (getRoutings().size() == 1 &&
      getRoutings().front().getType() == getResult().getType())
    return getRoutings().front();
  return {};
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
