//===- ContractionKernels.cpp - shared kernels of contractions ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionKernels.h"
#include "LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

/// Rows of the right-hand side packed at a time: 64 KiB of stack, which stay in
/// the second-level cache while all rows of the left-hand side pass by.
static constexpr int64_t kPackBytes = 64 * 1024;
/// Up to this many rows the right-hand side is read in place: each element is
/// then read at most once or twice, and packing would not pay.
static constexpr int64_t kUnpackedRows = 8;
/// Steps of the reduction per iteration of a kernel's loop.
static constexpr int64_t kUnroll = 4;

static StringRef letter(Layout layout) {
  switch (layout) {
  case Layout::RowMajor:
    return "r";
  case Layout::ColumnMajor:
    return "c";
  case Layout::Strided:
    return "s";
  }
  llvm_unreachable("all layouts are handled");
}

static std::string typeName(Type type) {
  std::string name;
  llvm::raw_string_ostream(name) << type;
  return name;
}

/// Loads `type.getNumElements()` lanes, those in `mask` if there is one, and
/// extends them to the element type of `type`.
static Value loadVector(ImplicitLocOpBuilder &b, VectorType type, Value memref,
                        ValueRange indices, Value mask = {}) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  auto stored = VectorType::get(type.getShape(), element);
  Value loaded;
  if (mask) {
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(stored));
    loaded =
        vector::MaskedLoadOp::create(b, stored, memref, indices, mask, zero);
  } else {
    loaded = vector::LoadOp::create(b, stored, memref, indices);
  }
  if (stored != type)
    loaded = arith::ExtFOp::create(b, type, loaded);
  return loaded;
}

static void storeVector(ImplicitLocOpBuilder &b, Value value, Value memref,
                        ValueRange indices, Value mask = {}) {
  if (mask)
    vector::MaskedStoreOp::create(b, memref, indices, mask, value);
  else
    vector::StoreOp::create(b, value, memref, indices);
}

static Value createMask(ImplicitLocOpBuilder &b, int64_t lanes, Value count) {
  return vector::CreateMaskOp::create(
      b, VectorType::get({lanes}, b.getI1Type()), ValueRange{count});
}

int64_t KernelLibrary::lanes(Type type) const {
  return vectorBits / type.getIntOrFloatBitWidth();
}

MemRefType KernelLibrary::viewType(Type element, Layout layout,
                                   int64_t columns) {
  constexpr int64_t dynamic = ShapedType::kDynamic;
  SmallVector<int64_t> strides = {layout == Layout::ColumnMajor ? 1 : dynamic,
                                  layout == Layout::RowMajor ? 1 : dynamic};
  return MemRefType::get(
      {dynamic, columns}, element,
      StridedLayoutAttr::get(element.getContext(), dynamic, strides));
}

func::FuncOp KernelLibrary::lookupOrCreate(StringRef name, TypeRange inputs,
                                           bool &isNew) {
  isNew = false;
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  isNew = true;
  MLIRContext *context = module.getContext();
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  auto function =
      func::FuncOp::create(builder, UnknownLoc::get(context), name,
                           FunctionType::get(context, inputs, TypeRange()));
  function.setPrivate();
  function->setAttr("llvm.linkage",
                    LLVM::LinkageAttr::get(context, LLVM::Linkage::Internal));
  function.addEntryBlock();
  return function;
}

