//===- ModuleStage.cpp - which ops are tiled together ---------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModuleStage.h"
#include "LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace condcomp;

RowBlocks RowBlocks::get(ImplicitLocOpBuilder &b, const ModuleLoop &m,
                         Value numRows, int64_t rowBlock) {
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  Value block = constantIndex(b, rowBlock);
  Value most = add(b, m.loop.getUpperBound(), div(b, numRows, block));
  auto make = [&](Value size) -> Value {
    return tensor::EmptyOp::create(b, {OpFoldResult(size)}, b.getIndexType());
  };
  SmallVector<Value> inits = {make(most), make(add(b, most, one)), zero};
  auto modules = scf::ForOp::create(
      b, zero, m.loop.getUpperBound(), one, inits,
      [&](OpBuilder &builder, Location loc, Value module, ValueRange carried) {
        ImplicitLocOpBuilder b(loc, builder);
        Value begin = tensor::ExtractOp::create(b, m.offsets, module);
        Value end =
            tensor::ExtractOp::create(b, m.offsets, add(b, module, one));
        auto rows = scf::ForOp::create(
            b, begin, end, block, carried,
            [&](OpBuilder &builder, Location loc, Value row,
                ValueRange carried) {
              ImplicitLocOpBuilder b(loc, builder);
              Value at = carried[2];
              Value next[] = {
                  tensor::InsertOp::create(b, module, carried[0], at),
                  tensor::InsertOp::create(b, row, carried[1], at),
                  add(b, at, one)};
              scf::YieldOp::create(b, next);
            });
        scf::YieldOp::create(b, rows.getResults());
      });
  Value count = modules.getResult(2);
  Value begins =
      tensor::InsertOp::create(b, numRows, modules.getResult(1), count);
  return {modules.getResult(0), begins, count};
}

bool condcomp::isFresh(Value value) {
  return value.getDefiningOp<tensor::EmptyOp>() ||
         value.getDefiningOp<linalg::FillOp>();
}

std::optional<int64_t> condcomp::dividedBy(AffineExpr expr, unsigned loop) {
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary ||
      !llvm::is_contained({AffineExprKind::FloorDiv, AffineExprKind::Mod},
                          binary.getKind()))
    return std::nullopt;
  auto dim = dyn_cast<AffineDimExpr>(binary.getLHS());
  auto divisor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (!dim || dim.getPosition() != loop || !divisor)
    return std::nullopt;
  return divisor.getValue();
}

bool condcomp::canCut(const ModuleLoop &m, linalg::LinalgOp op, unsigned loop,
                      int64_t alignment, bool exact) {
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      if (!expr.isFunctionOfDim(loop))
        continue;
      // A packed operand is cut between panels, a scale between groups.
      int64_t divisor = 1;
      if (!isa<AffineDimExpr>(expr)) {
        std::optional<int64_t> divided = dividedBy(expr, loop);
        bool inOne = exact && divided && *divided % alignment == 0 &&
                     expr.getKind() == AffineExprKind::FloorDiv;
        if (!divided || (alignment % *divided != 0 && !inOne))
          return false;
        divisor = std::min(*divided, alignment);
      }
      if (m.kindOf(operand.get()) != ModuleLoop::Kind::Computed)
        continue;
      auto computed = cast<linalg::LinalgOp>(operand.get().getDefiningOp());
      AffineMap result =
          computed.getMatchingIndexingMap(computed.getDpsInitOperand(0));
      bool whole = expr.getKind() == AffineExprKind::Mod;
      if (!whole && !canCut(m, computed, result.getDimPosition(dim),
                            alignment / divisor, exact))
        return false;
    }
  }
  return true;
}

std::optional<unsigned> condcomp::getColumnLoop(const ModuleLoop &m,
                                                linalg::LinalgOp op) {
  std::optional<unsigned> columns;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    AffineMap map = op.getMatchingIndexingMap(&init);
    auto dim = dyn_cast<AffineDimExpr>(map.getResults().back());
    if (map.getNumResults() < 2 || !dim ||
        (columns && *columns != dim.getPosition()))
      return std::nullopt;
    columns = dim.getPosition();
    for (AffineExpr expr : map.getResults().drop_front())
      if (!isa<AffineDimExpr>(expr))
        return std::nullopt;
  }
  if (ShapedType::isDynamic(op.getStaticLoopRanges()[*columns]) ||
      op.getIteratorTypesArray()[*columns] != utils::IteratorType::parallel)
    return std::nullopt;
  if (!canCut(m, op, *columns, Stage::kMinColumns))
    return std::nullopt;
  return columns;
}

static std::optional<int64_t> columnCount(const ModuleLoop &m,
                                          linalg::LinalgOp op) {
  std::optional<unsigned> loop = getColumnLoop(m, op);
  return loop ? std::optional(op.getStaticLoopRanges()[*loop]) : std::nullopt;
}

void Stage::start(const ModuleLoop &m, linalg::LinalgOp op) {
  ops = {op};
  columns = columnCount(m, op);
}

bool Stage::admits(const ModuleLoop &m, linalg::LinalgOp op) const {
  if (ops.empty() || columnCount(m, op) != columns)
    return false;
  std::optional<unsigned> loop = getColumnLoop(m, op);
  for (OpOperand &operand : op->getOpOperands()) {
    if (!contains(operand.get().getDefiningOp()) || !columns)
      continue;
    ArrayRef<AffineExpr> exprs =
        op.getMatchingIndexingMap(&operand).getResults();
    auto last = dyn_cast<AffineDimExpr>(exprs.back());
    if (exprs.size() < 2 || !last || last.getPosition() != *loop ||
        llvm::any_of(exprs.drop_back(), [&](AffineExpr expr) {
          return expr.isFunctionOfDim(*loop);
        }))
      return false;
  }
  return true;
}
