//===- ContractionPanels.cpp - panel functions of contractions ------------===//
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

using namespace mlir;
using namespace condcomp;

/// The part of the right-hand side packed at a time: it stays in the
/// second-level cache while all rows of the left-hand side pass by.
static constexpr int64_t kPackBytes = 64 * 1024;

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

//===----------------------------------------------------------------------===//
// Panel functions
//===----------------------------------------------------------------------===//

static std::string panelName(const PanelConfig &config) {
  Type lhs = config.usesUnit ? config.rhs : config.acc;
  std::string name = ("condcomp_panel_" + letter(config.lhsLayout) +
                      letter(config.rhsLayout) + letter(config.resultLayout))
                         .str();
  if (config.lhsLayout == Layout::Gathered)
    name += "_" + stepName(config.lhsStep) + "_" + typeName(config.lhs);
  if (config.rhsLayout == Layout::Gathered)
    name += "_" + stepName(config.rhsStep);
  return name + "_" + typeName(lhs) + "_" + typeName(config.rhs) + "_" +
         typeName(config.result);
}

static SmallVector<Type> panelTypes(const PanelConfig &config) {
  Type lhs = config.usesUnit ? config.rhs : config.acc;
  SmallVector<Type> types;
  if (config.lhsLayout == Layout::Gathered)
    types = KernelLibrary::gatheredTypes(config.lhs);
  else
    types.push_back(KernelLibrary::viewType(lhs, config.lhsLayout));
  if (config.rhsLayout == Layout::Gathered) {
    llvm::append_range(types, KernelLibrary::gatheredTypes(config.rhs));
    types.push_back(IndexType::get(lhs.getContext()));
  } else {
    types.push_back(KernelLibrary::viewType(config.rhs, config.rhsLayout));
  }
  types.append({KernelLibrary::viewType(config.result, config.resultLayout),
                IntegerType::get(lhs.getContext(), 1)});
  return types;
}

func::FuncOp KernelLibrary::getPanel(const PanelConfig &config) {
  auto emit = [&](ImplicitLocOpBuilder &b, func::FuncOp function) {
    if (config.usesUnit)
      return emitUnitPanel(b, config, function);
    if (isPacked(config.rhsLayout))
      return emitPackedPanel(b, config, function);
    if (config.isGathered())
      return emitGatheredPanel(b, config, function);
    emitPlainPanel(b, config, function);
  };
  return getOrCreate(panelName(config), panelTypes(config), emit);
}

PanelArguments::PanelArguments(ImplicitLocOpBuilder &b, func::FuncOp function)
    : left(function.getArgument(0)), right(function.getArgument(1)),
      result(function.getArgument(2)), accumulate(function.getArgument(3)),
      rows(memref::DimOp::create(b, result, 0)),
      columns(memref::DimOp::create(b, result, 1)),
      depth(memref::DimOp::create(b, left, 1)) {}

namespace {
/// Emits the body of a panel function that packs its right-hand side.
class PlainPanel : public PanelArguments {
public:
  PlainPanel(ImplicitLocOpBuilder &b, FloatType acc, int64_t panel,
             func::FuncOp function)
      : PanelArguments(b, function), b(b), acc(acc), panel(panel),
        zero(constantIndex(b, 0)), panelWidth(constantIndex(b, panel)),
        buffer(memref::AllocaOp::create(b, MemRefType::get({capacity()}, acc),
                                        b.getI64IntegerAttr(64))) {}

  /// Elements that are packed at a time.
  int64_t capacity() { return kPackBytes * 8 / acc.getWidth(); }
  void emitRounds(Value terms, func::FuncOp pack, func::FuncOp kernel,
                  Value sums);

private:
  /// Where what follows `count` terms from `k` on lies in the columns of the
  /// panel at `n`: more terms, or the first ones of other columns.
  Value following(Value k, Value count, Value n, Type type) {
    Value later = add(b, k, count);
    Value more =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult, later, depth);
    Value term = arith::SelectOp::create(b, more, later, zero);
    Value column = arith::SelectOp::create(b, more, zero, columns);
    return slicePanel(b, right, term, add(b, column, n), count, panelWidth,
                      type);
  }

