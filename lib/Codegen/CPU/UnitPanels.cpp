//===- UnitPanels.cpp - panels of units for bf16 --------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Units multiply pairs of terms. Both sides are laid out for them in whole
// blocks of 32 terms, zeros in what the operands do not have, so that an
// element is summed in the same order whatever its row, its column and how
// terms are cut into rounds.
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
/// Columns of a panel.
static constexpr int64_t kColumns = 32;
/// Which argument of a kernel is the first panel; its sums follow.
static constexpr unsigned kFirstPanel = 4;
/// Terms at a time: the rows' part of them stays in the second-level cache, and
/// beside it the right-hand side's where that has to be packed.
static constexpr int64_t kPackedTerms = 1024, kPlainTerms = 512,
                         kPlainTermsOfFew = 128;

/// A kernel adds a part of a panel to the sums of some rows, or begins sums:
///   (%left: packed rows, %height: of a block of them, %blockStride: elements
///    from one block to the next, %accumulate,
///    %right: [pairs of terms, 64], %sums: [m, 32]).
/// That of AMX takes pairs of blocks; with `oneBlock` one block, and two
/// panels:
///   (..., %right, %sums, %right, %sums).
func::FuncOp KernelLibrary::getUnitKernel(bool oneBlock) {
  bool isNew;
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
  func::FuncOp function =
      lookupOrCreate(!isTiles   ? "condcomp_kernel_avx512bf16"
                     : oneBlock ? "condcomp_kernel_amx_bf16_block"
                                : "condcomp_kernel_amx_bf16",
                     inputs, isNew);
  if (!isNew)
    return function;
  // Shapes of tiles are set once per function, and other code does without the
  // dot's feature.
  auto features = LLVM::TargetFeaturesAttr::get(
      context, ("+" + getFeatureName(unit)).str());
  function->setAttr(
      "passthrough",
      ArrayAttr::get(context, StringAttr::get(context, "noinline")));
  function->setAttr("target_features", features);
  auto b = ImplicitLocOpBuilder::atBlockBegin(function.getLoc(),
                                              &function.getBody().front());
  auto arguments = function.getArguments();
  UnitKernel kernel{
      b, arguments[0], arguments[1], arguments[2], arguments[3], {}, {}};
  for (unsigned i = kFirstPanel; i < arguments.size(); i += 2) {
    kernel.right.push_back(arguments[i]);
    kernel.sums.push_back(arguments[i + 1]);
  }
  if (!isTiles)
    kernel.emitDots();
  else if (oneBlock)
    kernel.emitBlock();
  else
    kernel.emitBlocks();
  func::ReturnOp::create(b);
  return function;
}

namespace {

/// Emits the body of a panel function of a unit.
class UnitPanel {
public:
  UnitPanel(ImplicitLocOpBuilder &b, func::FuncOp kernel,
            func::FuncOp blockKernel)
      : b(b), kernel(kernel), blockKernel(blockKernel),
        zero(constantIndex(b, 0)), one(constantIndex(b, 1)) {}

  ImplicitLocOpBuilder &b;
  /// There is none for one block where the other takes any rows.
  func::FuncOp kernel, blockKernel;
  Value zero, one;
  Value rows;
  /// Rows of a block, and of all of them.
  Value height, filled;
  /// Packed rows of this round, and the steps of 32 terms in them.
  Value left, steps;
  /// Sums, of one panel after another; room for the last terms of two panels.
  Value sums, tail;

