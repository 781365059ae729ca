//===- SharedTile.cpp - an operand's tile in shared memory ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SharedTile.h"
#include "../CPU/LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

/// Threads that copy a tile.
static constexpr int64_t kThreads = 256;
/// Lines of a block, and terms of a step, of the unit.
static constexpr int64_t kBlockLines = 8, kStepTerms = 16;
/// Groups of eight terms that a line has, and of eight lines that a term has.
static constexpr int64_t kTermGroups = SharedTile::kTerms / SharedTile::kGroup;
static constexpr int64_t kLineGroups = SharedTile::kLines / SharedTile::kGroup;

static Value exclusiveOr(ImplicitLocOpBuilder &b, Value x, Value y) {
  return b.createOrFold<arith::XOrIOp>(x, y);
}

/// `value` mod a power of two.
static Value modulo(ImplicitLocOpBuilder &b, Value value, int64_t power) {
  return b.createOrFold<arith::AndIOp>(value, constantIndex(b, power - 1));
}

static Value bit(ImplicitLocOpBuilder &b, Value value, int64_t mask) {
  return b.createOrFold<arith::AndIOp>(value, constantIndex(b, mask));
}

/// The place of the group of terms `group` of a line. A half of a warp reads
/// half of the groups of four lines, and 128 bytes are two lines: the groups of
/// the other two lines are exchanged.
static Value placeInLine(ImplicitLocOpBuilder &b, Value line, Value group) {
  return exclusiveOr(b, group, bit(b, line, 2));
}

/// The number, below 8, that the groups of lines of a term are exchanged by:
/// another one for each of the eight terms that are read at once, 4 i and 4 i +
/// 1 or 4 i + 2 and 4 i + 3.
static Value exchangeOfTerm(ImplicitLocOpBuilder &b, Value term) {
  Value half = div(b, term, constantIndex(b, 2));
  return b.createOrFold<arith::OrIOp>(bit(b, term, 1), bit(b, half, 6));
}

SmallVector<SharedTile::Copy> SharedTile::getCopies(Value thread) {
  SmallVector<Copy> copies;
  int64_t groups = alongTerms ? kTermGroups : kLineGroups;
  Value group = modulo(b, thread, groups);
  Value outer = div(b, thread, constantIndex(b, groups));
  Value size = constantIndex(b, kGroup);
  for (int64_t i = 0; i < kElements / kGroup / kThreads; ++i) {
    Value own = add(b, outer, constantIndex(b, i * kThreads / groups));
    Value at = alongTerms ? placeInLine(b, own, group)
                          : exclusiveOr(b, group, exchangeOfTerm(b, own));
    Value place =
        add(b, mul(b, add(b, mul(b, own, constantIndex(b, groups)), at), size),
            constantIndex(b, begin));
    Value first = mul(b, group, size);
    copies.push_back(alongTerms ? Copy{own, first, place}
                                : Copy{first, own, place});
  }
  return copies;
}

SmallVector<SharedTile::Pairs> SharedTile::load(Value memory, Value buffer,
                                                Value lane, Value firstLine,
                                                int64_t step, int64_t blocks) {
  Value place = add(b, buffer, constantIndex(b, begin));
  if (!alongTerms)
    return loadTerms(memory, place, lane, firstLine, step, blocks);
  place = add(b, place, mul(b, firstLine, constantIndex(b, kTerms)));
  return loadLines(memory, place, lane, step, blocks);
}

/// Four terms at once.
SmallVector<SharedTile::Pairs> SharedTile::loadLines(Value memory, Value place,
                                                     Value lane, int64_t step,
                                                     int64_t blocks) {
  Type element = cast<MemRefType>(memory.getType()).getElementType();
  auto both = VectorType::get(4, element);
  Value line = div(b, lane, constantIndex(b, 4)), member = modulo(b, lane, 4);
  Value group = add(b, div(b, member, constantIndex(b, 2)),
                    constantIndex(b, step * kStepTerms / kGroup));
  Value own =
      add(b, mul(b, line, constantIndex(b, kTerms)),
          add(b, mul(b, placeInLine(b, line, group), constantIndex(b, kGroup)),
              mul(b, modulo(b, member, 2), constantIndex(b, 4))));
  own = add(b, place, own);
  SmallVector<Pairs> pairs;
  for (int64_t i = 0; i < blocks; ++i) {
    Value at = add(b, own, constantIndex(b, i * kBlockLines * kTerms));
    Value terms = vector::LoadOp::create(
        b, both, memory, ValueRange(at), /*nontemporal=*/false,
        llvm::MaybeAlign(both.getNumElements() *
                         element.getIntOrFloatBitWidth() / 8));
    auto part = [&](int64_t first) -> Value {
      return vector::ShuffleOp::create(b, terms, terms,
                                       ArrayRef<int64_t>{first, first + 1});
    };
    pairs.push_back({part(0), part(2)});
  }
  return pairs;
}

/// Of two blocks at once: a lane gives the address of eight lines of a term.
SmallVector<SharedTile::Pairs>
SharedTile::loadTerms(Value memory, Value place, Value lane, Value firstLine,
                      int64_t step, int64_t blocks) {
  Type element = cast<MemRefType>(memory.getType()).getElementType();
  // Matrix q of four has block q / 2 and, of each four terms, the pair q mod 2.
  Value row = modulo(b, lane, 8), matrix = div(b, lane, constantIndex(b, 8));
  Value four = mul(b, div(b, row, constantIndex(b, 2)), constantIndex(b, 4));
  Value term = add(b, add(b, four, modulo(b, row, 2)),
                   mul(b, modulo(b, matrix, 2), constantIndex(b, 2)));
  Value line = add(b, div(b, firstLine, constantIndex(b, kGroup)),
                   div(b, matrix, constantIndex(b, 2)));
  place = add(b, place, mul(b, term, constantIndex(b, kLines)));
  place = add(b, place, constantIndex(b, step * kStepTerms * kLines));
  SmallVector<Pairs> pairs;
  for (int64_t i = 0; i < blocks; i += 2) {
    Value group = exclusiveOr(b, add(b, line, constantIndex(b, i)),
                              exchangeOfTerm(b, term));
    Value at = add(b, place, mul(b, group, constantIndex(b, kGroup)));
    auto matrices = nvgpu::LdMatrixOp::create(
        b, VectorType::get({4, 2}, element), memory, ValueRange(at),
        /*transpose=*/true, /*numTiles=*/4);
    auto get = [&](int64_t matrix) -> Value {
      return vector::ExtractOp::create(b, matrices, matrix);
    };
    pairs.push_back({get(0), get(1)});
    pairs.push_back({get(2), get(3)});
  }
  return pairs;
}
