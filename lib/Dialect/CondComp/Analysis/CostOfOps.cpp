//===- CostOfOps.cpp - what single ops cost -------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CostWalker.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace condcomp;

/// The operations that an op does on one element: one for arithmetic on floats,
/// none for what moves, compares or converts.
static uint64_t countFlops(Operation *op) {
  if (isa<math::FmaOp>(op))
    return 2;
  if (isa<CastOpInterface, arith::CmpFOp, arith::SelectOp>(op))
    return 0;
  bool isArithmetic =
      isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op->getDialect());
  return isArithmetic && op->getNumOperands() > 0 && op->getNumResults() == 1 &&
         isa<FloatType>(getElementTypeOrSelf(op->getResult(0)));
}

/// The number of times that the body of a linalg op runs.
static Polynomial getDomain(linalg::LinalgOp op, SizeExpressions &sizes) {
  SmallVector<std::optional<Polynomial>> loops(op.getNumLoops());
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    SizeExpressions::Dims dims = sizes.getDims(operand.get());
    for (auto [expr, size] : llvm::zip_equal(map.getResults(), dims)) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop)
        continue;
      std::optional<Polynomial> &known = loops[loop.getPosition()];
      if (known)
        sizes.unify(*known, size);
      else
        known = size;
    }
  }
  Polynomial domain = Polynomial::constant(1);
  for (auto [i, size] : llvm::enumerate(loops))
    domain *= size ? *size
                   : sizes.createSize("loop " + std::to_string(i) + " of " +
                                      describeOp(op));
  return domain;
}

static void addLinalg(linalg::LinalgOp op, SizeExpressions &sizes, Cost &cost) {
  uint64_t perElement = 0;
  op.getBlock()->walk(
      [&](Operation *inner) { perElement += countFlops(inner); });
  cost.flops = getDomain(op, sizes) * Polynomial::constant(perElement);
  if (linalg::isaContractionOpInterface(op) ||
      linalg::isaConvolutionOpInterface(op))
    cost.contractionFlops = cost.flops;
}

/// What moving entries costs in arithmetic: a product with the weight and a
/// sum.
static uint64_t countCombineFlops(CombineKind kind, WeightUse weights) {
  bool combines = kind == CombineKind::Sum || kind == CombineKind::Mean ||
                  kind == CombineKind::Max;
  return combines + (weights == WeightUse::Output ? 1 : 0);
}

/// Whether an op makes no data: its result is a view, or is not filled yet. A
/// trace is for who watches, and not of what is watched.
static bool isFree(Operation *op) {
  return isa<tensor::EmptyOp, tensor::CastOp, tensor::CollapseShapeOp,
             tensor::ExpandShapeOp, tensor::ExtractSliceOp, tensor::DimOp,
             TraceOp>(op) ||
         op->hasTrait<OpTrait::ConstantLike>() ||
         op->hasTrait<OpTrait::IsTerminator>();
}

/// What is read and written of a value: a routing is its entries, each with a
/// module and a weight.
static Polynomial getValueBytes(Value value, SizeExpressions &sizes) {
  if (auto routing = dyn_cast<RoutingType>(value.getType()))
    return sizes.getRouting(value).entries *
           Polynomial::constant(
               8 + llvm::divideCeil(routing.getElementType().getWidth(), 8u));
  return isa<RankedTensorType>(value.getType()) ? sizes.getBytes(value)
                                                : Polynomial();
}

static void addBytes(Operation *op, SizeExpressions &sizes, Cost &cost) {
  if (isFree(op) || op->getNumRegions() > 1 ||
      (op->getNumRegions() == 1 && !isa<linalg::LinalgOp>(op)))
    return;
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  for (OpOperand &operand : op->getOpOperands())
    if (!linalgOp || linalgOp.payloadUsesValueFromOperand(&operand))
      cost.bytes += getValueBytes(operand.get(), sizes);
  for (Value result : op->getResults())
    cost.bytes += getValueBytes(result, sizes);
}

/// Says that a tensor leads with `leading`.
static void unifyLeading(Value tensor, ArrayRef<Polynomial> leading,
                         SizeExpressions &sizes) {
  SizeExpressions::Dims dims = sizes.getDims(tensor);
  for (auto [size, expected] : llvm::zip(dims, leading))
    sizes.unify(size, expected);
}

