//===- UnitKernels.cpp - kernels of AMX and AVX512_BF16 -------------------===//
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
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

static constexpr int64_t kBlock = KernelLibrary::kUnitBlock;
static constexpr int64_t kTerms = KernelLibrary::kUnitTerms;
/// Columns of a panel, and bytes of its rows: of sums, and of pairs of terms.
static constexpr int64_t kColumns = 32, kRowBytes = 128;
/// Bytes of a tile's row, and of the next tile's distance to it.
static constexpr int64_t kTileBytes = 64;
/// Rows of the dot's register tile at most, tiles of a whole block, and pairs
/// that its loop takes at a time. Few rows pass by in one tile where possible:
/// reading a panel does not overlap with what a second one computes.
static constexpr int64_t kDotRows = 12, kBlockTiles = 2, kDotPairs = 4;
/// Steps of 32 terms that all rows take before the next ones, so that these
/// stay in the first-level cache: 8 KiB of a panel. More without prefetching.
static constexpr int64_t kDotSteps = 4, kCachedSteps = kCachedTerms / kTerms;

//===----------------------------------------------------------------------===//
// AMX
//===----------------------------------------------------------------------===//

namespace {
/// Emits products of tiles. LLVM's own intrinsics take the number of rows of a
/// tile as a value; upstream's amx dialect has only static shapes.
class TileBuilder {
public:
  explicit TileBuilder(ImplicitLocOpBuilder &b)
      : b(b), type(LLVM::LLVMX86AMXType::get(b.getContext())),
        bytes(constant(b.getI16IntegerAttr(kTileBytes))) {}

  /// A number of rows, for the shape of a tile.
  Value shape(Value rows) {
    return arith::IndexCastOp::create(b, b.getI16Type(), rows);
  }
  /// The address of a memref's first element.
  Value begin(Value memref) {
    auto type = cast<MemRefType>(memref.getType());
    auto metadata = memref::ExtractStridedMetadataOp::create(b, memref);
    Value offset = mul(b, metadata.getOffset(),
                       constantIndex(b, type.getElementTypeBitWidth() / 8));
    return add(b, memref::ExtractAlignedPointerAsIndexOp::create(b, memref),
               offset);
  }
  Value zero(Value rows) {
    return call("llvm.x86.tilezero.internal", {rows, bytes});
  }
  Value load(Value rows, Value address, int64_t stride) {
    return call(
        "llvm.x86.tileloadd64.internal",
        {rows, bytes, pointer(address), constant(b.getI64IntegerAttr(stride))});
  }
  void store(Value rows, Value address, int64_t stride, Value tile) {
    LLVM::CallIntrinsicOp::create(
        b, b.getStringAttr("llvm.x86.tilestored64.internal"),
        ValueRange{rows, bytes, pointer(address),
                   constant(b.getI64IntegerAttr(stride)), tile});
  }
  Value multiply(Value rows, Value sum, Value left, Value right) {
    return call("llvm.x86.tdpbf16ps.internal",
                {rows, bytes, bytes, sum, left, right});
  }

private:
  Value constant(IntegerAttr value) {
    return arith::ConstantOp::create(b, value);
  }
  Value pointer(Value address) {
    address = arith::IndexCastOp::create(b, b.getI64Type(), address);
    return LLVM::IntToPtrOp::create(
        b, LLVM::LLVMPointerType::get(b.getContext()), address);
  }
  Value call(StringRef intrinsic, ArrayRef<Value> arguments) {
    return LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(intrinsic),
                                         arguments)
        .getResult(0);
  }

  ImplicitLocOpBuilder &b;
  Type type;
  Value bytes;
};

/// Sums in tiles, of which there are eight: some rows of tiles by some columns.
struct TileProduct {
  TileBuilder &tiles;
  /// Where the tiles of the first step are, and how far from those of the next.
  SmallVector<Value> left, right;
  Value leftStep, rightStep;
  /// Where sums are, row of tiles by row of tiles.
  SmallVector<Value> sums;
  /// Rows of a tile of sums. LLVM finds no eight tiles for several shapes.
  Value rows;

  void emit(ImplicitLocOpBuilder &b, Value steps, Value accumulate);
};
} // namespace

