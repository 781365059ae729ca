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
#include "mlir/Dialect/SCF/IR/SCF.h"
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
  bool isNew;
  func::FuncOp function =
      lookupOrCreate(("condcomp_gather_" + stepName(step) + "_" +
                      typeName(acc) + "_" + typeName(type)),
                     inputs, isNew);
  if (!isNew)
    return function;
  auto b = ImplicitLocOpBuilder::atBlockBegin(function.getLoc(),
                                              &function.getBody().front());
  auto arguments = function.getArguments();
  Value base = arguments[0], offset = arguments[1], offsets = arguments[2];
  Value runs = arguments[3], run = arguments[4], anyStep = arguments[5];
  Value first = arguments[6], count = arguments[7];
  Value target = arguments[8], ld = arguments[9];
  int64_t lanes = this->lanes(acc);
  auto vectorType = VectorType::get({lanes}, acc);
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  Value rows = memref::DimOp::create(b, offsets, 0);
  Value end = add(b, first, count);
  // No run has no elements, but it may be one of none.
  Value length = maximum(b, run, one);

  // `taken` elements, at most one vector of them, from element `j` of all.
  auto copyPiece = [&](Value source, Value j, Value taken, bool full) {
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
        Value low = loadVector(b, vectorType, base, at, masks[0]);
        Value high = loadVector(b, vectorType, base,
                                add(b, at, constantIndex(b, lanes)), masks[1]);
        loaded = vector::ShuffleOp::create(b, low, high, even);
      } else {
        loaded = loadVector(b, vectorType, base, at, mask);
      }
      storeVector(b, loaded, target, to, mask);
    });
  };
  auto copyElements = [&](Value source, Value lower, Value upper) {
    buildFor(b, zero, rows, 1, [&](Value i) {
      Value at = memref::LoadOp::create(b, offsets, i);
      at = add(b, source, at);
      Value to = mul(b, i, ld);
      buildFor(b, lower, upper, 1, [&](Value j) {
        Value element = memref::LoadOp::create(
            b, base, add(b, at, mul(b, sub(b, j, lower), anyStep)));
        if (type != acc)
          element = arith::ExtFOp::create(b, acc, element);
        memref::StoreOp::create(b, element, target,
                                add(b, to, sub(b, j, first)));
      });
    });
  };

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
  func::ReturnOp::create(b);
  return function;
}

