//===- LoopBody.cpp - linalg bodies on lanes ------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBody.h"
#include "LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace condcomp {

VectorType vectorOf(Type type, int64_t lanes) {
  return VectorType::get({lanes}, type);
}

LoopBody::LoopBody(ImplicitLocOpBuilder &b, linalg::LinalgOp op)
    : b(b), op(op) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    LinearView view(b, operand.get(), op.getMatchingIndexingMap(&operand));
    if (Value &flat = flats[operand.get()]; !flat)
      flat = view.flat(b);
    views.try_emplace(&operand, view);
  }
  // Tables that the body reads at computed indices.
  op.getBlock()->walk([&](memref::LoadOp load) {
    auto type = load.getMemRefType();
    if (Value &flat = flats[load.getMemRef()];
        !flat && type.isStrided() &&
        !op->isAncestor(load.getMemRef().getParentBlock()->getParentOp()))
      flat = LinearView(b, load.getMemRef(),
                        AffineMap::get(type.getRank(), 0, b.getContext()))
                 .flat(b);
  });
}

const LinearView *LoopBody::view(OpOperand &operand) const {
  auto it = views.find(&operand);
  return it == views.end() ? nullptr : &it->second;
}

static bool isElement(Type type) {
  return type.isIntOrIndexOrFloat() && !isa<Float80Type, Float128Type>(type);
}

bool LoopBody::isVectorizable() const {
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (!llvm::all_of(inner.getResultTypes(), isElement))
      return false;
    if (isa<linalg::IndexOp, arith::ConstantOp>(inner))
      continue;
    if (auto load = dyn_cast<memref::LoadOp>(inner)) {
      if (!flats.lookup(load.getMemRef()) ||
          load.getMemRefType().getElementType().isInteger(1))
        return false;
      continue;
    }
    if (!OpTrait::hasElementwiseMappableTraits(&inner) ||
        !isMemoryEffectFree(&inner))
      return false;
  }
  return llvm::all_of(op.getBlock()->getArgumentTypes(), isElement);
}

bool LoopBody::needsScalarTail() const {
  for (const auto &[operand, view] : views)
    if (view.elementType().isInteger(1))
      return true;
  return llvm::any_of(*op.getBlock(), [](Operation &inner) {
    return isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
               arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp>(
        inner);
  });
}

bool LoopBody::hasSideEffects() const {
  return llvm::any_of(
      op.getBlock()->without_terminator(), [](Operation &inner) {
        return !isMemoryEffectFree(&inner) && !isa<memref::LoadOp>(inner);
      });
}

int64_t LoopBody::cost() const {
  int64_t cost = op->getNumOperands();
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (inner.getDialect()->getNamespace() == "math" &&
        !isa<math::FmaOp, math::AbsFOp>(inner))
      cost += 16;
    else
      cost += isa<arith::DivFOp, memref::LoadOp>(inner) ? 8 : 1;
  }
  return cost;
}

bool LoopBody::usesIndex(unsigned loop) const {
  WalkResult result = op.getBlock()->walk([&](linalg::IndexOp index) {
    return index.getDim() == loop ? WalkResult::interrupt()
                                  : WalkResult::advance();
  });
  return result.wasInterrupted();
}

bool LoopBody::gathersAlong(unsigned loop) const {
  llvm::SmallPtrSet<Value, 8> varying;
  auto varies = [&](Value value) { return varying.contains(value); };
  for (OpOperand *operand : op.getDpsInputOperands())
    if (const LinearView *source = view(*operand);
        source && !isConstantIntValue(source->strides[loop], 0))
      varying.insert(op.getMatchingBlockArgument(operand));
  for (Operation &inner : op.getBlock()->without_terminator()) {
    auto index = dyn_cast<linalg::IndexOp>(inner);
    bool isVarying = index ? index.getDim() == loop
                           : llvm::any_of(inner.getOperands(), varies);
    if (!isVarying)
      continue;
    varying.insert(inner.result_begin(), inner.result_end());
    if (auto load = dyn_cast<memref::LoadOp>(inner)) {
      auto last = load.getIndices().back().getDefiningOp<linalg::IndexOp>();
      if (!last || last.getDim() != loop ||
          !load.getMemRefType().isLastDimUnitStride() ||
          llvm::any_of(load.getIndices().drop_back(), varies))
        return true;
    }
  }
  return false;
}

Value LoopBody::linearOffset(const Point &point, const LinearView &view) const {
  Value offset = view.offset;
  for (auto [iv, stride] : llvm::zip(point.ivs, view.strides))
    if (iv)
      offset = add(b, offset, mul(b, iv, stride));
  return offset;
}

