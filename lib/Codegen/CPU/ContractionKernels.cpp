//===- ContractionKernels.cpp - shared kernels of contractions ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionKernels.h"
#include "ContractionTile.h"
#include "LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

StringRef condcomp::letter(Layout layout) {
  switch (layout) {
  case Layout::RowMajor:
    return "r";
  case Layout::ColumnMajor:
    return "c";
  case Layout::Strided:
    return "s";
  case Layout::Packed:
    return "p";
  case Layout::PackedPairs:
    return "q";
  case Layout::Gathered:
    return "g";
  }
  llvm_unreachable("all layouts are handled");
}

std::string condcomp::stepName(int64_t step) {
  return step == 0 ? "any" : std::to_string(step);
}

std::string condcomp::typeName(Type type) {
  std::string name;
  llvm::raw_string_ostream(name) << type;
  return name;
}

Value condcomp::loadVector(ImplicitLocOpBuilder &b, VectorType type,
                           Value memref, ValueRange indices, Value mask) {
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

void condcomp::storeVector(ImplicitLocOpBuilder &b, Value value, Value memref,
                           ValueRange indices, Value mask) {
  if (mask)
    vector::MaskedStoreOp::create(b, memref, indices, mask, value);
  else
    vector::StoreOp::create(b, value, memref, indices);
}

void condcomp::prefetch(ImplicitLocOpBuilder &b, Value memref,
                        ValueRange indices, CacheLevel level) {
  memref::PrefetchOp::create(b, memref, indices, /*isWrite=*/false,
                             /*localityHint=*/level == CacheLevel::First ? 3
                                                                         : 2,
                             /*isDataCache=*/true);
}

/// Of what a share is a fraction, so that tiles divide once.
static constexpr int64_t kWholeShare = 256;

TileShare::TileShare(ImplicitLocOpBuilder &b, Value count, Value number,
                     Value tiles)
    : first(div(b, mul(b, number, count), tiles)),
      share(div(b, constantIndex(b, kWholeShare), tiles)) {}

Value TileShare::at(ImplicitLocOpBuilder &b, Value i, Value perGroup) const {
  Value begin = first, whole = constantIndex(b, kWholeShare);
  if (perGroup) {
    begin = div(b, begin, perGroup);
    whole = mul(b, whole, perGroup);
  }
  return add(b, begin, div(b, mul(b, i, share), whole));
}

PrefetchAhead::PrefetchAhead(ImplicitLocOpBuilder &b, MemRefType panel,
                             Value rows, Value number, Value tiles)
    : perLine(kLineBits / panel.getElementTypeBitWidth()),
      lines(panel.getDimSize(1) / perLine),
      share(b, mul(b, rows, constantIndex(b, lines)), number, tiles) {}

void PrefetchAhead::emit(ImplicitLocOpBuilder &b, Value panel, Value origin,
                         Value k) const {
  int64_t bits = kLineBits / perLine;
  Value passing = mul(b, k, constantIndex(b, lines));
  for (int64_t i = 0; i < lines; ++i) {
    Value line = share.at(b, add(b, passing, constantIndex(b, i)));
    Value element = add(b, mul(b, line, constantIndex(b, perLine)),
                        constantIndex(b, kAheadBytes * 8 / bits));
    prefetch(b, panel, {origin, element});
  }
}

void condcomp::buildRounds(ImplicitLocOpBuilder &b, Value depth, Value terms,
                           Value accumulate,
                           function_ref<void(Value, Value, Value)> body) {
  Value zero = constantIndex(b, 0);
  Value rounds = maximum(b, ceilDiv(b, depth, terms), constantIndex(b, 1));
  buildFor(b, zero, rounds, 1, [&](Value round) {
    Value k = mul(b, round, terms);
    Value count = minimum(b, sub(b, depth, k), terms);
    Value later = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, k, zero);
    body(k, count, arith::OrIOp::create(b, later, accumulate));
  });
}

