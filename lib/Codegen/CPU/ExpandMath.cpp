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
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace condcomp {
#define GEN_PASS_DEF_EXPANDMATH
#include "condcomp/Codegen/CPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;

namespace {
/// Builds arithmetic on a type of floats and on integers as wide, or on vectors
/// of them.
class MathBuilder : public ImplicitLocOpBuilder {
public:
  MathBuilder(Operation *op, PatternRewriter &rewriter)
      : ImplicitLocOpBuilder(op->getLoc(), rewriter),
        type(op->getResult(0).getType()), element(getElementTypeOrSelf(type)),
        bits(getIntegerType(element.getIntOrFloatBitWidth())) {}

  Value constant(double value) { return splat(getFloatAttr(element, value)); }
  Value constant(int64_t value) { return splat(getIntegerAttr(bits, value)); }
  Value add(Value x, Value y) { return arith::AddFOp::create(*this, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(*this, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(*this, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(*this, x, y); }
  Value fma(Value x, Value y, Value z) {
    return math::FmaOp::create(*this, x, y, z);
  }
  Value compare(arith::CmpFPredicate predicate, Value x, Value y) {
    return arith::CmpFOp::create(*this, predicate, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(*this, condition, x, y);
  }
  Value toBits(Value x) {
    return arith::BitcastOp::create(*this, like(bits), x);
  }
  Value fromBits(Value x) { return arith::BitcastOp::create(*this, type, x); }
  /// c0 + c1 x + c2 x² + …
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value result = constant(coefficients.back());
    for (double coefficient : llvm::reverse(coefficients.drop_back()))
      result = fma(result, x, constant(coefficient));
    return result;
  }

private:
  Type like(Type element) {
    if (auto vector = dyn_cast<VectorType>(type))
      return vector.clone(element);
    return element;
  }
  Value splat(TypedAttr attr) {
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(
          cast<ShapedType>(vector.clone(attr.getType())), attr);
    return arith::ConstantOp::create(*this, attr);
  }

  Type type, element, bits;
};

/// expm1 on f64, which later passes would take for exp(x) - 1, as
/// (u - 1) * x / log(u) with u = exp(x): the errors of exp cancel (W. Kahan).
struct ExpandExpM1 : public OpRewritePattern<math::ExpM1Op> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::ExpM1Op op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF64())
      return failure();
    MathBuilder b(op, rewriter);
    auto equal = [&](Value x, Value y) {
      return b.compare(arith::CmpFPredicate::UEQ, x, y);
    };
    Value x = op.getOperand(), one = b.constant(1.0),
          minusOne = b.constant(-1.0);
    Value u = math::ExpOp::create(b, x);
    Value less = b.sub(u, one);
    Value log = math::LogOp::create(b, u);
    Value result = b.mul(less, b.div(x, log));
    // exp(x) is infinite: so is the result.
    result = b.select(equal(u, log), u, result);
    result = b.select(equal(less, minusOne), minusOne, result);
    // exp(x) rounds to one, or is not a number.
    rewriter.replaceOp(op, b.select(equal(u, one), x, result));
    return success();
  }
};

/// log on f64, for which the C library takes one element at a time, as that of
/// FreeBSD's msun computes it, with fused multiply-adds. With x = 2^k (1 + f),
/// 1 + f between sqrt(1/2) and sqrt(2), and s = f / (2 + f) it is
///   k ln 2 + f - f²/2 + s (f²/2 + R(s²)),
/// where R is a polynomial; the error is below one unit in the last place.
struct ExpandLog : public OpRewritePattern<math::LogOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::LogOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF64())
      return failure();
    using Predicate = arith::CmpFPredicate;
    MathBuilder b(op, rewriter);
    Value input = op.getOperand(), zero = b.constant(0.0);
    // Subnormal numbers are scaled.
    Value isSmall = b.compare(Predicate::OLT, input, b.constant(0x1p-1022));
    Value x = b.select(isSmall, b.mul(input, b.constant(0x1p54)), input);

    // The upper half of sqrt(1/2) is where the exponent begins to count.
    constexpr int64_t kRoot = int64_t(0x3fe6a09e) << 32;
    constexpr int64_t kOne = int64_t(0x3ff00000) << 32;
    Value bits =
        arith::AddIOp::create(b, b.toBits(x), b.constant(kOne - kRoot));
    Value exponent = arith::ShRUIOp::create(b, bits, b.constant(int64_t(52)));
    Value mantissa =
        arith::AndIOp::create(b, bits, b.constant((int64_t(1) << 52) - 1));
    mantissa = arith::AddIOp::create(b, mantissa, b.constant(kRoot));
    Value f = b.sub(b.fromBits(mantissa), b.constant(1.0));

    // The exponent as a float: the low bits of a number of known exponent.
    constexpr int64_t kShifter = int64_t(0x43300000) << 32; // 2^52
    Value shifted =
        b.fromBits(arith::OrIOp::create(b, exponent, b.constant(kShifter)));
    Value bias = b.select(isSmall, b.constant(0x1p52 + 1023 + 54),
                          b.constant(0x1p52 + 1023));
    Value k = b.sub(shifted, bias);

    Value s = b.div(f, b.add(f, b.constant(2.0)));
    Value z = b.mul(s, s);
    Value r = b.mul(
        z, b.polynomial(z, {6.666666666666735130e-01, 3.999999999940941908e-01,
                            2.857142874366239149e-01, 2.222219843214978396e-01,
                            1.818357216161805012e-01, 1.531383769920937332e-01,
                            1.479819860511658591e-01}));
    Value half = b.mul(b.mul(b.constant(0.5), f), f);
    Value result = b.fma(k, b.constant(1.90821492927058770002e-10),
                         b.mul(s, b.add(half, r)));
    result = b.add(b.sub(result, half), f);
    result = b.fma(k, b.constant(6.93147180369123816490e-01), result);

    // Infinity and NaN are themselves, 0 is -infinity, what is below is NaN.
    double infinity = std::numeric_limits<double>::infinity();
    Value isOrdinary = b.compare(Predicate::OLT, input, b.constant(infinity));
    result = b.select(isOrdinary, result, input);
    Value isZero = b.compare(Predicate::OEQ, input, zero);
    result = b.select(isZero, b.constant(-infinity), result);
    Value isBelow = b.compare(Predicate::OLT, input, zero);
    Value nan = b.constant(std::numeric_limits<double>::quiet_NaN());
    rewriter.replaceOp(op, b.select(isBelow, nan, result));
    return success();
  }
};

