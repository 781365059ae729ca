//===- FoldStaticRoutings.cpp - choices known when compiling --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Analysis/RowAnalysis.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

namespace condcomp {
#define GEN_PASS_DEF_FOLDSTATICROUTINGS
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
/// What all rows do alike: use one module, or none.
struct StaticRouting {
  /// What the routing is made from: its leading dim is that of the rows.
  Value made;
  std::optional<int64_t> module = std::nullopt;
  /// Whether the entries' weights are one.
  bool isUnit = true;
};
} // namespace

/// The integer that all elements of a tensor are.
static std::optional<APInt> getSplat(Value tensor) {
  Value scalar;
  if (auto fill = tensor.getDefiningOp<linalg::FillOp>())
    scalar = fill.value();
  else if (auto splat = tensor.getDefiningOp<tensor::SplatOp>())
    scalar = splat.getInput();
  APInt value;
  if (scalar)
    return matchPattern(scalar, m_ConstantInt(&value)) ? std::optional(value)
                                                       : std::nullopt;
  DenseIntElementsAttr elements;
  if (!matchPattern(tensor, m_Constant(&elements)) || !elements.isSplat())
    return std::nullopt;
  return elements.getSplatValue<APInt>();
}

static std::optional<StaticRouting> getStaticRouting(Value routing) {
  auto type = cast<RoutingType>(routing.getType());
  int64_t modules = type.getNumModules();
  if (auto mask = routing.getDefiningOp<FromMaskOp>()) {
    std::optional<APInt> present = getSplat(mask.getMask());
    if (present && present->isZero())
      return StaticRouting{mask.getMask()};
    if (present && modules == 1)
      return StaticRouting{mask.getMask(), 0, !mask.getWeights()};
    return std::nullopt;
  }
  auto assign = routing.getDefiningOp<AssignOp>();
  if (!assign || ShapedType::isDynamic(modules) ||
      cast<RankedTensorType>(assign.getIndices().getType()).getShape().back() !=
          1)
    return std::nullopt;
  std::optional<APInt> index = getSplat(assign.getIndices());
  if (!index)
    return std::nullopt;
  int64_t module = index->getSExtValue();
  if (module >= 0 && module < modules)
    return StaticRouting{assign.getIndices(), module, !assign.getWeights()};
  if (assign.getOutOfRange() == OutOfRange::Drop)
    return StaticRouting{assign.getIndices()};
  return std::nullopt; // An error at run time.
}

/// Whether a body gives as many rows as it gets.
static bool keepsRows(ApplyOp op, Region &body) {
  RowAnalysis rows(cast<ConditionalOpInterface>(op.getOperation()),
                   body.getRegionNumber());
  return rows.isRowwise() &&
         llvm::all_of(body.front().getTerminator()->getOperands(),
                      [&](Value value) {
                        std::optional<RowClass> found = rows.classify(value);
                        return found && found->kind == RowKind::Rows &&
                               found->rowDim == 0 && !found->foldedOutside &&
                               !found->foldedInside;
                      });
}

/// Checks that tensors have as many rows as the routing, where types leave it
/// open.
static void checkRows(ValueRange tensors, StringRef what,
                      const StaticRouting &routing, ImplicitLocOpBuilder &b) {
  auto isKnown = [](Value tensor) {
    return !cast<RankedTensorType>(tensor.getType()).isDynamicDim(0);
  };
  for (Value tensor : tensors) {
    if (isKnown(tensor) && isKnown(routing.made))
      continue;
    Value count = tensor::DimOp::create(b, tensor, 0);
    Value expected = tensor::DimOp::create(b, routing.made, 0);
    Value equal =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, count, expected);
    CheckOp::create(b, equal,
                    (what + " operand has {0} rows, expected {1}").str(),
                    ValueRange{count, expected});
  }
}

