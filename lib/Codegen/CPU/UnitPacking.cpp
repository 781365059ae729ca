//===- UnitPacking.cpp - operands of units for bf16 -----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionKernels.h"
#include "LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

static constexpr int64_t kBlock = KernelLibrary::kUnitBlock;
static constexpr int64_t kTerms = KernelLibrary::kUnitTerms;
/// Columns of a panel.
static constexpr int64_t kColumns = 32;

static void emitPackRows(ImplicitLocOpBuilder &b, Layout lhsLayout,
                         func::FuncOp function) {
  Value source = function.getArgument(0), target = function.getArgument(1);
  Value zero = constantIndex(b, 0);
  Value rows = memref::DimOp::create(b, source, 0);
  Value depth = memref::DimOp::create(b, source, 1);
  Value steps = ceilDiv(b, depth, constantIndex(b, kTerms));
  Value whole = roundDown(b, depth, kTerms);
  auto type = VectorType::get({kTerms}, b.getBF16Type());
  buildFor(b, zero, rows, 1, [&](Value row) {
    Value first = roundDown(b, row, kBlock);
    Value height = minimum(b, rows, constantIndex(b, kBlock));
    Value base = mul(b, add(b, mul(b, first, steps), sub(b, row, first)),
                     constantIndex(b, kTerms));
    auto at = [&](Value k) { return add(b, base, mul(b, k, height)); };
    if (lhsLayout == Layout::RowMajor) {
      buildFor(b, zero, whole, kTerms, [&](Value k) {
        storeVector(b, loadVector(b, type, source, {row, k}), target, at(k));
      });
      buildFor(b, whole, depth, kTerms, [&](Value k) {
        Value mask = createMask(b, kTerms, sub(b, depth, k));
        storeVector(b, loadVector(b, type, source, {row, k}, mask), target,
                    at(k));
      });
      return;
    }
    buildFor(b, zero, depth, kTerms, [&](Value k) {
      Value start = at(k);
      Value none = arith::ConstantOp::create(b, b.getZeroAttr(type));
      storeVector(b, none, target, start);
      Value count = minimum(b, sub(b, depth, k), constantIndex(b, kTerms));
      buildFor(b, zero, count, 1, [&](Value i) {
        Value x =
            memref::LoadOp::create(b, source, ValueRange{row, add(b, k, i)});
        memref::StoreOp::create(b, x, target, add(b, start, i));
      });
    });
  });
}

/// Copies rows for kernels of units: to blocks of 16 rows, each holding 32
/// terms of its rows after another, the last ones filled up with zeros. Fewer
/// than 16 rows are a block, what fills up the last one of several is
/// unspecified:
///   (%source: [m, k], %target).
func::FuncOp KernelLibrary::getPackRows(Layout lhsLayout) {
  auto bf16 = BFloat16Type::get(module.getContext());
  return getOrCreate(
      ("condcomp_pack_rows_" + letter(lhsLayout) + "_bf16").str(),
      {viewType(bf16, lhsLayout),
       MemRefType::get({ShapedType::kDynamic}, bf16)},
      [&](ImplicitLocOpBuilder &b, func::FuncOp function) {
        emitPackRows(b, lhsLayout, function);
      });
}

namespace {
/// Emits the copy of a [k, n] slice of the right-hand side to panels of pairs.
class PairPacking {
public:
  PairPacking(ImplicitLocOpBuilder &b, func::FuncOp function)
      : b(b), source(function.getArgument(0)), target(function.getArgument(1)),
        zero(constantIndex(b, 0)), one(constantIndex(b, 1)),
        depth(memref::DimOp::create(b, source, 0)),
        columns(memref::DimOp::create(b, source, 1)),
        whole(roundDown(b, depth, kTerms)),
        padded(mul(b, ceilDiv(b, depth, constantIndex(b, kTerms)),
                   constantIndex(b, kTerms))),
        type(VectorType::get({kColumns}, b.getBF16Type())) {}

  void emitRowMajor();
  void emitColumnMajor();
  void emitStrided();

private:
  Value at(Value k, Value n);
  void interleave(Value k, Value n, bool masked);

  ImplicitLocOpBuilder &b;
  Value source, target, zero, one, depth, columns;
  /// Terms in whole blocks of 32, and with those that fill up the last one.
  Value whole, padded;
  VectorType type;
};
} // namespace

