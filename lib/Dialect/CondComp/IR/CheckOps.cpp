//===- CheckOps.cpp - confidence and run-time checks -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyShapes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace condcomp;

//===----------------------------------------------------------------------===//
// ConfidenceOp
//===----------------------------------------------------------------------===//

LogicalResult ConfidenceOp::verify() {
  auto logits = cast<ShapedType>(getLogits().getType());
  auto result = cast<ShapedType>(getResult().getType());
  if (logits.getRank() == 0)
    return emitOpError() << "C1: logits need a dim of classes, got " << logits;
  if (failed(verifyShape(*this, "C1", "the result", result,
                         logits.getShape().drop_back())))
    return failure();
  if (result.getElementType().isF64() != logits.getElementType().isF64())
    return emitOpError() << "C2: logits of " << logits.getElementType()
                         << " make a confidence of "
                         << (logits.getElementType().isF64() ? "f64" : "f32")
                         << ", got " << result;
  int64_t classes = logits.getShape().back();
  int64_t least = getKind() == ConfidenceKind::Margin ? 2 : 1;
  if (!ShapedType::isDynamic(classes) && classes < least)
    return emitOpError() << "C3: '" << stringifyConfidenceKind(getKind())
                         << "' needs at least " << least << " classes, got "
                         << classes;
  return success();
}

Speculation::Speculatability ConfidenceOp::getSpeculatability() {
  return ShapedType::isDynamic(
             cast<ShapedType>(getLogits().getType()).getShape().back())
             ? Speculation::NotSpeculatable
             : Speculation::Speculatable;
}

//===----------------------------------------------------------------------===//
// CheckOp
//===----------------------------------------------------------------------===//

LogicalResult CheckOp::verify() {
  StringRef rest = getMessage();
  while (true) {
    rest = rest.drop_front(std::min(rest.find('{'), rest.size()));
    if (rest.empty())
      return success();
    unsigned index;
    if (rest.consume_front("{") && !rest.consumeInteger(10, index) &&
        rest.consume_front("}") && index >= getValues().size())
      return emitOpError() << "C2: the message names value {" << index
                           << "}, but there are " << getValues().size()
                           << " values";
  }
}

namespace {
/// A check that is known to hold is gone.
struct EraseTrueCheck : OpRewritePattern<CheckOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CheckOp op,
                                PatternRewriter &rewriter) const override {
    if (!matchPattern(op.getCondition(), m_One()))
      return failure();
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void CheckOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add<EraseTrueCheck>(context);
}
