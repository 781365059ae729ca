//===- WarpTile.cpp - tiles of a contraction by warps ---------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WarpTile.h"
#include "../CPU/LoopBuilder.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace condcomp;

/// The most blocks of rows of a tile.
static constexpr int64_t kRowBlocks = 2;
static constexpr int64_t kTileRows = kRowBlocks * TensorCoreTile::kRows;

Value WarpTile::shareTerms(SmallVectorImpl<Value> &counters) {
  columnTiles = ceilDiv(b, columns, constantIndex(b, kColumnBlocks * kColumns));
  if (getConstantIntValue(chunks).value_or(2) <= 1)
    return Value();
  rowTilesOfBatch = ceilDiv(b, countMost(c.m), constantIndex(b, kTileRows));
  Value tiles = mul(b, count(c.batch), mul(b, rowTilesOfBatch, columnTiles));
  partial = PartialSums::get(b, c.op, tiles, chunks, sumType,
                             kRowBlocks * kColumnBlocks, counters);
  if (partial)
    return partial->isSplit();
  remark::failed(b.getLoc(), remark::RemarkOpts::name("TermsNotShared")
                                 .category("condcomp-gpu-use-tensor-cores"))
      << "warps share no terms of a contraction: its sizes depend on the block "
         "of rows";
  return Value();
}

void WarpTile::run() {
  chooseWidths();
  Value parts = partial ? partial->countParts(b) : constantIndex(b, 1);
  OpBuilder::InsertionGuard guard(b);
  // Threads innermost, so that those of a warp have one tile.
  Position position =
      beginParallel({ceilDiv(b, rows, constantIndex(b, kTileRows)), parts,
                     columnTiles, constantIndex(b, kWarpSize)});
  firstRow = mul(b, position[0], constantIndex(b, kTileRows));
  part = position[1];
  firstColumn = mul(b, position[2], constantIndex(b, kColumnBlocks * kColumns));
  member = arith::RemUIOp::create(b, position[3], constantIndex(b, kMembers));
  group = div(b, position[3], constantIndex(b, kMembers));
  if (partial) {
    Value number = constantIndex(b, 0);
    for (unsigned loop : c.batch)
      number = add(b, mul(b, number, sizes[loop]), ivs[loop]);
    number = add(b, mul(b, number, rowTilesOfBatch), position[0]);
    number = add(b, mul(b, number, columnTiles), position[2]);
    partial->goToTile(b, number, position[3]);
  }

  // All threads of a warp take the same ways. Few rows pay for one block.
  auto emit = [&](bool wide) {
    std::optional<int64_t> known = getConstantIntValue(rows);
    if (known && *known <= kRows)
      return emitTile(/*rowBlocks=*/1, wide);
    Value many =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ugt,
                              sub(b, rows, firstRow), constantIndex(b, kRows));
    buildIfElse(
        b, many, [&] { emitTile(kRowBlocks, wide); },
        [&] { emitTile(/*rowBlocks=*/1, wide); });
  };
  if (aligned)
    buildIfElse(b, aligned, [&] { emit(true); }, [&] { emit(false); });
  else
    emit(false);
}

/// What lies outside the matrices is computed from rows and columns inside, and
/// not stored.
void WarpTile::emitTile(int64_t rowBlocks, bool wide) {
  this->rowBlocks = rowBlocks;
  this->wide = wide;
  Value row = add(b, firstRow, mul(b, group, constantIndex(b, 2 * rowBlocks)));
  rowPositions.clear();
  for (int64_t i = 0; i < 2 * rowBlocks; ++i)
    rowPositions.push_back(
        splitInside(c.m, add(b, row, constantIndex(b, i)), rows));
  Value column =
      add(b, firstColumn, mul(b, group, constantIndex(b, kColumnBlocks)));
  columnPositions.clear();
  if (wide && wideColumns) {
    Value last = sub(b, columns, constantIndex(b, kColumnBlocks));
    columnPositions.push_back({minimum(b, column, last)});
  } else {
    for (int64_t i = 0; i < kColumnBlocks; ++i)
      columnPositions.push_back(
          splitInside(c.n, add(b, column, constantIndex(b, i)), columns));
  }
  if (!partial)
    return storeAll(sum(constantIndex(b, 0), chunks, initialize()));
  finish(sumPart());
}