  /// `count` terms of the packed panel that begins at column `n`.
  Value packedPanel(Value n, Value count, Type type) {
    Value view = memref::ReinterpretCastOp::create(
        b, KernelLibrary::viewType(acc, Layout::RowMajor), buffer,
        OpFoldResult(mul(b, n, count)),
        ArrayRef<OpFoldResult>{count, panelWidth},
        ArrayRef<OpFoldResult>{b.getIndexAttr(panel), b.getIndexAttr(1)});
    return memref::CastOp::create(b, type, view);
  }

  ImplicitLocOpBuilder &b;
  FloatType acc;
  int64_t panel;
  Value zero, panelWidth, buffer;
};
} // namespace

/// Takes `terms` of all columns at a time, and adds to `sums`.
void PlainPanel::emitRounds(Value terms, func::FuncOp pack, func::FuncOp kernel,
                            Value sums) {
  auto kernelTypes = kernel.getFunctionType().getInputs();
  bool prefetches = kernelTypes.size() > 4;
  auto emitRound = [&](Value k, Value count, Value continues) {
    Value source =
        slicePanel(b, right, k, zero, count, columns, right.getType());
    Value target = memref::CastOp::create(
        b, MemRefType::get({ShapedType::kDynamic}, acc), buffer);
    func::CallOp::create(b, pack, ValueRange{source, target});
    Value part = slicePanel(b, left, zero, k, rows, count, left.getType());
    buildFor(b, zero, columns, panel, [&](Value n) {
      Value width = minimum(b, sub(b, columns, n), panelWidth);
      SmallVector<Value> operands = {
          part, packedPanel(n, count, kernelTypes[1]),
          slicePanel(b, sums, zero, n, rows, width, kernelTypes[2]), continues};
      if (prefetches)
        operands.push_back(following(k, count, n, kernelTypes[4]));
      func::CallOp::create(b, kernel, operands);
    });
  };
  buildRounds(b, depth, terms, accumulate, emitRound);
}

void KernelLibrary::emitPlainPanel(ImplicitLocOpBuilder &b,
                                   const PanelConfig &config,
                                   func::FuncOp function) {
  FloatType acc = config.acc;
  KernelConfig packed{acc, config.lhsLayout, acc};
  if (config.rhsLayout == Layout::RowMajor) {
    packed.next = config.rhs;
    packed.nextIsPlain = true;
  }
  func::FuncOp kernel = getKernel(packed);
  PlainPanel panel(b, acc, panelColumns(acc), function);
  SumTile sums(
      b, config, panel.result, panel.accumulate, lanes(acc),
      std::max({kStreamedRows * blockColumns(config, kStreamedRows),
                kFewRows * blockColumns(config, kFewRows),
                maxRows(config) * blockColumns(config, maxRows(config))}));
  auto isFew = [&](int64_t rows) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ule, panel.rows,
                                 constantIndex(b, rows));
  };
  auto multiplyByPacked = [&] {
    // What fits the buffer with the columns that callers give.
    auto termsOf = [&](int64_t rows) {
      return constantIndex(b, panel.capacity() / blockColumns(config, rows));
    };
    Value few = isFew(kFewRows);
    Value terms = b.createOrFold<arith::SelectOp>(few, termsOf(kFewRows),
                                                  termsOf(maxRows(config)));
    panel.emitRounds(terms, getPack(acc, config.rhs, config.rhsLayout), kernel,
                     sums.tile);
  };
  // A few rows do without packing, where most columns are in whole vectors:
  // masked ones go through memory slowly.
  if (config.lhsLayout == Layout::RowMajor &&
      config.rhsLayout == Layout::RowMajor) {
    Value few = isFew(kStreamedRows);
    Value isWide =
        arith::CmpIOp::create(b, arith::CmpIPredicate::uge, panel.columns,
                              constantIndex(b, 4 * panelColumns(acc)));
    Value streams = arith::AndIOp::create(b, few, isWide);
    auto stream = [&] {
      func::CallOp::create(
          b, getStream(acc, config.rhs),
          ValueRange{panel.left, panel.right, sums.tile, panel.accumulate});
    };
    buildIfElse(b, streams, stream, multiplyByPacked);
  } else {
    multiplyByPacked();
  }
  sums.finish(b);
}

int64_t KernelLibrary::maxRows(const PanelConfig &config) const {
  int64_t rows = 512;
  if (config.usesUnit)
    rows = 256;
  else if (!config.isDirect() || config.lhsLayout == Layout::Gathered)
    rows = 128;
  else if (isPacked(config.rhsLayout) || config.isGathered())
    rows = 256;
  return llvm::alignTo(rows, tileRows(config));
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
