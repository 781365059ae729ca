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
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace condcomp;

static constexpr int64_t kBlock = KernelLibrary::kUnitBlock;
static constexpr int64_t kTerms = KernelLibrary::kUnitTerms;
/// Columns of a panel.
static constexpr int64_t kColumns = 32;
/// Terms at a time: the rows' part of them stays in the second-level cache, and
/// beside it the right-hand side's where that has to be packed.
static constexpr int64_t kPackedTerms = 1024, kPlainTerms = 512,
                         kPlainTermsOfFew = 128;
/// Elements of packed rows that stay in the second-level cache.
static constexpr int64_t kPackedElements = 1 << 18, kManyRows = 384;

namespace {

/// The functions that a panel function calls.
struct UnitFunctions {
  func::FuncOp kernel;
  /// There is none for one block where the other takes any rows.
  func::FuncOp blockKernel;
  func::FuncOp packRows;
  /// There is none where the right-hand side is packed.
  func::FuncOp packPairs;
};

/// Emits the body of a panel function of a unit.
class UnitPanel : public PanelArguments {
public:
  UnitPanel(ImplicitLocOpBuilder &b, const PanelConfig &config, int64_t lanes,
            const UnitFunctions &functions, func::FuncOp function)
      : PanelArguments(b, function), b(b), config(config), lanes(lanes),
        functions(functions), isPacked(!functions.packPairs),
        zero(constantIndex(b, 0)), one(constantIndex(b, 1)),
        width(constantIndex(b, kColumns)) {}

  void emit();

private:
  void emitBuffers();
  void emitRound(Value round, Value rounds);
  void emitTwo(ArrayRef<Value> numbers, Value k, Value goesOn);
  void copyResults(Value first, Value end, bool back);
  void callKernels(ArrayRef<Value> right, Value first, ArrayRef<Value> offsets,
                   Value accumulate);
  void callOnPacked(ArrayRef<Value> at, ArrayRef<Value> offsets,
                    Value accumulate);
  void copyTail(Value source, Value target, Value count);

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
    auto type =
        cast<MemRefType>(functions.kernel.getFunctionType().getInput(argument));
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
    return view(buffer, offset, pairs, UnitKernel::kFirstPanel);
  }
  /// The sums of a panel that begins at `offset`.
  Value sumsAt(Value offset, Value count) {
    return view(sums, offset, count, UnitKernel::kFirstPanel + 1);
  }

  ImplicitLocOpBuilder &b;
  const PanelConfig &config;
  int64_t lanes;
  UnitFunctions functions;
  bool isPacked;
  Value zero, one;
  /// Columns of a panel, and how many panels there are.
  Value width, panels;
  /// Terms of a round, and of this one: their number, and steps of 32.
  Value terms, count, steps;
  /// Rows of a block, and of all of them.
  Value height, filled;
  /// Packed rows of this round.
  Value packedRows;
  /// Sums, of one panel after another, and elements of those of one.
  Value sums, perPanel;
  /// Where a packed right-hand side lies; room for the last terms of two
  /// panels.
  Value base, offset, panelStride, tail;
  /// Panels of this round of another, each of so many elements.
  Value buffer, perPacked;
};

} // namespace

/// All rows by those steps of theirs that two panels have, from `first`.
void UnitPanel::callKernels(ArrayRef<Value> right, Value first,
                            ArrayRef<Value> offsets, Value accumulate) {
  Value perRow = mul(b, steps, constantIndex(b, kTerms));
  Value stride = mul(b, perRow, height);
  Value skipped = mul(b, first, mul(b, height, constantIndex(b, kTerms)));
  auto call = [&](func::FuncOp kernel, ArrayRef<unsigned> panels, Value row,
                  Value count) {
    Value begin = mul(b, row, perRow);
    Value size = sub(b, mul(b, count, perRow), skipped);
    SmallVector<Value> arguments = {
        view(packedRows, add(b, begin, skipped), size, 0), height, stride,
        accumulate};
    Value offset = mul(b, row, constantIndex(b, kColumns));
    for (unsigned i : panels)
      arguments.append({right[i], sumsAt(add(b, offsets[i], offset), count)});
    func::CallOp::create(b, kernel, arguments);
  };
  if (!functions.blockKernel) {
    call(functions.kernel, 0, zero, rows);
    return call(functions.kernel, 1, zero, rows);
  }
  // What the first block brings from memory is in the cache for the others.
  ifThen(isLess(zero, rows),
         [&] { call(functions.blockKernel, {0, 1}, zero, height); });
  Value others = div(b, sub(b, maximum(b, filled, height), height),
                     maximum(b, height, one));
  Value twos = mul(b, roundDown(b, others, 2), height);
  ifThen(isLess(zero, twos), [&] {
    call(functions.kernel, 0, height, twos);
    call(functions.kernel, 1, height, twos);
  });
  Value last = add(b, height, twos);
  ifThen(isLess(last, filled),
         [&] { call(functions.blockKernel, {0, 1}, last, height); });
}

