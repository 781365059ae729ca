//===- ContractionGather.cpp - panels of gathered operands ----------------===//
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

/// Terms that are copied at a time: with 128 rows and one panel of columns they
/// stay in the second-level cache.
static constexpr int64_t kTerms = 256;

SmallVector<Type> KernelLibrary::gatheredTypes(Type element) {
  MLIRContext *context = element.getContext();
  constexpr int64_t dynamic = ShapedType::kDynamic;
  Type index = IndexType::get(context);
  Type table = MemRefType::get(
      {dynamic}, index, StridedLayoutAttr::get(context, dynamic, {int64_t(1)}));
  return {MemRefType::get({dynamic}, element), index, table,
          MemRefType::get({dynamic}, index),   index, index};
}

//===----------------------------------------------------------------------===//
// Copies of gathered matrices
//===----------------------------------------------------------------------===//

namespace {
/// Emits the body of a function that copies columns of a gathered matrix.
class Gathering {
public:
  Gathering(ImplicitLocOpBuilder &b, VectorType type, int64_t step,
            func::FuncOp function);

  void emit();

private:
  void copyPiece(Value source, Value j, Value taken, bool full);
  void copyElements(Value source, Value lower, Value upper);

  ImplicitLocOpBuilder &b;
  /// A vector of the accumulator's type.
  VectorType type;
  int64_t lanes, step;
  /// What the matrix is, as `gatheredTypes` says.
  Value base, offset, offsets, runs, run, anyStep;
  /// The columns that are copied, and where to.
  Value first, count, target, ld;
  Value zero, one, rows;
};
} // namespace

Gathering::Gathering(ImplicitLocOpBuilder &b, VectorType type, int64_t step,
                     func::FuncOp function)
    : b(b), type(type), lanes(type.getNumElements()), step(step),
      base(function.getArgument(0)), offset(function.getArgument(1)),
      offsets(function.getArgument(2)), runs(function.getArgument(3)),
      run(function.getArgument(4)), anyStep(function.getArgument(5)),
      first(function.getArgument(6)), count(function.getArgument(7)),
      target(function.getArgument(8)), ld(function.getArgument(9)),
      zero(constantIndex(b, 0)), one(constantIndex(b, 1)),
      rows(memref::DimOp::create(b, offsets, 0)) {}

/// `taken` elements, at most one vector of them, from element `j` of all.
void Gathering::copyPiece(Value source, Value j, Value taken, bool full) {
  Value column = sub(b, j, first);
  Value mask = full ? Value() : createMask(b, lanes, taken);
  Value masks[2];
  SmallVector<int64_t> even;
  if (step == 2) {
    Value last = full ? constantIndex(b, 2 * lanes - 1)
                      : sub(b, mul(b, taken, constantIndex(b, 2)), one);
    masks[0] = full ? Value() : createMask(b, lanes, last);
    Value half = constantIndex(b, lanes);
    masks[1] = createMask(b, lanes, sub(b, maximum(b, last, half), half));
    for (int64_t i = 0; i < lanes; ++i)
      even.push_back(2 * i);
  }
  buildFor(b, zero, rows, 1, [&](Value i) {
    Value at = memref::LoadOp::create(b, offsets, i);
    at = add(b, source, at);
    Value to = add(b, mul(b, i, ld), column);
    Value loaded;
    if (step == 2) {
      Value low = loadVector(b, type, base, at, masks[0]);
      Value high = loadVector(b, type, base,
                              add(b, at, constantIndex(b, lanes)), masks[1]);
      loaded = vector::ShuffleOp::create(b, low, high, even);
    } else {
      loaded = loadVector(b, type, base, at, mask);
    }
    storeVector(b, loaded, target, to, mask);
  });
}

void Gathering::copyElements(Value source, Value lower, Value upper) {
  buildFor(b, zero, rows, 1, [&](Value i) {
    Value at = memref::LoadOp::create(b, offsets, i);
    at = add(b, source, at);
    Value to = mul(b, i, ld);
    buildFor(b, lower, upper, 1, [&](Value j) {
      Value element = memref::LoadOp::create(
          b, base, add(b, at, mul(b, sub(b, j, lower), anyStep)));
      if (element.getType() != type.getElementType())
        element = arith::ExtFOp::create(b, type.getElementType(), element);
      memref::StoreOp::create(b, element, target, add(b, to, sub(b, j, first)));
    });
  });
}