/// Emits one register tile: `rows` x `vectors` accumulators, from row `first`.
/// The last vector of the result is masked.
static void emitTile(ImplicitLocOpBuilder &b, VectorType type, int64_t rows,
                     int64_t vectors, Value first, Value lhs, Value rhs,
                     Value result, Value depth, Value mask, Value accumulate) {
  int64_t lanes = type.getNumElements();
  Value zero = constantIndex(b, 0);
  SmallVector<Value> rowIndex, column;
  for (int64_t i = 0; i < rows; ++i)
    rowIndex.push_back(add(b, first, constantIndex(b, i)));
  for (int64_t j = 0; j < vectors; ++j)
    column.push_back(constantIndex(b, j * lanes));
  auto maskOf = [&](int64_t j) { return j + 1 == vectors ? mask : Value(); };

  SmallVector<Type> types(rows * vectors, type);
  auto start = scf::IfOp::create(b, types, accumulate, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(start.thenBlock());
    SmallVector<Value> loaded;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < vectors; ++j)
        loaded.push_back(
            loadVector(b, type, result, {rowIndex[i], column[j]}, maskOf(j)));
    scf::YieldOp::create(b, loaded);
    b.setInsertionPointToStart(start.elseBlock());
    Value zeros = arith::ConstantOp::create(b, b.getZeroAttr(type));
    scf::YieldOp::create(b, SmallVector<Value>(rows * vectors, zeros));
  }

  SmallVector<Value> sums = start.getResults();
  // One loop over k, several steps at a time: addresses are then worked out
  // once for all of them.
  auto emitSteps = [&](Value lower, Value upper, int64_t steps) {
    auto loop =
        scf::ForOp::create(b, lower, upper, constantIndex(b, steps), sums);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    sums.assign(loop.getRegionIterArgs().begin(),
                loop.getRegionIterArgs().end());
    for (int64_t step = 0; step < steps; ++step) {
      Value k = add(b, loop.getInductionVar(), constantIndex(b, step));
      SmallVector<Value> right;
      for (int64_t j = 0; j < vectors; ++j)
        right.push_back(loadVector(b, type, rhs, {k, column[j]}));
      for (int64_t i = 0; i < rows; ++i) {
        Value left = memref::LoadOp::create(b, lhs, ValueRange{rowIndex[i], k});
        left = vector::BroadcastOp::create(b, type, left);
        for (int64_t j = 0; j < vectors; ++j) {
          Value &sum = sums[i * vectors + j];
          sum = math::FmaOp::create(b, left, right[j], sum);
        }
      }
    }
    scf::YieldOp::create(b, sums);
    sums.assign(loop.getResults().begin(), loop.getResults().end());
  };
  Value whole = roundDown(b, depth, kUnroll);
  emitSteps(zero, whole, kUnroll);
  emitSteps(whole, depth, 1);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < vectors; ++j)
      storeVector(b, sums[i * vectors + j], result, {rowIndex[i], column[j]},
                  maskOf(j));
}