Value condcomp::createMask(ImplicitLocOpBuilder &b, int64_t lanes,
                           Value count) {
  return vector::CreateMaskOp::create(
      b, VectorType::get({lanes}, b.getI1Type()), ValueRange{count});
}

int64_t KernelLibrary::lanes(Type type) const {
  return vectorBits / type.getIntOrFloatBitWidth();
}

MemRefType KernelLibrary::viewType(Type element, Layout layout,
                                   int64_t columns) {
  constexpr int64_t dynamic = ShapedType::kDynamic;
  SmallVector<int64_t> strides = {
      layout == Layout::ColumnMajor ? 1 : dynamic,
      layout == Layout::RowMajor || isPacked(layout) ? 1 : dynamic};
  return MemRefType::get(
      {dynamic, columns}, element,
      StridedLayoutAttr::get(element.getContext(), dynamic, strides));
}

func::FuncOp KernelLibrary::getOrCreate(
    StringRef name, TypeRange inputs,
    function_ref<void(ImplicitLocOpBuilder &, func::FuncOp)> emit) {
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  MLIRContext *context = module.getContext();
  auto builder = OpBuilder::atBlockEnd(module.getBody());
  auto function =
      func::FuncOp::create(builder, UnknownLoc::get(context), name,
                           FunctionType::get(context, inputs, TypeRange()));
  function.setPrivate();
  function->setAttr("llvm.linkage",
                    LLVM::LinkageAttr::get(context, LLVM::Linkage::Internal));
  auto b = ImplicitLocOpBuilder::atBlockBegin(function.getLoc(),
                                              function.addEntryBlock());
  emit(b, function);
  func::ReturnOp::create(b);
  return function;
}

/// The upper half of an f32 is its bf16.
std::pair<Value, Value> condcomp::loadPair(ImplicitLocOpBuilder &b,
                                           VectorType type, Value memref,
                                           ValueRange indices) {
  int64_t lanes = type.getNumElements();
  Value loaded = vector::LoadOp::create(
      b, VectorType::get({2 * lanes}, b.getBF16Type()), memref, indices);
  auto words = VectorType::get({lanes}, b.getI32Type());
  Value both = vector::BitCastOp::create(b, words, loaded);
  auto splat = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(words, APInt(32, value)));
  };
  Value even = arith::ShLIOp::create(b, both, splat(16));
  Value odd = arith::AndIOp::create(b, both, splat(0xffff0000));
  return {vector::BitCastOp::create(b, type, even),
          vector::BitCastOp::create(b, type, odd)};
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

namespace {
/// How the rows of a kernel are cut into tiles of about one height, for a tile
/// of one row takes as long as one of four.
struct RowTiles {
  RowTiles(ImplicitLocOpBuilder &b, Value rows, int64_t mostRows)
      : b(b), mostRows(mostRows), one(constantIndex(b, 1)),
        tiles(maximum(b, ceilDiv(b, rows, constantIndex(b, mostRows)), one)),
        height(div(b, rows, tiles)),
        taller(sub(b, rows, mul(b, height, tiles))) {}

  /// All tiles of some columns: `vectors` of them, the last one masked.
  void emit(TileEmitter &emitter, int64_t vectors, Value mask) const;

  ImplicitLocOpBuilder &b;
  int64_t mostRows;
  Value one, tiles;
  /// Of the lower ones; and how many, which come first, have a row more.
  Value height, taller;
};
} // namespace

void RowTiles::emit(TileEmitter &emitter, int64_t vectors, Value mask) const {
  buildFor(b, constantIndex(b, 0), tiles, 1, [&](Value number) {
    Value first = add(b, mul(b, number, height), minimum(b, number, taller));
    Value more =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult, number, taller);
    Value count = add(
        b, height, arith::SelectOp::create(b, more, one, constantIndex(b, 0)));
    buildSwitch(b, count, mostRows, [&](int64_t rows) {
      emitter.emit(rows, vectors, first, number, mask);
    });
  });
}

