//===- WarpChunk.cpp - chunks of terms of a tile by warps -----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WarpChunk.h"
#include "../CPU/LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

/// What each thread loads at once, which lasts for all steps of a slice.
static constexpr int64_t kBytes = 16;

WarpChunk::WarpChunk(ImplicitLocOpBuilder &b, const Contraction &contraction,
                     bool fromZero)
    : TensorCoreTile(b, contraction, fromZero),
      ownTerms(kBytes * 8 / getElementType(c.lhs).getIntOrFloatBitWidth()),
      sliceTerms(kMembers * ownTerms) {
  chunks = mul(b, count(outerTerms), innerChunks);
}

WarpChunk::Values WarpChunk::loadWide(OpOperand *operand, int64_t number) {
  auto type = VectorType::get(number, getElementType(operand));
  Value vector = vector::LoadOp::create(
      b, type, operand->get(), getIndices(operand), /*nontemporal=*/false,
      llvm::MaybeAlign(number * type.getElementTypeBitWidth() / 8));
  return vector::ToElementsOp::create(b, vector).getResults();
}

Value WarpChunk::isAligned(OpOperand *operand, int64_t number) {
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
      b.createOrFold<arith::RemUIOp>(address, constantIndex(b, number * bytes));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest,
                               constantIndex(b, 0));
}

void WarpChunk::chooseWidths() {
  wideLhs = isContiguous(c.lhs, innerTerm);
  wideRhs = isContiguous(c.rhs, innerTerm);
  wideColumns = !wideRhs && c.n.size() == 1 && isContiguous(c.rhs, c.n[0]);
  auto require = [&](Value condition) {
    aligned =
        aligned ? b.createOrFold<arith::AndIOp>(aligned, condition) : condition;
  };
  if (wideLhs)
    require(isAligned(c.lhs, ownTerms));
  if (wideRhs)
    require(isAligned(c.rhs, ownTerms));
  if (wideColumns) {
    require(isAligned(c.rhs, kColumnBlocks));
    // Four columns are in the matrix or out of it.
    Value rest = b.createOrFold<arith::RemUIOp>(
        columns, constantIndex(b, kColumnBlocks));
    require(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest,
                                  constantIndex(b, 0)));
  }
}

WarpChunk::Values WarpChunk::makeZeros() {
  return TensorCoreTile::makeZeros(rowBlocks * kColumnBlocks);
}

WarpChunk::Values WarpChunk::sumChunk(Value chunk) {
  Value begin = chunk;
  if (!outerTerms.empty()) {
    go(outerTerms, split(outerTerms, div(b, chunk, innerChunks)));
    begin = b.createOrFold<arith::RemUIOp>(chunk, innerChunks);
  }
  begin = mul(b, begin, constantIndex(b, kTermsOfChunk));
  std::optional<int64_t> known = getConstantIntValue(sizes[innerTerm]);
  auto isMultiple = [&](int64_t terms) { return known && *known % terms == 0; };
  Value terms = constantIndex(b, kTermsOfChunk);
  if (!isMultiple(kTermsOfChunk))
    terms = minimum(b, terms, sub(b, sizes[innerTerm], begin));

  // What is loaded together is asked for together. Two row blocks are as many
  // sums again, for which there are no more registers.
  int64_t slices = rowBlocks == 1 ? 2 : 1;
  int64_t together = slices * sliceTerms;
  Value whole = add(b, begin, roundDown(b, terms, together));
  auto loop = [&](Value from, Value to, int64_t slices, bool masked,
                  ValueRange sums) {
    OpBuilder::InsertionGuard guard(b);
    auto steps = scf::ForOp::create(
        b, from, to, constantIndex(b, slices * sliceTerms), sums);
    if (rowBlocks > 1)
      keepRolled(steps);
    b.setInsertionPointToStart(steps.getBody());
    SmallVector<Slice> loaded;
    for (int64_t i = 0; i < slices; ++i)
      loaded.push_back(loadSlice(
          add(b, steps.getInductionVar(), constantIndex(b, i * sliceTerms)),
          masked));
    Values next(steps.getRegionIterArgs());
    for (const Slice &slice : loaded)
      for (int64_t step = 0; step < kSteps; ++step)
        next = multiply(slice, step, next);
    scf::YieldOp::create(b, next);
    return Values(steps.getResults());
  };
  Values sums = loop(begin, whole, slices, /*masked=*/false, makeZeros());
  return isMultiple(together)
             ? sums
             : loop(whole, add(b, begin, terms), 1, /*masked=*/true, sums);
}

