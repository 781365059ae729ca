//===- CallerValues.cpp - what a kernel's caller can compute --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CallerValues.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace condcomp;

/// The caller's value of an argument; null for what is none.
Value CallerValues::getArgument(Value value) const {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != &kernel)
    return nullptr;
  unsigned number = argument.getArgNumber();
  return number >= first && number - first < arguments.size()
             ? arguments[number - first]
             : Value();
}

Value CallerValues::get(ImplicitLocOpBuilder &b, Value value) {
  auto [at, isNew] = known.try_emplace(value);
  if (!isNew)
    return at->second;
  Value computed = compute(b, value);
  known[value] = computed;
  return computed;
}

Value CallerValues::compute(ImplicitLocOpBuilder &b, Value value) {
  if (isa<BlockArgument>(value))
    return getArgument(value);
  Operation *op = value.getDefiningOp();
  if (auto dim = dyn_cast<memref::DimOp>(op)) {
    std::optional<int64_t> number = dim.getConstantIndex();
    return number ? getSize(b, dim.getSource(), *number) : Value();
  }
  // The caller runs before any check of the kernel: what could fail, it must
  // not do.
  if (op->getNumRegions() != 0 || !isPure(op))
    return nullptr;
  IRMapping mapping;
  for (Value operand : op->getOperands()) {
    Value mapped = get(b, operand);
    if (!mapped)
      return nullptr;
    mapping.map(operand, mapped);
  }
  Operation *copy = b.clone(*op, mapping);
  return copy->getResult(cast<OpResult>(value).getResultNumber());
}

Value CallerValues::getSize(ImplicitLocOpBuilder &b, Value buffer,
                            int64_t dim) {
  auto type = cast<MemRefType>(buffer.getType());
  if (!type.isDynamicDim(dim))
    return arith::ConstantIndexOp::create(b, type.getDimSize(dim));
  if (isa<BlockArgument>(buffer)) {
    Value argument = getArgument(buffer);
    return argument ? memref::DimOp::create(b, argument, dim).getResult()
                    : Value();
  }
  Operation *op = buffer.getDefiningOp();
  if (auto alloc = dyn_cast<memref::AllocOp>(op))
    return get(b, alloc.getDynamicSizes()[type.getDynamicDimIndex(dim)]);
  if (auto cast = dyn_cast<memref::CastOp>(op))
    return getSize(b, cast.getSource(), dim);
  if (auto expand = dyn_cast<memref::ExpandShapeOp>(op)) {
    OpFoldResult size = expand.getMixedOutputShape()[dim];
    return get(b, cast<Value>(size));
  }
  if (auto collapse = dyn_cast<memref::CollapseShapeOp>(op)) {
    Value product = arith::ConstantIndexOp::create(b, 1);
    ReassociationIndices sources = collapse.getReassociationIndices()[dim];
    for (int64_t source : sources) {
      Value size = getSize(b, collapse.getSrc(), source);
      if (!size)
        return nullptr;
      product = arith::MulIOp::create(b, product, size);
    }
    return product;
  }
  return nullptr;
}
