//===- BlockTile.cpp - tiles of a contraction by thread blocks ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BlockTile.h"
#include "../CPU/LoopBuilder.h"
#include "Grid.h"
#include "Runs.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

/// What a warp computes: blocks of the unit, and how many warps lie side by
/// side in the tile.
static constexpr int64_t kRowBlocks = 4, kColumnBlocks = 4, kWarpsInRow = 4;
/// Buffers of shared memory: one is read, two are on their way.
static constexpr int64_t kBuffers = 3;
/// Elements of a buffer, which is a stage of both operands.
static constexpr int64_t kBuffer = 2 * SharedTile::kElements;
/// Stages of a chunk.
static constexpr int64_t kStagesOfChunk =
    TensorCoreTile::kTermsOfChunk / SharedTile::kTerms;
/// Bytes of a copy.
static constexpr int64_t kCopyBytes = 16;

static_assert(kBuffers * kBuffer * 2 == BlockTile::kSharedBytes);

BlockTile::BlockTile(ImplicitLocOpBuilder &b, const Contraction &contraction,
                     bool fromZero)
    : TensorCoreTile(b, contraction, fromZero) {}

/// Where a block of rows begins makes no difference: strides are multiples of
/// 16 bytes, but for the last one, along which no view may begin elsewhere.
Value BlockTile::getMisfit(OpOperand *operand) {
  Value source = operand->get();
  int64_t bytes =
      cast<MemRefType>(source.getType()).getElementTypeBitWidth() / 8;
  Values numbers;
  while (auto view = source.getDefiningOp<memref::SubViewOp>()) {
    OpFoldResult last = view.getMixedOffsets().back();
    numbers.push_back(getValueOrCreateConstantIndexOp(b, b.getLoc(), last));
    source = view.getSource();
  }
  auto metadata = memref::ExtractStridedMetadataOp::create(b, source);
  SmallVector<OpFoldResult> others = metadata.getConstifiedMixedStrides();
  others.back() = metadata.getConstifiedMixedOffset();
  for (OpFoldResult number : others)
    numbers.push_back(getValueOrCreateConstantIndexOp(b, b.getLoc(), number));
  Value misfit = memref::ExtractAlignedPointerAsIndexOp::create(
      b, metadata.getBaseBuffer());
  for (Value number : numbers) {
    std::optional<int64_t> known = getConstantIntValue(number);
    if (known && *known * bytes % kCopyBytes != 0)
      return Value();
    misfit = b.createOrFold<arith::OrIOp>(
        misfit, mul(b, number, constantIndex(b, bytes)));
  }
  return isSameForAllRuns(misfit, c.op) ? misfit : Value();
}

/// Whether `value` is not known to be below `least`.
static bool mayReach(Value value, int64_t least) {
  std::optional<int64_t> known = getConstantIntValue(value);
  return !known || *known >= least;
}

bool BlockTile::isPossible() {
  auto choose = [&](std::optional<SharedTile> &tile, OpOperand *operand,
                    ArrayRef<unsigned> loops, int64_t begin) {
    bool alongTerms = isContiguous(operand, innerTerm);
    if (alongTerms || (loops.size() == 1 && isContiguous(operand, loops[0])))
      tile.emplace(b, alongTerms, begin);
  };
  choose(lhs, c.lhs, c.m, 0);
  choose(rhs, c.rhs, c.n, SharedTile::kElements);
  if (getElementType(c.lhs).getIntOrFloatBitWidth() != 16 || !lhs || !rhs ||
      c.n.size() != 1 || !isContiguous(c.result, c.n[0]) ||
      getConstantIntValue(columns).value_or(0) % 2 != 0 ||
      !mayReach(countMost(c.m), kFewestRows) ||
      !mayReach(sizes[innerTerm], kFewestTerms))
    return false;
  return llvm::all_of(
      ValueRange{countMost(c.m), columns, sizes[innerTerm]},
      [&](Value value) { return isSameForAllRuns(value, c.op); });
}