void Gathering::emit() {
  Value end = add(b, first, count);
  // No run has no elements, but it may be one of none.
  Value length = maximum(b, run, one);
  buildFor(b, div(b, first, length), ceilDiv(b, end, length), 1, [&](Value r) {
    Value start = mul(b, r, length);
    Value lower = maximum(b, start, first);
    Value upper = minimum(b, add(b, start, length), end);
    Value source = add(b, offset, memref::LoadOp::create(b, runs, r));
    auto at = [&](Value j) {
      return add(b, source,
                 mul(b, sub(b, j, start),
                     step == 0 ? anyStep : constantIndex(b, step)));
    };
    if (step == 0)
      return copyElements(at(lower), lower, upper);
    Value whole = add(b, lower, roundDown(b, sub(b, upper, lower), lanes));
    buildFor(b, lower, whole, lanes,
             [&](Value j) { copyPiece(at(j), j, Value(), /*full=*/true); });
    buildFor(b, whole, upper, lanes, [&](Value j) {
      copyPiece(at(j), j, sub(b, upper, j), /*full=*/false);
    });
  });
}

/// Copies columns `first` to `first + count` of a gathered matrix to rows of
/// `ld` elements, in the accumulator's type. Where element (i, j) lies is
///   offset + offsets[i] + runs[j / run] + (j mod run) * step.
/// Pieces of runs go to vectors: with step 1 as they are, with step 2 the even
/// ones of two; other steps element by element.
func::FuncOp KernelLibrary::getGather(FloatType acc, FloatType type,
                                      int64_t step) {
  Type index = IndexType::get(acc.getContext());
  SmallVector<Type> inputs = gatheredTypes(type);
  Type buffer = MemRefType::get({ShapedType::kDynamic}, acc);
  inputs.append({index, index, buffer, index});
  return getOrCreate(
      "condcomp_gather_" + stepName(step) + "_" + typeName(acc) + "_" +
          typeName(type),
      inputs, [&](ImplicitLocOpBuilder &b, func::FuncOp function) {
        Gathering(b, VectorType::get({lanes(acc)}, acc), step, function).emit();
      });
}

//===----------------------------------------------------------------------===//
// Panel functions
//===----------------------------------------------------------------------===//

namespace {
/// Emits the body of a panel function with gathered sides.
class GatheredPanel {
public:
  /// `panel` columns and `lanes` of vectors; `mostRows` may come.
  GatheredPanel(ImplicitLocOpBuilder &b, const PanelConfig &config,
                int64_t panel, int64_t lanes, int64_t mostRows,
                func::FuncOp function);

  /// `copyLeft` and `copyRight` copy parts of the sides: those that are
  /// gathered, and the right-hand side always.
  void emitRounds(func::FuncOp copyLeft, func::FuncOp copyRight,
                  func::FuncOp kernel, Value sums);

  Value result, accumulate;

private:
  /// A buffer on the stack.
  Value stack(int64_t size);
  /// A row-major matrix at the beginning of a buffer.
  Value matrix(Value buffer, Value height, Value width, Value stride,
               Type type);
  Value emitLeft(Value k, Value count, func::FuncOp copy, Type type);
  void emitRight(Value k, Value count, Value n, Value width, func::FuncOp copy);

  ImplicitLocOpBuilder &b;
  FloatType acc;
  int64_t panel;
  bool gathersLeft, gathersRight;
  /// The arguments of both sides.
  ValueRange left, right;
  Value rows, columns, depth;
  Value zero, panelWidth;
  /// The distance of rows in the left-hand buffer.
  Value ld;
  Value leftBuffer, rightBuffer;
};
} // namespace

GatheredPanel::GatheredPanel(ImplicitLocOpBuilder &b, const PanelConfig &config,
                             int64_t panel, int64_t lanes, int64_t mostRows,
                             func::FuncOp function)
    : b(b), acc(config.acc), panel(panel),
      gathersLeft(config.lhsLayout == Layout::Gathered),
      gathersRight(config.rhsLayout == Layout::Gathered) {
  ValueRange arguments = function.getArguments();
  size_t leftCount = gathersLeft ? 6 : 1;
  left = arguments.take_front(leftCount);
  right = arguments.drop_front(leftCount).drop_back(2);
  result = arguments[arguments.size() - 2];
  accumulate = arguments.back();
  rows = memref::DimOp::create(b, result, 0);
  columns = memref::DimOp::create(b, result, 1);
  depth = gathersLeft ? memref::DimOp::create(b, right[gathersRight ? 2 : 0], 0)
                      : memref::DimOp::create(b, left[0], 1);
  zero = constantIndex(b, 0);
  panelWidth = constantIndex(b, panel);
  // Rows that lie a power of two apart would share few places in the cache.
  ld = constantIndex(b, kTerms + lanes);
  if (gathersLeft)
    leftBuffer = stack(mostRows * (kTerms + lanes));
  rightBuffer = stack(kTerms * panel);
}

