//===- ExpandMath.cpp - math functions to polynomials ---------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace condcomp {
#define GEN_PASS_DEF_EXPANDMATH
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;

namespace {
/// expm1 on f64, which later passes would take for exp(x) - 1, as
/// (u - 1) * x / log(u) with u = exp(x): the errors of exp cancel (W. Kahan).
struct ExpandExpM1 : public OpRewritePattern<math::ExpM1Op> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::ExpM1Op op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF64())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto constant = [&](double value) -> Value {
      TypedAttr attr = b.getF64FloatAttr(value);
      if (auto type = dyn_cast<VectorType>(op.getType()))
        attr = DenseElementsAttr::get(type, value);
      return arith::ConstantOp::create(b, attr);
    };
    auto equal = [&](Value x, Value y) -> Value {
      return arith::CmpFOp::create(b, arith::CmpFPredicate::UEQ, x, y);
    };
    Value x = op.getOperand(), one = constant(1), minusOne = constant(-1);
    Value u = math::ExpOp::create(b, x);
    Value less = arith::SubFOp::create(b, u, one);
    Value log = math::LogOp::create(b, u);
    Value result =
        arith::MulFOp::create(b, less, arith::DivFOp::create(b, x, log));
    // exp(x) is infinite: so is the result.
    result = arith::SelectOp::create(b, equal(u, log), u, result);
    result =
        arith::SelectOp::create(b, equal(less, minusOne), minusOne, result);
    // exp(x) rounds to one, or is not a number.
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, equal(u, one), x, result);
    return success();
  }
};

struct ExpandMathPass : public condcomp::impl::ExpandMathBase<ExpandMathPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    // Upstream's sin and cos lose digits on arguments of some hundreds, as
    // positional encodings have them: those stay with the C library.
    auto isAccurate = [](StringRef name) {
      return name != math::SinOp::getOperationName() &&
             name != math::CosOp::getOperationName();
    };
    patterns.add<ExpandExpM1>(&getContext());
    populateMathAlgebraicSimplificationPatterns(patterns);
    populateMathF32ExpansionPatterns(patterns, isAccurate);
    populateMathPolynomialApproximationPatterns(patterns, isAccurate);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