/// Where the pair of term `k`, an even one, of column `n` lies.
Value PairPacking::at(Value k, Value n) {
  Value first = roundDown(b, n, kColumns);
  return add(
      b,
      add(b,
          mul(b, first,
              add(b, padded, constantIndex(b, KernelLibrary::kPanelGap))),
          mul(b, k, constantIndex(b, kColumns))),
      mul(b, sub(b, n, first), constantIndex(b, 2)));
}

/// Two rows; of those that are not there, zeros.
void PairPacking::interleave(Value k, Value n, bool masked) {
  SmallVector<int64_t> halves[2];
  for (int64_t i = 0; i < kColumns; ++i)
    halves[i / (kColumns / 2)].append({i, kColumns + i});
  Value y[2];
  for (int64_t i = 0; i < 2; ++i) {
    Value row = add(b, k, constantIndex(b, i)), mask;
    if (masked) {
      Value count = sub(b, maximum(b, columns, n), n);
      Value there =
          arith::CmpIOp::create(b, arith::CmpIPredicate::ult, row, depth);
      count = arith::SelectOp::create(b, there, count, zero);
      row = minimum(b, row, sub(b, depth, one));
      mask = createMask(b, kColumns, count);
    }
    prefetch(b, source, {add(b, row, constantIndex(b, kPrefetchRows)), n});
    // LLVM takes shuffles of bf16 apart, those of integers not.
    y[i] = vector::BitCastOp::create(
        b, VectorType::get({kColumns}, b.getI16Type()),
        loadVector(b, type, source, {row, n}, mask));
  }
  for (int64_t j = 0; j < 2; ++j)
    storeVector(
        b,
        vector::BitCastOp::create(
            b, type, vector::ShuffleOp::create(b, y[0], y[1], halves[j])),
        target, add(b, at(k, n), constantIndex(b, j * kColumns)));
}

void PairPacking::emitRowMajor() {
  Value full = roundDown(b, columns, kColumns);
  buildFor(b, zero, whole, 2, [&](Value k) {
    buildFor(b, zero, full, kColumns,
             [&](Value n) { interleave(k, n, /*masked=*/false); });
    buildFor(b, full, columns, kColumns,
             [&](Value n) { interleave(k, n, /*masked=*/true); });
  });
  buildFor(b, whole, padded, 2, [&](Value k) {
    buildFor(b, zero, columns, kColumns,
             [&](Value n) { interleave(k, n, /*masked=*/true); });
  });
}

void PairPacking::emitColumnMajor() {
  // Pairs of terms are words.
  constexpr int64_t lanes = kColumns / 2;
  auto words = VectorType::get({lanes}, b.getI32Type());
  transposeColumns(
      b, source, type, lanes,
      [&](Value terms) -> Value {
        return vector::BitCastOp::create(b, words, terms);
      },
      [&](Value k, Value n, Value pairs) {
        storeVector(b, vector::BitCastOp::create(b, type, pairs), target,
                    at(k, n));
      });
}

void PairPacking::emitStrided() {
  Value none = arith::ConstantOp::create(b, b.getZeroAttr(b.getBF16Type()));
  buildFor(b, zero, padded, 1, [&](Value k) {
    Value even = roundDown(b, k, 2);
    Value there = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, k, depth);
    Value row = minimum(b, k, sub(b, depth, one));
    buildFor(b, zero, columns, 1, [&](Value n) {
      Value x = memref::LoadOp::create(b, source, ValueRange{row, n});
      x = arith::SelectOp::create(b, there, x, none);
      memref::StoreOp::create(b, x, target,
                              add(b, at(even, n), sub(b, k, even)));
    });
  });
}

/// Copies a [k, n] slice of the right-hand side to panels of pairs of terms
/// (docs/codegen.md), filled up with zeros to a multiple of 32 terms; between
/// panels is a gap:
///   (%source: [k, n], %target).
/// What lies beyond the last column is unspecified.
func::FuncOp KernelLibrary::getPackPairs(Layout rhsLayout) {
  auto bf16 = BFloat16Type::get(module.getContext());
  return getOrCreate(
      ("condcomp_pack_pairs_" + letter(rhsLayout) + "_bf16").str(),
      {viewType(bf16, rhsLayout),
       MemRefType::get({ShapedType::kDynamic}, bf16)},
      [&](ImplicitLocOpBuilder &b, func::FuncOp function) {
        PairPacking packing(b, function);
        emitPacking(packing, rhsLayout);
      });
}
