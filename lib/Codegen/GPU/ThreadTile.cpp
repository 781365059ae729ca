//===- ThreadTile.cpp - tiles of a contraction by threads -----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ThreadTile.h"
#include "../CPU/LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace condcomp;

/// `side`, or the rows (columns) of a matrix if it is known to have less.
static int64_t getSide(Value size, int64_t side) {
  return std::clamp<int64_t>(getConstantIntValue(size).value_or(side), 1, side);
}

static bool isMultiple(Value size, int64_t side) {
  std::optional<int64_t> known = getConstantIntValue(size);
  return side == 1 || (known && *known % side == 0);
}

ThreadTile::ThreadTile(ImplicitLocOpBuilder &b, const Contraction &contraction,
                       bool fromZero, int64_t side)
    : ContractionEmitter(b, contraction, fromZero),
      tileRows(getSide(rows, side)), tileColumns(getSide(columns, side)),
      rowTiles(ceilDiv(b, rows, constantIndex(b, tileRows))),
      columnTiles(ceilDiv(b, columns, constantIndex(b, tileColumns))) {}

Value ThreadTile::countTiles() {
  Value mostTiles = ceilDiv(b, countMost(c.m), constantIndex(b, tileRows));
  return mul(b, count(c.batch), mul(b, mostTiles, columnTiles));
}

void ThreadTile::run() {
  OpBuilder::InsertionGuard guard(b);
  Position tile = beginParallel({rowTiles, columnTiles});
  Value firstRow = mul(b, tile[0], constantIndex(b, tileRows));
  Values rowNumbers, columnNumbers;
  for (int64_t i = 0; i < tileRows; ++i)
    rowNumbers.push_back(add(b, firstRow, constantIndex(b, i)));
  for (int64_t i = 0; i < tileColumns; ++i)
    columnNumbers.push_back(
        add(b, tile[1], mul(b, columnTiles, constantIndex(b, i))));
  // What lies outside is computed from what lies inside, and not stored.
  bool wholeRows = isMultiple(rows, tileRows);
  bool wholeColumns = isMultiple(columns, tileColumns);
  for (Value row : rowNumbers)
    rowPositions.push_back(wholeRows ? split(c.m, row)
                                     : splitInside(c.m, row, rows));
  for (Value column : columnNumbers)
    columnPositions.push_back(wholeColumns ? split(c.n, column)
                                           : splitInside(c.n, column, columns));

  Values sums;
  for (const Position &row : rowPositions)
    for (const Position &column : columnPositions) {
      go(c.m, row);
      go(c.n, column);
      sums.push_back(fromZero ? Value(arith::ConstantOp::create(
                                    b, b.getFloatAttr(c.acc, 0)))
                              : convert(load(c.result), c.acc));
    }
  SmallVector<Value> lengths;
  for (unsigned loop : c.k)
    lengths.push_back(sizes[loop]);
  sums = buildCarryingNest(b, lengths, sums,
                           [&](ValueRange indices, ValueRange carried) {
                             go(c.k, llvm::to_vector(indices));
                             return addProducts(carried);
                           });

  auto onlyInside = [&](bool whole, Value number, Value size) {
    if (whole)
      return;
    Value inside =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult, number, size);
    b.setInsertionPoint(scf::IfOp::create(b, inside).thenYield());
  };
  for (int64_t i = 0; i < tileRows; ++i) {
    OpBuilder::InsertionGuard guard(b);
    onlyInside(wholeRows, rowNumbers[i], rows);
    for (int64_t j = 0; j < tileColumns; ++j) {
      OpBuilder::InsertionGuard guard(b);
      onlyInside(wholeColumns, columnNumbers[j], columns);
      go(c.m, rowPositions[i]);
      go(c.n, columnPositions[j]);
      store(sums[i * tileColumns + j]);
    }
  }
}

ThreadTile::Values ThreadTile::addProducts(ValueRange sums) {
  auto loadAll = [&](OpOperand *operand, ArrayRef<unsigned> loops,
                     ArrayRef<Position> positions) {
    Values elements;
    for (const Position &position : positions) {
      go(loops, position);
      elements.push_back(convert(load(operand), c.acc));
    }
    return elements;
  };
  Values lhs = loadAll(c.lhs, c.m, rowPositions);
  Values rhs = loadAll(c.rhs, c.n, columnPositions);
  Values next;
  for (auto [i, sum] : llvm::enumerate(sums))
    next.push_back(math::FmaOp::create(b, lhs[i / tileColumns],
                                       rhs[i % tileColumns], sum));
  return next;
}
