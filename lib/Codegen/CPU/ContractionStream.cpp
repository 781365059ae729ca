//===- ContractionStream.cpp - few rows by a matrix as it lies ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With a few rows, copying a right-hand side into panels takes longer than
// multiplying by it. Here sums stay in the first-level cache instead, and the
// right-hand side is read once, row after row. An element of the result is the
// same as that of a register tile: its terms are added in ascending order.
//
//===----------------------------------------------------------------------===//

#include "ContractionKernels.h"
#include "LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

static constexpr int64_t kCacheLine = 64;

namespace {
/// Emits the terms of a fixed number of rows.
struct StreamEmitter {
  ImplicitLocOpBuilder &b;
  VectorType type;
  Value left, right, result;
  int64_t rows;

  Value columns() { return memref::DimOp::create(b, right, 1); }
  void forEachVector(
      int64_t group,
      function_ref<void(Value column, Value mask, bool isFirst)> emit);
  void clear();
  void addTerms(Value first, int64_t count);
  void run(Value accumulate);
};
} // namespace

/// Calls `emit` for the vectors of a row: for whole groups of them, and under a
/// mask for what is left. `isFirst` of a whole group.
void StreamEmitter::forEachVector(
    int64_t group,
    function_ref<void(Value column, Value mask, bool isFirst)> emit) {
  int64_t lanes = type.getNumElements();
  Value end = roundDown(b, columns(), group * lanes);
  buildFor(b, constantIndex(b, 0), end, group * lanes, [&](Value first) {
    for (int64_t i = 0; i < group; ++i)
      emit(add(b, first, constantIndex(b, i * lanes)), Value(), i == 0);
  });
  buildFor(b, end, columns(), lanes, [&](Value column) {
    emit(column, createMask(b, lanes, sub(b, columns(), column)), false);
  });
}

void StreamEmitter::clear() {
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  forEachVector(/*group=*/1, [&](Value column, Value mask, bool) {
    for (int64_t i = 0; i < rows; ++i)
      storeVector(b, zero, result, {constantIndex(b, i), column}, mask);
  });
}

/// Adds `count` terms to all sums, beginning with term `first`.
void StreamEmitter::addTerms(Value first, int64_t count) {
  SmallVector<Value> terms, factors; // factors: by row, then by term
  for (int64_t k = 0; k < count; ++k)
    terms.push_back(add(b, first, constantIndex(b, k)));
  for (int64_t i = 0; i < rows; ++i)
    for (Value term : terms)
      factors.push_back(vector::BroadcastOp::create(
          b, type,
          memref::LoadOp::create(b, left,
                                 ValueRange{constantIndex(b, i), term})));
  Type element = cast<MemRefType>(right.getType()).getElementType();
  int64_t bytes = type.getNumElements() * element.getIntOrFloatBitWidth() / 8;
  // A group is a cache line, or a vector that is more.
  int64_t perLine = std::max<int64_t>(kCacheLine / bytes, 1);
  forEachVector(perLine, [&](Value column, Value mask, bool isFirst) {
    SmallVector<Value> loaded;
    for (Value term : terms) {
      loaded.push_back(loadVector(b, type, right, {term, column}, mask));
      Value ahead = add(b, term, constantIndex(b, kPrefetchRows));
      if (isFirst)
        prefetch(b, right, {ahead, column}, CacheLevel::Second);
    }
    for (int64_t i = 0; i < rows; ++i) {
      Value row = constantIndex(b, i);
      Value sum = loadVector(b, type, result, {row, column}, mask);
      for (int64_t k = 0; k < count; ++k)
        sum = math::FmaOp::create(b, factors[i * count + k], loaded[k], sum);
      storeVector(b, sum, result, {row, column}, mask);
    }
  });
}

void StreamEmitter::run(Value accumulate) {
  auto choice = scf::IfOp::create(b, accumulate, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.elseBlock());
    clear();
  }
  // What the registers hold beside the sums.
  int64_t count = rows <= 2 ? 4 : 2;
  Value depth = memref::DimOp::create(b, right, 0);
  Value end = roundDown(b, depth, count);
  buildFor(b, constantIndex(b, 0), end, count,
           [&](Value first) { addTerms(first, count); });
  buildFor(b, end, depth, 1, [&](Value first) { addTerms(first, 1); });
}

func::FuncOp KernelLibrary::getStream(FloatType acc, FloatType rhs) {
  auto type = VectorType::get({lanes(acc)}, acc);
  auto emit = [&](ImplicitLocOpBuilder &b, func::FuncOp function) {
    auto arguments = function.getArguments();
    Value rows = memref::DimOp::create(b, arguments[2], 0);
    buildSwitch(b, rows, kStreamedRows, [&](int64_t count) {
      StreamEmitter{b, type, arguments[0], arguments[1], arguments[2], count}
          .run(arguments[3]);
    });
  };
  return getOrCreate(
      "condcomp_stream_" + typeName(acc) + "_" + typeName(rhs),
      {viewType(acc, Layout::RowMajor), viewType(rhs, Layout::RowMajor),
       viewType(acc, Layout::RowMajor), IntegerType::get(acc.getContext(), 1)},
      emit);
}
