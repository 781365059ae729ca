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
#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace condcomp;

/// Of one instruction.
static constexpr int64_t kRows = 16, kColumns = 8, kTerms = 16;
/// What a warp computes: blocks of the unit, and how many warps lie side by
/// side in the tile.
static constexpr int64_t kRowBlocks = 4, kColumnBlocks = 4, kWarpsInRow = 4;
/// Buffers of shared memory: one is read, two are on their way.
static constexpr int64_t kBuffers = 3;
/// Elements of a buffer, which is a stage of both operands.
static constexpr int64_t kBuffer = 2 * SharedTile::kElements;
/// Steps of a stage.
static constexpr int64_t kSteps = SharedTile::kTerms / kTerms;
/// Bytes of a copy.
static constexpr int64_t kCopyBytes = 16;

static_assert(kBuffers * kBuffer * 2 == BlockTile::kSharedBytes);

BlockTile::BlockTile(ImplicitLocOpBuilder &b, const Contraction &contraction,
                     bool fromZero)
    : ContractionEmitter(b, contraction, fromZero) {}

/// Whether it is outside of all loops over blocks of rows, or can be computed
/// there.
bool BlockTile::isSameForAllBlocks(Value value) {
  scf::ForallOp outermost;
  for (auto forall = c.op->getParentOfType<scf::ForallOp>(); forall;
       forall = forall->getParentOfType<scf::ForallOp>())
    outermost = forall;
  if (!outermost || outermost.isDefinedOutsideOfLoop(value))
    return true;
  Operation *op = value.getDefiningOp();
  return op && op->getNumRegions() == 0 && isMemoryEffectFree(op) &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return isSameForAllBlocks(operand);
         });
}

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
  return isSameForAllBlocks(misfit) ? misfit : Value();
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
  if (!lhs || !rhs || c.n.size() != 1 || !isContiguous(c.result, c.n[0]) ||
      getConstantIntValue(columns).value_or(0) % 2 != 0 ||
      !mayReach(countMost(c.m), kFewestRows) ||
      !mayReach(sizes[innerTerm], kFewestTerms))
    return false;
  return llvm::all_of(ValueRange{countMost(c.m), columns, sizes[innerTerm]},
                      [&](Value value) { return isSameForAllBlocks(value); });
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

Value BlockTile::isBelow(Value index, Value size) {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, index, size);
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
  Value row =
      add(b, add(b, firstRow, warpRow), div(b, lane, constantIndex(b, 4)));
  Value member = b.createOrFold<arith::RemUIOp>(lane, constantIndex(b, 4));
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
  auto type = VectorType::get({2, 2}, c.acc);
  Values sums(kRowBlocks * kColumnBlocks,
              arith::ConstantOp::create(b, DenseElementsAttr::get(type, 0.0f)));
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

/// The sums after all terms, in ascending order of steps.
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

/// The sums after all terms of the innermost loop.
BlockTile::Values BlockTile::sumInner(ValueRange sums) {
  OpBuilder::InsertionGuard guard(b);
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  Value size = constantIndex(b, kBuffer),
        end = constantIndex(b, kBuffers * kBuffer);
  Value stages =
      ceilDiv(b, sizes[innerTerm], constantIndex(b, SharedTile::kTerms));
  // Nobody reads what is overwritten.
  wait();
  for (int64_t ahead = 0; ahead < kBuffers - 1; ++ahead) {
    copyStage(constantIndex(b, ahead), constantIndex(b, ahead * kBuffer));
    NVVM::CpAsyncCommitGroupOp::create(b);
  }
  SmallVector<Value> carried(sums);
  carried.push_back(zero);
  carried.push_back(constantIndex(b, (kBuffers - 1) * kBuffer));
  auto loop = scf::ForOp::create(b, zero, stages, one, carried);
  b.setInsertionPointToStart(loop.getBody());
  Value stage = loop.getInductionVar();
  ValueRange arguments = loop.getRegionIterArgs();
  Value reads = arguments[sums.size()], writes = arguments[sums.size() + 1];
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
  Values results = multiply(stage, reads, arguments.take_front(sums.size()));
  Value following = add(b, reads, size);
  Value wraps =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, following, end);
  results.push_back(arith::SelectOp::create(b, wraps, zero, following));
  results.push_back(reads);
  scf::YieldOp::create(b, results);
  return Values(loop.getResults().drop_back(2));
}

/// `body` if `condition` holds, else `values`.
static SmallVector<Value> buildIf(ImplicitLocOpBuilder &b, Value condition,
                                  ValueRange values,
                                  function_ref<SmallVector<Value>()> body) {
  auto choice = scf::IfOp::create(b, values.getTypes(), condition,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.elseBlock());
  scf::YieldOp::create(b, values);
  b.setInsertionPointToStart(choice.thenBlock());
  scf::YieldOp::create(b, body());
  return SmallVector<Value>(choice.getResults());
}

/// The sums after a stage.
BlockTile::Values BlockTile::multiply(Value stage, Value buffer,
                                      ValueRange sums) {
  std::optional<int64_t> known = getConstantIntValue(sizes[innerTerm]);
  return buildIf(b, isActive, sums, [&] {
    Values own(sums);
    for (int64_t step = 0; step < kSteps; ++step) {
      auto multiplyOwn = [&] { return multiplyStep(step, buffer, own); };
      // A step that there is not would make zeros positive.
      Value first = add(b, mul(b, stage, constantIndex(b, SharedTile::kTerms)),
                        constantIndex(b, step * kTerms));
      bool always =
          step == 0 || (known && (*known - 1) / kTerms % kSteps == kSteps - 1);
      own = always ? multiplyOwn()
                   : buildIf(b, isBelow(first, sizes[innerTerm]), own,
                             multiplyOwn);
    }
    return own;
  });
}

/// The sums after one step of the unit.
BlockTile::Values BlockTile::multiplyStep(int64_t step, Value buffer,
                                          ValueRange sums) {
  Type element = getElementType(c.lhs);
  auto join = [&](ArrayRef<Value> pairs) {
    auto type =
        VectorType::get({static_cast<int64_t>(pairs.size()), 2}, element);
    Value matrix = arith::ConstantOp::create(b, b.getZeroAttr(type));
    for (auto [i, pair] : llvm::enumerate(pairs))
      matrix = vector::InsertOp::create(b, pair, matrix, i);
    return matrix;
  };
  SmallVector<SharedTile::Pairs> rows =
      lhs->load(shared, buffer, lane, warpRow, step, kRowBlocks * kRows / 8);
  SmallVector<SharedTile::Pairs> columns =
      rhs->load(shared, buffer, lane, warpColumn, step, kColumnBlocks);
  Values left, right, next;
  for (int64_t i = 0; i < kRowBlocks; ++i) {
    const SharedTile::Pairs &upper = rows[2 * i], &lower = rows[2 * i + 1];
    left.push_back(join({upper[0], lower[0], upper[1], lower[1]}));
  }
  for (const SharedTile::Pairs &column : columns)
    right.push_back(join(column));
  for (auto [i, sum] : llvm::enumerate(sums))
    next.push_back(nvgpu::MmaSyncOp::create(
        b, left[i / kColumnBlocks], right[i % kColumnBlocks], sum,
        ArrayRef<int64_t>{kRows, kColumns, kTerms}));
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
