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

/// Verifies C4 of the ops that weigh `values`: what weights can multiply.
static LogicalResult verifyWeightUse(Operation *op, WeightUse use,
                                     StringRef what, ShapedType values) {
  if (use == WeightUse::Input)
    return op->emitOpError() << "C4: weights multiply the " << what
                             << " ('output') or nothing ('none')";
  if (!isa<FloatType>(values.getElementType()) && use != WeightUse::None)
    return op->emitOpError()
           << "C4: " << what << " of " << values.getElementType()
           << " need weights(none)";
  return success();
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
  if (failed(verifyWeightUse(*this, getWeightUse(), "entries", entries)))
    return failure();
  if (getKind() == CombineKind::Mean &&
      !isa<FloatType>(entries.getElementType()))
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

//===----------------------------------------------------------------------===//
// PoolOp, MixOp
//===----------------------------------------------------------------------===//

/// Verifies C1, C2 and C4 of an op from one space to another.
static LogicalResult verifyBetween(Operation *op, RoutingType type, Space from,
                                   Space to, ShapedType source, ShapedType outs,
                                   WeightUse use) {
  SmallVector<int64_t> lead = getSpaceShape(type, from);
  StringRef what = stringifySpace(from);
  if (failed(verifyLeadingDims(op, "C1", what, source, lead)) ||
      failed(verifyShape(
          op, "C2", "outs", outs,
          withTrailing(getSpaceShape(type, to), source, lead.size()))))
    return failure();
  if (outs.getElementType() != source.getElementType())
    return op->emitOpError()
           << "C2: outs must have the element type of the " << what << ", "
           << source.getElementType() << ", got " << outs;
  return verifyWeightUse(op, use, what, source);
}

LogicalResult PoolOp::verify() {
  auto source = cast<ShapedType>(getSource().getType());
  if (getKind() != CombineKind::Sum && getKind() != CombineKind::Mean &&
      getKind() != CombineKind::Max)
    return emitOpError() << "C3: the kind must be 'sum', 'mean' or 'max', got '"
                         << stringifyCombineKind(getKind()) << "'";
  if (failed(verifyBetween(
          *this, getRouting().getType(), Space::Rows, Space::Modules, source,
          cast<ShapedType>(getOuts().getType()), getWeightUse())))
    return failure();
  if (getKind() == CombineKind::Mean &&
      !isa<FloatType>(source.getElementType()))
    return emitOpError() << "C4: 'mean' needs float rows, got " << source;
  return success();
}

LogicalResult MixOp::verify() {
  return verifyBetween(*this, getRouting().getType(), Space::Modules,
                       Space::Rows, cast<ShapedType>(getSource().getType()),
                       cast<ShapedType>(getOuts().getType()), getWeightUse());
}
