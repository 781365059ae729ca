//===- ContractionMatch.cpp - what is a contraction -----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionMatch.h"
#include "LinearView.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;
using namespace condcomp;

/// Filters per channel from which on a convolution by groups is a contraction.
static constexpr int64_t kFewFilters = 8;

/// Follows `value` through extensions to a block argument.
static BlockArgument skipExtensions(Value value) {
  while (auto extension = value.getDefiningOp<arith::ExtFOp>())
    value = extension.getIn();
  return dyn_cast<BlockArgument>(value);
}

bool condcomp::isMultiplyAdd(Block &body, BlockArgument lhs, BlockArgument rhs,
                             BlockArgument out) {
  Value yielded = body.getTerminator()->getOperand(0);
  auto rounded = yielded.getDefiningOp<arith::TruncFOp>();
  if (rounded)
    yielded = rounded.getIn();
  for (Operation &op : body)
    if (&op != rounded &&
        !isa<arith::MulFOp, arith::AddFOp, arith::ExtFOp, linalg::YieldOp>(op))
      return false;
  auto sum = yielded.getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  for (auto [x, y] : {std::pair(sum.getLhs(), sum.getRhs()),
                      std::pair(sum.getRhs(), sum.getLhs())}) {
    auto product = y.getDefiningOp<arith::MulFOp>();
    if (skipExtensions(x) != out || !product)
      continue;
    BlockArgument p = skipExtensions(product.getLhs());
    BlockArgument q = skipExtensions(product.getRhs());
    return (p == lhs && q == rhs) || (p == rhs && q == lhs);
  }
  return false;
}

/// The loop and the constant of `loop floordiv c` or `loop mod c`.
static std::optional<std::pair<unsigned, int64_t>>
matchDivision(AffineExpr expr, AffineExprKind kind) {
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary || binary.getKind() != kind)
    return std::nullopt;
  auto dim = dyn_cast<AffineDimExpr>(binary.getLHS());
  auto divisor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (!dim || !divisor)
    return std::nullopt;
  return std::pair(dim.getPosition(), divisor.getValue());
}

/// Reads the packed layout of a right-hand side from its map,
///   [.., n floordiv nr, k, n mod nr] or
///   [.., n floordiv nr, k floordiv 2, n mod nr, k mod 2]:
/// loops n and k, columns of a panel, and whether terms are in pairs.
struct Packing {
  unsigned n, k;
  int64_t panel;
  bool pairs;
};
static std::optional<Packing> matchPacking(MemRefType type, AffineMap map) {
  ArrayRef<AffineExpr> exprs = map.getResults();
  bool pairs = !exprs.empty() &&
               matchDivision(exprs.back(), AffineExprKind::Mod)
                       .value_or(std::pair(0u, int64_t(0)))
                       .second == 2 &&
               exprs.size() >= 4;
  unsigned trailing = pairs ? 4 : 3;
  if (map.getNumSymbols() != 0 || exprs.size() < trailing)
    return std::nullopt;
  for (AffineExpr expr : exprs.drop_back(trailing))
    if (!isa<AffineDimExpr>(expr))
      return std::nullopt;
  exprs = exprs.take_back(trailing);
  auto column = matchDivision(exprs[0], AffineExprKind::FloorDiv);
  if (!column || matchDivision(exprs[2], AffineExprKind::Mod) != column)
    return std::nullopt;
  auto [n, panel] = *column;
  unsigned k;
  if (pairs) {
    auto term = matchDivision(exprs[1], AffineExprKind::FloorDiv);
    if (!term || term->second != 2 ||
        matchDivision(exprs[3], AffineExprKind::Mod) != term)
      return std::nullopt;
    k = term->first;
  } else {
    auto dim = dyn_cast<AffineDimExpr>(exprs[1]);
    if (!dim)
      return std::nullopt;
    k = dim.getPosition();
  }
  // Each panel lies in one piece.
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return std::nullopt;
  ArrayRef<int64_t> inner = ArrayRef(strides).take_back(trailing - 1);
  ArrayRef<int64_t> sizes = type.getShape().take_back(trailing - 1);
  bool contiguous =
      pairs ? inner == ArrayRef<int64_t>{2 * panel, 2, 1} && sizes[2] == 2
            : inner == ArrayRef<int64_t>{panel, 1};
  if (!contiguous || sizes[1] != panel)
    return std::nullopt;
  return Packing{n, k, panel, pairs};
}