/// What this thread has of a slice. With `masked`, terms that there are not
/// count as zero on both sides: zero times infinity would not be zero.
WarpChunk::Slice WarpChunk::loadSlice(Value firstTerm, bool masked) {
  Value first = add(b, firstTerm, mul(b, member, constantIndex(b, ownTerms)));
  Values terms, inside;
  for (int64_t i = 0; i < ownTerms; ++i) {
    Value term = add(b, first, constantIndex(b, i)), size = sizes[innerTerm];
    if (masked) {
      inside.push_back(isBelow(term, size));
      term = minimum(b, term, sub(b, size, constantIndex(b, 1)));
    }
    terms.push_back(term);
  }
  auto orZero = [&](int64_t i, Value element) -> Value {
    if (!masked)
      return element;
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(element.getType()));
    return arith::SelectOp::create(b, inside[i], element, zero);
  };
  auto loadTerms = [&](OpOperand *operand, bool together) {
    ivs[innerTerm] = terms[0];
    if (together)
      return loadWide(operand, ownTerms);
    Values elements;
    for (auto [i, term] : llvm::enumerate(terms)) {
      ivs[innerTerm] = term;
      elements.push_back(orZero(i, load(operand)));
    }
    return elements;
  };
  Slice slice;
  for (const Position &row : rowPositions) {
    go(c.m, row);
    slice.rows.push_back(loadTerms(c.lhs, wide && wideLhs && !masked));
  }
  slice.columns.assign(kColumnBlocks, Values(ownTerms));
  if (wide && wideColumns) {
    go(c.n, columnPositions.front());
    for (auto [i, term] : llvm::enumerate(terms)) {
      ivs[innerTerm] = term;
      for (auto [column, element] :
           llvm::zip(slice.columns, loadWide(c.rhs, kColumnBlocks)))
        column[i] = orZero(i, element);
    }
  } else {
    for (auto [position, elements] :
         llvm::zip(columnPositions, slice.columns)) {
      go(c.n, position);
      elements = loadTerms(c.rhs, wide && wideRhs && !masked);
    }
  }
  return slice;
}

/// The sums after a step of a slice.
WarpChunk::Values WarpChunk::multiply(const Slice &slice, int64_t step,
                                      ValueRange sums) {
  // Registers of the unit: of the first rows and of the others in turn, first
  // of the lower terms.
  Type element = getElementType(c.lhs);
  int64_t terms = ownTerms / kSteps, width = terms / 2;
  auto take = [&](Values &registers, const Values &own, int64_t half) {
    llvm::append_range(registers,
                       ArrayRef(own).slice(step * terms + half * width, width));
  };
  Values next, left, right;
  for (int64_t i = 0; i < rowBlocks; ++i) {
    Values registers;
    for (int64_t half : {0, 1})
      for (int64_t side : {0, 1})
        take(registers, slice.rows[2 * i + side], half);
    left.push_back(vector::FromElementsOp::create(
        b, VectorType::get({4, width}, element), registers));
  }
  for (const Values &column : slice.columns) {
    Values registers;
    for (int64_t half : {0, 1})
      take(registers, column, half);
    right.push_back(vector::FromElementsOp::create(
        b, VectorType::get({2, width}, element), registers));
  }
  int64_t shape[] = {kRows, kColumns, sliceTerms / kSteps};
  for (auto [i, sum] : llvm::enumerate(sums))
    next.push_back(nvgpu::MmaSyncOp::create(
        b, left[i / kColumnBlocks], right[i % kColumnBlocks], sum, shape,
        /*tf32Enabled=*/element.isF32()));
  return next;
}
