//===- PartialSums.cpp - sums of chunks of terms, by several warps --------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PartialSums.h"
#include "../CPU/LoopBuilder.h"
#include "Grid.h"
#include "Runs.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

std::optional<PartialSums>
PartialSums::get(ImplicitLocOpBuilder &b, Operation *op, Value tiles,
                 Value chunks, VectorType type, int64_t values,
                 SmallVectorImpl<Value> &allCounters) {
  Value all = mul(b, countRuns(b, op), tiles);
  if (!isSameForAllRuns(all, op) || !isSameForAllRuns(chunks, op))
    return std::nullopt;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(getOutermost(op));
  PartialSums sums;
  sums.op = op;
  sums.type = type;
  sums.tilesOfRun = tiles;
  all = getAheadOfRuns(b, all, op);
  sums.chunks = getAheadOfRuns(b, chunks, op);

  // Fewer tiles than every other warp: each gets two warps at least.
  Value threads = op->getParentOfType<func::FuncOp>().getArgument(Threads);
  Value few = arith::CmpIOp::create(
      b, arith::CmpIPredicate::ule,
      mul(b, all, constantIndex(b, 2 * kWarpSize)), threads);
  Value several = arith::CmpIOp::create(b, arith::CmpIPredicate::ugt,
                                        sums.chunks, constantIndex(b, 1));
  sums.split = arith::AndIOp::create(b, few, several);
  Value places =
      arith::SelectOp::create(b, sums.split, all, constantIndex(b, 0));
  // What the threads of a warp store at once lies together.
  int64_t shape[] = {
      ShapedType::kDynamic, ShapedType::kDynamic, values, kWarpSize,
      type.getDimSize(0),   type.getDimSize(1)};
  sums.buffer =
      memref::AllocOp::create(b, MemRefType::get(shape, type.getElementType()),
                              ValueRange{places, sums.chunks});

  Block &entry = op->getParentOfType<func::FuncOp>().getFunctionBody().front();
  b.setInsertionPointToStart(&entry);
  sums.counters = memref::AllocOp::create(
      b, MemRefType::get(ShapedType::kDynamic, b.getI32Type()),
      ValueRange{threads});
  allCounters.push_back(sums.counters);
  return sums;
}

Value PartialSums::countParts(ImplicitLocOpBuilder &b) const {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(split);
  return arith::SelectOp::create(b, split, chunks, constantIndex(b, 1));
}

void PartialSums::goToTile(ImplicitLocOpBuilder &b, Value number, Value lane) {
  tile = add(b, mul(b, getRunNumber(b, op), tilesOfRun), number);
  this->lane = lane;
}

/// Where a row of a vector lies, and what its address is a multiple of.
std::pair<SmallVector<Value>, llvm::MaybeAlign>
PartialSums::getPlace(ImplicitLocOpBuilder &b, Value chunk, int64_t number,
                      int64_t row) const {
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  return {{tile, chunk, constantIndex(b, number), lane, constantIndex(b, row),
           constantIndex(b, 0)},
          llvm::MaybeAlign(
              bytes * (row == 0 ? type.getNumElements() : type.getDimSize(1)))};
}

void PartialSums::store(ImplicitLocOpBuilder &b, Value chunk, ValueRange sums) {
  for (auto [i, sum] : llvm::enumerate(sums))
    for (int64_t row = 0; row < type.getDimSize(0); ++row) {
      auto [indices, alignment] = getPlace(b, chunk, i, row);
      vector::StoreOp::create(b, vector::ExtractOp::create(b, sum, row), buffer,
                              indices, /*nontemporal=*/false, alignment);
    }
}

SmallVector<Value> PartialSums::load(ImplicitLocOpBuilder &b, Value chunk,
                                     int64_t values) {
  auto rowType = VectorType::get(type.getDimSize(1), type.getElementType());
  SmallVector<Value> loaded;
  for (int64_t i = 0; i < values; ++i) {
    SmallVector<Value> elements;
    for (int64_t row = 0; row < type.getDimSize(0); ++row) {
      auto [indices, alignment] = getPlace(b, chunk, i, row);
      Value own = vector::LoadOp::create(b, rowType, buffer, indices,
                                         /*nontemporal=*/false, alignment);
      llvm::append_range(elements,
                         vector::ToElementsOp::create(b, own).getResults());
    }
    loaded.push_back(vector::FromElementsOp::create(b, type, elements));
  }
  return loaded;
}

/// What this thread has stored is visible to whoever sees its count, and what
/// those have stored whose counts it saw is visible to it. In LLVM's words, on
/// the whole GPU; for CPUs these are all there is.
static void fence(ImplicitLocOpBuilder &b) {
  LLVM::FenceOp::create(b, LLVM::AtomicOrdering::acq_rel, "device");
}

Value PartialSums::getCounter(ImplicitLocOpBuilder &b) const {
  return add(b, mul(b, tile, constantIndex(b, kWarpSize)), lane);
}

Value PartialSums::arrive(ImplicitLocOpBuilder &b) {
  fence(b);
  Value one = arith::ConstantIntOp::create(b, 1, 32);
  Value before = memref::AtomicRMWOp::create(b, arith::AtomicRMWKind::addi, one,
                                             counters, getCounter(b));
  Value others = arith::IndexCastOp::create(
      b, b.getI32Type(), sub(b, chunks, constantIndex(b, 1)));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, before, others);
}

void PartialSums::takeOver(ImplicitLocOpBuilder &b) {
  fence(b);
  memref::StoreOp::create(b, arith::ConstantIntOp::create(b, 0, 32), counters,
                          getCounter(b));
}
