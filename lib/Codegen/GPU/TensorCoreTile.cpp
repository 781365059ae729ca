//===- TensorCoreTile.cpp - tiles of a contraction by tensor cores --------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorCoreTile.h"
#include "../CPU/LoopBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace condcomp;

TensorCoreTile::TensorCoreTile(ImplicitLocOpBuilder &b,
                               const Contraction &contraction, bool fromZero)
    : ContractionEmitter(b, contraction, fromZero),
      sumType(VectorType::get({2, 2}, contraction.acc)), outerTerms(c.k) {
  // The longest loop, for full steps; of several, the innermost.
  SmallVector<int64_t> ranges = linalg::LinalgOp(c.op).getStaticLoopRanges();
  auto length = [&](unsigned loop) {
    return ShapedType::isDynamic(ranges[loop])
               ? std::numeric_limits<int64_t>::max()
               : ranges[loop];
  };
  // Windows of one pixel have loops of one iteration only.
  for (unsigned loop : c.k)
    if (loop == c.k.front() || length(loop) >= length(innerTerm))
      innerTerm = loop;
  llvm::erase(outerTerms, innerTerm);
  innerChunks = ceilDiv(b, sizes[innerTerm], constantIndex(b, kTermsOfChunk));
}

bool TensorCoreTile::isContiguous(OpOperand *operand, unsigned loop) {
  AffineMap map = c.map(operand);
  auto type = cast<MemRefType>(operand->get().getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (map.getNumResults() == 0 ||
      failed(type.getStridesAndOffset(strides, offset)) || strides.back() != 1)
    return false;
  if (map.getResults().back() != getAffineDimExpr(loop, b.getContext()))
    return false;
  return llvm::none_of(map.getResults().drop_back(), [&](AffineExpr expr) {
    return expr.isFunctionOfDim(loop);
  });
}

TensorCoreTile::Values TensorCoreTile::makeZeros(int64_t number) {
  return Values(number, arith::ConstantOp::create(
                            b, DenseElementsAttr::get(sumType, 0.0f)));
}

TensorCoreTile::Values TensorCoreTile::addAll(ValueRange sums,
                                              ValueRange more) {
  Values next;
  for (auto [sum, other] : llvm::zip_equal(sums, more))
    next.push_back(arith::AddFOp::create(b, sum, other));
  return next;
}

Value TensorCoreTile::isBelow(Value index, Value size) {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, index, size);
}

TensorCoreTile::Values
TensorCoreTile::select(Value condition, TypeRange types,
                       function_ref<Values(bool)> choose) {
  auto choice = scf::IfOp::create(b, types, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  for (bool holds : {true, false}) {
    b.setInsertionPointToStart(holds ? choice.thenBlock() : choice.elseBlock());
    Values chosen = choose(holds);
    scf::YieldOp::create(b, chosen);
  }
  return Values(choice.getResults());
}
