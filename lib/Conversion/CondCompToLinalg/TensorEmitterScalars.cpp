//===- TensorEmitterScalars.cpp - short ways to write arithmetic ----------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace condcomp;

Value TensorEmitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}

Value TensorEmitter::scalar(Type type, double value) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(*this, getFloatAttr(type, value));
  return arith::ConstantOp::create(
      *this, getIntegerAttr(type, static_cast<int64_t>(value)));
}

Value TensorEmitter::add(Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return createOrFold<arith::AddFOp>(lhs, rhs);
  return createOrFold<arith::AddIOp>(lhs, rhs);
}

Value TensorEmitter::sub(Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return createOrFold<arith::SubFOp>(lhs, rhs);
  return createOrFold<arith::SubIOp>(lhs, rhs);
}

Value TensorEmitter::mul(Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return createOrFold<arith::MulFOp>(lhs, rhs);
  return createOrFold<arith::MulIOp>(lhs, rhs);
}

Value TensorEmitter::div(Value lhs, Value rhs) {
  if (isa<FloatType>(lhs.getType()))
    return createOrFold<arith::DivFOp>(lhs, rhs);
  return createOrFold<arith::DivUIOp>(lhs, rhs);
}

Value TensorEmitter::rem(Value lhs, Value rhs) {
  return createOrFold<arith::RemUIOp>(lhs, rhs);
}

Value TensorEmitter::product(ValueRange factors) {
  if (factors.empty())
    return index(1);
  Value result = factors.front();
  for (Value factor : factors.drop_front())
    result = mul(result, factor);
  return result;
}

Value TensorEmitter::compare(arith::CmpIPredicate predicate, Value lhs,
                             Value rhs) {
  return createOrFold<arith::CmpIOp>(predicate, lhs, rhs);
}

Value TensorEmitter::select(Value condition, Value lhs, Value rhs) {
  return createOrFold<arith::SelectOp>(condition, lhs, rhs);
}

Value TensorEmitter::logicalAnd(Value lhs, Value rhs) {
  return createOrFold<arith::AndIOp>(lhs, rhs);
}

Value TensorEmitter::logicalNot(Value value) {
  return createOrFold<arith::XOrIOp>(value, scalar(getI1Type(), 1));
}

Value TensorEmitter::castFloat(Value value, Type type) {
  if (value.getType() == type)
    return value;
  if (cast<FloatType>(value.getType()).getWidth() <
      cast<FloatType>(type).getWidth())
    return createOrFold<arith::ExtFOp>(type, value);
  return createOrFold<arith::TruncFOp>(type, value);
}

void TensorEmitter::check(Value condition, const Twine &message,
                          ValueRange values) {
  CheckOp::create(*this, condition, getStringAttr(message), values);
}

void TensorEmitter::checkLeadingDims(Value tensor, ValueRange sizes,
                                     const Twine &what) {
  for (auto [i, expected] : llvm::enumerate(sizes)) {
    Value size = dim(tensor, i);
    Value agrees = compare(arith::CmpIPredicate::eq, size, expected);
    if (!matchPattern(agrees, m_One()))
      check(agrees,
            what + " has size {0} in dim " + Twine(i) + ", expected {1}",
            {size, expected});
  }
}
