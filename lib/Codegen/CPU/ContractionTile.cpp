//===- ContractionTile.cpp - register tiles of kernels --------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionTile.h"
#include "LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

/// Most terms per iteration of a kernel's loop.
static constexpr int64_t kUnroll = 4;
/// Terms per line of every panel that a tile prefetches, at most; and per line
/// of a matrix as it lies, where the hardware brings none of those between.
static constexpr int64_t kTermsPerPrefetch = 4, kTermsPerPlainPrefetch = 2;

/// Terms per iteration, so that all that is loaded for them fits in registers
/// beside the sums. LLVM schedules the loads of an iteration before its
/// multiply-adds and spills what does not fit, and vectors reloaded from a
/// stack that need not be aligned to them take half as long again as the whole
/// tile.
static int64_t termsAtATime(VectorType type, int64_t rows, int64_t vectors) {
  int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
  int64_t registers = bits >= 512 ? 32 : 16;
  int64_t fitting = (registers - rows * vectors) / (rows + vectors);
  return fitting >= kUnroll ? kUnroll : fitting >= 2 ? 2 : 1;
}

/// Loads row `row` of the panels, or two rows where they are interleaved.
void TileEmitter::loadRight(Value row, int64_t vectors, Values &right,
                            Values &odd) {
  int64_t lanes = type.getNumElements();
  right.clear();
  odd.clear();
  for (int64_t j = 0; j < vectors; ++j) {
    Value at = row;
    if (j >= 2)
      at = add(b, row, mul(b, between, constantIndex(b, j / 2)));
    Value column = constantIndex(b, j % 2 * lanes * (config.pairs ? 2 : 1));
    if (!config.pairs) {
      right.push_back(loadVector(b, type, rhs, {at, column}));
      continue;
    }
    auto [x, y] = loadPair(b, type, rhs, {at, column});
    right.push_back(x);
    odd.push_back(y);
  }
}