/// The kernel takes a right-hand side with a full panel of columns at any row
/// stride, and a result of the accumulator's type with as many columns or less.
func::FuncOp KernelLibrary::getKernel(FloatType acc, FloatType rhs,
                                      Layout lhsLayout) {
  bool isNew;
  func::FuncOp function = lookupOrCreate(
      ("condcomp_kernel_" + letter(lhsLayout) + "_" + typeName(acc) + "_" +
       typeName(rhs))
          .str(),
      {viewType(acc, lhsLayout),
       viewType(rhs, Layout::RowMajor, panelColumns(acc)),
       viewType(acc, Layout::RowMajor), IntegerType::get(acc.getContext(), 1)},
      isNew);
  if (!isNew)
    return function;
  auto b = ImplicitLocOpBuilder::atBlockBegin(function.getLoc(),
                                              &function.getBody().front());
  Value left = function.getArgument(0), right = function.getArgument(1);
  Value result = function.getArgument(2), accumulate = function.getArgument(3);
  Value rows = memref::DimOp::create(b, result, 0);
  Value columns = memref::DimOp::create(b, result, 1);
  Value depth = memref::DimOp::create(b, left, 1);
  int64_t lanes = this->lanes(acc), tile = tileRows();
  auto type = VectorType::get({lanes}, acc);
  Value full = roundDown(b, rows, tile), rest = sub(b, rows, full);

  auto emitRows = [&](int64_t vectors, Value mask) {
    buildFor(b, constantIndex(b, 0), full, tile, [&](Value row) {
      emitTile(b, type, tile, vectors, row, left, right, result, depth, mask,
               accumulate);
    });
    SmallVector<int64_t> cases =
        llvm::to_vector(llvm::seq_inclusive<int64_t>(1, tile - 1));
    auto choice =
        scf::IndexSwitchOp::create(b, TypeRange(), rest, cases, cases.size());
    for (auto [count, region] : llvm::zip(cases, choice.getCaseRegions())) {
      OpBuilder::InsertionGuard guard(b);
      b.createBlock(&region);
      emitTile(b, type, count, vectors, full, left, right, result, depth, mask,
               accumulate);
      scf::YieldOp::create(b);
    }
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&choice.getDefaultRegion());
    scf::YieldOp::create(b);
  };
  Value width = constantIndex(b, lanes);
  Value wide =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, columns, width);
  auto choice = scf::IfOp::create(b, TypeRange(), wide, /*addThenBlock=*/true,
                                  /*addElseBlock=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    emitRows(2, createMask(b, lanes, sub(b, columns, width)));
    scf::YieldOp::create(b);
    b.setInsertionPointToStart(choice.elseBlock());
    emitRows(1, createMask(b, lanes, columns));
    scf::YieldOp::create(b);
  }
  func::ReturnOp::create(b);
  return function;
}

/// Transposes `n` vectors of `n` lanes, a power of two, by `log2(n)` stages of
/// exchanging blocks.
static void transposeInRegisters(ImplicitLocOpBuilder &b,
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

/// Copies a [k, n] slice of the right-hand side to a buffer of whole panel rows
/// in the accumulator's type. What lies beyond the last column is unspecified;
/// the buffer has room for k rounded up to a multiple of the lanes.
func::FuncOp KernelLibrary::getPack(FloatType acc, FloatType rhs,
                                    Layout rhsLayout) {
  bool isNew;
  int64_t lanes = this->lanes(acc), panel = panelColumns(acc);
  func::FuncOp function =
      lookupOrCreate(("condcomp_pack_" + letter(rhsLayout) + "_" +
                      typeName(acc) + "_" + typeName(rhs))
                         .str(),
                     {viewType(rhs, rhsLayout),
                      MemRefType::get({ShapedType::kDynamic, panel}, acc)},
                     isNew);
  if (!isNew)
    return function;
  auto b = ImplicitLocOpBuilder::atBlockBegin(function.getLoc(),
                                              &function.getBody().front());
  Value source = function.getArgument(0), target = function.getArgument(1);
  Value depth = memref::DimOp::create(b, source, 0);
  Value columns = memref::DimOp::create(b, source, 1);
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  auto type = VectorType::get({lanes}, acc);

  switch (rhsLayout) {
  case Layout::RowMajor: {
    Value whole = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, columns,
                                        constantIndex(b, panel));
    auto copyRows = [&](bool masked) {
      SmallVector<Value> column, mask;
      for (int64_t j = 0; j < panel; j += lanes) {
        column.push_back(constantIndex(b, j));
        Value count = maximum(b, columns, column.back());
        mask.push_back(masked
                           ? createMask(b, lanes, sub(b, count, column.back()))
                           : Value());
      }
      buildFor(b, zero, depth, 1, [&](Value k) {
        for (auto [c, m] : llvm::zip(column, mask))
          storeVector(b, loadVector(b, type, source, {k, c}, m), target,
                      {k, c});
      });
      scf::YieldOp::create(b);
    };
    auto choice = scf::IfOp::create(b, TypeRange(), whole, true, true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    copyRows(/*masked=*/false);
    b.setInsertionPointToStart(choice.elseBlock());
    copyRows(/*masked=*/true);
    break;
  }
  case Layout::ColumnMajor: {
    // Blocks of lanes x lanes. Columns past the end repeat the last one.
    Value last = sub(b, columns, one);
    Value full = roundDown(b, depth, lanes);
    auto transposeBlock = [&](Value k, Value n, Value mask) {
      SmallVector<Value> block;
      for (int64_t i = 0; i < lanes; ++i) {
        Value column = minimum(b, add(b, n, constantIndex(b, i)), last);
        // The stored memref has unit stride along dim 0: read through its
        // transpose.
        block.push_back(loadVector(b, type, source, {column, k}, mask));
      }
      transposeInRegisters(b, block);
      for (int64_t i = 0; i < lanes; ++i)
        storeVector(b, block[i], target, {add(b, k, constantIndex(b, i)), n});
    };
    auto map =
        AffineMap::getPermutationMap(ArrayRef<unsigned>{1, 0}, b.getContext());
    source = memref::TransposeOp::create(b, source, AffineMapAttr::get(map));
    buildFor(b, zero, columns, lanes, [&](Value n) {
      buildFor(b, zero, full, lanes,
               [&](Value k) { transposeBlock(k, n, Value()); });
      buildFor(b, full, depth, lanes, [&](Value k) {
        transposeBlock(k, n, createMask(b, lanes, sub(b, depth, k)));
      });
    });
    break;
  }
  case Layout::Strided:
    buildFor(b, zero, depth, 1, [&](Value k) {
      buildFor(b, zero, columns, 1, [&](Value n) {
        Value element = memref::LoadOp::create(b, source, ValueRange{k, n});
        if (rhs != acc)
          element = arith::ExtFOp::create(b, acc, element);
        memref::StoreOp::create(b, element, target, ValueRange{k, n});
      });
    });
    break;
  }
  func::ReturnOp::create(b);
  return function;
}