Value GatheredPanel::stack(int64_t size) {
  Value buffer = memref::AllocaOp::create(b, MemRefType::get({size}, acc),
                                          b.getI64IntegerAttr(64));
  return memref::CastOp::create(b, MemRefType::get({ShapedType::kDynamic}, acc),
                                buffer);
}

Value GatheredPanel::matrix(Value buffer, Value height, Value width,
                            Value stride, Type type) {
  Value view = memref::ReinterpretCastOp::create(
      b, KernelLibrary::viewType(acc, Layout::RowMajor), buffer,
      OpFoldResult(b.getIndexAttr(0)), ArrayRef<OpFoldResult>{height, width},
      ArrayRef<OpFoldResult>{stride, b.getIndexAttr(1)});
  return memref::CastOp::create(b, type, view);
}

/// `count` terms of all rows.
Value GatheredPanel::emitLeft(Value k, Value count, func::FuncOp copy,
                              Type type) {
  if (!gathersLeft)
    return slicePanel(b, left[0], zero, k, rows, count, left[0].getType());
  SmallVector<Value> operands = llvm::to_vector(left);
  operands.append({k, count, leftBuffer, ld});
  func::CallOp::create(b, copy, operands);
  return matrix(leftBuffer, rows, count, ld, type);
}

/// Copies `count` terms of the panel that begins at column `n`.
void GatheredPanel::emitRight(Value k, Value count, Value n, Value width,
                              func::FuncOp copy) {
  if (!gathersRight) {
    Value source =
        slicePanel(b, right[0], k, n, count, width, right[0].getType());
    func::CallOp::create(b, copy, ValueRange{source, rightBuffer});
    return;
  }
  SmallVector<Value> operands = llvm::to_vector(right.take_front(6));
  Value some = memref::SubViewOp::create(
      b, right[2], ArrayRef<OpFoldResult>{k}, ArrayRef<OpFoldResult>{count},
      ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
  operands[2] = memref::CastOp::create(b, right[2].getType(), some);
  operands.append({add(b, right[6], n), width, rightBuffer, panelWidth});
  func::CallOp::create(b, copy, operands);
}

void GatheredPanel::emitRounds(func::FuncOp copyLeft, func::FuncOp copyRight,
                               func::FuncOp kernel, Value sums) {
  auto kernelTypes = kernel.getFunctionType().getInputs();
  auto emitRound = [&](Value k, Value count, Value continues) {
    Value part = emitLeft(k, count, copyLeft, kernelTypes[0]);
    buildFor(b, zero, columns, panel, [&](Value n) {
      Value width = minimum(b, sub(b, columns, n), panelWidth);
      emitRight(k, count, n, width, copyRight);
      func::CallOp::create(
          b, kernel,
          ValueRange{part,
                     matrix(rightBuffer, count, panelWidth, panelWidth,
                            kernelTypes[1]),
                     slicePanel(b, sums, zero, n, rows, width, kernelTypes[2]),
                     continues});
    });
  };
  buildRounds(b, depth, constantIndex(b, kTerms), accumulate, emitRound);
}

/// As with plain operands, but terms of all rows, and terms of a panel of
/// columns, are copied where these sides are gathered.
void KernelLibrary::emitGatheredPanel(ImplicitLocOpBuilder &b,
                                      const PanelConfig &config,
                                      func::FuncOp function) {
  FloatType acc = config.acc;
  bool gathersLeft = config.lhsLayout == Layout::Gathered;
  Layout lhsLayout = gathersLeft ? Layout::RowMajor : config.lhsLayout;
  func::FuncOp kernel = getKernel({acc, lhsLayout, acc}), copyLeft, copyRight;
  if (gathersLeft)
    copyLeft = getGather(acc, config.lhs, config.lhsStep);
  if (config.rhsLayout == Layout::Gathered)
    copyRight = getGather(acc, config.rhs, config.rhsStep);
  else
    copyRight = getPack(acc, config.rhs, config.rhsLayout);
  GatheredPanel panel(b, config, panelColumns(acc), lanes(acc), maxRows(config),
                      function);
  SumTile sums(b, config, panel.result, panel.accumulate, lanes(acc),
               maxRows(config) * blockColumns(config, maxRows(config)));
  panel.emitRounds(copyLeft, copyRight, kernel, sums.tile);
  sums.finish(b);
}