  Value isLess(Value x, Value y) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, x, y);
  }
  Value alloc(FloatType type, Value size) {
    return memref::AllocOp::create(
        b, MemRefType::get({ShapedType::kDynamic}, type), size,
        b.getI64IntegerAttr(64));
  }
  void ifThen(Value condition, function_ref<void()> body) {
    auto choice = scf::IfOp::create(b, TypeRange(), condition, false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(choice.thenBlock());
    body();
  }
  /// A part of a buffer as an argument of the kernel.
  Value view(Value buffer, Value offset, Value size, unsigned argument) {
    auto type = cast<MemRefType>(kernel.getFunctionType().getInput(argument));
    SmallVector<OpFoldResult> sizes = {size}, strides;
    if (type.getRank() == 2) {
      sizes.push_back(b.getIndexAttr(type.getDimSize(1)));
      strides.push_back(b.getIndexAttr(type.getDimSize(1)));
    }
    strides.push_back(b.getIndexAttr(1));
    return memref::ReinterpretCastOp::create(
        b, type, buffer, OpFoldResult(offset), sizes, strides);
  }
  /// A part of a panel.
  Value rightAt(Value buffer, Value offset, Value pairs) {
    return view(buffer, offset, pairs, kFirstPanel);
  }
  /// The sums of a panel that begins at `offset`.
  Value sumsAt(Value offset, Value count) {
    return view(sums, offset, count, kFirstPanel + 1);
  }

  /// All rows by those steps of theirs that two panels have, from `first`.
  void callKernels(ArrayRef<Value> right, Value first, ArrayRef<Value> offsets,
                   Value accumulate) {
    Value perRow = mul(b, steps, constantIndex(b, kTerms));
    Value stride = mul(b, perRow, height);
    Value skipped = mul(b, first, mul(b, height, constantIndex(b, kTerms)));
    auto call = [&](func::FuncOp kernel, ArrayRef<unsigned> panels, Value row,
                    Value count) {
      Value begin = mul(b, row, perRow);
      Value size = sub(b, mul(b, count, perRow), skipped);
      SmallVector<Value> arguments = {
          view(left, add(b, begin, skipped), size, 0), height, stride,
          accumulate};
      Value offset = mul(b, row, constantIndex(b, kColumns));
      for (unsigned i : panels)
        arguments.append({right[i], sumsAt(add(b, offsets[i], offset), count)});
      func::CallOp::create(b, kernel, arguments);
    };
    if (!blockKernel) {
      call(kernel, 0, zero, rows);
      return call(kernel, 1, zero, rows);
    }
    // What the first block brings from memory is in the cache for the others.
    ifThen(isLess(zero, rows),
           [&] { call(blockKernel, {0, 1}, zero, height); });
    Value others = div(b, sub(b, maximum(b, filled, height), height),
                       maximum(b, height, one));
    Value twos = mul(b, roundDown(b, others, 2), height);
    ifThen(isLess(zero, twos), [&] {
      call(kernel, 0, height, twos);
      call(kernel, 1, height, twos);
    });
    Value last = add(b, height, twos);
    ifThen(isLess(last, filled),
           [&] { call(blockKernel, {0, 1}, last, height); });
  }

  /// Two panels of `count` terms that lie at `at` of `base`: the last terms,
  /// less than 32, are copied beside zeros.
  void callOnPacked(Value base, ArrayRef<Value> at, Value count,
                    ArrayRef<Value> offsets, Value accumulate) {
    Value whole = div(b, count, constantIndex(b, kTerms));
    Value pairs = mul(b, whole, constantIndex(b, kTerms / 2));
    Value none =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, steps, zero);
    Value some = isLess(zero, whole);
    ifThen(arith::OrIOp::create(b, some, none), [&] {
      callKernels({rightAt(base, at[0], pairs), rightAt(base, at[1], pairs)},
                  zero, offsets, accumulate);
    });
    ifThen(isLess(whole, steps), [&] {
      Value left = sub(b, count, mul(b, whole, constantIndex(b, kTerms)));
      SmallVector<Value> tails;
      for (unsigned i = 0; i < 2; ++i) {
        Value source = rightAt(
            base, add(b, at[i], mul(b, pairs, constantIndex(b, 2 * kColumns))),
            ceilDiv(b, left, constantIndex(b, 2)));
        tails.push_back(rightAt(tail, constantIndex(b, i * kTerms * kColumns),
                                constantIndex(b, kTerms / 2)));
        copyTail(source, tails.back(), left);
      }
      callKernels(tails, whole, offsets,
                  arith::OrIOp::create(b, some, accumulate));
    });
  }

  /// Copies `count` terms in pairs, and zeros for the other ones of 32.
  void copyTail(Value source, Value target, Value count) {
    auto type = VectorType::get({2 * kColumns}, b.getBF16Type());
    Value zeros = arith::ConstantOp::create(b, b.getZeroAttr(type));
    Value whole = div(b, count, constantIndex(b, 2));
    Value some = ceilDiv(b, count, constantIndex(b, 2));
    buildFor(b, zero, whole, 1, [&](Value pair) {
      storeVector(b, loadVector(b, type, source, {pair, zero}), target,
                  {pair, zero});
    });
    // Of the last pair of an odd number of terms, the second may be anything.
    buildFor(b, whole, some, 1, [&](Value pair) {
      auto words = VectorType::get({kColumns}, b.getI32Type());
      Value x = vector::BitCastOp::create(
          b, words, loadVector(b, type, source, {pair, zero}));
      Value low = arith::ConstantOp::create(
          b, DenseElementsAttr::get(words, APInt(32, 0xffff)));
      x = vector::BitCastOp::create(b, type, arith::AndIOp::create(b, x, low));
      storeVector(b, x, target, {pair, zero});
    });
    buildFor(b, some, constantIndex(b, kTerms / 2), 1,
             [&](Value pair) { storeVector(b, zeros, target, {pair, zero}); });
  }
};

} // namespace

