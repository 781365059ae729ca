//===- ExpandAffine.cpp - sizes in affine maps to arithmetic --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AffineExprVisitor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace condcomp {
#define GEN_PASS_DEF_EXPANDAFFINE
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {

/// An affine expression as arith ops. Upstream's expansion takes a division
/// apart into comparisons, in which no analysis sees a division any more.
class Expander : public AffineExprVisitor<Expander, Value> {
public:
  Expander(ImplicitLocOpBuilder &b, ValueRange dims, ValueRange symbols)
      : b(b), dims(dims), symbols(symbols) {}

  Value visitConstantExpr(AffineConstantExpr expr) {
    return arith::ConstantIndexOp::create(b, expr.getValue());
  }
  Value visitDimExpr(AffineDimExpr expr) { return dims[expr.getPosition()]; }
  Value visitSymbolExpr(AffineSymbolExpr expr) {
    return symbols[expr.getPosition()];
  }
  Value visitAddExpr(AffineBinaryOpExpr expr) {
    return arith::AddIOp::create(b, visit(expr.getLHS()), visit(expr.getRHS()),
                                 noOverflow);
  }
  Value visitMulExpr(AffineBinaryOpExpr expr) {
    return arith::MulIOp::create(b, visit(expr.getLHS()), visit(expr.getRHS()),
                                 noOverflow);
  }
  Value visitFloorDivExpr(AffineBinaryOpExpr expr) {
    return arith::FloorDivSIOp::create(b, visit(expr.getLHS()),
                                       visit(expr.getRHS()));
  }
  Value visitCeilDivExpr(AffineBinaryOpExpr expr) {
    return arith::CeilDivSIOp::create(b, visit(expr.getLHS()),
                                      visit(expr.getRHS()));
  }
  Value visitModExpr(AffineBinaryOpExpr expr) {
    return affine::expandAffineExpr(b, b.getLoc(), expr, dims, symbols);
  }

private:
  ImplicitLocOpBuilder &b;
  ValueRange dims, symbols;
  /// Affine arithmetic does not overflow.
  static constexpr auto noOverflow = arith::IntegerOverflowFlags::nsw;
};

struct ExpandAffine : condcomp::impl::ExpandAffineBase<ExpandAffine> {
  void runOnOperation() override {
    getOperation()->walk([](affine::AffineApplyOp op) {
      ImplicitLocOpBuilder b(op.getLoc(), op);
      Expander expander(b, op.getDimOperands(), op.getSymbolOperands());
      op.getResult().replaceAllUsesWith(
          expander.visit(op.getAffineMap().getResult(0)));
      op.erase();
    });
  }
};

} // namespace