/// Two panels whose terms lie at `at` of `base`: the last ones, less than 32,
/// are copied beside zeros.
void UnitPanel::callOnPacked(ArrayRef<Value> at, ArrayRef<Value> offsets,
                             Value accumulate) {
  Value whole = div(b, count, constantIndex(b, kTerms));
  Value pairs = mul(b, whole, constantIndex(b, kTerms / 2));
  Value none = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, steps, zero);
  Value some = isLess(zero, whole);
  ifThen(arith::OrIOp::create(b, some, none), [&] {
    callKernels({rightAt(base, at[0], pairs), rightAt(base, at[1], pairs)},
                zero, offsets, accumulate);
  });
  ifThen(isLess(whole, steps), [&] {
    Value rest = sub(b, count, mul(b, whole, constantIndex(b, kTerms)));
    SmallVector<Value> tails;
    for (unsigned i = 0; i < 2; ++i) {
      Value source = rightAt(
          base, add(b, at[i], mul(b, pairs, constantIndex(b, 2 * kColumns))),
          ceilDiv(b, rest, constantIndex(b, 2)));
      tails.push_back(rightAt(tail, constantIndex(b, i * kTerms * kColumns),
                              constantIndex(b, kTerms / 2)));
      copyTail(source, tails.back(), rest);
    }
    callKernels(tails, whole, offsets,
                arith::OrIOp::create(b, some, accumulate));
  });
}

