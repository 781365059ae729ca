//===- ContractionEmitter.cpp - tiles of a contraction --------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"
#include "../CPU/LinearView.h"
#include "../CPU/LoopBuilder.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace condcomp;

ContractionEmitter::ContractionEmitter(ImplicitLocOpBuilder &b,
                                       const Contraction &contraction,
                                       bool fromZero)
    : b(b), c(contraction), fromZero(fromZero),
      sizes(loopSizes(b, contraction.op)),
      ivs(sizes.size(), constantIndex(b, 0)), rows(count(c.m)),
      columns(count(c.n)) {}

ContractionEmitter::Position
ContractionEmitter::beginParallel(ArrayRef<Value> extents) {
  SmallVector<Value> all;
  for (unsigned loop : c.batch)
    all.push_back(sizes[loop]);
  llvm::append_range(all, extents);
  SmallVector<Value> zeros(all.size(), constantIndex(b, 0));
  SmallVector<Value> ones(all.size(), constantIndex(b, 1));
  auto loop = scf::ParallelOp::create(b, zeros, all, ones);
  b.setInsertionPointToStart(loop.getBody());
  Position position(loop.getInductionVars());
  go(c.batch, ArrayRef(position).drop_back(extents.size()));
  return Position(ArrayRef(position).take_back(extents.size()));
}

ContractionEmitter::Position ContractionEmitter::split(ArrayRef<unsigned> loops,
                                                       Value number) {
  Position position(loops.size());
  for (int64_t i = loops.size() - 1; i >= 0; --i) {
    position[i] = number;
    if (i == 0)
      break;
    position[i] = b.createOrFold<arith::RemUIOp>(number, sizes[loops[i]]);
    number = div(b, number, sizes[loops[i]]);
  }
  return position;
}

ContractionEmitter::Position
ContractionEmitter::splitInside(ArrayRef<unsigned> loops, Value number,
                                Value end) {
  return split(loops, minimum(b, number, sub(b, end, constantIndex(b, 1))));
}

void ContractionEmitter::go(ArrayRef<unsigned> loops,
                            ArrayRef<Value> position) {
  for (auto [loop, iv] : llvm::zip_equal(loops, position))
    ivs[loop] = iv;
}

Value ContractionEmitter::count(ArrayRef<unsigned> loops) {
  Value number = constantIndex(b, 1);
  for (unsigned loop : loops)
    number = mul(b, number, sizes[loop]);
  return number;
}

Value ContractionEmitter::countMost(ArrayRef<unsigned> loops) {
  auto isSame = [&](Value value) {
    auto forall = c.op->getParentOfType<scf::ForallOp>();
    return getConstantIntValue(value) || !forall ||
           forall.isDefinedOutsideOfLoop(value);
  };
  Value number = constantIndex(b, 1);
  for (unsigned loop : loops) {
    Value size = sizes[loop];
    if (auto smaller = size.getDefiningOp<arith::MinUIOp>())
      for (Value one : smaller->getOperands())
        if (!isSame(size) && isSame(one))
          size = one;
    number = mul(b, number, size);
  }
  return number;
}

SmallVector<Value> ContractionEmitter::getIndices(OpOperand *operand) {
  return *affine::expandAffineMap(b, b.getLoc(), c.map(operand), ivs);
}

Value ContractionEmitter::load(OpOperand *operand) {
  return memref::LoadOp::create(b, operand->get(), getIndices(operand));
}

void ContractionEmitter::store(Value sum) {
  memref::StoreOp::create(b, convert(sum, getElementType(c.result)),
                          c.result->get(), getIndices(c.result));
}

Value ContractionEmitter::convert(Value value, Type type) {
  if (value.getType() == type)
    return value;
  if (type.getIntOrFloatBitWidth() > value.getType().getIntOrFloatBitWidth())
    return arith::ExtFOp::create(b, type, value);
  return arith::TruncFOp::create(b, type, value);
}

Type ContractionEmitter::getElementType(OpOperand *operand) {
  return cast<MemRefType>(operand->get().getType()).getElementType();
}

void ContractionEmitter::keepRolled(scf::ForOp loop) {
  MLIRContext *context = loop.getContext();
  auto unroll = LLVM::LoopUnrollAttr::get(
      context, /*disable=*/BoolAttr::get(context, true), /*count=*/{},
      /*runtimeDisable=*/{}, /*full=*/{}, /*followupUnrolled=*/{},
      /*followupRemainder=*/{}, /*followupAll=*/{});
  // The name of the branch's own attribute, which the loop's becomes.
  loop->setAttr("loop_annotation", LLVM::LoopAnnotationAttr::get(
                                       context, {}, {}, {}, unroll, {}, {}, {},
                                       {}, {}, {}, {}, {}, {}, {}, {}));
}