void TileProduct::emit(ImplicitLocOpBuilder &b, Value steps, Value accumulate) {
  SmallVector<Type> types(sums.size(),
                          LLVM::LLVMX86AMXType::get(b.getContext()));
  Value pairs = tiles.shape(constantIndex(b, kTerms / 2));
  auto start = scf::IfOp::create(b, types, accumulate, true);
  for (bool goesOn : {true, false}) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(goesOn ? start.thenBlock() : start.elseBlock());
    SmallVector<Value> values;
    for (Value sum : sums)
      values.push_back(goesOn ? tiles.load(rows, sum, kRowBytes)
                              : tiles.zero(rows));
    scf::YieldOp::create(b, values);
  }
  auto loop =
      createRolledFor(b, constantIndex(b, 0), steps, 1, start.getResults());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value step = loop.getInductionVar();
    SmallVector<Value> x, values(loop.getRegionIterArgs());
    for (Value address : left)
      x.push_back(tiles.load(rows, add(b, address, mul(b, step, leftStep)),
                             kTileBytes));
    for (auto [j, address] : llvm::enumerate(right)) {
      Value y = tiles.load(pairs, add(b, address, mul(b, step, rightStep)),
                           kRowBytes);
      for (unsigned i = 0; i < left.size(); ++i) {
        Value &sum = values[i * right.size() + j];
        sum = tiles.multiply(rows, sum, x[i], y);
      }
    }
    scf::YieldOp::create(b, values);
  }
  for (auto [sum, value] : llvm::zip(sums, loop.getResults()))
    tiles.store(rows, sum, kRowBytes, value);
}

/// One block of rows by two panels: memory delivers more when two places are
/// read in turn.
void UnitKernel::emitBlock() {
  TileBuilder tiles(b);
  TileProduct product{tiles, {tiles.begin(left)}, {}, {}, {}, {}, {}};
  product.leftStep = mul(b, height, constantIndex(b, kTileBytes));
  product.rightStep = constantIndex(b, kTerms / 2 * kRowBytes);
  product.rows = tiles.shape(height);
  for (unsigned panel = 0; panel < 2; ++panel)
    for (unsigned j = 0; j < 2; ++j) {
      Value offset = constantIndex(b, j * kTileBytes);
      product.right.push_back(add(b, tiles.begin(right[panel]), offset));
      product.sums.push_back(add(b, tiles.begin(sums[panel]), offset));
    }
  product.emit(b, getSteps(), accumulate);
}

/// Whole blocks, two at a time, by one panel.
void UnitKernel::emitBlocks() {
  TileBuilder tiles(b);
  Value leftBegin = tiles.begin(left), rightBegin = tiles.begin(right[0]),
        sumsBegin = tiles.begin(sums[0]);
  Value blocks =
      div(b, memref::DimOp::create(b, sums[0], 0), constantIndex(b, kBlock));
  buildFor(b, constantIndex(b, 0), blocks, 2, [&](Value first) {
    TileProduct product{tiles, {}, {}, {}, {}, {}, {}};
    product.leftStep = constantIndex(b, kBlock * kTileBytes);
    product.rightStep = constantIndex(b, kTerms / 2 * kRowBytes);
    product.rows = tiles.shape(constantIndex(b, kBlock));
    for (unsigned i = 0; i < 2; ++i) {
      Value block = add(b, first, constantIndex(b, i));
      product.left.push_back(
          add(b, leftBegin,
              mul(b, mul(b, block, blockStride), constantIndex(b, 2))));
      Value sum = add(b, sumsBegin,
                      mul(b, block, constantIndex(b, kBlock * kRowBytes)));
      for (unsigned j = 0; j < 2; ++j)
        product.sums.push_back(add(b, sum, constantIndex(b, j * kTileBytes)));
    }
    for (unsigned j = 0; j < 2; ++j)
      product.right.push_back(
          add(b, rightBegin, constantIndex(b, j * kTileBytes)));
    product.emit(b, getSteps(), accumulate);
  });
}

Value UnitKernel::getSteps() {
  return div(b, memref::DimOp::create(b, right[0], 0),
             constantIndex(b, kTerms / 2));
}

//===----------------------------------------------------------------------===//
// AVX512_BF16
//===----------------------------------------------------------------------===//