/// Says that rows around a routing, or carried together, are the same ones.
static void unifyRows(Operation *op, SizeExpressions &sizes) {
  if (auto exiting = dyn_cast<ExitingOpInterface>(op)) {
    Polynomial rows = sizes.getDims(exiting.getRows().front()).front();
    for (OperandRange range :
         {exiting.getRows(), exiting.getState(), exiting.getOuts()})
      for (Value value : range)
        unifyLeading(value, rows, sizes);
    return;
  }
  auto unify = [&](Value routing, ValueRange tensors, bool ofPairs) {
    SizeExpressions::Dims dims = sizes.getRouting(routing).dims;
    for (Value tensor : tensors)
      unifyLeading(tensor, ArrayRef(dims).drop_back(ofPairs ? 0 : 1), sizes);
  };
  if (auto apply = dyn_cast<ApplyOp>(op)) {
    unify(apply.getRouting(), apply.getRows(), false);
    unify(apply.getRouting(), apply.getOuts(),
          apply.getCombine() == CombineKind::Stack);
  } else if (auto combine = dyn_cast<CombineOp>(op)) {
    unify(combine.getRouting(), combine.getOuts(),
          combine.getKind() == CombineKind::Stack);
  } else if (auto restore = dyn_cast<RestoreOp>(op)) {
    unify(restore.getRouting(), restore.getOuts(), true);
  } else if (auto select = dyn_cast<SelectOp>(op)) {
    if (select.getSpace() != Space::Modules)
      unify(select.getRouting(), select.getSource(),
            select.getSpace() == Space::Pairs);
  }
}

Cost condcomp::getOpCost(Operation *op, SizeExpressions &sizes) {
  unifyRows(op, sizes);
  Cost cost;
  auto each = [&](Value tensor, uint64_t count) {
    cost.flops = sizes.getElements(tensor) * Polynomial::constant(count);
  };
  auto eachEntry = [&](Value routing, uint64_t count) {
    cost.flops =
        sizes.getRouting(routing).entries * Polynomial::constant(count);
  };
  llvm::TypeSwitch<Operation *>(op)
      .Case<linalg::LinalgOp>(
          [&](linalg::LinalgOp op) { addLinalg(op, sizes, cost); })
      // Largest, difference, exponential, sum and quotient.
      .Case([&](linalg::SoftmaxOp op) { each(op.getInput(), 5); })
      .Case([&](ConfidenceOp op) { each(op.getLogits(), 5); })
      .Case([&](CombineOp op) {
        each(op.getEntries(),
             countCombineFlops(op.getKind(), op.getWeightUse()));
      })
      .Case([&](RestoreOp op) {
        each(op.getEntries(), countCombineFlops(op.getKind(), WeightUse::None));
      })
      .Case([&](PoolOp op) {
        eachEntry(op.getRouting(),
                  countCombineFlops(op.getKind(), op.getWeightUse()));
        cost.flops *= sizes.getInnerElements(
            op.getOuts(), op.getRouting().getType().getNumBatchDims() + 1);
      })
      .Case([&](MixOp op) {
        eachEntry(op.getRouting(),
                  countCombineFlops(CombineKind::Sum, op.getWeightUse()));
        cost.flops *= sizes.getInnerElements(
            op.getOuts(), op.getRouting().getType().getNumBatchDims() + 1);
      })
      .Case([&](NormalizeOp op) { eachEntry(op.getRouting(), 2); })
      .Case([&](ScaleOp op) { eachEntry(op.getRouting(), 1); })
      .Case([&](ApplyOp op) {
        RoutingSizes routing = sizes.getRouting(op.getRouting());
        RoutingType type = op.getRouting().getType();
        bool none = op.getCombine() == CombineKind::None;
        unsigned leading = none ? type.getEntryRank()
                           : op.getCombine() == CombineKind::Stack
                               ? type.getShape().size()
                               : type.getNumBatchDims() + 1;
        uint64_t perElement =
            countCombineFlops(op.getCombine(), op.getWeightUse());
        for (Value result : op.getResults())
          cost.flops += routing.entries *
                        sizes.getInnerElements(result, leading) *
                        Polynomial::constant(perElement);
      })
      .Default([&](Operation *) {
        if (op->hasTrait<OpTrait::Elementwise>() && op->getNumResults() == 1 &&
            isa<RankedTensorType>(op->getResult(0).getType()))
          each(op->getResult(0), countFlops(op));
      });
  addBytes(op, sizes, cost);
  return cost;
}