/// As the function of plain operands, but copies terms of all rows, and terms
/// of a panel of columns, where these sides are gathered.
func::FuncOp KernelLibrary::getGatheredPanel(const PanelConfig &config) {
  FloatType acc = config.acc;
  bool gatherLhs = config.lhsLayout == Layout::Gathered;
  bool gatherRhs = config.rhsLayout == Layout::Gathered;
  Type index = IndexType::get(acc.getContext());
  SmallVector<Type> inputs;
  std::string name = ("condcomp_panel_" + letter(config.lhsLayout) +
                      letter(config.rhsLayout) + letter(config.resultLayout))
                         .str();
  if (gatherLhs) {
    llvm::append_range(inputs, gatheredTypes(config.lhs));
    name += "_" + stepName(config.lhsStep) + "_" + typeName(config.lhs);
  } else {
    inputs.push_back(viewType(acc, config.lhsLayout));
  }
  if (gatherRhs) {
    llvm::append_range(inputs, gatheredTypes(config.rhs));
    inputs.push_back(index);
    name += "_" + stepName(config.rhsStep);
  } else {
    inputs.push_back(viewType(config.rhs, config.rhsLayout));
  }
  inputs.append({viewType(config.result, config.resultLayout),
                 IntegerType::get(acc.getContext(), 1)});
  name += "_" + typeName(acc) + "_" + typeName(config.rhs) + "_" +
          typeName(config.result);
  bool isNew;
  func::FuncOp function = lookupOrCreate(name, inputs, isNew);
  if (!isNew)
    return function;
  auto b = ImplicitLocOpBuilder::atBlockBegin(function.getLoc(),
                                              &function.getBody().front());
  ValueRange arguments = function.getArguments();
  size_t lhsCount = gatherLhs ? 6 : 1;
  ValueRange left = arguments.take_front(lhsCount);
  ValueRange right = arguments.drop_front(lhsCount).drop_back(2);
  Value result = arguments[arguments.size() - 2];
  Value accumulate = arguments.back();
  int64_t lanes = this->lanes(acc), panel = panelColumns(acc);
  Layout lhsLayout = gatherLhs ? Layout::RowMajor : config.lhsLayout;
  func::FuncOp kernel = getKernel({acc, lhsLayout, acc});
  auto kernelTypes = kernel.getFunctionType().getInputs();
  auto stack = [&](int64_t size) -> Value {
    Value buffer = memref::AllocaOp::create(b, MemRefType::get({size}, acc),
                                            b.getI64IntegerAttr(64));
    return memref::CastOp::create(
        b, MemRefType::get({ShapedType::kDynamic}, acc), buffer);
  };
  auto matrix = [&](Value buffer, Value height, Value width, Value stride,
                    Type type) -> Value {
    Value view = memref::ReinterpretCastOp::create(
        b, viewType(acc, Layout::RowMajor), buffer,
        OpFoldResult(b.getIndexAttr(0)), ArrayRef<OpFoldResult>{height, width},
        ArrayRef<OpFoldResult>{stride, b.getIndexAttr(1)});
    return memref::CastOp::create(b, type, view);
  };
  Value rows = memref::DimOp::create(b, result, 0);
  Value columns = memref::DimOp::create(b, result, 1);
  Value depth =
      gatherLhs
          ? memref::DimOp::create(b, right[gatherRhs ? 2 : 0], 0).getResult()
          : memref::DimOp::create(b, left[0], 1).getResult();
  Value zero = constantIndex(b, 0), one = constantIndex(b, 1);
  Value panelWidth = constantIndex(b, panel);
  // Rows that lie a power of two apart would share few places in the cache.
  Value ld = constantIndex(b, kTerms + lanes);
  Value lhsBuffer = gatherLhs ? stack(maxRows(config) * (kTerms + lanes)) : one;
  Value rhsBuffer = stack(kTerms * panel);

  SumTile sums(b, config, result, accumulate, lanes,
               maxRows(config) * blockColumns(config, maxRows(config)));

  // An empty sum is zero, so there is at least one round.
  Value terms = constantIndex(b, kTerms);
  Value rounds = maximum(b, ceilDiv(b, depth, terms), one);
  buildFor(b, zero, rounds, 1, [&](Value round) {
    Value k = mul(b, round, terms);
    Value count = minimum(b, sub(b, depth, k), terms);
    Value later = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, k, zero);
    Value continues = arith::OrIOp::create(b, later, accumulate);
    Value part;
    if (gatherLhs) {
      SmallVector<Value> operands = llvm::to_vector(left);
      operands.append({k, count, lhsBuffer, ld});
      func::CallOp::create(b, getGather(acc, config.lhs, config.lhsStep),
                           operands);
      part = matrix(lhsBuffer, rows, count, ld, kernelTypes[0]);
    } else {
      part = slicePanel(b, left[0], zero, k, rows, count, left[0].getType());
    }
    buildFor(b, zero, columns, panel, [&](Value n) {
      Value width = minimum(b, sub(b, columns, n), panelWidth);
      if (gatherRhs) {
        SmallVector<Value> operands = llvm::to_vector(right.take_front(6));
        Value some = memref::SubViewOp::create(
            b, right[2], ArrayRef<OpFoldResult>{k},
            ArrayRef<OpFoldResult>{count},
            ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
        operands[2] = memref::CastOp::create(b, right[2].getType(), some);
        operands.append({add(b, right[6], n), width, rhsBuffer, panelWidth});
        func::CallOp::create(b, getGather(acc, config.rhs, config.rhsStep),
                             operands);
      } else {
        Value source =
            slicePanel(b, right[0], k, n, count, width, right[0].getType());
        func::CallOp::create(b, getPack(acc, config.rhs, config.rhsLayout),
                             ValueRange{source, rhsBuffer});
      }
      func::CallOp::create(
          b, kernel,
          ValueRange{
              part,
              matrix(rhsBuffer, count, panelWidth, panelWidth, kernelTypes[1]),
              slicePanel(b, sums.tile, zero, n, rows, width, kernelTypes[2]),
              continues});
    });
  });
  sums.finish(b);
  func::ReturnOp::create(b);
  return function;
}