Value BlockTile::isWorthwhile() {
  // Results are stored in pairs.
  Value misfit = b.createOrFold<arith::RemUIOp>(columns, constantIndex(b, 2));
  for (OpOperand *operand : {c.lhs, c.rhs, c.result}) {
    Value own = getMisfit(operand);
    if (!own)
      return Value();
    misfit = b.createOrFold<arith::OrIOp>(misfit, own);
  }
  auto compare = [&](arith::CmpIPredicate predicate, Value x, int64_t y) {
    return b.createOrFold<arith::CmpIOp>(predicate, x, constantIndex(b, y));
  };
  misfit = b.createOrFold<arith::RemUIOp>(misfit, constantIndex(b, kCopyBytes));
  Value fits = compare(arith::CmpIPredicate::eq, misfit, 0);
  for (auto [size, least] : {std::pair(countMost(c.m), kFewestRows),
                             std::pair(sizes[innerTerm], kFewestTerms)})
    fits = b.createOrFold<arith::AndIOp>(
        fits, compare(arith::CmpIPredicate::uge, size, least));
  return fits;
}

void BlockTile::run(Value memory) {
  OpBuilder::InsertionGuard guard(b);
  Type element = getElementType(c.lhs);
  auto type =
      MemRefType::get({kBuffers * kBuffer}, element, AffineMap(),
                      cast<MemRefType>(memory.getType()).getMemorySpace());
  shared = memref::ViewOp::create(b, type, memory, constantIndex(b, 0),
                                  ValueRange());
  // Threads innermost, so that those of a block have one tile.
  Value side = constantIndex(b, SharedTile::kLines);
  Position position =
      beginParallel({ceilDiv(b, rows, side), ceilDiv(b, columns, side),
                     constantIndex(b, kThreads)});
  firstRow = mul(b, position[0], side);
  firstColumn = mul(b, position[1], side);
  Value thread = position[2];
  lane = b.createOrFold<arith::RemUIOp>(thread, constantIndex(b, kWarpSize));
  // The warps of a half of the tile are on all four units of a multiprocessor.
  Value warp = div(b, thread, constantIndex(b, kWarpSize));
  Value across =
      b.createOrFold<arith::RemUIOp>(warp, constantIndex(b, kWarpsInRow));
  warpRow = mul(b, div(b, warp, constantIndex(b, kWarpsInRow)),
                constantIndex(b, kRowBlocks * kRows));
  warpColumn = mul(b, across, constantIndex(b, kColumnBlocks * kColumns));
  isActive =
      arith::AndIOp::create(b, isBelow(add(b, firstRow, warpRow), rows),
                            isBelow(add(b, firstColumn, warpColumn), columns));
  prepareCopies(lhsCopies, c.lhs, c.m, firstRow, rows, lhs->getCopies(thread));
  prepareCopies(rhsCopies, c.rhs, c.n, firstColumn, columns,
                rhs->getCopies(thread));
  storeAll(sum(initialize()));
}

/// The barrier says how many threads have to meet: whoever hands out iterations
/// of the loop has to know.
void BlockTile::wait() {
  gpu::BarrierOp::create(b)->setAttr(kBlockThreadsAttrName,
                                     b.getIndexAttr(kThreads));
}

/// How many of `kGroup` elements from `first` on are below `size`.
static Value countInside(ImplicitLocOpBuilder &b, Value first, Value size) {
  Value left = sub(b, size, minimum(b, first, size));
  return minimum(b, left, constantIndex(b, SharedTile::kGroup));
}

/// What does not change from stage to stage. What lies outside is not read.
void BlockTile::prepareCopies(SmallVector<Copy> &copies, OpOperand *operand,
                              ArrayRef<unsigned> loops, Value first, Value size,
                              ArrayRef<SharedTile::Copy> places) {
  bool alongTerms = isContiguous(operand, innerTerm);
  for (const SharedTile::Copy &place : places) {
    Copy copy{place.term, place.place, Value(), {}};
    Value line = add(b, first, place.line);
    Value inside = isBelow(line, size);
    Value none = constantIndex(b, 0);
    copy.count =
        alongTerms ? arith::SelectOp::create(
                         b, inside, constantIndex(b, SharedTile::kGroup), none)
                         .getResult()
                   : countInside(b, line, size);
    copy.position =
        split(loops, arith::SelectOp::create(b, inside, line, none));
    copies.push_back(std::move(copy));
  }
}