/// Whether every row runs through one body and the result is only that, or is
/// added to `outs`.
static bool canInline(ApplyOp op, const StaticRouting &routing) {
  bool sum = op.getCombine() == CombineKind::Sum;
  if (op.getScope() != Scope::Row ||
      !(sum || op.getCombine() == CombineKind::Replace) ||
      !(routing.isUnit || op.getWeightUse() == WeightUse::None) ||
      !op.getEntries().empty() || op.getRows().empty() || op.getWithIds())
    return false;
  for (Value value : op.getParams())
    if (!cast<RankedTensorType>(value.getType()).hasStaticShape())
      return false;
  // Sums of narrower types are rounded once, at the end.
  if (sum && !llvm::all_of(op.getResultTypes(), [](Type result) {
        Type element = getElementTypeOrSelf(result);
        return element.isF32() || element.isF64();
      }))
    return false;
  Region &body = op.getBodies()[op.hasSharedBody() ? 0 : *routing.module];
  return keepsRows(op, body);
}

/// The body on the rows as they lie.
static void inlineBody(ApplyOp op, int64_t module, ImplicitLocOpBuilder &b,
                       IRRewriter &rewriter) {
  Block &body = op.getBodies()[op.hasSharedBody() ? 0 : module].front();
  IRMapping mapping;
  unsigned position = 0;
  auto castTo = [&](Type type, Value value) -> Value {
    return value.getType() == type ? value
                                   : tensor::CastOp::create(b, type, value);
  };
  auto map = [&](Value value) {
    BlockArgument argument = body.getArgument(position++);
    mapping.map(argument, castTo(argument.getType(), value));
  };
  for (Value rows : op.getRows())
    map(rows);
  for (Value param : op.getParams()) {
    auto type = cast<RankedTensorType>(param.getType());
    SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)),
        strides(type.getRank(), b.getIndexAttr(1)),
        sizes = getAsIndexOpFoldResult(b.getContext(), type.getShape());
    offsets[0] = b.getIndexAttr(module);
    sizes[0] = b.getIndexAttr(1);
    auto slice = RankedTensorType::get(type.getShape().drop_front(),
                                       type.getElementType());
    map(tensor::ExtractSliceOp::create(b, slice, param, offsets, sizes,
                                       strides));
  }
  if (op.getWithModule())
    mapping.map(body.getArgument(position++),
                arith::ConstantIndexOp::create(b, module));
  for (Operation &inner : body.without_terminator())
    b.clone(inner, mapping);
  SmallVector<Value> results;
  for (auto [i, yielded] :
       llvm::enumerate(body.getTerminator()->getOperands())) {
    Value value =
        castTo(op.getResult(i).getType(), mapping.lookupOrDefault(yielded));
    if (op.getCombine() == CombineKind::Sum)
      value = arith::AddFOp::create(b, op.getOuts()[i], value);
    results.push_back(value);
  }
  rewriter.replaceOp(op, results);
}

namespace {
struct FoldStaticRoutings
    : condcomp::impl::FoldStaticRoutingsBase<FoldStaticRoutings> {
  void runOnOperation() override {
    SmallVector<ApplyOp> applies;
    getOperation()->walk([&](ApplyOp op) { applies.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (ApplyOp op : applies) {
      std::optional<StaticRouting> routing = getStaticRouting(op.getRouting());
      if (!routing || op.getRouting().getType().getNumBatchDims() > 0 ||
          op.getCombine() == CombineKind::None ||
          (routing->module && !canInline(op, *routing)))
        continue;
      rewriter.setInsertionPoint(op);
      ImplicitLocOpBuilder b(op.getLoc(), rewriter);
      checkRows(op.getRows(), "apply C1: a rows", *routing, b);
      checkRows(op.getOuts(), "apply C7: an outs", *routing, b);
      if (routing->module)
        inlineBody(op, *routing->module, b, rewriter);
      else // Rows without entries keep `outs`.
        rewriter.replaceOp(op, op.getOuts());
    }
  }
};
} // namespace