/// Adds products of a pair of terms to the sums of `count` rows. The first row
/// has its pairs from element `leftAt` on, a panel from row `rightAt` on.
void UnitKernel::emitDot(int64_t count, Value pair, Value leftAt, Value rightAt,
                         MutableArrayRef<Value> values) {
  auto type = VectorType::get({kColumns / 2}, b.getF32Type());
  auto words = VectorType::get({kColumns / 2}, b.getI32Type());
  auto pairs = VectorType::get({kColumns}, b.getBF16Type());
  Value y[2], row = add(b, rightAt, pair);
  for (int64_t j = 0; j < 2; ++j)
    y[j] = vector::LoadOp::create(
        b, pairs, right[0], ValueRange{row, constantIndex(b, j * kColumns)});
  for (int64_t i = 0; i < count; ++i) {
    Value x = vector::LoadOp::create(
        b, VectorType::get({2}, b.getBF16Type()), left,
        add(b, add(b, leftAt, mul(b, pair, constantIndex(b, 2))),
            constantIndex(b, i * kTerms)));
    x = vector::BitCastOp::create(b, VectorType::get({1}, b.getI32Type()), x);
    x = vector::BroadcastOp::create(b, words, x);
    x = vector::BitCastOp::create(b, pairs, x);
    for (int64_t j = 0; j < 2; ++j) {
      Value &sum = values[2 * i + j];
      sum = LLVM::CallIntrinsicOp::create(
                b, type, b.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512"),
                ValueRange{sum, x, y[j]})
                .getResult(0);
    }
  }
}

/// `count` rows from row `first` of block `block`, by two vectors of columns
/// and by steps `begin` to `end`: their sums are in registers.
void UnitKernel::emitDotRows(int64_t count, Value block, Value first,
                             Value begin, Value end,
                             const std::optional<PrefetchAhead> &ahead) {
  Value zero = constantIndex(b, 0);
  auto type = VectorType::get({kColumns / 2}, b.getF32Type());
  Value row = add(b, mul(b, block, constantIndex(b, kBlock)), first);
  auto at = [&](int64_t i, int64_t j) {
    return SmallVector<Value>{add(b, row, constantIndex(b, i)),
                              constantIndex(b, j * kColumns / 2)};
  };
  SmallVector<Type> types(2 * count, type);
  Value later = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, begin, zero);
  auto start = scf::IfOp::create(
      b, types, arith::OrIOp::create(b, accumulate, later), true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(start.thenBlock());
    SmallVector<Value> loaded;
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < 2; ++j)
        loaded.push_back(loadVector(b, type, sums[0], at(i, j)));
    scf::YieldOp::create(b, loaded);
    b.setInsertionPointToStart(start.elseBlock());
    Value none = arith::ConstantOp::create(b, b.getZeroAttr(type));
    scf::YieldOp::create(b, SmallVector<Value>(2 * count, none));
  }
  Value perStep = mul(b, height, constantIndex(b, kTerms));
  Value base = add(b, mul(b, block, blockStride),
                   mul(b, first, constantIndex(b, kTerms)));
  auto loop = createRolledFor(b, begin, end, 1, start.getResults());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Value step = loop.getInductionVar();
    Value leftAt = add(b, base, mul(b, step, perStep));
    Value rightAt = mul(b, step, constantIndex(b, kTerms / 2));
    auto inner = createRolledFor(b, zero, constantIndex(b, kTerms / 2),
                                 kDotPairs, loop.getRegionIterArgs());
    OpBuilder::InsertionGuard innerGuard(b);
    b.setInsertionPointToStart(inner.getBody());
    SmallVector<Value> values(inner.getRegionIterArgs());
    Value origin = mul(b, begin, constantIndex(b, kTerms / 2));
    for (int64_t p = 0; p < kDotPairs; ++p) {
      Value pair = add(b, inner.getInductionVar(), constantIndex(b, p));
      if (ahead)
        ahead->emit(b, right[0], origin, sub(b, add(b, rightAt, pair), origin));
      emitDot(count, pair, leftAt, rightAt, values);
    }
    scf::YieldOp::create(b, values);
    b.setInsertionPointToEnd(loop.getBody());
    scf::YieldOp::create(b, inner.getResults());
  }
  for (int64_t i = 0; i < count; ++i)
    for (int64_t j = 0; j < 2; ++j)
      storeVector(b, loop.getResult(2 * i + j), sums[0], at(i, j));
}