/// Begins to copy the terms of a stage, as one group.
void BlockTile::copyStage(Value stage, Value buffer) {
  Value size = sizes[innerTerm];
  Value firstTerm = mul(b, stage, constantIndex(b, SharedTile::kTerms));
  std::optional<int64_t> known = getConstantIntValue(size);
  bool whole = known && *known % SharedTile::kTerms == 0;
  auto copyAll = [&](OpOperand *operand, ArrayRef<unsigned> loops,
                     const SharedTile &tile, ArrayRef<Copy> copies) {
    for (const Copy &copy : copies) {
      Value term = add(b, firstTerm, copy.term), count = copy.count;
      if (!whole) {
        Value zero = constantIndex(b, 0), inside = isBelow(term, size);
        count = tile.isAlongTerms()
                    ? minimum(b, count, countInside(b, term, size))
                    : arith::SelectOp::create(b, inside, count, zero);
        term = arith::SelectOp::create(b, inside, term, zero);
      }
      go(loops, copy.position);
      ivs[innerTerm] = term;
      nvgpu::DeviceAsyncCopyOp::create(
          b, nvgpu::DeviceAsyncTokenType::get(b.getContext()), shared,
          ValueRange(add(b, buffer, copy.place)), operand->get(),
          getIndices(operand), b.getIndexAttr(SharedTile::kGroup), count,
          /*bypassL1=*/b.getUnitAttr());
    }
  };
  copyAll(c.lhs, c.m, *lhs, lhsCopies);
  copyAll(c.rhs, c.n, *rhs, rhsCopies);
}

void BlockTile::forEachPair(
    function_ref<void(int64_t, int64_t, Value, Value)> fn) {
  Value row = add(b, add(b, firstRow, warpRow),
                  div(b, lane, constantIndex(b, kMembers)));
  Value member =
      b.createOrFold<arith::RemUIOp>(lane, constantIndex(b, kMembers));
  Value column = add(b, add(b, firstColumn, warpColumn),
                     mul(b, member, constantIndex(b, 2)));
  for (int64_t i = 0; i < kRowBlocks; ++i)
    for (int64_t half = 0; half < 2; ++half)
      for (int64_t j = 0; j < kColumnBlocks; ++j)
        fn(i * kColumnBlocks + j, half,
           add(b, row, constantIndex(b, i * kRows + half * kRows / 2)),
           add(b, column, constantIndex(b, j * kColumns)));
}

/// What is added to: zeros, or the result.
BlockTile::Values BlockTile::initialize() {
  Values sums = makeZeros(kRowBlocks * kColumnBlocks);
  if (fromZero)
    return sums;
  auto pair = VectorType::get(2, getElementType(c.result));
  forEachPair([&](int64_t block, int64_t half, Value row, Value column) {
    go(c.m, splitInside(c.m, row, rows));
    go(c.n, minimum(b, column, sub(b, columns, constantIndex(b, 2))));
    Value start =
        vector::LoadOp::create(b, pair, c.result->get(), getIndices(c.result));
    if (pair.getElementType() != c.acc)
      start = arith::ExtFOp::create(b, VectorType::get(2, c.acc), start);
    sums[block] = vector::InsertOp::create(b, start, sums[block], half);
  });
  return sums;
}

/// The sums after all terms, in ascending order of chunks.
BlockTile::Values BlockTile::sum(ValueRange sums) {
  Values lengths;
  for (unsigned loop : outerTerms)
    lengths.push_back(sizes[loop]);
  return buildCarryingNest(b, lengths, sums,
                           [&](ValueRange indices, ValueRange carried) {
                             go(outerTerms, llvm::to_vector(indices));
                             return sumInner(carried);
                           });
}

/// The sums after all chunks of the innermost loop. Copies go on from one chunk
/// to the next: the buffers to read and to write are carried with the sums.
BlockTile::Values BlockTile::sumInner(ValueRange sums) {
  Value perChunk = constantIndex(b, kStagesOfChunk);
  Value stages =
      ceilDiv(b, sizes[innerTerm], constantIndex(b, SharedTile::kTerms));
  // Nobody reads what is overwritten.
  wait();
  for (int64_t ahead = 0; ahead < kBuffers - 1; ++ahead) {
    copyStage(constantIndex(b, ahead), constantIndex(b, ahead * kBuffer));
    NVVM::CpAsyncCommitGroupOp::create(b);
  }
  Values start(sums);
  start.append(
      {constantIndex(b, 0), constantIndex(b, (kBuffers - 1) * kBuffer)});
  auto sumChunk = [&](ValueRange chunk, ValueRange carried) {
    Value first = mul(b, chunk[0], perChunk);
    Value ours = minimum(b, perChunk, sub(b, stages, first));
    Values own = makeZeros(sums.size());
    llvm::append_range(own, carried.take_back(2));
    own = buildCarryingNest(b, ours, own, [&](ValueRange ivs, ValueRange now) {
      return sumStage(add(b, first, ivs[0]), stages, now);
    });
    Values next = addAll(carried.drop_back(2), ArrayRef(own).drop_back(2));
    llvm::append_range(next, ArrayRef(own).take_back(2));
    return next;
  };
  Values all = buildCarryingNest(b, innerChunks, start, sumChunk);
  all.pop_back_n(2);
  return all;
}

