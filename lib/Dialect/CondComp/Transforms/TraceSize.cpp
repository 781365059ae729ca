//===- TraceSize.cpp - where the sizes of tensors come from ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TraceSize.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"

using namespace mlir;
using namespace condcomp;

namespace {
/// A dim of a tensor.
using Dim = std::pair<Value, int64_t>;
} // namespace

Value Size::materialize(OpBuilder &b, Location loc) const {
  if (!origin)
    return arith::ConstantIndexOp::create(b, loc, constant);
  if (isa<IndexType>(origin.getType()))
    return origin;
  if (origin.getDefiningOp<tensor::CollapseShapeOp>())
    return materializeProduct(b, loc, getFactors(*this));
  // A use of a condcomp op's result would keep other passes from moving it.
  if (auto result = dyn_cast<OpResult>(origin);
      result && isa<CondCompDialect>(result.getOwner()->getDialect())) {
    FailureOr<OpFoldResult> size =
        reifyDimOfResult(b, result.getOwner(), result.getResultNumber(), dim);
    if (succeeded(size))
      return getValueOrCreateConstantIndexOp(b, loc, *size);
  }
  return tensor::DimOp::create(b, loc, origin, dim);
}

Value condcomp::materializeProduct(OpBuilder &b, Location loc,
                                   ArrayRef<Size> factors) {
  Value product;
  for (const Size &factor : factors) {
    Value value = factor.materialize(b, loc);
    product = product ? arith::MulIOp::create(b, loc, product, value) : value;
  }
  return product;
}

SmallVector<Size> condcomp::getFactors(const Size &size) {
  auto collapse = dyn_cast_if_present<tensor::CollapseShapeOp>(
      size.origin ? size.origin.getDefiningOp() : nullptr);
  if (!collapse)
    return {size};
  SmallVector<Size> factors;
  ReassociationIndices parts = collapse.getReassociationIndices()[size.dim];
  for (int64_t part : parts)
    llvm::append_range(factors,
                       getFactors(*traceSize(collapse.getSrc(), part)));
  return factors;
}

/// The dim of an operand that dim `dim` of a body's argument is. That of the
/// body's own rows is none.
static std::optional<Dim> leaveBody(BlockArgument argument, int64_t dim) {
  Block *block = argument.getOwner();
  unsigned region = block->getParent()->getRegionNumber();
  unsigned position = argument.getArgNumber();
  // Of an operand with more leading dims than a body's argument.
  auto trailing = [&](Value operand) -> Dim {
    int64_t dims = cast<ShapedType>(argument.getType()).getRank() -
                   cast<ShapedType>(operand.getType()).getRank();
    return {operand, dim - dims};
  };
  auto op = dyn_cast<ConditionalOpInterface>(block->getParentOp());
  if (!op)
    return std::nullopt;
  bool isRows = llvm::is_contained(op.getRowArguments(region), argument);
  if (isRows && dim == 0)
    return std::nullopt;
  SmallVector<BlockArgument> states = op.getStateArguments(region);
  auto *state = llvm::find(states, argument);
  unsigned stateIndex = std::distance(states.begin(), state);

  if (auto apply = dyn_cast<ApplyOp>(op.getOperation())) {
    unsigned tensors = apply.getRows().size() + apply.getEntries().size() +
                       apply.getParams().size();
    if (position < tensors)
      return trailing(apply->getOperand(1 + position));
  } else if (auto cascade = dyn_cast<CascadeOp>(op.getOperation())) {
    if (state != states.end())
      return Dim{cascade.getState()[stateIndex], dim};
    if (isRows && region == 0)
      return Dim{cascade.getRows()[position], dim};
    if (isRows) {
      Block &before = cascade.getStages()[region - 1].front();
      return Dim{cast<ExitOp>(before.getTerminator()).getCarry()[position],
                 dim};
    }
  } else if (auto iterate = dyn_cast<IterateOp>(op.getOperation())) {
    unsigned rows = iterate.getRows().size();
    if (state != states.end())
      return Dim{iterate.getState()[stateIndex], dim};
    if (isRows)
      return Dim{iterate.getRows()[position], dim};
    if (position - rows < iterate.getParams().size())
      return trailing(iterate.getParams()[position - rows]);
  }
  return std::nullopt;
}

/// The dim that has the same size as dim `dim` of `value`, one step back.
static std::optional<Dim> stepBack(Value value, int64_t dim) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return leaveBody(cast<BlockArgument>(value), dim);
  if (auto castOp = dyn_cast<tensor::CastOp>(op))
    return Dim{castOp.getSource(), dim};
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
    return Dim{destination.getTiedOpOperand(cast<OpResult>(value))->get(), dim};
  if (auto insert = dyn_cast<tensor::InsertOp>(op))
    return Dim{insert.getDest(), dim};
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    auto groups = collapse.getReassociationIndices();
    if (groups[dim].size() == 1)
      return Dim{collapse.getSrc(), groups[dim].front()};
  }
  return std::nullopt;
}

/// The index that dim `dim` of `value` is made with, if it is.
static Value getSizeOperand(Value value, int64_t dim) {
  if (auto empty = value.getDefiningOp<tensor::EmptyOp>())
    return empty.getDynamicSize(dim);
  if (auto expand = value.getDefiningOp<tensor::ExpandShapeOp>())
    return dyn_cast<Value>(expand.getMixedOutputShape()[dim]);
  auto slice = value.getDefiningOp<tensor::ExtractSliceOp>();
  if (!slice)
    return nullptr;
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  for (auto [i, size] : llvm::enumerate(slice.getMixedSizes()))
    if (!dropped.test(i) && dim-- == 0)
      return dyn_cast<Value>(size);
  return nullptr;
}

std::optional<Size> condcomp::traceSize(Value value, int64_t dim) {
  while (true) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    // A tensor.dim may ask for a dim that there is none of.
    if (!type || dim < 0 || dim >= type.getRank())
      return std::nullopt;
    if (!type.isDynamicDim(dim))
      return Size{{}, 0, type.getDimSize(dim)};
    if (Value size = getSizeOperand(value, dim))
      return traceIndex(size);
    std::optional<Dim> before = stepBack(value, dim);
    if (!before)
      return Size{value, dim, 0};
    std::tie(value, dim) = *before;
  }
}

Size condcomp::traceIndex(Value index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return Size{{}, 0, *constant};
  if (auto dim = index.getDefiningOp<tensor::DimOp>())
    if (std::optional<int64_t> position = dim.getConstantIndex())
      if (std::optional<Size> size = traceSize(dim.getSource(), *position))
        return *size;
  return Size{index, 0, 0};
}