/// 0, stride, 2 * stride …
Value LoopBody::stepVector(int64_t lanes, Value stride) {
  Value step = vector::StepOp::create(b, vectorOf(b.getIndexType(), lanes));
  if (isConstantIntValue(stride, 1))
    return step;
  Value factor = vector::BroadcastOp::create(b, step.getType(), stride);
  return arith::MulIOp::create(b, step, factor);
}

Value LoopBody::loadLanes(const Point &point, Value flat, Value offset,
                          Value stride) {
  Type element = cast<MemRefType>(flat.getType()).getElementType();
  VectorType type = vectorOf(element, point.lanes);
  // An i1 is a byte in memory but a bit of a vector.
  if (element.isInteger(1)) {
    SmallVector<Value> elements;
    for (int64_t i = 0; i < point.lanes; ++i) {
      Value at = add(b, offset, mul(b, constantIndex(b, i), stride));
      elements.push_back(memref::LoadOp::create(b, flat, at));
    }
    return vector::FromElementsOp::create(b, type, elements);
  }
  bool contiguous = isConstantIntValue(stride, 1);
  if (contiguous && !point.mask)
    return vector::LoadOp::create(b, type, flat, offset);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  if (contiguous)
    return vector::MaskedLoadOp::create(b, type, flat, offset, point.mask,
                                        zero);
  Value mask = point.mask;
  if (!mask)
    mask = arith::ConstantOp::create(
        b, DenseElementsAttr::get(vectorOf(b.getI1Type(), point.lanes), true));
  return vector::GatherOp::create(b, type, flat, offset,
                                  stepVector(point.lanes, stride), mask, zero);
}

Value LoopBody::load(const Point &point, OpOperand &operand) {
  const LinearView &source = views.at(&operand);
  Value flat = flats.at(operand.get()), offset = linearOffset(point, source);
  if (point.lanes == 1)
    return memref::LoadOp::create(b, flat, offset);
  return loadLanes(point, flat, offset, source.strides[*point.loop]);
}

void LoopBody::store(const Point &point, OpOperand &operand, Value value) {
  const LinearView &target = views.at(&operand);
  Value flat = flats.at(operand.get()), offset = linearOffset(point, target);
  if (point.lanes == 1) {
    memref::StoreOp::create(b, value, flat, offset);
  } else if (target.elementType().isInteger(1)) {
    for (int64_t i = 0; i < point.lanes; ++i)
      memref::StoreOp::create(b, vector::ExtractOp::create(b, value, i), flat,
                              add(b, offset, constantIndex(b, i)));
  } else if (point.mask) {
    vector::MaskedStoreOp::create(b, flat, offset, point.mask, value);
  } else {
    vector::StoreOp::create(b, value, flat, offset);
  }
}

Value LoopBody::toVector(const Lanes &lanes, int64_t count) {
  if (!lanes.uniform && !lanes.consecutive)
    return lanes.value;
  Value vector = vector::BroadcastOp::create(
      b, vectorOf(lanes.value.getType(), count), lanes.value);
  if (lanes.consecutive)
    vector = arith::AddIOp::create(b, vector,
                                   stepVector(count, constantIndex(b, 1)));
  return vector;
}

LoopBody::Lanes LoopBody::find(const Point &point, Value value) const {
  if (auto it = varying.find(value); it != varying.end())
    return it->second;
  if (auto it = point.uniform.find(value); it != point.uniform.end())
    return it->second;
  return {value};
}

Value LoopBody::lookup(const Point &point, Value value) {
  Lanes lanes = find(point, value);
  return point.lanes == 1 ? lanes.value : toVector(lanes, point.lanes);
}

void LoopBody::emitUniform(Point &point) {
  auto &uniform = point.uniform;
  uniform.clear();
  varying.clear();
  Block *body = op.getBlock();
  for (OpOperand *operand : op.getDpsInputOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(operand);
    const LinearView *source = view(*operand);
    if (!source) {
      uniform[argument] = {operand->get()};
    } else if (!argument.use_empty() && point.loop &&
               isConstantIntValue(source->strides[*point.loop], 0)) {
      Point scalar = point;
      scalar.lanes = 1;
      scalar.ivs[*point.loop] = Value();
      uniform[argument] = {load(scalar, *operand)};
    }
  }
  for (Operation &inner : body->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      if (point.loop && index.getDim() == *point.loop)
        continue;
      Value iv = point.ivs[index.getDim()];
      uniform[index] = {iv ? iv : constantIndex(b, 0)};
      continue;
    }
    if (inner.getNumRegions() || !isPure(&inner) || !isSpeculatable(&inner) ||
        !llvm::all_of(inner.getOperands(), [&](Value operand) {
          return operand.getParentBlock() != body || uniform.contains(operand);
        }))
      continue;
    IRMapping mapping;
    for (Value operand : inner.getOperands())
      mapping.map(operand, find(point, operand).value);
    Operation *clone = b.clone(inner, mapping);
    for (auto [from, to] : llvm::zip(inner.getResults(), clone->getResults()))
      uniform[from] = {to};
  }
}

