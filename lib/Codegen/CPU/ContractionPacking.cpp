//===- ContractionPacking.cpp - right-hand sides to panels ----------------===//
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

/// Transposes `n` vectors of `n` lanes, a power of two, by `log2(n)` stages of
/// exchanging blocks.
void condcomp::transposeInRegisters(ImplicitLocOpBuilder &b,
                                    MutableArrayRef<Value> rows) {
  int64_t n = rows.size();
  for (int64_t s = 1; s < n; s *= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t l = 0; l < n; ++l) {
      low.push_back(l & s ? n + (l - s) : l);
      high.push_back(l & s ? n + l : l + s);
    }
    for (int64_t i = 0; i < n; ++i) {
      if (i & s)
        continue;
      Value x = rows[i], y = rows[i + s];
      rows[i] = vector::ShuffleOp::create(b, x, y, low);
      rows[i + s] = vector::ShuffleOp::create(b, x, y, high);
    }
  }
}

void condcomp::transposeColumns(
    ImplicitLocOpBuilder &b, Value source, VectorType type, int64_t lanes,
    llvm::function_ref<Value(Value)> wordsOf,
    llvm::function_ref<void(Value k, Value n, Value words)> store) {
  int64_t terms = type.getNumElements();
  Value depth = memref::DimOp::create(b, source, 0);
  Value columns = memref::DimOp::create(b, source, 1);
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  // Columns past the end repeat the last one.
  Value last = sub(b, columns, one), whole = roundDown(b, depth, terms);
  // It has unit stride along dim 0: read through its transpose.
  auto map =
      AffineMap::getPermutationMap(ArrayRef<unsigned>{1, 0}, b.getContext());
  source = memref::TransposeOp::create(b, source, AffineMapAttr::get(map));
  auto transposeBlock = [&](Value k, Value n, Value mask) {
    SmallVector<Value> block;
    for (int64_t i = 0; i < lanes; ++i) {
      Value column = minimum(b, add(b, n, constantIndex(b, i)), last);
      block.push_back(wordsOf(loadVector(b, type, source, {column, k}, mask)));
    }
    transposeInRegisters(b, block);
    for (int64_t i = 0; i < lanes; ++i)
      store(add(b, k, constantIndex(b, terms / lanes * i)), n, block[i]);
  };
  buildFor(b, zero, columns, lanes, [&](Value n) {
    buildFor(b, zero, whole, terms,
             [&](Value k) { transposeBlock(k, n, Value()); });
    buildFor(b, whole, depth, terms, [&](Value k) {
      transposeBlock(k, n, createMask(b, terms, sub(b, depth, k)));
    });
  });
}

namespace {
/// Emits the copy of a [k, n] slice of the right-hand side to panels.
class Packing {
public:
  Packing(ImplicitLocOpBuilder &b, VectorType type, int64_t panel,
          func::FuncOp function)
      : b(b), type(type), lanes(type.getNumElements()), panel(panel),
        source(function.getArgument(0)), target(function.getArgument(1)),
        depth(memref::DimOp::create(b, source, 0)),
        columns(memref::DimOp::create(b, source, 1)),
        zero(constantIndex(b, 0)) {}

  void emitRowMajor();
  void emitColumnMajor();
  void emitStrided();

private:
  /// Where row `k` of the panel that begins at column `n` lies.
  Value at(Value k, Value n) {
    return add(b, mul(b, n, depth), mul(b, k, constantIndex(b, panel)));
  }
  void copyRow(Value k, Value n, bool masked);

  ImplicitLocOpBuilder &b;
  /// A vector of the accumulator's type.
  VectorType type;
  int64_t lanes, panel;
  Value source, target, depth, columns, zero;
};
} // namespace

/// Row `k` of the panel that begins at column `n`.
void Packing::copyRow(Value k, Value n, bool masked) {
  Value offset = at(k, n);
  Value ahead = add(b, k, constantIndex(b, kPrefetchRows));
  for (int64_t j = 0; j < panel; j += lanes) {
    Value column = add(b, n, constantIndex(b, j));
    prefetch(b, source, {ahead, column});
    Value mask;
    if (masked)
      mask = createMask(b, lanes, sub(b, maximum(b, columns, column), column));
    storeVector(b, loadVector(b, type, source, {k, column}, mask), target,
                add(b, offset, constantIndex(b, j)));
  }
}

void Packing::emitRowMajor() {
  Value full = roundDown(b, columns, panel);
  buildFor(b, zero, depth, 1, [&](Value k) {
    buildFor(b, zero, full, panel,
             [&](Value n) { copyRow(k, n, /*masked=*/false); });
    buildFor(b, full, columns, panel,
             [&](Value n) { copyRow(k, n, /*masked=*/true); });
  });
}

void Packing::emitColumnMajor() {
  transposeColumns(
      b, source, type, lanes, [](Value terms) { return terms; },
      [&](Value k, Value n, Value row) {
        storeVector(b, row, target, add(b, at(k, zero), n));
      });
}

void Packing::emitStrided() {
  buildFor(b, zero, depth, 1, [&](Value k) {
    buildFor(b, zero, columns, 1, [&](Value n) {
      Value element = memref::LoadOp::create(b, source, ValueRange{k, n});
      if (element.getType() != type.getElementType())
        element = arith::ExtFOp::create(b, type.getElementType(), element);
      memref::StoreOp::create(b, element, target, add(b, at(k, zero), n));
    });
  });
}

/// Copies a [k, n] slice of the right-hand side to a buffer, panel by panel, in
/// the accumulator's type; each panel holds k whole rows. What lies beyond the
/// last column is unspecified. Only a row-major slice has several panels, read
/// row by row, for memory is fastest so; a column-major one needs room for k
/// rounded up to a multiple of the lanes.
func::FuncOp KernelLibrary::getPack(FloatType acc, FloatType rhs,
                                    Layout rhsLayout) {
  auto emit = [&](ImplicitLocOpBuilder &b, func::FuncOp function) {
    Packing packing(b, VectorType::get({lanes(acc)}, acc), panelColumns(acc),
                    function);
    emitPacking(packing, rhsLayout);
  };
  return getOrCreate(
      ("condcomp_pack_" + letter(rhsLayout) + "_" + typeName(acc) + "_" +
       typeName(rhs))
          .str(),
      {viewType(rhs, rhsLayout), MemRefType::get({ShapedType::kDynamic}, acc)},
      emit);
}