/// Copies `count` terms in pairs, and zeros for the other ones of 32.
void UnitPanel::copyTail(Value source, Value target, Value count) {
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

/// Results of panels `first` up to `end` to the sums, or back.
void UnitPanel::copyResults(Value first, Value end, bool back) {
  bool vectorize = config.resultLayout == Layout::RowMajor;
  buildFor(b, first, end, 1, [&](Value number) {
    Value n = mul(b, number, width);
    Value here = minimum(b, sub(b, columns, n), width);
    Value part = slicePanel(b, result, zero, n, rows, here, result.getType());
    Value tile = sumsAt(mul(b, number, perPanel), rows);
    copyTile(b, back ? tile : part, back ? part : tile, rows, here, vectorize,
             lanes);
  });
}

void UnitPanel::emitBuffers() {
  auto bf16 = cast<FloatType>(config.rhs);
  terms = constantIndex(b, kPackedTerms);
  // The dot reads panels from end to end, where that is not too much of the
  // rows, and where these are many takes less of them at a time.
  if (isPacked && !functions.blockKernel) {
    Value fitting = mul(b,
                        div(b, constantIndex(b, kPackedElements / kTerms),
                            maximum(b, rows, one)),
                        constantIndex(b, kTerms));
    Value least = b.createOrFold<arith::SelectOp>(
        isLess(constantIndex(b, kManyRows), rows),
        constantIndex(b, kPackedTerms / 2), terms);
    terms = maximum(b, least, fitting);
  }
  if (!isPacked)
    terms = b.createOrFold<arith::SelectOp>(
        arith::CmpIOp::create(b, arith::CmpIPredicate::ule, rows,
                              constantIndex(b, KernelLibrary::kFewRows)),
        constantIndex(b, kPlainTermsOfFew), constantIndex(b, kPlainTerms));
  Value padded =
      mul(b, ceilDiv(b, minimum(b, depth, terms), constantIndex(b, kTerms)),
          constantIndex(b, kTerms));
  panels = ceilDiv(b, columns, width);
  height = minimum(b, rows, constantIndex(b, kBlock));
  // Rows that fill up the last block hold anything: no other sees them.
  filled = mul(b, ceilDiv(b, rows, maximum(b, height, one)), height);
  perPanel = mul(b, filled, width);
  packedRows = alloc(bf16, mul(b, filled, padded));
  // Panels are taken in twos; a last one alone is taken with itself, for sums
  // that nobody reads.
  sums = alloc(config.acc, mul(b, perPanel, add(b, panels, one)));
  if (isPacked) {
    auto metadata = memref::ExtractStridedMetadataOp::create(b, right);
    base = metadata.getBaseBuffer();
    offset = metadata.getOffset();
    panelStride = metadata.getStrides()[0];
    tail = memref::AllocaOp::create(
        b, MemRefType::get({2 * kTerms * kColumns}, bf16),
        b.getI64IntegerAttr(64));
  } else {
    Value gap = constantIndex(b, KernelLibrary::kPanelGap);
    buffer = alloc(bf16, mul(b, mul(b, panels, width), add(b, padded, gap)));
  }
}

/// Two panels, by the terms of the round, from `k` on.
void UnitPanel::emitTwo(ArrayRef<Value> numbers, Value k, Value goesOn) {
  SmallVector<Value> at, offsets;
  for (Value number : numbers) {
    offsets.push_back(mul(b, number, perPanel));
    number = minimum(b, number, sub(b, panels, one));
    if (isPacked)
      at.push_back(add(b, offset,
                       add(b, mul(b, number, panelStride), mul(b, k, width))));
    else
      at.push_back(mul(b, number, perPacked));
  }
  if (isPacked)
    return callOnPacked(at, offsets, goesOn);
  Value pairs = mul(b, steps, constantIndex(b, kTerms / 2));
  callKernels({rightAt(buffer, at[0], pairs), rightAt(buffer, at[1], pairs)},
              zero, offsets, goesOn);
}

void UnitPanel::emitRound(Value round, Value rounds) {
  Value k = mul(b, round, terms);
  count = minimum(b, sub(b, depth, k), terms);
  steps = ceilDiv(b, count, constantIndex(b, kTerms));
  func::CallOp::create(
      b, functions.packRows,
      ValueRange{slicePanel(b, left, zero, k, rows, count, left.getType()),
                 packedRows});
  if (!isPacked)
    func::CallOp::create(b, functions.packPairs,
                         ValueRange{slicePanel(b, right, k, zero, count,
                                               columns, right.getType()),
                                    buffer});
  Value isFirst =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, round, zero);
  Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                       add(b, round, one), rounds);
  Value later = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, round, zero);
  Value goesOn = arith::OrIOp::create(b, later, accumulate);
  perPacked = mul(b, width,
                  add(b, mul(b, steps, constantIndex(b, kTerms)),
                      constantIndex(b, KernelLibrary::kPanelGap)));
  buildFor(b, zero, panels, 2, [&](Value first) {
    Value second = add(b, first, one);
    Value end = minimum(b, add(b, second, one), panels);
    ifThen(arith::AndIOp::create(b, isFirst, accumulate),
           [&] { copyResults(first, end, /*back=*/false); });
    emitTwo({first, second}, k, goesOn);
    ifThen(isLast, [&] { copyResults(first, end, /*back=*/true); });
  });
}

void UnitPanel::emit() {
  emitBuffers();
  // An empty sum is zero, so there is at least one round.
  Value rounds = maximum(b, ceilDiv(b, depth, terms), one);
  buildFor(b, zero, rounds, 1, [&](Value round) { emitRound(round, rounds); });
  memref::DeallocOp::create(b, packedRows);
  memref::DeallocOp::create(b, sums);
  if (!isPacked)
    memref::DeallocOp::create(b, buffer);
}

void KernelLibrary::emitUnitPanel(ImplicitLocOpBuilder &b,
                                  const PanelConfig &config,
                                  func::FuncOp function) {
  UnitFunctions functions;
  functions.kernel = getUnitKernel(/*oneBlock=*/false);
  if (unit == BF16Unit::Tiles)
    functions.blockKernel = getUnitKernel(/*oneBlock=*/true);
  functions.packRows = getPackRows(config.lhsLayout);
  if (config.rhsLayout != Layout::PackedPairs)
    functions.packPairs = getPackPairs(config.rhsLayout);
  UnitPanel(b, config, lanes(config.acc), functions, function).emit();
}