AffineMap Contraction::map(OpOperand *operand) const {
  AffineMap map = linalg::LinalgOp(op).getMatchingIndexingMap(operand);
  MLIRContext *context = map.getContext();
  llvm::DenseMap<AffineExpr, AffineExpr> zeros;
  for (unsigned loop : units)
    zeros[getAffineDimExpr(loop, context)] = getAffineConstantExpr(0, context);
  return units.empty() ? map
                       : simplifyAffineMap(map.replace(zeros, map.getNumDims(),
                                                       map.getNumSymbols()));
}

static bool hasWindows(AffineMap map) {
  return !map.isProjectedPermutation(/*allowZeroInResults=*/true);
}

bool Contraction::hasWindows() const {
  return !isPacked() && (::hasWindows(map(lhs)) || ::hasWindows(map(rhs)));
}

/// Leaves loops of one iteration out: windows of one element are none.
static void dropUnits(Contraction &c) {
  SmallVector<int64_t> ranges = linalg::LinalgOp(c.op).getStaticLoopRanges();
  for (auto [loop, range] : llvm::enumerate(ranges))
    if (range == 1)
      c.units.push_back(loop);
  for (SmallVector<unsigned> *loops : {&c.batch, &c.m, &c.n, &c.k})
    llvm::erase_if(*loops, [&](unsigned loop) { return ranges[loop] == 1; });
}

/// Whether there is a matrix for each channel, or group of channels, that has
/// hardly any filters: lanes are better along channels, or pixels. How many
/// samples there are must not matter.
static bool isDepthwise(const Contraction &c) {
  if (c.batch.empty())
    return false;
  SmallVector<int64_t> ranges = linalg::LinalgOp(c.op).getStaticLoopRanges();
  auto few = [&](OpOperand *operand, ArrayRef<unsigned> loops) {
    int64_t filters = 1;
    for (unsigned loop : loops)
      filters = ShapedType::isDynamic(ranges[loop]) ? kFewFilters
                                                    : filters * ranges[loop];
    return !hasWindows(c.map(operand)) && filters < kFewFilters;
  };
  return few(c.lhs, c.m) || few(c.rhs, c.n);
}