/// Blocks of rows, each in one tile or two of about one height, by steps
/// `firstStep` to `lastStep`.
void UnitKernel::emitDotSteps(Value firstStep, Value lastStep) {
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  Value block = constantIndex(b, kBlock);
  Value rows = memref::DimOp::create(b, sums[0], 0);
  Value whole = div(b, rows, block);
  Value rest = sub(b, rows, roundDown(b, rows, kBlock));
  Value tiles = maximum(b,
                        add(b, mul(b, whole, constantIndex(b, kBlockTiles)),
                            ceilDiv(b, rest, constantIndex(b, kDotRows))),
                        one);
  Value pairs =
      mul(b, sub(b, lastStep, firstStep), constantIndex(b, kTerms / 2));
  buildFor(b, zero, ceilDiv(b, rows, block), 1, [&](Value number) {
    Value here = minimum(b, sub(b, rows, mul(b, number, block)), block);
    Value parts = ceilDiv(b, here, constantIndex(b, kDotRows));
    buildFor(b, zero, parts, 1, [&](Value part) {
      Value begin = div(b, mul(b, here, part), parts);
      Value end = div(b, mul(b, here, add(b, part, one)), parts);
      Value tile = add(b, mul(b, number, constantIndex(b, kBlockTiles)), part);
      std::optional<PrefetchAhead> ahead;
      if (prefetches)
        ahead.emplace(b, cast<MemRefType>(right[0].getType()), pairs, tile,
                      tiles);
      buildSwitch(b, sub(b, end, begin), kDotRows, [&](int64_t count) {
        emitDotRows(count, number, begin, firstStep, lastStep, ahead);
      });
    });
  });
}

/// All rows by some steps, then by the next ones.
void UnitKernel::emitDots() {
  Value steps = getSteps();
  int64_t perRound = prefetches ? kDotSteps : kCachedSteps;
  // An empty sum is zero, so rows pass by at least once.
  buildFor(b, constantIndex(b, 0), maximum(b, steps, constantIndex(b, 1)),
           perRound, [&](Value first) {
             Value last = add(b, first, constantIndex(b, perRound));
             emitDotSteps(first, minimum(b, last, steps));
           });
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// A kernel adds a part of a panel to the sums of some rows, or begins sums:
///   (%left: packed rows, %height: of a block of them, %blockStride: elements
///    from one block to the next, %accumulate,
///    %right: [pairs of terms, 64], %sums: [m, 32]).
/// That of AMX takes pairs of blocks; with `oneBlock` one block, and two
/// panels:
///   (..., %right, %sums, %right, %sums).
func::FuncOp KernelLibrary::getUnitKernel(bool oneBlock) {
  MLIRContext *context = module.getContext();
  auto f32 = Float32Type::get(context);
  auto bf16 = BFloat16Type::get(context);
  Type index = IndexType::get(context);
  constexpr int64_t dynamic = ShapedType::kDynamic;
  auto strided = [&](ArrayRef<int64_t> shape, Type element,
                     ArrayRef<int64_t> strides) {
    return MemRefType::get(shape, element,
                           StridedLayoutAttr::get(context, dynamic, strides));
  };
  bool isTiles = unit == BF16Unit::Tiles;
  SmallVector<Type> inputs = {strided({dynamic}, bf16, {1}), index, index,
                              IntegerType::get(context, 1)};
  for (unsigned panel = 0; panel < (oneBlock ? 2 : 1); ++panel)
    inputs.append({strided({dynamic, 2 * kColumns}, bf16, {2 * kColumns, 1}),
                   strided({dynamic, kColumns}, f32, {kColumns, 1})});
  StringRef name = !isTiles   ? "condcomp_kernel_avx512bf16"
                   : oneBlock ? "condcomp_kernel_amx_bf16_block"
                              : "condcomp_kernel_amx_bf16";
  auto emit = [&](ImplicitLocOpBuilder &b, func::FuncOp function) {
    // Shapes of tiles are set once per function, and other code does without
    // the dot's feature.
    auto features = LLVM::TargetFeaturesAttr::get(
        context, ("+" + getFeatureName(unit)).str());
    function->setAttr(
        "passthrough",
        ArrayAttr::get(context, StringAttr::get(context, "noinline")));
    function->setAttr("target_features", features);
    auto arguments = function.getArguments();
    UnitKernel kernel{b,
                      prefetchesPacked,
                      arguments[0],
                      arguments[1],
                      arguments[2],
                      arguments[3],
                      {},
                      {}};
    for (unsigned i = UnitKernel::kFirstPanel; i < arguments.size(); i += 2) {
      kernel.right.push_back(arguments[i]);
      kernel.sums.push_back(arguments[i + 1]);
    }
    if (!isTiles)
      kernel.emitDots();
    else if (oneBlock)
      kernel.emitBlock();
    else
      kernel.emitBlocks();
  };
  return getOrCreate(name, inputs, emit);
}