/// The sums after a stage, and the buffers of the next one.
BlockTile::Values BlockTile::sumStage(Value stage, Value stages,
                                      ValueRange carried) {
  ValueRange sums = carried.drop_back(2);
  Value reads = carried[sums.size()], writes = carried[sums.size() + 1];
  // The stage has arrived: what this thread has copied, then what all have. By
  // then all have read the one before, whose buffer is the next to write to.
  NVVM::CpAsyncWaitGroupOp::create(b, b.getI32IntegerAttr(kBuffers - 2));
  wait();
  Value next = add(b, stage, constantIndex(b, kBuffers - 1));
  auto more = scf::IfOp::create(b, isBelow(next, stages));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(more.thenYield());
    copyStage(next, writes);
  }
  // Empty ones count.
  NVVM::CpAsyncCommitGroupOp::create(b);
  Values results = select(isActive, sums.getTypes(), [&](bool active) {
    return active ? multiply(reads, sums) : Values(sums);
  });
  Value following = add(b, reads, constantIndex(b, kBuffer));
  Value wraps = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, following,
                                      constantIndex(b, kBuffers * kBuffer));
  results.push_back(
      arith::SelectOp::create(b, wraps, constantIndex(b, 0), following));
  results.push_back(reads);
  return results;
}

/// The sums after the slice in `buffer`.
BlockTile::Values BlockTile::multiply(Value buffer, ValueRange sums) {
  Type element = getElementType(c.lhs);
  auto join = [&](ArrayRef<Value> pairs) {
    auto type =
        VectorType::get({static_cast<int64_t>(pairs.size()), 2}, element);
    Value matrix = arith::ConstantOp::create(b, b.getZeroAttr(type));
    for (auto [i, pair] : llvm::enumerate(pairs))
      matrix = vector::InsertOp::create(b, pair, matrix, i);
    return matrix;
  };
  SmallVector<SharedTile::Block> columns =
      rhs->load(shared, buffer, lane, warpColumn, kColumnBlocks);
  Values next(sums);
  for (int64_t i = 0; i < kRowBlocks; ++i) {
    SmallVector<SharedTile::Block> rows =
        lhs->load(shared, buffer, lane,
                  add(b, warpRow, constantIndex(b, i * kRows)), kRows / 8);
    for (int64_t step = 0; step < kSteps; ++step) {
      const SharedTile::Pairs &upper = rows[0][step], &lower = rows[1][step];
      Value left = join({upper[0], lower[0], upper[1], lower[1]});
      for (int64_t j = 0; j < kColumnBlocks; ++j) {
        Value &sum = next[i * kColumnBlocks + j];
        sum = nvgpu::MmaSyncOp::create(
            b, left, join(columns[j][step]), sum,
            ArrayRef<int64_t>{kRows, kColumns, SharedTile::kTerms / kSteps});
      }
    }
  }
  return next;
}

void BlockTile::storeAll(ValueRange sums) {
  Type element = getElementType(c.result);
  auto pair = VectorType::get(2, element);
  forEachPair([&](int64_t block, int64_t half, Value row, Value column) {
    Value inside =
        arith::AndIOp::create(b, isBelow(row, rows), isBelow(column, columns));
    Value sum = vector::ExtractOp::create(b, sums[block], half);
    auto only = scf::IfOp::create(b, inside);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(only.thenYield());
    if (element != c.acc)
      sum = arith::TruncFOp::create(b, pair, sum);
    go(c.m, split(c.m, row));
    go(c.n, column);
    vector::StoreOp::create(
        b, sum, c.result->get(), getIndices(c.result), /*nontemporal=*/false,
        llvm::MaybeAlign(2 * element.getIntOrFloatBitWidth() / 8));
  });
}
