//===- ContractionPanels.cpp - packing and panels of contractions ---------===//
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
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

/// The part of the right-hand side packed at a time: it stays in the
/// second-level cache while all rows of the left-hand side pass by.
static constexpr int64_t kPackBytes = 64 * 1024;

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

/// Copies a [k, n] slice of the right-hand side to a buffer, panel by panel, in
/// the accumulator's type; each panel holds k whole rows. What lies beyond the
/// last column is unspecified. Only a row-major slice has several panels, read
/// row by row, for memory is fastest so; a column-major one needs room for k
/// rounded up to a multiple of the lanes.
func::FuncOp KernelLibrary::getPack(FloatType acc, FloatType rhs,
                                    Layout rhsLayout) {
  bool isNew;
  int64_t lanes = this->lanes(acc), panel = panelColumns(acc);
  func::FuncOp function = lookupOrCreate(
      ("condcomp_pack_" + letter(rhsLayout) + "_" + typeName(acc) + "_" +
       typeName(rhs))
          .str(),
      {viewType(rhs, rhsLayout), MemRefType::get({ShapedType::kDynamic}, acc)},
      isNew);
  if (!isNew)
    return function;
  auto b = ImplicitLocOpBuilder::atBlockBegin(function.getLoc(),
                                              &function.getBody().front());
  Value source = function.getArgument(0), target = function.getArgument(1);
  Value depth = memref::DimOp::create(b, source, 0);
  Value columns = memref::DimOp::create(b, source, 1);
  Value zero = constantIndex(b, 0);
  auto type = VectorType::get({lanes}, acc);
  // Where row `k` of the panel that begins at column `n` lies.
  auto at = [&](Value k, Value n) {
    return add(b, mul(b, n, depth), mul(b, k, constantIndex(b, panel)));
  };

  switch (rhsLayout) {
  case Layout::RowMajor: {
    Value full = roundDown(b, columns, panel);
    auto copyPanel = [&](Value k, Value n, bool masked) {
      Value offset = at(k, n);
      Value ahead = add(b, k, constantIndex(b, kPrefetchRows));
      for (int64_t j = 0; j < panel; j += lanes) {
        Value column = add(b, n, constantIndex(b, j));
        memref::PrefetchOp::create(b, source, ValueRange{ahead, column},
                                   /*isWrite=*/false, /*localityHint=*/3,
                                   /*isDataCache=*/true);
        Value mask;
        if (masked)
          mask =
              createMask(b, lanes, sub(b, maximum(b, columns, column), column));
        storeVector(b, loadVector(b, type, source, {k, column}, mask), target,
                    add(b, offset, constantIndex(b, j)));
      }
    };
    buildFor(b, zero, depth, 1, [&](Value k) {
      buildFor(b, zero, full, panel,
               [&](Value n) { copyPanel(k, n, /*masked=*/false); });
      buildFor(b, full, columns, panel,
               [&](Value n) { copyPanel(k, n, /*masked=*/true); });
    });
    break;
  }
  case Layout::ColumnMajor:
    transposeColumns(
        b, source, type, lanes, [](Value terms) { return terms; },
        [&](Value k, Value n, Value row) {
          storeVector(b, row, target, add(b, at(k, zero), n));
        });
    break;
  case Layout::Packed:
  case Layout::PackedPairs:
  case Layout::Gathered:
    llvm_unreachable("packed operands are not packed again");
  case Layout::Strided:
    buildFor(b, zero, depth, 1, [&](Value k) {
      buildFor(b, zero, columns, 1, [&](Value n) {
        Value element = memref::LoadOp::create(b, source, ValueRange{k, n});
        if (rhs != acc)
          element = arith::ExtFOp::create(b, acc, element);
        memref::StoreOp::create(b, element, target, add(b, at(k, zero), n));
      });
    });
    break;
  }
  func::ReturnOp::create(b);
  return function;
}

