//===- VerifyShapes.cpp - shared pieces of the verifiers -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyShapes.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace condcomp;

std::string condcomp::shapeToString(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(
      shape,
      [&](int64_t dim) {
        if (ShapedType::isDynamic(dim))
          os << '?';
        else
          os << dim;
      },
      [&] { os << 'x'; });
  return text;
}

bool condcomp::areCompatible(ArrayRef<int64_t> lhs, ArrayRef<int64_t> rhs) {
  return succeeded(verifyCompatibleShape(lhs, rhs));
}

LogicalResult condcomp::verifyLeadingDims(Operation *op, StringRef constraint,
                                          StringRef what, Type type,
                                          ArrayRef<int64_t> leading) {
  auto shaped = cast<ShapedType>(type);
  if (shaped.getRank() >= static_cast<int64_t>(leading.size()) &&
      areCompatible(shaped.getShape().take_front(leading.size()), leading))
    return success();
  return op->emitOpError() << constraint << ": " << what << " must lead with "
                           << shapeToString(leading) << ", got " << type;
}

LogicalResult condcomp::verifyShape(Operation *op, StringRef constraint,
                                    StringRef what, Type type,
                                    ArrayRef<int64_t> shape) {
  if (areCompatible(cast<ShapedType>(type).getShape(), shape))
    return success();
  return op->emitOpError() << constraint << ": " << what
                           << " must have the shape " << shapeToString(shape)
                           << ", got " << type;
}

LogicalResult condcomp::verifyRowBound(Operation *op, StringRef constraint,
                                       RoutingType type, Bound expected) {
  if (type.getRowBound() == expected)
    return success();
  return op->emitOpError() << constraint << ": the routing's row bound must be "
                           << "that of "
                           << RoutingType::get(op->getContext(),
                                               type.getShape(),
                                               type.getElementType(), expected,
                                               Bound::none(), Form::Unset)
                           << ", got " << type;
}

LogicalResult condcomp::verifyGateResult(Operation *op, RoutingType type,
                                         Type scoreElementType,
                                         Bound moduleBound) {
  bool wide = scoreElementType && scoreElementType.isF64();
  if (scoreElementType && type.getElementType().isF64() != wide)
    return op->emitOpError()
           << "I1: scores of " << scoreElementType << " make a routing of "
           << (wide ? "f64" : "f32") << ", got " << type;
  if (type.getModuleBound() != moduleBound)
    return op->emitOpError()
           << "promises no module bound, but its result has one: " << type;
  return success();
}

bool condcomp::hasAtMostOneEntryPerRow(RoutingType type) {
  std::optional<int64_t> max = type.getRowBound().getStaticMax();
  return (max && *max <= 1) || type.getNumModules() == 1;
}

SmallVector<int64_t> condcomp::getSpaceShape(RoutingType type, Space space) {
  SmallVector<int64_t> shape(type.getBatchShape());
  if (space != Space::Modules)
    shape.push_back(type.getNumRows());
  if (space != Space::Rows)
    shape.push_back(type.getNumModules());
  return shape;
}
