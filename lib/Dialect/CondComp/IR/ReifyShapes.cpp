//===- ReifyShapes.cpp - result sizes from operands -----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyShapes.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace condcomp;

/// Appends the sizes of a result of `type`: attributes where they are static,
/// as the interface asks for, else values.
static void append(OpBuilder &builder, Location loc, Type type,
                   ArrayRef<OpFoldResult> sizes,
                   ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> shape;
  for (auto [dim, size] :
       llvm::zip_equal(cast<RankedTensorType>(type).getShape(), sizes))
    shape.push_back(
        ShapedType::isDynamic(dim)
            ? OpFoldResult(getValueOrCreateConstantIndexOp(builder, loc, size))
            : OpFoldResult(builder.getIndexAttr(dim)));
  shapes.push_back(std::move(shape));
}

/// The sizes of the outs operand.
template <typename OpT>
static LogicalResult appendOuts(OpT op, OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes) {
  append(builder, op.getLoc(), op.getResult().getType(),
         tensor::getMixedSizes(builder, op.getLoc(), op.getOuts()), shapes);
  return success();
}

LogicalResult
CombineOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  return appendOuts(*this, builder, shapes);
}

LogicalResult
RestoreOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  return appendOuts(*this, builder, shapes);
}

LogicalResult PoolOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  return appendOuts(*this, builder, shapes);
}

LogicalResult MixOp::reifyResultShapes(OpBuilder &builder,
                                       ReifiedRankedShapedTypeDims &shapes) {
  return appendOuts(*this, builder, shapes);
}

LogicalResult
LimitGroupsOp::reifyResultShapes(OpBuilder &builder,
                                 ReifiedRankedShapedTypeDims &shapes) {
  append(builder, getLoc(), getResult().getType(),
         tensor::getMixedSizes(builder, getLoc(), getScores()), shapes);
  return success();
}

LogicalResult SelectOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  RoutingType type = getRouting().getType();
  auto result = cast<RankedTensorType>(getResult().getType());
  int64_t spaceRank = getSpaceShape(type, getSpace()).size();
  SmallVector<OpFoldResult> source =
      tensor::getMixedSizes(builder, getLoc(), getSource());
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < result.getRank(); ++dim) {
    int64_t trailing = dim - type.getEntryRank();
    bool isRowOrBatch =
        dim < type.getNumBatchDims() ||
        (dim == type.getNumBatchDims() && getSpace() != Space::Modules);
    if (!result.isDynamicDim(dim))
      sizes.push_back(builder.getIndexAttr(result.getDimSize(dim)));
    else if (trailing >= 0)
      sizes.push_back(source[spaceRank + trailing]);
    else if (!type.hasUniformRows())
      sizes.push_back(
          NumEntriesOp::create(builder, getLoc(), getRouting()).getResult());
    else if (isRowOrBatch)
      sizes.push_back(source[dim]);
    else // A run-time k, or the rows where only modules are at hand.
      return failure();
  }
  append(builder, getLoc(), result, sizes, shapes);
  return success();
}

LogicalResult ApplyOp::reifyResultShapes(OpBuilder &builder,
                                         ReifiedRankedShapedTypeDims &shapes) {
  if (getOuts().size() != getNumResults())
    return failure();
  for (Value out : getOuts())
    append(builder, getLoc(), out.getType(),
           tensor::getMixedSizes(builder, getLoc(), out), shapes);
  return success();
}

/// Where rows may stay, only the op itself knows how many: survivors are not
/// reified.
static LogicalResult reifyExits(ExitingOpInterface op, OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes) {
  if (op.getNumSurvivors() > 0)
    return failure();
  Location loc = op.getLoc();
  OpFoldResult rows =
      tensor::getMixedSize(builder, loc, op.getRows().front(), 0);
  for (auto [i, type] : llvm::enumerate(op.getRowResults().getTypes())) {
    SmallVector<OpFoldResult> sizes;
    if (!op.getOuts().empty())
      sizes = tensor::getMixedSizes(builder, loc, op.getOuts()[i]);
    else // Static after the rows (C9).
      for (int64_t size : cast<RankedTensorType>(type).getShape())
        sizes.push_back(builder.getIndexAttr(size));
    sizes.front() = rows;
    append(builder, loc, type, sizes, shapes);
  }
  for (Value state : op.getState())
    append(builder, loc, state.getType(),
           tensor::getMixedSizes(builder, loc, state), shapes);
  append(builder, loc, op.getLeftAt().getType(), rows, shapes);
  return success();
}

LogicalResult
CascadeOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyExits(*this, builder, shapes);
}

LogicalResult
IterateOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyExits(*this, builder, shapes);
}
