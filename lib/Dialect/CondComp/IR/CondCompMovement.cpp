//===- CondCompMovement.cpp - into and out of entries -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VerifyShapes.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace condcomp;

/// The shape that `leading` makes with the dims of `type` from `from` on.
static SmallVector<int64_t> withTrailing(ArrayRef<int64_t> leading,
                                         ShapedType type, int64_t from) {
  SmallVector<int64_t> shape(leading);
  llvm::append_range(shape, type.getShape().drop_front(from));
  return shape;
}

//===----------------------------------------------------------------------===//
// SelectOp
//===----------------------------------------------------------------------===//

LogicalResult SelectOp::verify() {
  RoutingType type = getRouting().getType();
  auto source = cast<ShapedType>(getSource().getType());
  auto result = cast<ShapedType>(getResult().getType());
  SmallVector<int64_t> space = getSpaceShape(type, getSpace());
  if (failed(verifyLeadingDims(*this, "C1", stringifySpace(getSpace()), source,
                               space)))
    return failure();
  if (result.getElementType() != source.getElementType())
    return emitOpError() << "C2: the result must have the element type of the "
                            "source, "
                         << source.getElementType() << ", got " << result;
  return verifyShape(*this, "C2", "the result", result,
                     withTrailing(type.getEntryShape(), source, space.size()));
}

//===----------------------------------------------------------------------===//
// CombineOp
//===----------------------------------------------------------------------===//

LogicalResult CombineOp::verify() {
  RoutingType type = getRouting().getType();
  auto entries = cast<ShapedType>(getEntries().getType());
  auto outs = cast<ShapedType>(getOuts().getType());
  if (getKind() == CombineKind::None)
    return emitOpError("C2: 'none' leaves nothing to combine");
  if (failed(verifyLeadingDims(*this, "C1", "entries", entries,
                               type.getEntryShape())))
    return failure();
  Space space = getKind() == CombineKind::Stack ? Space::Pairs : Space::Rows;
  if (failed(verifyShape(*this, "C2", "outs", outs,
                         withTrailing(getSpaceShape(type, space), entries,
                                      type.getEntryRank()))))
    return failure();
  if (outs.getElementType() != entries.getElementType())
    return emitOpError() << "C2: outs must have the element type of the "
                            "entries, "
                         << entries.getElementType() << ", got " << outs;
  if (getKind() == CombineKind::Replace && !hasAtMostOneEntryPerRow(type))
    return emitOpError()
           << "C3: 'replace' needs at most one entry per row, got " << type;
  if (getWeightUse() == WeightUse::Input)
    return emitOpError("C4: weights multiply the entries ('output') or nothing "
                       "('none')");
  bool isFloat = isa<FloatType>(entries.getElementType());
  if (!isFloat && getWeightUse() != WeightUse::None)
    return emitOpError() << "C4: entries of " << entries.getElementType()
                         << " need weights(none)";
  if (!isFloat && getKind() == CombineKind::Mean)
    return emitOpError() << "C4: 'mean' needs float entries, got " << entries;
  return success();
}

//===----------------------------------------------------------------------===//
// RestoreOp
//===----------------------------------------------------------------------===//

LogicalResult RestoreOp::verify() {
  RoutingType type = getRouting().getType();
  auto entries = cast<ShapedType>(getEntries().getType());
  auto outs = cast<ShapedType>(getOuts().getType());
  if (getKind() != CombineKind::Replace && getKind() != CombineKind::Sum)
    return emitOpError() << "C3: the kind must be 'replace' or 'sum', got '"
                         << stringifyCombineKind(getKind()) << "'";
  if (failed(verifyLeadingDims(*this, "C1", "entries", entries,
                               type.getEntryShape())) ||
      failed(verifyShape(*this, "C2", "outs", outs,
                         withTrailing(getSpaceShape(type, Space::Pairs),
                                      entries, type.getEntryRank()))))
    return failure();
  if (outs.getElementType() != entries.getElementType())
    return emitOpError() << "C2: outs must have the element type of the "
                            "entries, "
                         << entries.getElementType() << ", got " << outs;
  return success();
}

namespace {
/// Restoring what was selected from the very tensor changes nothing.
struct RestoreOfSelect : OpRewritePattern<RestoreOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RestoreOp op,
                                PatternRewriter &rewriter) const override {
    auto select = op.getEntries().getDefiningOp<SelectOp>();
    if (op.getKind() != CombineKind::Replace || !select ||
        select.getSpace() != Space::Pairs ||
        select.getRouting() != op.getRouting() ||
        select.getSource() != op.getOuts())
      return failure();
    rewriter.replaceOp(op, op.getOuts());
    return success();
  }
};
} // namespace

void RestoreOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<RestoreOfSelect>(context);
}