/// Copies between a result of any layout and type and the accumulator's tile.
static void copyTile(ImplicitLocOpBuilder &b, Value source, Value target,
                     Value rows, Value columns, bool vectorize, int64_t lanes) {
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

func::FuncOp KernelLibrary::getPanel(const PanelConfig &config) {
  FloatType acc = config.acc;
  bool isNew;
  func::FuncOp function = lookupOrCreate(
      ("condcomp_panel_" + letter(config.lhsLayout) + letter(config.rhsLayout) +
       letter(config.resultLayout) + "_" + typeName(acc) + "_" +
       typeName(config.rhs) + "_" + typeName(config.result))
          .str(),
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
  int64_t block = kPackBytes / (panel * acc.getWidth() / 8);
  auto kernelTypes =
      getKernel(acc, acc, config.lhsLayout).getFunctionType().getInputs();

  auto stack = [&](int64_t rows) -> Value {
    return memref::AllocaOp::create(b, MemRefType::get({rows, panel}, acc),
                                    b.getI64IntegerAttr(64));
  };
  Value rows = memref::DimOp::create(b, result, 0);
  Value columns = memref::DimOp::create(b, result, 1);
  Value depth = memref::DimOp::create(b, left, 1);
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  Value packed = stack(block);

  // The kernel writes to the result itself or to a tile of its own type.
  bool direct = config.result == acc && config.resultLayout == Layout::RowMajor;
  bool vectorize = config.resultLayout == Layout::RowMajor;
  Value tile = result;
  if (!direct) {
    tile = memref::SubViewOp::create(
        b, stack(kMaxRows),
        ArrayRef<OpFoldResult>{b.getIndexAttr(0), b.getIndexAttr(0)},
        ArrayRef<OpFoldResult>{rows, columns},
        ArrayRef<OpFoldResult>{b.getIndexAttr(1), b.getIndexAttr(1)});
    tile = memref::CastOp::create(b, kernelTypes[2], tile);
    auto load = scf::IfOp::create(b, TypeRange(), accumulate, false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(load.thenBlock());
    copyTile(b, result, tile, rows, columns, vectorize, lanes);
  }

  auto emitPacked = [&]() {
    // An empty sum is zero, so there is at least one round.
    buildFor(b, zero, maximum(b, depth, one), block, [&](Value k) {
      Value count = minimum(b, sub(b, depth, k), constantIndex(b, block));
      auto slice = [&](Value view, Value row, Value column, Value height,
                       Value width, Type type) -> Value {
        SmallVector<OpFoldResult> strides(2, b.getIndexAttr(1));
        Value part = memref::SubViewOp::create(
            b, view, ArrayRef<OpFoldResult>{row, column},
            ArrayRef<OpFoldResult>{height, width}, strides);
        return memref::CastOp::create(b, type, part);
      };
      Value source = slice(right, k, zero, count, columns, right.getType());
      Value target = memref::CastOp::create(
          b, MemRefType::get({ShapedType::kDynamic, panel}, acc), packed);
      func::CallOp::create(b, getPack(acc, config.rhs, config.rhsLayout),
                           ValueRange{source, target});
      Value later = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, k, zero);
      func::CallOp::create(
          b, getKernel(acc, acc, config.lhsLayout),
          ValueRange{slice(left, zero, k, rows, count, left.getType()),
                     memref::CastOp::create(b, kernelTypes[1], packed), tile,
                     arith::OrIOp::create(b, later, accumulate)});
    });
  };
  if (config.rhsLayout == Layout::RowMajor && config.rhs == acc) {
    auto is = [&](arith::CmpIPredicate predicate, Value x, int64_t y) {
      return arith::CmpIOp::create(b, predicate, x, constantIndex(b, y));
    };
    Value inPlace = arith::AndIOp::create(
        b, is(arith::CmpIPredicate::ule, rows, kUnpackedRows),
        is(arith::CmpIPredicate::eq, columns, panel));
    auto choice = scf::IfOp::create(b, TypeRange(), inPlace, true, true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    Value whole = memref::CastOp::create(b, kernelTypes[1], right);
    func::CallOp::create(b, getKernel(acc, acc, config.lhsLayout),
                         ValueRange{left, whole, tile, accumulate});
    scf::YieldOp::create(b);
    b.setInsertionPointToStart(choice.elseBlock());
    emitPacked();
    scf::YieldOp::create(b);
  } else {
    emitPacked();
  }
  if (!direct)
    copyTile(b, tile, result, rows, columns, vectorize, lanes);
  func::ReturnOp::create(b);
  return function;
}
