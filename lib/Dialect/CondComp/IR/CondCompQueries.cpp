//===- CondCompQueries.cpp - what a routing holds -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyShapes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace condcomp;

/// Whether the one type stands for the other up to static and dynamic dims.
static bool areCompatibleResults(TypeRange inferred, TypeRange actual) {
  return inferred.size() == actual.size() &&
         llvm::all_of(llvm::zip_equal(inferred, actual), [](auto types) {
           auto [lhs, rhs] = types;
           return getElementTypeOrSelf(lhs) == getElementTypeOrSelf(rhs) &&
                  succeeded(verifyCompatibleShape(lhs, rhs));
         });
}

static RoutingType getRoutingType(Value routing) {
  return cast<RoutingType>(routing.getType());
}

/// Defines the type inference of a query from its result's shape and element.
#define DEFINE_QUERY(OP, SHAPE, ELEMENT)                                       \
  LogicalResult OP::inferReturnTypes(                                          \
      MLIRContext *context, std::optional<Location>, OP::Adaptor adaptor,      \
      SmallVectorImpl<Type> &types) {                                          \
    RoutingType type = getRoutingType(adaptor.getRouting());                   \
    types.push_back(RankedTensorType::get(SHAPE, ELEMENT));                    \
    return success();                                                          \
  }                                                                            \
  bool OP::isCompatibleReturnTypes(TypeRange inferred, TypeRange actual) {     \
    return areCompatibleResults(inferred, actual);                             \
  }

DEFINE_QUERY(RowSizesOp, getSpaceShape(type, Space::Rows),
             IndexType::get(context))
DEFINE_QUERY(ModuleSizesOp, getSpaceShape(type, Space::Modules),
             IndexType::get(context))
DEFINE_QUERY(WeightsOp, type.getEntryShape(), type.getElementType())
DEFINE_QUERY(IndicesOp, type.getEntryShape(), IndexType::get(context))
DEFINE_QUERY(ToDenseOp, type.getShape(), type.getElementType())
DEFINE_QUERY(ToMaskOp, type.getShape(), IntegerType::get(context, 1))

/// B·R + 1 where it is static.
static int64_t getNumRowOffsets(RoutingType type) {
  int64_t size = 1;
  for (int64_t dim : type.getShape().drop_back())
    if (ShapedType::isDynamic(dim) || llvm::MulOverflow(size, dim, size))
      return ShapedType::kDynamic;
  if (llvm::AddOverflow<int64_t>(size, 1, size))
    return ShapedType::kDynamic;
  return size;
}
DEFINE_QUERY(RowOffsetsOp, ArrayRef<int64_t>(getNumRowOffsets(type)),
             IndexType::get(context))

#undef DEFINE_QUERY

//===----------------------------------------------------------------------===//
// TraceOp
//===----------------------------------------------------------------------===//

LogicalResult TraceOp::verify() {
  if (getName().empty())
    return emitOpError("C1: the name must not be empty");
  if (!getIds())
    return success();
  int64_t rows = 1;
  for (int64_t size : getRouting().getType().getShape().drop_back())
    rows = ShapedType::isDynamic(size) || ShapedType::isDynamic(rows)
               ? ShapedType::kDynamic
               : rows * size;
  return verifyShape(*this, "C2", "ids", getIds().getType(), rows);
}
