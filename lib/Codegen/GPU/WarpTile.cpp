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
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

/// Of one instruction.
static constexpr int64_t kRows = 16, kColumns = 8, kTerms = 16;
/// Blocks of a tile.
static constexpr int64_t kRowBlocks = 2, kColumnBlocks = 4;
/// Elements that a wide load has, and terms of a step that a thread has.
static constexpr int64_t kWide = 4;

WarpTile::WarpTile(ImplicitLocOpBuilder &b, const Contraction &contraction,
                   bool fromZero)
    : ContractionEmitter(b, contraction, fromZero) {}

WarpTile::Values WarpTile::loadWide(OpOperand *operand) {
  auto type = VectorType::get(kWide, getElementType(operand));
  Value vector = vector::LoadOp::create(
      b, type, operand->get(), getIndices(operand), /*nontemporal=*/false,
      llvm::MaybeAlign(kWide * type.getElementTypeBitWidth() / 8));
  return vector::ToElementsOp::create(b, vector).getResults();
}

Value WarpTile::isAligned(OpOperand *operand) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, operand->get());
  auto type = cast<MemRefType>(operand->get().getType());
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(
      b, metadata.getBaseBuffer());
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  address =
      add(b, address, mul(b, metadata.getOffset(), constantIndex(b, bytes)));
  for (Value stride : metadata.getStrides().drop_back())
    address = b.createOrFold<arith::OrIOp>(
        address, mul(b, stride, constantIndex(b, bytes)));
  Value rest =
      b.createOrFold<arith::RemUIOp>(address, constantIndex(b, kWide * bytes));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest,
                               constantIndex(b, 0));
}

/// Finds out what wide loads can have.
void WarpTile::chooseWidths() {
  wideLhs = isContiguous(c.lhs, innerTerm);
  wideRhs = isContiguous(c.rhs, innerTerm);
  wideColumns = !wideRhs && c.n.size() == 1 && isContiguous(c.rhs, c.n[0]);
  auto require = [&](Value condition) {
    aligned =
        aligned ? b.createOrFold<arith::AndIOp>(aligned, condition) : condition;
  };
  if (wideLhs)
    require(isAligned(c.lhs));
  if (wideRhs || wideColumns)
    require(isAligned(c.rhs));
  if (wideColumns) {
    // Four columns are in the matrix or out of it.
    Value rest =
        b.createOrFold<arith::RemUIOp>(columns, constantIndex(b, kWide));
    require(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest,
                                  constantIndex(b, 0)));
  }
}

void WarpTile::run() {
  chooseWidths();
  constexpr int64_t rowsOfTile = kRowBlocks * kRows;
  constexpr int64_t columnsOfTile = kColumnBlocks * kColumns;
  OpBuilder::InsertionGuard guard(b);
  // Threads innermost, so that those of a warp have one tile.
  Position position =
      beginParallel({ceilDiv(b, rows, constantIndex(b, rowsOfTile)),
                     ceilDiv(b, columns, constantIndex(b, columnsOfTile)),
                     constantIndex(b, kWarpSize)});
  firstRow = mul(b, position[0], constantIndex(b, rowsOfTile));
  firstColumn = mul(b, position[1], constantIndex(b, columnsOfTile));
  member = arith::RemUIOp::create(b, position[2], constantIndex(b, kWide));
  group = div(b, position[2], constantIndex(b, kWide));

  auto branch = [&](Value condition, function_ref<void(bool)> body) {
    auto choice = scf::IfOp::create(b, condition, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    for (bool holds : {true, false}) {
      b.setInsertionPoint(holds ? choice.thenYield() : choice.elseYield());
      body(holds);
    }
  };
  // All threads of a warp take the same ways. Few rows pay for one block.
  auto emit = [&](bool wide) {
    std::optional<int64_t> known = getConstantIntValue(rows);
    if (known && *known <= kRows)
      return emitTile(/*rowBlocks=*/1, wide);
    Value many =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ugt,
                              sub(b, rows, firstRow), constantIndex(b, kRows));
    branch(many, [&](bool holds) { emitTile(holds ? kRowBlocks : 1, wide); });
  };
  if (aligned)
    branch(aligned, emit);
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
    Value last = sub(b, columns, constantIndex(b, kWide));
    columnPositions.push_back({minimum(b, column, last)});
  } else {
    for (int64_t i = 0; i < kColumnBlocks; ++i)
      columnPositions.push_back(
          splitInside(c.n, add(b, column, constantIndex(b, i)), columns));
  }
  storeAll(sum(initialize()));
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
  auto type = VectorType::get({2, 2}, c.acc);
  int64_t blocks = rowBlocks * kColumnBlocks;
  if (fromZero)
    return Values(blocks, arith::ConstantOp::create(
                              b, DenseElementsAttr::get(type, 0.0f)));
  SmallVector<Values> elements(blocks, Values(4));
  forEachResult([&](int64_t block, int64_t number, Value row, Value column) {
    go(c.m, splitInside(c.m, row, rows));
    go(c.n, splitInside(c.n, column, columns));
    elements[block][number] = convert(load(c.result), c.acc);
  });
  Values sums;
  for (const Values &own : elements)
    sums.push_back(vector::FromElementsOp::create(b, type, own));
  return sums;
}