std::optional<Contraction> condcomp::matchContraction(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      !op.hasPureBufferSemantics() || !op->getRegion(0).hasOneBlock())
    return std::nullopt;
  Contraction c;
  c.op = op;
  c.lhs = op.getDpsInputOperand(0);
  c.rhs = op.getDpsInputOperand(1);
  c.result = op.getDpsInitOperand(0);
  auto packingOf = [&](OpOperand *operand) -> std::optional<Packing> {
    auto type = dyn_cast<MemRefType>(operand->get().getType());
    return type ? matchPacking(type, c.map(operand)) : std::nullopt;
  };
  std::optional<Packing> packing = packingOf(c.rhs);
  if (!packing && (packing = packingOf(c.lhs)))
    std::swap(c.lhs, c.rhs);
  SmallVector<Type> elements;
  for (OpOperand *operand : {c.lhs, c.rhs, c.result}) {
    auto type = dyn_cast<MemRefType>(operand->get().getType());
    SmallVector<int64_t> strides;
    int64_t offset;
    if (!type ||
        !isa<Float64Type, Float32Type, BFloat16Type, Float16Type>(
            type.getElementType()) ||
        failed(type.getStridesAndOffset(strides, offset)) ||
        !(isLinear(c.map(operand)) || (packing && operand == c.rhs)))
      return std::nullopt;
    elements.push_back(type.getElementType());
  }
  if (!c.map(c.result).isProjectedPermutation())
    return std::nullopt;
  // Inputs are extended, never shortened.
  if (elements[2].isF64())
    c.acc = Float64Type::get(op.getContext());
  else if (elements[0].isF64() || elements[1].isF64())
    return std::nullopt;
  else
    c.acc = Float32Type::get(op.getContext());
  if (!isMultiplyAdd(*op.getBlock(), op.getMatchingBlockArgument(c.lhs),
                     op.getMatchingBlockArgument(c.rhs),
                     op.getMatchingBlockArgument(c.result)))
    return std::nullopt;

  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  for (unsigned i = 0; i < kinds.size(); ++i) {
    utils::IteratorType kind = kinds[i];
    auto uses = [&](OpOperand *operand) {
      return c.map(operand).isFunctionOfDim(i);
    };
    bool inLhs = uses(c.lhs), inRhs = uses(c.rhs), inResult = uses(c.result);
    if (kind == utils::IteratorType::reduction && inLhs && inRhs && !inResult)
      c.k.push_back(i);
    else if (kind != utils::IteratorType::parallel || !inResult)
      return std::nullopt;
    else if (inLhs && inRhs)
      c.batch.push_back(i);
    else if (inLhs)
      c.m.push_back(i);
    else if (inRhs)
      c.n.push_back(i);
    else
      return std::nullopt;
  }
  if (c.k.empty())
    return std::nullopt;
  if (packing) {
    if (c.n != SmallVector<unsigned>{packing->n} ||
        c.k != SmallVector<unsigned>{packing->k})
      return std::nullopt;
    c.panel = packing->panel;
    c.pairs = packing->pairs;
    return c;
  }
  if (c.hasWindows()) {
    if (isDepthwise(c))
      return std::nullopt;
    dropUnits(c);
  }
  return c;
}

void condcomp::orientColumns(Contraction &c) {
  if (c.isPacked())
    return;
  bool exchange = false;
  for (AffineExpr expr : llvm::reverse(c.map(c.result).getResults())) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      exchange = llvm::is_contained(c.m, dim.getPosition());
      break;
    }
  }
  // A single column is better a single row.
  auto isUnit = [&](ArrayRef<unsigned> loops) {
    SmallVector<int64_t> ranges = linalg::LinalgOp(c.op).getStaticLoopRanges();
    return llvm::all_of(loops, [&](unsigned i) { return ranges[i] == 1; });
  };
  if (isUnit(c.n) && !isUnit(c.m))
    exchange = true;
  if (isUnit(c.m))
    exchange = false;
  if (exchange) {
    std::swap(c.lhs, c.rhs);
    std::swap(c.m, c.n);
  }
}

/// The buffer behind views.
static Value bufferOf(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value;
}

linalg::FillOp condcomp::findZeroFill(const Contraction &c) {
  Value result = c.result->get(), buffer = bufferOf(result);
  bool isAllocation = buffer.getDefiningOp<memref::AllocOp>() != nullptr;
  for (Operation *op = c.result->getOwner()->getPrevNode(); op;
       op = op->getPrevNode()) {
    if (auto fill = dyn_cast<linalg::FillOp>(op)) {
      if (fill.output() == result) {
        auto constant = fill.value().getDefiningOp<arith::ConstantOp>();
        auto zero =
            constant ? dyn_cast<FloatAttr>(constant.getValue()) : FloatAttr();
        if (!zero || !zero.getValue().isPosZero())
          return {};
        return fill;
      }
    }
    if (isMemoryEffectFree(op) || isa<memref::AllocOp>(op))
      continue;
    // Another op may pass if it cannot touch this allocation.
    if (!isAllocation || op->getNumRegions() > 1 ||
        !isa<linalg::LinalgOp, memref::CopyOp>(op))
      return {};
    for (Value operand : op->getOperands()) {
      if (!isa<BaseMemRefType>(operand.getType()))
        continue;
      Value other = bufferOf(operand);
      if (other == buffer || !(other.getDefiningOp<memref::AllocOp>() ||
                               other.getDefiningOp<memref::GetGlobalOp>()))
        return {};
    }
  }
  return {};
}