void condcomp::copyTile(ImplicitLocOpBuilder &b, Value source, Value target,
                        Value rows, Value columns, bool vectorize,
                        int64_t lanes) {
  Type from = cast<MemRefType>(source.getType()).getElementType();
  Type to = cast<MemRefType>(target.getType()).getElementType();
  Value zero = constantIndex(b, 0);
  auto convert = [&](Value value, Type type) -> Value {
    if (from == to)
      return value;
    if (from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth())
      return arith::ExtFOp::create(b, type, value);
    return arith::TruncFOp::create(b, type, value);
  };
  buildFor(b, zero, rows, 1, [&](Value i) {
    buildFor(b, zero, columns, vectorize ? lanes : 1, [&](Value j) {
      if (!vectorize) {
        Value value = memref::LoadOp::create(b, source, ValueRange{i, j});
        memref::StoreOp::create(b, convert(value, to), target,
                                ValueRange{i, j});
        return;
      }
      Value mask = createMask(b, lanes, sub(b, columns, j));
      Value value =
          loadVector(b, VectorType::get({lanes}, from), source, {i, j}, mask);
      storeVector(b, convert(value, VectorType::get({lanes}, to)), target,
                  {i, j}, mask);
    });
  });
}

SumTile::SumTile(ImplicitLocOpBuilder &b, const PanelConfig &config,
                 Value result, Value accumulate, int64_t lanes,
                 int64_t capacity)
    : tile(result), result(result), rows(memref::DimOp::create(b, result, 0)),
      columns(memref::DimOp::create(b, result, 1)),
      vectorize(config.resultLayout == Layout::RowMajor), lanes(lanes) {
  if (config.isDirect())
    return;
  Value buffer = memref::AllocaOp::create(
      b, MemRefType::get({capacity}, config.acc), b.getI64IntegerAttr(64));
  Value panel = constantIndex(b, 2 * lanes);
  Value stride = mul(b, ceilDiv(b, columns, panel), panel);
  tile = memref::ReinterpretCastOp::create(
      b, KernelLibrary::viewType(config.acc, Layout::RowMajor), buffer,
      OpFoldResult(b.getIndexAttr(0)), ArrayRef<OpFoldResult>{rows, columns},
      ArrayRef<OpFoldResult>{stride, b.getIndexAttr(1)});
  auto load = scf::IfOp::create(b, TypeRange(), accumulate, false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(load.thenBlock());
  copy(b, result, tile);
}

void SumTile::copy(ImplicitLocOpBuilder &b, Value source, Value target) const {
  copyTile(b, source, target, rows, columns, vectorize, lanes);
}

void SumTile::finish(ImplicitLocOpBuilder &b) const {
  if (tile != result)
    copy(b, tile, result);
}

Value condcomp::slicePanel(ImplicitLocOpBuilder &b, Value view, Value row,
                           Value column, Value height, Value width, Type type) {
  OpFoldResult one = b.getIndexAttr(1);
  Value part = memref::SubViewOp::create(
      b, view, ArrayRef<OpFoldResult>{row, column},
      ArrayRef<OpFoldResult>{height, width}, ArrayRef<OpFoldResult>{one, one});
  return memref::CastOp::create(b, type, part);
}

func::FuncOp KernelLibrary::getPanel(const PanelConfig &config) {
  if (config.usesUnit)
    return getUnitPanel(config);
  if (isPacked(config.rhsLayout))
    return getPackedPanel(config);
  if (config.isGathered())
    return getGatheredPanel(config);
  FloatType acc = config.acc;
  bool isNew;
  func::FuncOp function = lookupOrCreate(
      panelName(config),
      {viewType(acc, config.lhsLayout), viewType(config.rhs, config.rhsLayout),
       viewType(config.result, config.resultLayout),
       IntegerType::get(acc.getContext(), 1)},
      isNew);
  if (!isNew)
    return function;
  auto b = ImplicitLocOpBuilder::atBlockBegin(function.getLoc(),
                                              &function.getBody().front());
  Value left = function.getArgument(0), right = function.getArgument(1);
  Value result = function.getArgument(2), accumulate = function.getArgument(3);
  int64_t lanes = this->lanes(acc), panel = panelColumns(acc);
  int64_t packed = kPackBytes * 8 / acc.getWidth();
  func::FuncOp kernel = getKernel({acc, config.lhsLayout, acc});
  auto kernelTypes = kernel.getFunctionType().getInputs();
  auto stack = [&](int64_t size) -> Value {
    return memref::AllocaOp::create(b, MemRefType::get({size}, acc),
                                    b.getI64IntegerAttr(64));
  };
  auto attr = [&](int64_t value) {
    return OpFoldResult(b.getIndexAttr(value));
  };
  // A row-major matrix within a buffer on the stack.
  auto matrix = [&](Value buffer, Value offset, Value height, Value width,
                    OpFoldResult stride, Type type) -> Value {
    Value view = memref::ReinterpretCastOp::create(
        b, viewType(acc, Layout::RowMajor), buffer, OpFoldResult(offset),
        ArrayRef<OpFoldResult>{height, width},
        ArrayRef<OpFoldResult>{stride, attr(1)});
    return memref::CastOp::create(b, type, view);
  };
  Value rows = memref::DimOp::create(b, result, 0);
  Value columns = memref::DimOp::create(b, result, 1);
  Value depth = memref::DimOp::create(b, left, 1);
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  Value panelWidth = constantIndex(b, panel);
  Value buffer = stack(packed);

  SumTile sums(
      b, config, result, accumulate, lanes,
      std::max({kStreamedRows * blockColumns(config, kStreamedRows),
                kFewRows * blockColumns(config, kFewRows),
                maxRows(config) * blockColumns(config, maxRows(config))}));

  auto multiplyByPacked = [&] {
    // Terms at a time: what fits the buffer with the columns that callers give.
    Value few = arith::CmpIOp::create(b, arith::CmpIPredicate::ule, rows,
                                      constantIndex(b, kFewRows));
    Value terms = b.createOrFold<arith::SelectOp>(
        few, constantIndex(b, packed / blockColumns(config, kFewRows)),
        constantIndex(b, packed / blockColumns(config, maxRows(config))));
    // An empty sum is zero, so there is at least one round.
    Value rounds = maximum(b, ceilDiv(b, depth, terms), one);
    buildFor(b, zero, rounds, 1, [&](Value round) {
      Value k = mul(b, round, terms);
      Value count = minimum(b, sub(b, depth, k), terms);
      Value source =
          slicePanel(b, right, k, zero, count, columns, right.getType());
      Value target = memref::CastOp::create(
          b, MemRefType::get({ShapedType::kDynamic}, acc), buffer);
      func::CallOp::create(b, getPack(acc, config.rhs, config.rhsLayout),
                           ValueRange{source, target});
      Value later = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, k, zero);
      Value continues = arith::OrIOp::create(b, later, accumulate);
      Value part = slicePanel(b, left, zero, k, rows, count, left.getType());
      buildFor(b, zero, columns, panel, [&](Value n) {
        Value width = minimum(b, sub(b, columns, n), panelWidth);
        func::CallOp::create(
            b, kernel,
            ValueRange{
                part,
                matrix(buffer, mul(b, n, count), count, panelWidth, attr(panel),
                       kernelTypes[1]),
                slicePanel(b, sums.tile, zero, n, rows, width, kernelTypes[2]),
                continues});
      });
    });
  };
  // A few rows do without packing, where most columns are in whole vectors:
  // masked ones go through memory slowly.
  if (config.lhsLayout == Layout::RowMajor &&
      config.rhsLayout == Layout::RowMajor) {
    Value isFew = arith::CmpIOp::create(b, arith::CmpIPredicate::ule, rows,
                                        constantIndex(b, kStreamedRows));
    Value isWide = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, columns,
                                         constantIndex(b, 4 * panel));
    Value streams = arith::AndIOp::create(b, isFew, isWide);
    auto choice = scf::IfOp::create(b, streams, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(choice.thenYield());
    func::CallOp::create(b, getStream(acc, config.rhs),
                         ValueRange{left, right, sums.tile, accumulate});
    b.setInsertionPoint(choice.elseYield());
    multiplyByPacked();
  } else {
    multiplyByPacked();
  }
  sums.finish(b);
  func::ReturnOp::create(b);
  return function;
}

int64_t KernelLibrary::blockColumns(const PanelConfig &config,
                                    int64_t rows) const {
  int64_t panels = 1;
  // Rows are gathered once for all columns of a block.
  if (config.lhsLayout == Layout::Gathered)
    panels = config.isDirect() ? 16 : 4;
  // Filters are read once for several panels of pixels.
  else if (config.rhsLayout == Layout::Gathered)
    panels = 4;
  else if (isPacked(config.rhsLayout) || config.usesUnit)
    panels = 16;
  // Memory is read fastest in long pieces, and with few rows reading is all
  // there is; with many, going on from stored sums too often costs more.
  else if (config.rhsLayout == Layout::RowMajor && rows <= kFewRows)
    panels = rows <= kStreamedRows ? 32 : 16;
  return panelColumns(config.acc) * panels;
}