/// The sums after all terms, in ascending order of steps.
WarpTile::Values WarpTile::sum(ValueRange sums) {
  Values lengths;
  for (unsigned loop : outerTerms)
    lengths.push_back(sizes[loop]);
  return buildCarryingNest(b, lengths, sums,
                           [&](ValueRange indices, ValueRange carried) {
                             go(outerTerms, llvm::to_vector(indices));
                             return sumInner(carried);
                           });
}

/// The sums after all terms of the innermost loop.
WarpTile::Values WarpTile::sumInner(ValueRange sums) {
  OpBuilder::InsertionGuard guard(b);
  Value terms = sizes[innerTerm];
  Value whole = roundDown(b, terms, kTerms);
  auto loop = scf::ForOp::create(b, constantIndex(b, 0), whole,
                                 constantIndex(b, kTerms), sums);
  b.setInsertionPointToStart(loop.getBody());
  scf::YieldOp::create(b, multiply(loop.getInductionVar(), /*masked=*/false,
                                   loop.getRegionIterArgs()));
  std::optional<int64_t> known = getConstantIntValue(terms);
  if (known && *known % kTerms == 0)
    return Values(loop.getResults());
  b.setInsertionPointAfter(loop);
  Value some =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ult, whole, terms);
  auto rest = scf::IfOp::create(b, loop.getResultTypes(), some,
                                /*withElseRegion=*/true);
  b.setInsertionPointToStart(rest.elseBlock());
  scf::YieldOp::create(b, loop.getResults());
  b.setInsertionPointToStart(rest.thenBlock());
  scf::YieldOp::create(b, multiply(whole, /*masked=*/true, loop.getResults()));
  return Values(rest.getResults());
}

/// The sums after one step of the unit. With `masked`, terms that there are
/// not count as zero on both sides: zero times infinity would not be zero.
WarpTile::Values WarpTile::multiply(Value firstTerm, bool masked,
                                    ValueRange sums) {
  Value first = add(b, firstTerm, mul(b, member, constantIndex(b, kWide)));
  Values terms, inside;
  for (int64_t i = 0; i < kWide; ++i) {
    Value term = add(b, first, constantIndex(b, i)), size = sizes[innerTerm];
    if (masked) {
      inside.push_back(
          arith::CmpIOp::create(b, arith::CmpIPredicate::ult, term, size));
      term = minimum(b, term, sub(b, size, constantIndex(b, 1)));
    }
    terms.push_back(term);
  }
  auto loadTerms = [&](OpOperand *operand, bool four) {
    ivs[innerTerm] = terms[0];
    if (four)
      return loadWide(operand);
    Values elements;
    for (auto [i, term] : llvm::enumerate(terms)) {
      ivs[innerTerm] = term;
      Value element = load(operand);
      if (masked)
        element = arith::SelectOp::create(
            b, inside[i], element,
            arith::ConstantOp::create(b, b.getZeroAttr(element.getType())));
      elements.push_back(element);
    }
    return elements;
  };
  SmallVector<Values> lhs, rhs(kColumnBlocks, Values(kWide));
  for (const Position &row : rowPositions) {
    go(c.m, row);
    lhs.push_back(loadTerms(c.lhs, wide && wideLhs && !masked));
  }
  if (wide && wideColumns) {
    go(c.n, columnPositions.front());
    for (auto [i, term] : llvm::enumerate(terms)) {
      ivs[innerTerm] = term;
      for (auto [column, element] : llvm::zip(rhs, loadWide(c.rhs))) {
        if (masked)
          element = arith::SelectOp::create(
              b, inside[i], element,
              arith::ConstantOp::create(b, b.getZeroAttr(element.getType())));
        column[i] = element;
      }
    }
  } else {
    for (auto [column, elements] : llvm::zip(columnPositions, rhs)) {
      go(c.n, column);
      elements = loadTerms(c.rhs, wide && wideRhs && !masked);
    }
  }

  // Registers of the unit: of the first rows and of the others in turn, first
  // of the lower terms.
  Type element = lhs[0][0].getType();
  Values next, left, right;
  for (int64_t i = 0; i < rowBlocks; ++i) {
    const Values &upper = lhs[2 * i], &lower = lhs[2 * i + 1];
    left.push_back(vector::FromElementsOp::create(
        b, VectorType::get({4, 2}, element),
        Values{upper[0], upper[1], lower[0], lower[1], upper[2], upper[3],
               lower[2], lower[3]}));
  }
  for (const Values &column : rhs)
    right.push_back(vector::FromElementsOp::create(
        b, VectorType::get({2, 2}, element), column));
  for (auto [i, sum] : llvm::enumerate(sums))
    next.push_back(nvgpu::MmaSyncOp::create(
        b, left[i / kColumnBlocks], right[i % kColumnBlocks], sum,
        ArrayRef<int64_t>{kRows, kColumns, kTerms}));
  return next;
}

void WarpTile::storeAll(ValueRange sums) {
  forEachResult([&](int64_t block, int64_t number, Value row, Value column) {
    auto isInside = [&](Value index, Value size) {
      return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, index, size);
    };
    Value inside = arith::AndIOp::create(b, isInside(row, rows),
                                         isInside(column, columns));
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
