//===- GuardDivisions.cpp - sizes divided by sizes that may be zero -------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

namespace condcomp {
#define GEN_PASS_DEF_GUARDDIVISIONS
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;

namespace {
struct GuardDivisionsPass
    : public condcomp::impl::GuardDivisionsBase<GuardDivisionsPass> {
  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (!isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
               arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp>(op))
        return;
      Value divisor = op->getOperand(1);
      // Elements of tensors are data: there a division by zero is the
      // program's own.
      if (!divisor.getType().isIntOrIndex() ||
          op->getParentOfType<linalg::LinalgOp>() ||
          matchPattern(divisor, m_Constant()))
        return;
      ImplicitLocOpBuilder b(op->getLoc(), op);
      auto constant = [&](int64_t value) -> Value {
        return arith::ConstantOp::create(
            b, b.getIntegerAttr(divisor.getType(), value));
      };
      Value isZero = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, divisor,
                                           constant(0));
      op->setOperand(1,
                     arith::SelectOp::create(b, isZero, constant(1), divisor));
    });
  }
};
} // namespace
