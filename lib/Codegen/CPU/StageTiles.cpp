//===- StageTiles.cpp - what the ops of a stage read in a tile ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageTiles.h"
#include "LoopBuilder.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace condcomp;

void StageTiles::startBlock(Value module, OpFoldResult row, OpFoldResult rows) {
  values.clear();
  values.map(m.loop.getInductionVar(), module);
  this->row = row;
  this->rows = rows;
}

Value StageTiles::slice(Value tensor, ArrayRef<Cut> cuts) {
  if (cuts.empty())
    return tensor;
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, b.getLoc(), tensor);
  SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
  for (const Cut &cut : cuts) {
    offsets[cut.position] = cut.offset;
    sizes[cut.position] = cut.size;
  }
  return tensor::ExtractSliceOp::create(b, tensor, offsets, sizes, strides);
}

Value StageTiles::start(linalg::LinalgOp op, OpOperand &init,
                        ArrayRef<Cut> cuts, Value place) {
  Value value = init.get();
  if (value.getDefiningOp<tensor::EmptyOp>())
    return place;
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return linalg::FillOp::create(b, ofModule(fill.value()), place)
        .getResult(0);
  return linalg::CopyOp::create(b, ofOperand(op, init, cuts), place)
      .getResult(0);
}

Value StageTiles::ofModule(Value value) {
  if (m.kindOf(value) != ModuleLoop::Kind::Module)
    return value;
  if (Value known = values.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    values.map(operand, ofModule(operand));
  Operation *clone = b.clone(*op, values);
  values.map(op->getResults(), clone->getResults());
  return values.lookup(value);
}

Value StageTiles::ofOperand(linalg::LinalgOp op, OpOperand &operand,
                            ArrayRef<Cut> cuts) {
  Value value = operand.get();
  ModuleLoop::Kind kind = m.kindOf(value);
  bool inStage = stage.contains(value.getDefiningOp());
  SmallVector<Cut> dims;
  if (kind == ModuleLoop::Kind::Rows && !inStage)
    dims.push_back({0, row, rows});
  AffineMap map = op.getMatchingIndexingMap(&operand);
  for (const Cut &cut : cuts)
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      if (!expr.isFunctionOfDim(cut.position))
        continue;
      if (isa<AffineDimExpr>(expr)) {
        dims.push_back({unsigned(dim), cut.offset, cut.size});
      } else if (expr.getKind() == AffineExprKind::FloorDiv) {
        Value divisor = constantIndex(b, *dividedBy(expr, cut.position));
        auto asValue = [&](OpFoldResult value) {
          return getValueOrCreateConstantIndexOp(b, b.getLoc(), value);
        };
        dims.push_back(
            {unsigned(dim),
             getAsOpFoldResult(div(b, asValue(cut.offset), divisor)),
             getAsOpFoldResult(ceilDiv(b, asValue(cut.size), divisor))});
      }
    }
  if (inStage)
    return values.lookup(value);
  if (kind == ModuleLoop::Kind::Computed)
    return computed(cast<linalg::LinalgOp>(value.getDefiningOp()), dims);
  return slice(kind == ModuleLoop::Kind::Rows ? globals.lookup(value)
                                              : ofModule(value),
               dims);
}

/// Computes a part of what the parameters of the module give.
Value StageTiles::computed(linalg::LinalgOp op, ArrayRef<Cut> cuts) {
  OpOperand *init = op.getDpsInitOperand(0);
  SmallVector<Cut> loops(cuts);
  for (Cut &cut : loops)
    cut.position = op.getMatchingIndexingMap(init).getDimPosition(cut.position);
  SmallVector<Value> operands;
  for (OpOperand *input : op.getDpsInputOperands())
    operands.push_back(ofOperand(op, *input, loops));
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, b.getLoc(), ofModule(init->get()));
  for (const Cut &cut : cuts)
    sizes[cut.position] = cut.size;
  operands.push_back(tensor::EmptyOp::create(
      b, sizes, getElementTypeOrSelf(init->get().getType())));
  return clone(op, operands, loops)->getResult(0);
}

Operation *StageTiles::clone(linalg::LinalgOp op, ArrayRef<Value> operands,
                             ArrayRef<Cut> cuts) {
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured)
    values.map(value, ofModule(value));
  IRMapping mapping = values;
  for (auto [from, to] : llvm::zip(op->getOperands(), operands))
    mapping.map(from, to);
  Operation *clone = b.clone(*op, mapping);
  // An operand may stand in several places with different tiles.
  clone->setOperands(operands);
  for (auto [i, result] : llvm::enumerate(clone->getResults()))
    result.setType(
        clone->getOperand(op.getDpsInitOperand(i)->getOperandNumber())
            .getType());
  SmallVector<OpFoldResult> offsets(op.getNumLoops(), b.getIndexAttr(0));
  for (const Cut &cut : cuts)
    offsets[cut.position] = cut.offset;
  if (!cuts.empty())
    linalg::offsetIndices(b, cast<linalg::LinalgOp>(clone), offsets);
  b.setInsertionPointAfter(clone);
  return clone;
}

Value condcomp::makeRows(ImplicitLocOpBuilder &b, Value result, Value numRows) {
  auto type = cast<RankedTensorType>(result.getType());
  SmallVector<OpFoldResult> sizes = {OpFoldResult(numRows)};
  for (int64_t size : type.getShape().drop_front())
    sizes.push_back(b.getIndexAttr(size));
  return tensor::EmptyOp::create(b, sizes, type.getElementType());
}

void condcomp::insertInParallel(ImplicitLocOpBuilder &b, Value part,
                                Value place, Value target) {
  auto slice = place.getDefiningOp<tensor::ExtractSliceOp>();
  tensor::ParallelInsertSliceOp::create(
      b, part, target, slice.getMixedOffsets(), slice.getMixedSizes(),
      slice.getMixedStrides());
}