/// The sums so far: zero, or what the result holds.
TileEmitter::Values TileEmitter::emitStart(int64_t vectors, Value mask) {
  int64_t lanes = type.getNumElements();
  SmallVector<Type> types(rowIndex.size() * vectors, type);
  auto start = scf::IfOp::create(b, types, accumulate, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(start.thenBlock());
  Values loaded;
  for (Value row : rowIndex)
    for (int64_t j = 0; j < vectors; ++j)
      loaded.push_back(loadVector(b, type, result,
                                  {row, constantIndex(b, j * lanes)},
                                  j + 1 == vectors ? mask : Value()));
  scf::YieldOp::create(b, loaded);
  b.setInsertionPointToStart(start.elseBlock());
  Value zeros = arith::ConstantOp::create(b, b.getZeroAttr(type));
  scf::YieldOp::create(b, Values(types.size(), zeros));
  return start.getResults();
}

scf::ForOp condcomp::createRolledFor(ImplicitLocOpBuilder &b, Value lower,
                                     Value upper, int64_t step,
                                     ValueRange inits) {
  auto loop =
      scf::ForOp::create(b, lower, upper, constantIndex(b, step), inits);
  auto unrollOnce = LLVM::LoopUnrollAttr::get(
      b.getContext(), b.getBoolAttr(true), {}, {}, {}, {}, {}, {});
  // The name that the attribute has on branches of the LLVM dialect: on its way
  // there nothing is renamed, and what has another name is not translated.
  loop->setAttr("loop_annotation",
                LLVM::LoopAnnotationAttr::get(b.getContext(), {}, {}, {},
                                              unrollOnce, {}, {}, {}, {}, {},
                                              {}, {}, {}, {}, {}, {}));
  return loop;
}

/// A loop over terms that takes `step` of them at a time, and no more.
void TileEmitter::emitLoop(Value lower, Value upper, int64_t step,
                           int64_t vectors, Values &sums) {
  auto loop = createRolledFor(b, lower, upper, step, sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  sums.assign(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
  Value iv = loop.getInductionVar();
  Value base = config.pairs ? div(b, iv, constantIndex(b, 2)) : iv;
  Values right, odd;
  for (int64_t term = 0; term < step; ++term) {
    Value k = add(b, iv, constantIndex(b, term));
    if (config.pairs && term % 2 != 0)
      right = odd;
    else
      loadRight(add(b, base, constantIndex(b, config.pairs ? term / 2 : term)),
                vectors, right, odd);
    if (config.ahead)
      ahead->emit(b, rhs, constantIndex(b, 0), k);
    for (auto [i, row] : llvm::enumerate(rowIndex)) {
      Value left = memref::LoadOp::create(b, lhs, ValueRange{row, k});
      left = vector::BroadcastOp::create(b, type, left);
      for (int64_t j = 0; j < vectors; ++j) {
        Value &sum = sums[i * vectors + j];
        sum = math::FmaOp::create(b, left, right[j], sum);
      }
    }
  }
  scf::YieldOp::create(b, sums);
  sums.assign(loop.getResults().begin(), loop.getResults().end());
}

/// The sums over a range of terms that begins at a multiple of `unroll`.
void TileEmitter::emitTerms(Value lower, Value upper, int64_t vectors,
                            Values &sums) {
  for (int64_t step = unroll; step > 1;
       step = config.pairs && step > 2 ? 2 : 1) {
    Value whole = roundDown(b, upper, step);
    emitLoop(lower, whole, step, vectors, sums);
    lower = whole;
  }
  emitLoop(lower, upper, 1, vectors, sums);
}

/// Prefetches what the tile's share in the next panels is while it computes
/// some terms from `term`: a line of each panel.
void TileEmitter::emitPrefetches(Value term, Value number) {
  int64_t lanes = type.getNumElements();
  bool isInterleaved = config.next != config.acc && !config.nextIsPlain;
  int64_t termsPerLine = isInterleaved ? 2 : 1;
  // Packing copies it to the first-level cache.
  CacheLevel level =
      config.nextIsPlain ? CacheLevel::Second : CacheLevel::First;
  Value perLine = constantIndex(b, termsPerLine * config.streams);
  Value line = TileShare(b, depth, number, tiles).at(b, term, perLine);
  int64_t bits = Type(config.next).getIntOrFloatBitWidth();
  int64_t width = 2 * lanes * termsPerLine;
  for (int64_t stream = 0; stream < config.streams; ++stream) {
    if (stream > 0)
      line = add(b, line, between);
    for (int64_t i = 0; i < width; i += kLineBits / bits)
      prefetch(b, next, {line, constantIndex(b, i)}, level);
  }
}

void TileEmitter::emit(int64_t rows, int64_t vectors, Value first, Value number,
                       Value mask) {
  int64_t lanes = type.getNumElements();
  rowIndex.clear();
  for (int64_t i = 0; i < rows; ++i)
    rowIndex.push_back(add(b, first, constantIndex(b, i)));
  unroll = termsAtATime(type, rows, vectors);
  // Interleaved rows come in twos.
  if (config.pairs)
    unroll = std::max<int64_t>(unroll, 2);

  if (config.ahead)
    ahead.emplace(b, cast<MemRefType>(rhs.getType()), depth, number, tiles);
  Values sums = emitStart(vectors, mask);
  Value zero = constantIndex(b, 0);
  if (next) {
    // Some terms at a time, so that prefetches cost little beside them, but
    // few enough that not too many are under way.
    int64_t lines = config.streams > 1 ? 2 : 4;
    int64_t terms =
        config.nextIsPlain ? kTermsPerPlainPrefetch : kTermsPerPrefetch;
    Value chunk = constantIndex(b, lines * terms);
    auto loop = scf::ForOp::create(b, zero, depth, chunk, sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    sums.assign(loop.getRegionIterArgs().begin(),
                loop.getRegionIterArgs().end());
    Value term = loop.getInductionVar();
    for (int64_t line = 0; line < lines; ++line)
      emitPrefetches(add(b, term, constantIndex(b, line * terms)), number);
    emitTerms(term, minimum(b, add(b, term, chunk), depth), vectors, sums);
    scf::YieldOp::create(b, sums);
    sums.assign(loop.getResults().begin(), loop.getResults().end());
  } else {
    emitTerms(zero, depth, vectors, sums);
  }
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < vectors; ++j)
      storeVector(b, sums[i * vectors + j], result,
                  {rowIndex[i], constantIndex(b, j * lanes)},
                  j + 1 == vectors ? mask : Value());
}
