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

/// Lines of a block of the unit.
static constexpr int64_t kBlockLines = 8;
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

/// The number, below 8, that the groups of lines of a term are exchanged by:
/// another one for each of the eight terms that are read at once, 8 i and 8 i +
/// 1 of all i and the same number after them.
static Value exchangeOfTerm(ImplicitLocOpBuilder &b, Value term) {
  Value quarter = div(b, term, constantIndex(b, 4));
  return b.createOrFold<arith::OrIOp>(bit(b, term, 1), bit(b, quarter, 6));
}

SmallVector<SharedTile::Copy> SharedTile::getCopies(Value thread) {
  SmallVector<Copy> copies;
  int64_t groups = alongTerms ? kTermGroups : kLineGroups;
  Value group = modulo(b, thread, groups);
  Value outer = div(b, thread, constantIndex(b, groups));
  Value size = constantIndex(b, kGroup);
  for (int64_t i = 0; i < kElements / kGroup / kThreads; ++i) {
    Value own = add(b, outer, constantIndex(b, i * kThreads / groups));
    // Threads that copy, or read, at once have 128 bytes in a row of terms.
    Value at =
        alongTerms ? group : exclusiveOr(b, group, exchangeOfTerm(b, own));
    Value place =
        add(b, mul(b, add(b, mul(b, own, constantIndex(b, groups)), at), size),
            constantIndex(b, begin));
    Value first = mul(b, group, size);
    copies.push_back(alongTerms ? Copy{own, first, place}
                                : Copy{first, own, place});
  }
  return copies;
}

SmallVector<SharedTile::Block> SharedTile::load(Value memory, Value buffer,
                                                Value lane, Value firstLine,
                                                int64_t blocks) {
  Value place = add(b, buffer, constantIndex(b, begin));
  if (!alongTerms)
    return loadTerms(memory, place, lane, firstLine, blocks);
  place = add(b, place, mul(b, firstLine, constantIndex(b, kTerms)));
  return loadLines(memory, place, lane, blocks);
}

/// All terms of the lane at once.
SmallVector<SharedTile::Block>
SharedTile::loadLines(Value memory, Value place, Value lane, int64_t blocks) {
  Type element = cast<MemRefType>(memory.getType()).getElementType();
  auto group = VectorType::get(kGroup, element);
  // Those of line lane / 4 from 8 (lane mod 4) on: groups follow each other.
  place = add(b, place, mul(b, lane, constantIndex(b, kGroup)));
  SmallVector<Block> loaded;
  for (int64_t i = 0; i < blocks; ++i) {
    Value at = add(b, place, constantIndex(b, i * kBlockLines * kTerms));
    Value terms = vector::LoadOp::create(
        b, group, memory, ValueRange(at), /*nontemporal=*/false,
        llvm::MaybeAlign(kGroup * element.getIntOrFloatBitWidth() / 8));
    auto pair = [&](int64_t first) -> Value {
      return vector::ShuffleOp::create(b, terms, terms,
                                       ArrayRef<int64_t>{first, first + 1});
    };
    loaded.push_back({Pairs{pair(0), pair(2)}, Pairs{pair(4), pair(6)}});
  }
  return loaded;
}

/// Of two blocks at once: a lane gives the address of eight lines of a term.
SmallVector<SharedTile::Block> SharedTile::loadTerms(Value memory, Value place,
                                                     Value lane,
                                                     Value firstLine,
                                                     int64_t blocks) {
  Type element = cast<MemRefType>(memory.getType()).getElementType();
  // Matrix q of four has block q / 2 and, of each four terms, the pair q mod 2.
  Value row = modulo(b, lane, 8), matrix = div(b, lane, constantIndex(b, 8));
  Value eight = mul(b, div(b, row, constantIndex(b, 2)), constantIndex(b, 8));
  Value first = add(b, add(b, eight, modulo(b, row, 2)),
                    mul(b, modulo(b, matrix, 2), constantIndex(b, 2)));
  Value line = add(b, div(b, firstLine, constantIndex(b, kGroup)),
                   div(b, matrix, constantIndex(b, 2)));
  SmallVector<Block> loaded(blocks);
  for (int64_t i = 0; i < blocks; i += 2)
    for (int64_t step = 0; step < TensorCoreTile::kSteps; ++step) {
      Value term = add(b, first, constantIndex(b, 4 * step));
      Value group = exclusiveOr(b, add(b, line, constantIndex(b, i)),
                                exchangeOfTerm(b, term));
      Value at = add(b, mul(b, term, constantIndex(b, kLines)),
                     mul(b, group, constantIndex(b, kGroup)));
      auto matrices = nvgpu::LdMatrixOp::create(
          b, VectorType::get({4, 2}, element), memory,
          ValueRange(add(b, place, at)), /*transpose=*/true, /*numTiles=*/4);
      auto get = [&](int64_t matrix) -> Value {
        return vector::ExtractOp::create(b, matrices, matrix);
      };
      loaded[i][step] = {get(0), get(1)};
      loaded[i + 1][step] = {get(2), get(3)};
    }
  return loaded;
}