/// exp(x) - 1, negated, on f32 for x <= 0: with x = n ln 2 + f, where n is
/// rounded by adding a large number, exp(f) is a polynomial and n is added to
/// its exponent.
static Value emitOneMinusExp(MathBuilder &b, Value x) {
  // From here on the result is one.
  Value least = b.constant(-80.0);
  Value isLess = b.compare(arith::CmpFPredicate::OGT, least, x);
  x = b.select(isLess, least, x);
  Value shifter = b.constant(0x1.8p23);
  Value shifted = b.fma(x, b.constant(1.442695), shifter);
  Value n = b.sub(shifted, shifter);
  Value f = b.fma(n, b.constant(-6.93145752e-1), x);
  f = b.fma(n, b.constant(-1.42860677e-6), f);
  Value exp = b.polynomial(f, {1.0, 1.0, 4.99999851e-1, 1.66664720e-1,
                               4.16695364e-2, 8.37312452e-3, 1.37805939e-3});
  Value exponent =
      arith::ShLIOp::create(b, b.toBits(shifted), b.constant(int64_t(23)));
  exp = b.fromBits(arith::AddIOp::create(b, b.toBits(exp), exponent));
  return b.sub(b.constant(1.0), exp);
}

/// erf on f32 without a division, which takes as long as all else: a polynomial
/// near zero, 1 - exp(polynomial) elsewhere. The coefficients are N. Juffa's;
/// the error is below one unit in the last place.
struct ExpandErf : public OpRewritePattern<math::ErfOp> {
  // Before upstream's, which is a quotient.
  ExpandErf(MLIRContext *context) : OpRewritePattern(context, 2) {}

  LogicalResult matchAndRewrite(math::ErfOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    MathBuilder b(op, rewriter);
    Value x = op.getOperand();
    Value size = math::AbsFOp::create(b, x), square = b.mul(x, x);
    Value inner =
        b.polynomial(square, {1.28379166e-1, -3.76125336e-1, 1.12819925e-1,
                              -2.67681349e-2, 4.99119423e-3, -5.96761703e-4});
    inner = b.fma(inner, x, x);

    Value high =
        b.fma(b.constant(-1.72853470e-5), size, b.constant(3.83197126e-4));
    Value low =
        b.fma(b.constant(-3.88396438e-3), size, b.constant(2.42546219e-2));
    Value outer = b.fma(high, square, low);
    for (double coefficient : {-1.06777877e-1, -6.34846687e-1, -1.28717512e-1})
      outer = b.fma(outer, size, b.constant(coefficient));
    outer = b.fma(outer, size, arith::NegFOp::create(b, size));
    outer = math::CopySignOp::create(b, emitOneMinusExp(b, outer), x);

    Value isOuter =
        b.compare(arith::CmpFPredicate::OGT, size, b.constant(0.927734375));
    rewriter.replaceOp(op, b.select(isOuter, outer, inner));
    return success();
  }
};

/// erf(x / c) multiplies: erf is less exact than the product is.
struct DivideBeforeErf : public OpRewritePattern<math::ErfOp> {
  // Before erf is expanded.
  DivideBeforeErf(MLIRContext *context) : OpRewritePattern(context, 3) {}

  LogicalResult matchAndRewrite(math::ErfOp op,
                                PatternRewriter &rewriter) const override {
    auto division = op.getOperand().getDefiningOp<arith::DivFOp>();
    APFloat divisor(0.0f);
    if (!division || !op.getType().isF32() ||
        !matchPattern(division.getRhs(), m_ConstantFloat(&divisor)))
      return failure();
    APFloat inverse(1.0f);
    inverse.divide(divisor, APFloat::rmNearestTiesToEven);
    if (!inverse.isNormal())
      return failure();
    Value factor = arith::ConstantOp::create(
        rewriter, op.getLoc(),
        rewriter.getF32FloatAttr(inverse.convertToFloat()));
    Value product = arith::MulFOp::create(rewriter, division.getLoc(),
                                          division.getLhs(), factor);
    rewriter.modifyOpInPlace(op,
                             [&] { op.getOperandMutable().assign(product); });
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
    patterns.add<ExpandExpM1, ExpandLog, ExpandErf, DivideBeforeErf>(
        &getContext());
    populateMathAlgebraicSimplificationPatterns(patterns);
    populateMathF32ExpansionPatterns(patterns, isAccurate);
    populateMathPolynomialApproximationPatterns(patterns, isAccurate);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
