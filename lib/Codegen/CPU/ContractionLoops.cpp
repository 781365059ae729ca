//===- ContractionLoops.cpp - loops around panel functions ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionLoops.h"
#include "LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace condcomp;

void condcomp::splitLoops(const Contraction &c, ArrayRef<unsigned> loops,
                          ArrayRef<OpOperand *> operands,
                          SmallVector<unsigned> &merged,
                          SmallVector<unsigned> &others) {
  others.assign(loops.begin(), loops.end());
  if (others.empty())
    return;
  AffineMap map = c.map(operands.back());
  auto rank = [&](unsigned loop) {
    for (auto [i, result] : llvm::enumerate(map.getResults()))
      if (result.isFunctionOfDim(loop))
        return static_cast<int>(i);
    return -1;
  };
  unsigned last = *llvm::max_element(
      others, [&](unsigned i, unsigned j) { return rank(i) < rank(j); });
  merged.push_back(last);
  llvm::erase(others, last);
  while (true) {
    auto next = llvm::find_if(others, [&](unsigned i) {
      return llvm::all_of(operands, [&](OpOperand *operand) {
        return actAsOneLoop(operand->get(), c.map(operand), i, merged.front());
      });
    });
    if (next == others.end())
      return;
    merged.insert(merged.begin(), *next);
    others.erase(next);
  }
}

Value condcomp::mergedSize(ImplicitLocOpBuilder &b, ArrayRef<unsigned> loops,
                           ArrayRef<Value> sizes) {
  Value size = constantIndex(b, 1);
  for (unsigned loop : loops)
    size = mul(b, size, sizes[loop]);
  return size;
}

Value condcomp::mergedStride(ImplicitLocOpBuilder &b, const LinearView &view,
                             ArrayRef<unsigned> loops) {
  return loops.empty() ? constantIndex(b, 1) : view.strides[loops.back()];
}

Layout condcomp::layoutOf(Value rowStride, Value columnStride,
                          bool allowColumnMajor) {
  if (isConstantIntValue(columnStride, 1))
    return Layout::RowMajor;
  return allowColumnMajor && isConstantIntValue(rowStride, 1)
             ? Layout::ColumnMajor
             : Layout::Strided;
}

Value condcomp::sliceOf(ImplicitLocOpBuilder &b, const LinearView &view,
                        Value offset, Value rows, Value columns,
                        Value rowStride, Value columnStride, Layout layout) {
  MemRefType type = KernelLibrary::viewType(view.elementType(), layout);
  auto fold = [&](Value value, bool unit) -> OpFoldResult {
    return unit ? OpFoldResult(b.getIndexAttr(1)) : OpFoldResult(value);
  };
  return memref::ReinterpretCastOp::create(
      b, type, view.base, OpFoldResult(offset),
      ArrayRef<OpFoldResult>{rows, columns},
      ArrayRef<OpFoldResult>{fold(rowStride, layout == Layout::ColumnMajor),
                             fold(columnStride, layout == Layout::RowMajor)});
}

Value condcomp::extendTo(ImplicitLocOpBuilder &b, Value memref,
                         Type elementType) {
  auto type = cast<MemRefType>(memref.getType());
  if (type.getElementType() == elementType)
    return memref;
  SmallVector<Value> dynamic;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      dynamic.push_back(memref::DimOp::create(b, memref, i));
  Value buffer =
      memref::AllocOp::create(b, MemRefType::get(type.getShape(), elementType),
                              dynamic, b.getI64IntegerAttr(64));
  SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> kinds(type.getRank(),
                                         utils::IteratorType::parallel);
  linalg::GenericOp::create(
      b, TypeRange(), memref, buffer, maps, kinds,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        Value wide = arith::ExtFOp::create(nested, loc, elementType, args[0]);
        linalg::YieldOp::create(nested, loc, wide);
      });
  return buffer;
}

ResultBlocks::ResultBlocks(ImplicitLocOpBuilder &b,
                           const KernelLibrary &kernels,
                           const PanelConfig &config, Value rows, Value columns)
    : rows(rows), columns(columns) {
  auto cut = [&](Value size, Value most, int64_t unit, Value &count) {
    Value step = constantIndex(b, unit);
    count = maximum(b, ceilDiv(b, size, most), constantIndex(b, 1));
    return mul(b, ceilDiv(b, ceilDiv(b, size, count), step), step);
  };
  int64_t maxRows = kernels.maxRows(config);
  height =
      cut(rows, constantIndex(b, maxRows), kernels.tileRows(config), numRows);
  Value mostColumns = constantIndex(b, kernels.blockColumns(config, maxRows));
  for (int64_t most : {KernelLibrary::kFewRows, KernelLibrary::kStreamedRows}) {
    Value isBelow = b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ule,
                                                  rows, constantIndex(b, most));
    mostColumns = b.createOrFold<arith::SelectOp>(
        isBelow, constantIndex(b, kernels.blockColumns(config, most)),
        mostColumns);
  }
  width =
      cut(columns, mostColumns, kernels.panelColumns(config.acc), numColumns);
}

void ResultBlocks::build(
    ImplicitLocOpBuilder &b, ArrayRef<Value> outerSizes, Value terms,
    bool parallel, llvm::function_ref<void(const ResultBlock &)> body) const {
  SmallVector<Value> grid(outerSizes);
  grid.append({numRows, numColumns});
  Value products = mul(b, minimum(b, rows, height), mul(b, terms, width));
  // About 16 of them are one unit of cost.
  Value cost =
      add(b, div(b, products, constantIndex(b, 16)), constantIndex(b, 1));
  buildParallelNest(b, grid, cost, parallel, [&](ArrayRef<Value> ivs) {
    auto cut = [&](Value size, Value first, Value most) {
      return minimum(b, sub(b, maximum(b, size, first), first), most);
    };
    Value row = mul(b, ivs[outerSizes.size()], height);
    Value column = mul(b, ivs[outerSizes.size() + 1], width);
    body({ivs.take_front(outerSizes.size()), row, column,
          cut(rows, row, height), cut(columns, column, width)});
  });
}

Value condcomp::matrixOffset(ImplicitLocOpBuilder &b, const LinearView &view,
                             ArrayRef<unsigned> outer,
                             const ResultBlock &block) {
  Value offset = view.offset;
  for (auto [loop, iv] : llvm::zip_equal(outer, block.outer))
    offset = add(b, offset, mul(b, view.strides[loop], iv));
  return offset;
}

Value condcomp::moveAlong(ImplicitLocOpBuilder &b, Value offset,
                          const LinearView &view, ArrayRef<unsigned> loops,
                          Value count) {
  return loops.empty()
             ? offset
             : add(b, offset, mul(b, mergedStride(b, view, loops), count));
}