/// Emits the body of a kernel with tiles of up to `mostRows` rows.
static void emitKernel(ImplicitLocOpBuilder &b, const KernelConfig &config,
                       int64_t lanes, int64_t mostRows, func::FuncOp function) {
  Value left = function.getArgument(0), right = function.getArgument(1);
  Value result = function.getArgument(2), accumulate = function.getArgument(3);
  Value rows = memref::DimOp::create(b, result, 0);
  Value columns = memref::DimOp::create(b, result, 1);
  Value depth = memref::DimOp::create(b, left, 1);
  auto type = VectorType::get({lanes}, config.acc);
  RowTiles rowTiles(b, rows, mostRows);
  TileEmitter emitter{b,     config,     type,    left,    right,  result,
                      depth, accumulate, Value(), Value(), Value()};
  if (config.panels > 1 || config.streams > 1)
    emitter.between = function.getArgument(4);
  emitter.tiles = rowTiles.tiles;
  if (config.next)
    emitter.next = function.getArguments().back();
  if (config.panels > 1)
    return rowTiles.emit(emitter, 2 * config.panels, Value());
  Value width = constantIndex(b, lanes);
  Value wide =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ugt, columns, width);
  auto emitMasked = [&] {
    rowTiles.emit(emitter, 2, createMask(b, lanes, sub(b, columns, width)));
  };
  // Most panels are full, and without AVX-512 a masked store takes as long as
  // many others.
  auto emitTwo = [&] {
    if (lanes * Type(config.acc).getIntOrFloatBitWidth() >= 512)
      return emitMasked();
    Value isFull = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, columns,
                                         constantIndex(b, 2 * lanes));
    buildIfElse(
        b, isFull, [&] { rowTiles.emit(emitter, 2, Value()); }, emitMasked);
  };
  buildIfElse(b, wide, emitTwo, [&] {
    rowTiles.emit(emitter, 1, createMask(b, lanes, columns));
  });
}

/// The kernel takes a right-hand side with a full panel of columns at any row
/// stride, and a result of the accumulator's type with as many columns or less:
///   (%lhs, %rhs, %result, %accumulate).
/// One of several panels takes so many whole panels, a few rows at most, and
/// how many rows lie from one panel to the other. One that prefetches takes a
/// view with as many terms as there are; of several streams, a share of them
/// for each, and the rows from panel to panel.
func::FuncOp KernelLibrary::getKernel(const KernelConfig &config) {
  FloatType acc = config.acc;
  SmallVector<Type> inputs = {
      viewType(acc, config.lhsLayout),
      viewType(config.rhs, Layout::RowMajor,
               panelColumns(acc) * (config.pairs ? 2 : 1)),
      viewType(acc, Layout::RowMajor), IntegerType::get(acc.getContext(), 1)};
  std::string name =
      ("condcomp_kernel_" + letter(config.lhsLayout) + "_" + typeName(acc))
          .str();
  if (config.pairs || config.rhs != acc)
    name += "_" + typeName(config.rhs) + (config.pairs ? "x2" : "");
  if (config.panels > 1 || config.streams > 1)
    inputs.push_back(IndexType::get(acc.getContext()));
  if (config.panels > 1)
    name += "_" + std::to_string(config.panels) + "panels";
  if (config.ahead)
    name += "_ahead";
  if (config.next) {
    inputs.push_back(viewType(config.next, Layout::RowMajor));
    name += "_next_" + typeName(config.next);
    if (config.streams > 1)
      name += "_" + std::to_string(config.streams) + "streams";
    if (config.nextIsPlain)
      name += "_plain";
  }
  // Extending pairs takes registers.
  int64_t mostRows = config.panels > 1 ? 12 / (2 * config.panels)
                                       : (config.pairs ? 4 : tileRows());
  return getOrCreate(name, inputs,
                     [&](ImplicitLocOpBuilder &b, func::FuncOp function) {
                       emitKernel(b, config, lanes(acc), mostRows, function);
                     });
}