void WarpTile::forEachResult(
    function_ref<void(int64_t, int64_t, Value, Value)> fn) {
  Value row = add(b, firstRow, mul(b, group, constantIndex(b, 2 * rowBlocks)));
  Value column =
      add(b, firstColumn, mul(b, member, constantIndex(b, 2 * kColumnBlocks)));
  for (int64_t i = 0; i < rowBlocks; ++i)
    for (int64_t half = 0; half < 2; ++half)
      for (int64_t side = 0; side < 2; ++side)
        for (int64_t j = 0; j < kColumnBlocks; ++j)
          fn(i * kColumnBlocks + j, 2 * half + side,
             add(b, row, constantIndex(b, 2 * i + half)),
             add(b, column, constantIndex(b, side * kColumnBlocks + j)));
}

/// What is added to: zeros, or the result.
WarpTile::Values WarpTile::initialize() {
  if (fromZero)
    return makeZeros();
  SmallVector<Values> elements(rowBlocks * kColumnBlocks, Values(4));
  forEachResult([&](int64_t block, int64_t number, Value row, Value column) {
    go(c.m, splitInside(c.m, row, rows));
    go(c.n, splitInside(c.n, column, columns));
    elements[block][number] = convert(load(c.result), c.acc);
  });
  Values sums;
  for (const Values &own : elements)
    sums.push_back(vector::FromElementsOp::create(b, sumType, own));
  return sums;
}

/// `start` and the sums of some chunks, in ascending order.
WarpTile::Values WarpTile::sum(Value first, Value end, ValueRange start) {
  if (getConstantIntValue(chunks) == 1)
    return addAll(start, sumChunk(constantIndex(b, 0)));
  OpBuilder::InsertionGuard guard(b);
  auto loop = scf::ForOp::create(b, first, end, constantIndex(b, 1), start);
  b.setInsertionPointToStart(loop.getBody());
  scf::YieldOp::create(
      b, addAll(loop.getRegionIterArgs(), sumChunk(loop.getInductionVar())));
  return Values(loop.getResults());
}

/// The sums of the chunks that this warp has: all, or one.
WarpTile::Values WarpTile::sumPart() {
  Values zeros = makeZeros();
  TypeRange types = ValueRange(zeros).getTypes();
  Values start = zeros;
  if (!fromZero)
    start = select(partial->isSplit(), types, [&](bool isSplit) {
      return isSplit ? zeros : initialize();
    });
  Value end = arith::SelectOp::create(
      b, partial->isSplit(), add(b, part, constantIndex(b, 1)), chunks);
  return sum(part, end, start);
}

/// Stores the sums of all chunks; of one, if the others are there.
void WarpTile::finish(Values sums) {
  SmallVector<Type> types(sums.size(), sumType);
  SmallVector<Type> typesAndDone(types);
  typesAndDone.push_back(b.getI1Type());
  Values all = select(partial->isSplit(), typesAndDone, [&](bool isSplit) {
    Value done = arith::ConstantIntOp::create(b, 1, 1);
    Values own = sums;
    if (isSplit) {
      partial->store(b, part, sums);
      done = partial->arrive(b);
      own = select(done, types, [&](bool isDone) {
        return isDone ? addPartialSums(sums.size()) : sums;
      });
    }
    own.push_back(done);
    return own;
  });
  Value done = all.pop_back_val();
  auto only = scf::IfOp::create(b, done);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(only.thenYield());
  storeAll(all);
}

WarpTile::Values WarpTile::addPartialSums(int64_t number) {
  partial->takeOver(b);
  OpBuilder::InsertionGuard guard(b);
  auto loop = scf::ForOp::create(b, constantIndex(b, 0), chunks,
                                 constantIndex(b, 1), initialize());
  if (rowBlocks > 1)
    keepRolled(loop);
  b.setInsertionPointToStart(loop.getBody());
  scf::YieldOp::create(
      b, addAll(loop.getRegionIterArgs(),
                partial->load(b, loop.getInductionVar(), number)));
  return Values(loop.getResults());
}

void WarpTile::storeAll(ValueRange sums) {
  forEachResult([&](int64_t block, int64_t number, Value row, Value column) {
    Value inside =
        arith::AndIOp::create(b, isBelow(row, rows), isBelow(column, columns));
    Value sum = vector::ExtractOp::create(
        b, sums[block], ArrayRef<int64_t>{number / 2, number % 2});
    auto only = scf::IfOp::create(b, inside);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(only.thenYield());
    go(c.m, split(c.m, row));
    go(c.n, split(c.n, column));
    store(sum);
  });
}
