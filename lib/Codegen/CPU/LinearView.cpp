//===- LinearView.cpp - operands as strides per loop ----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LinearView.h"
#include "LoopBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace condcomp {

bool isLinear(AffineMap map) {
  if (map.getNumSymbols() != 0)
    return false;
  bool linear = true;
  map.walkExprs([&](AffineExpr expr) {
    switch (expr.getKind()) {
    case AffineExprKind::DimId:
    case AffineExprKind::Constant:
    case AffineExprKind::Add:
      break;
    case AffineExprKind::Mul:
      linear &=
          isa<AffineConstantExpr>(cast<AffineBinaryOpExpr>(expr).getRHS());
      break;
    default:
      linear = false;
    }
  });
  return linear;
}

/// The value of a linear expression at the origin, or with one loop at one.
static int64_t evaluate(AffineExpr expr, unsigned loops,
                        std::optional<unsigned> one) {
  SmallVector<AffineExpr> point(loops,
                                getAffineConstantExpr(0, expr.getContext()));
  if (one)
    point[*one] = getAffineConstantExpr(1, expr.getContext());
  return cast<AffineConstantExpr>(
             simplifyAffineExpr(expr.replaceDims(point), 0, 0))
      .getValue();
}

LinearView::LinearView(ImplicitLocOpBuilder &b, Value memref, AffineMap map)
    : memref(memref) {
  auto type = cast<MemRefType>(memref.getType());
  auto metadata = memref::ExtractStridedMetadataOp::create(b, memref);
  base = metadata.getBaseBuffer();
  SmallVector<int64_t> units;
  int64_t start;
  [[maybe_unused]] LogicalResult known = type.getStridesAndOffset(units, start);
  assert(succeeded(known) && "strided layouts only");
  auto unit = [&](unsigned i) -> Value {
    return ShapedType::isDynamic(units[i]) ? metadata.getStrides()[i]
                                           : constantIndex(b, units[i]);
  };
  offset = ShapedType::isDynamic(start) ? metadata.getOffset()
                                        : constantIndex(b, start);
  strides.assign(map.getNumDims(), constantIndex(b, 0));
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    int64_t origin = evaluate(expr, map.getNumDims(), std::nullopt);
    if (origin != 0)
      offset = add(b, offset, mul(b, unit(i), constantIndex(b, origin)));
    for (unsigned loop = 0; loop < map.getNumDims(); ++loop) {
      int64_t factor = evaluate(expr, map.getNumDims(), loop) - origin;
      if (factor != 0)
        strides[loop] =
            add(b, strides[loop], mul(b, unit(i), constantIndex(b, factor)));
    }
  }
}

Value LinearView::flat(ImplicitLocOpBuilder &b) const {
  auto type = cast<MemRefType>(memref.getType());
  auto metadata = memref::ExtractStridedMetadataOp::create(b, memref);
  // One past the largest offset.
  Value size = add(b, metadata.getOffset(), constantIndex(b, 1));
  for (auto [extent, stride] :
       llvm::zip(metadata.getSizes(), metadata.getStrides()))
    size = add(b, size, mul(b, sub(b, extent, constantIndex(b, 1)), stride));
  return memref::ReinterpretCastOp::create(
      b, MemRefType::get({ShapedType::kDynamic}, type.getElementType()), base,
      OpFoldResult(b.getIndexAttr(0)), ArrayRef<OpFoldResult>{size},
      ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
}

Type LinearView::elementType() const {
  return cast<MemRefType>(memref.getType()).getElementType();
}

/// Whether a subview has all of a dim of its source.
static bool isWhole(memref::SubViewOp view, unsigned dim) {
  if (!isConstantIntValue(view.getMixedOffsets()[dim], 0) ||
      !isConstantIntValue(view.getMixedStrides()[dim], 1))
    return false;
  MemRefType type = view.getSourceType();
  OpFoldResult size = view.getMixedSizes()[dim];
  if (std::optional<int64_t> known = getConstantIntValue(size))
    return *known == type.getDimSize(dim);
  auto value = cast<Value>(size);
  auto ofSource = value.getDefiningOp<memref::DimOp>();
  if (ofSource && ofSource.getSource() == view.getSource())
    return ofSource.getConstantIndex() == dim;
  auto source = view.getSource().getDefiningOp<memref::AllocOp>();
  return source && type.isDynamicDim(dim) &&
         source.getDynamicSizes()[type.getDynamicDimIndex(dim)] == value;
}

/// Whether dim `dim - 1` of an operand moves by the size of dim `dim`, which
/// moves by ones. Of strides that are not known, a subview may tell: rows of a
/// buffer lie together.
static bool liesTogether(Value operand, unsigned dim) {
  auto type = cast<MemRefType>(operand.getType());
  if (type.getLayout().isIdentity())
    return true;
  SmallVector<int64_t> strides;
  int64_t offset;
  if (succeeded(type.getStridesAndOffset(strides, offset)) &&
      !ShapedType::isDynamic(strides[dim - 1]) &&
      !ShapedType::isDynamic(strides[dim]) && !type.isDynamicDim(dim))
    return strides[dim - 1] == strides[dim] * type.getDimSize(dim);
  auto view = operand.getDefiningOp<memref::SubViewOp>();
  return view && view.getDroppedDims().none() &&
         view.getSourceType().getLayout().isIdentity() &&
         isConstantIntValue(view.getMixedStrides()[dim - 1], 1) &&
         isWhole(view, dim);
}

bool actAsOneLoop(Value operand, AffineMap map, unsigned outer,
                  unsigned inner) {
  bool usesOuter = map.isFunctionOfDim(outer);
  bool usesInner = map.isFunctionOfDim(inner);
  if (!usesOuter || !usesInner)
    return !usesOuter && !usesInner;
  // The dim along which a loop moves by ones.
  auto position = [&](unsigned loop) -> std::optional<unsigned> {
    std::optional<unsigned> found;
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      if (!expr.isFunctionOfDim(loop))
        continue;
      unsigned loops = map.getNumDims();
      if (found || evaluate(expr, loops, loop) !=
                       evaluate(expr, loops, std::nullopt) + 1)
        return std::nullopt;
      found = i;
    }
    return found;
  };
  std::optional<unsigned> x = position(outer), y = position(inner);
  // The inner loop has its dim for itself: its range is the dim's size.
  if (!x || !y || !isa<AffineDimExpr>(map.getResult(*y)))
    return false;
  return *y == *x + 1 && liesTogether(operand, *y);
}

SmallVector<Value> loopSizes(ImplicitLocOpBuilder &b, Operation *op) {
  auto linalgOp = cast<linalg::LinalgOp>(op);
  SmallVector<Value> sizes(linalgOp.getNumLoops());
  SmallVector<int64_t> known = linalgOp.getStaticLoopRanges();
  for (auto [size, value] : llvm::zip(known, sizes))
    if (!ShapedType::isDynamic(size))
      value = constantIndex(b, size);
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    AffineMap map = linalgOp.getMatchingIndexingMap(&operand);
    for (auto [i, expr] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        if (Value &size = sizes[dim.getPosition()]; !size)
          size = b.createOrFold<memref::DimOp>(operand.get(), i);
  }
  return sizes;
}

} // namespace condcomp