LoopBody::Lanes LoopBody::emitLoad(const Point &point, Operation *inner) {
  auto source = cast<memref::LoadOp>(inner);
  SmallVector<Lanes> indices;
  for (Value index : source.getIndices())
    indices.push_back(find(point, index));
  if (llvm::all_of(indices, [](Lanes &index) { return index.uniform; })) {
    SmallVector<Value> scalars;
    for (Lanes &index : indices)
      scalars.push_back(index.value);
    return {memref::LoadOp::create(b, source.getMemRef(), scalars)};
  }
  // Indices that are the same for all lanes, or count up, go into one scalar
  // offset and one stride; the others need an offset per lane.
  AffineMap identity =
      b.getMultiDimIdentityMap(source.getMemRefType().getRank());
  LinearView table(b, source.getMemRef(), identity);
  Value flat = flats.at(source.getMemRef());
  Value offset = table.offset, stride = constantIndex(b, 0), perLane;
  for (auto [index, unit] : llvm::zip(indices, table.strides)) {
    if (index.uniform || index.consecutive) {
      offset = add(b, offset, mul(b, index.value, unit));
      if (index.consecutive)
        stride = add(b, stride, unit);
      continue;
    }
    Value factor = vector::BroadcastOp::create(b, index.value.getType(), unit);
    Value product = arith::MulIOp::create(b, index.value, factor);
    perLane = perLane ? arith::AddIOp::create(b, perLane, product).getResult()
                      : product;
  }
  if (!perLane)
    return {loadLanes(point, flat, offset, stride), /*uniform=*/false};
  if (!isConstantIntValue(stride, 0))
    perLane =
        arith::AddIOp::create(b, perLane, stepVector(point.lanes, stride));
  VectorType type = vectorOf(source.getType(), point.lanes);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  Value mask = point.mask;
  if (!mask)
    mask = arith::ConstantOp::create(
        b, DenseElementsAttr::get(vectorOf(b.getI1Type(), point.lanes), true));
  return {vector::GatherOp::create(b, type, flat, offset, perLane, mask, zero),
          /*uniform=*/false};
}

LoopBody::Lanes LoopBody::emitOp(const Point &point, Operation *inner) {
  if (auto index = dyn_cast<linalg::IndexOp>(inner))
    return {point.ivs[index.getDim()], /*uniform=*/point.lanes == 1,
            /*consecutive=*/point.lanes > 1};
  if (point.lanes > 1 && isa<memref::LoadOp>(inner))
    return emitLoad(point, inner);
  SmallVector<Value> operands;
  for (Value operand : inner->getOperands())
    operands.push_back(lookup(point, operand));
  OperationState state(b.getLoc(), inner->getName());
  state.addOperands(operands);
  state.addTypes(vectorOf(inner->getResult(0).getType(), point.lanes));
  state.addAttributes(inner->getAttrs());
  return {b.create(state)->getResult(0), /*uniform=*/false};
}

void LoopBody::emit(const Point &point, ArrayRef<Value> outs,
                    const llvm::SmallPtrSetImpl<Operation *> &skipped) {
  varying.clear();
  for (OpOperand *operand : op.getDpsInputOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(operand);
    if (!argument.use_empty() && !point.uniform.contains(argument))
      varying[argument] = {load(point, *operand), point.lanes == 1};
  }
  for (auto [argument, value] : llvm::zip(op.getRegionOutputArgs(), outs))
    if (value)
      varying[argument] = {value, point.lanes == 1};
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (skipped.contains(&inner) ||
        (inner.getNumResults() && point.uniform.contains(inner.getResult(0))))
      continue;
    bool allUniform = llvm::all_of(inner.getOperands(),
                                   [&](Value operand) {
                                     return find(point, operand).uniform;
                                   }) &&
                      !isa<linalg::IndexOp>(inner);
    if (!allUniform || isa<linalg::IndexOp>(inner)) {
      varying[inner.getResult(0)] = emitOp(point, &inner);
      continue;
    }
    IRMapping mapping;
    inner.walk([&](Operation *nested) {
      for (Value operand : nested->getOperands())
        if (operand.getParentBlock() == op.getBlock())
          mapping.map(operand, find(point, operand).value);
    });
    Operation *clone = b.clone(inner, mapping);
    for (auto [from, to] : llvm::zip(inner.getResults(), clone->getResults()))
      varying[from] = {to};
  }
}

} // namespace condcomp