func::FuncOp KernelLibrary::getUnitPanel(const PanelConfig &config) {
  bool isNew, isPacked = config.rhsLayout == Layout::PackedPairs;
  auto bf16 = cast<FloatType>(config.rhs);
  func::FuncOp function = lookupOrCreate(
      panelName(config),
      {viewType(bf16, config.lhsLayout), viewType(bf16, config.rhsLayout),
       viewType(config.result, config.resultLayout),
       IntegerType::get(bf16.getContext(), 1)},
      isNew);
  if (!isNew)
    return function;
  auto b = ImplicitLocOpBuilder::atBlockBegin(function.getLoc(),
                                              &function.getBody().front());
  Value lhs = function.getArgument(0), rhs = function.getArgument(1);
  Value result = function.getArgument(2), accumulate = function.getArgument(3);
  func::FuncOp kernel = getUnitKernel(/*oneBlock=*/false);
  UnitPanel panel(b, kernel,
                  unit == BF16Unit::Tiles ? getUnitKernel(/*oneBlock=*/true)
                                          : func::FuncOp());
  Value zero = panel.zero, one = panel.one;
  Value rows = panel.rows = memref::DimOp::create(b, result, 0);
  Value columns = memref::DimOp::create(b, result, 1);
  Value depth = memref::DimOp::create(b, lhs, 1);
  Value terms = constantIndex(b, kPackedTerms);
  if (!isPacked)
    terms = b.createOrFold<arith::SelectOp>(
        arith::CmpIOp::create(b, arith::CmpIPredicate::ule, rows,
                              constantIndex(b, kFewRows)),
        constantIndex(b, kPlainTermsOfFew), constantIndex(b, kPlainTerms));
  Value width = constantIndex(b, kColumns);
  Value padded =
      mul(b, ceilDiv(b, minimum(b, depth, terms), constantIndex(b, kTerms)),
          constantIndex(b, kTerms));
  Value panels = ceilDiv(b, columns, width);
  panel.height = minimum(b, rows, constantIndex(b, kBlock));
  // Rows that fill up the last block hold anything: no other sees them.
  Value filled = panel.filled =
      mul(b, ceilDiv(b, rows, maximum(b, panel.height, one)), panel.height);
  Value perPanel = mul(b, filled, width);
  panel.left = panel.alloc(bf16, mul(b, filled, padded));
  // Panels are taken in twos; a last one alone is taken with itself, for sums
  // that nobody reads.
  panel.sums = panel.alloc(config.acc, mul(b, perPanel, add(b, panels, one)));
  Value base, offset, panelStride, buffer;
  if (isPacked) {
    auto metadata = memref::ExtractStridedMetadataOp::create(b, rhs);
    base = metadata.getBaseBuffer();
    offset = metadata.getOffset();
    panelStride = metadata.getStrides()[0];
    panel.tail = memref::AllocaOp::create(
        b, MemRefType::get({2 * kTerms * kColumns}, bf16),
        b.getI64IntegerAttr(64));
  } else {
    buffer =
        panel.alloc(bf16, mul(b, mul(b, panels, width),
                              add(b, padded, constantIndex(b, kPanelGap))));
  }

  // An empty sum is zero, so there is at least one round.
  Value rounds = maximum(b, ceilDiv(b, depth, terms), one);
  buildFor(b, zero, rounds, 1, [&](Value round) {
    Value k = mul(b, round, terms);
    Value count = minimum(b, sub(b, depth, k), terms);
    panel.steps = ceilDiv(b, count, constantIndex(b, kTerms));
    func::CallOp::create(
        b, getPackRows(config.lhsLayout),
        ValueRange{slicePanel(b, lhs, zero, k, rows, count, lhs.getType()),
                   panel.left});
    if (!isPacked)
      func::CallOp::create(
          b, getPackPairs(config.rhsLayout),
          ValueRange{slicePanel(b, rhs, k, zero, count, columns, rhs.getType()),
                     buffer});
    Value isFirst =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, round, zero);
    Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                         add(b, round, one), rounds);
    Value later =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ne, round, zero);
    Value goesOn = arith::OrIOp::create(b, later, accumulate);
    Value perPacked = mul(b, width,
                          add(b, mul(b, panel.steps, constantIndex(b, kTerms)),
                              constantIndex(b, kPanelGap)));
    bool vectorize = config.resultLayout == Layout::RowMajor;
    int64_t lanes = this->lanes(config.acc);
    // Results of a panel, there and back.
    auto copy = [&](Value number, bool back) {
      Value n = mul(b, number, width);
      Value here = minimum(b, sub(b, columns, n), width);
      Value part = slicePanel(b, result, zero, n, rows, here, result.getType());
      Value tile = panel.sumsAt(mul(b, number, perPanel), rows);
      copyTile(b, back ? tile : part, back ? part : tile, rows, here, vectorize,
               lanes);
    };
    buildFor(b, zero, panels, 2, [&](Value first) {
      Value second = add(b, first, one);
      Value end = minimum(b, add(b, second, one), panels);
      panel.ifThen(arith::AndIOp::create(b, isFirst, accumulate), [&] {
        buildFor(b, first, end, 1,
                 [&](Value number) { copy(number, /*back=*/false); });
      });
      SmallVector<Value> at, offsets;
      for (Value number : {first, second}) {
        offsets.push_back(mul(b, number, perPanel));
        number = minimum(b, number, sub(b, panels, one));
        if (isPacked)
          at.push_back(
              add(b, offset,
                  add(b, mul(b, number, panelStride), mul(b, k, width))));
        else
          at.push_back(mul(b, number, perPacked));
      }
      if (isPacked) {
        panel.callOnPacked(base, at, count, offsets, goesOn);
      } else {
        Value pairs = mul(b, panel.steps, constantIndex(b, kTerms / 2));
        panel.callKernels({panel.rightAt(buffer, at[0], pairs),
                           panel.rightAt(buffer, at[1], pairs)},
                          zero, offsets, goesOn);
      }
      panel.ifThen(isLast, [&] {
        buildFor(b, first, end, 1,
                 [&](Value number) { copy(number, /*back=*/true); });
      });
    });
  });
  memref::DeallocOp::create(b, panel.left);
  memref::DeallocOp::create(b, panel.sums);
  if (!isPacked)
    memref::DeallocOp::create(b, buffer);
  func::ReturnOp::create(b);
  return function;
}
