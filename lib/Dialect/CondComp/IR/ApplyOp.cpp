//===- ApplyOp.cpp - module bodies on their rows -*- C++ -*-===//
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

/// `tensor<?x…>` with the dims of `type` after its first `leading` ones: what a
/// body sees of an operand.
static RankedTensorType getBodyRowsType(Type type, int64_t leading) {
  auto shaped = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape = {ShapedType::kDynamic};
  llvm::append_range(shape, shaped.getShape().drop_front(leading));
  return RankedTensorType::get(shape, shaped.getElementType());
}

SmallVector<Type> ApplyOp::getBodyArgumentTypes() {
  RoutingType type = getRouting().getType();
  SmallVector<Type> types;
  for (Value value : getRows())
    types.push_back(
        getBodyRowsType(value.getType(), type.getNumBatchDims() + 1));
  for (Value value : getEntries())
    types.push_back(getBodyRowsType(value.getType(), type.getEntryRank()));
  for (Value value : getParams()) {
    auto param = cast<RankedTensorType>(value.getType());
    types.push_back(RankedTensorType::get(param.getShape().drop_front(),
                                          param.getElementType()));
  }
  Type index = IndexType::get(getContext());
  if (getWithIds())
    types.push_back(RankedTensorType::get({ShapedType::kDynamic}, index));
  if (getWithModule())
    types.push_back(index);
  return types;
}

/// The leading dims of a result for the way its entries are combined.
static SmallVector<int64_t> getResultLeading(RoutingType type,
                                             CombineKind kind) {
  if (kind == CombineKind::None)
    return type.getEntryShape();
  return getSpaceShape(type,
                       kind == CombineKind::Stack ? Space::Pairs : Space::Rows);
}

LogicalResult ApplyOp::verify() {
  RoutingType type = getRouting().getType();
  for (Value value : getRows())
    if (failed(verifyLeadingDims(*this, "C1", "rows", value.getType(),
                                 getSpaceShape(type, Space::Rows))))
      return failure();
  for (Value value : getEntries())
    if (failed(verifyLeadingDims(*this, "C2", "entries", value.getType(),
                                 type.getEntryShape())))
      return failure();
  for (Value value : getParams())
    if (failed(verifyLeadingDims(*this, "C3", "params", value.getType(),
                                 type.getNumModules())))
      return failure();
  int64_t regions = getBodies().size();
  if (regions != 1 && regions != type.getNumModules())
    return emitOpError() << "C4: needs one region for all modules or one per "
                            "module, got "
                         << regions << " regions for "
                         << shapeToString(type.getNumModules()) << " modules";

  bool combines = getCombine() != CombineKind::None;
  if (getOuts().size() != (combines ? getNumResults() : 0))
    return emitOpError() << "C7: needs "
                         << (combines ? "one outs per result" : "no outs")
                         << " with combine("
                         << stringifyCombineKind(getCombine()) << "), got "
                         << getOuts().size() << " for " << getNumResults()
                         << " results";
  for (auto [out, result] : llvm::zip(getOuts(), getResults()))
    if (out.getType() != result.getType())
      return emitOpError() << "C7: outs and result types differ: "
                           << out.getType() << " and " << result.getType();
  if (getCombine() == CombineKind::Replace && !hasAtMostOneEntryPerRow(type))
    return emitOpError() << "C8: combine(replace) needs at most one entry per "
                            "row, got "
                         << type;
  SmallVector<int64_t> leading = getResultLeading(type, getCombine());
  for (Value result : getResults())
    if (failed(verifyLeadingDims(*this, "C9", "the result", result.getType(),
                                 leading)))
      return failure();
  if (!combines)
    for (Value result : getResults()) {
      auto resultType = cast<RankedTensorType>(result.getType());
      if (llvm::any_of(resultType.getShape().drop_front(leading.size()),
                       ShapedType::isDynamic))
        return emitOpError() << "C9: with combine(none) the dims of results "
                                "after the entry dims must be static, got "
                             << resultType;
    }
  auto isFloat = [](Value value) {
    return isa<FloatType>(getElementTypeOrSelf(value));
  };
  bool floatResults = (combines && getWeightUse() == WeightUse::Output) ||
                      getCombine() == CombineKind::Mean;
  if (floatResults && !llvm::all_of(getResults(), isFloat))
    return emitOpError("C10: weights(output) and combine(mean) need float "
                       "results");
  if (getWeightUse() == WeightUse::Input && !llvm::any_of(getRows(), isFloat) &&
      !llvm::any_of(getEntries(), isFloat))
    return emitOpError("C10: weights(input) needs a float rows or entries "
                       "operand");
  return success();
}

LogicalResult ApplyOp::verifyRegions() {
  SmallVector<Type> arguments = getBodyArgumentTypes();
  RoutingType type = getRouting().getType();
  int64_t leading = getResultLeading(type, getCombine()).size();
  for (auto [index, region] : llvm::enumerate(getBodies())) {
    if (region.getArgumentTypes() != TypeRange(arguments))
      return emitOpError() << "C5: the arguments of region " << index
                           << " must be (" << TypeRange(arguments) << "), got ("
                           << region.getArgumentTypes() << ")";
    auto yield = dyn_cast<YieldOp>(region.front().getTerminator());
    if (!yield)
      return emitOpError() << "C6: region " << index
                           << " must end in condcomp.yield";
    SmallVector<Type> expected;
    for (Value result : getResults())
      expected.push_back(getBodyRowsType(result.getType(), leading));
    if (yield.getOperandTypes() != TypeRange(expected))
      return yield.emitOpError()
             << "C6: region " << index << " must yield (" << TypeRange(expected)
             << "), got (" << yield.getOperandTypes() << ")";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Interfaces
//===----------------------------------------------------------------------===//

// Nothing is forwarded as it is: bodies get gathered rows, results are
// combined.
void ApplyOp::getSuccessorRegions(
    RegionBranchPoint point, SmallVectorImpl<RegionSuccessor> &successors) {
  if (point.isParent())
    for (Region &body : getBodies())
      successors.push_back(RegionSuccessor(&body));
  successors.push_back(RegionSuccessor(
      getOperation(), getOperation()->getResults().take_front(0)));
}

bool ApplyOp::isRowwiseRegion(unsigned) { return getScope() == Scope::Row; }

SmallVector<BlockArgument> ApplyOp::getRowArguments(unsigned index) {
  Region &body = getBodies()[index];
  return llvm::to_vector(
      body.getArguments().take_front(getRows().size() + getEntries().size()));
}

BlockArgument ApplyOp::getIdsArgument(unsigned index) {
  if (!getWithIds())
    return {};
  return getBodies()[index].getArgument(getRows().size() + getEntries().size() +
                                        getParams().size());
}

SmallVector<BlockArgument> ApplyOp::getStateArguments(unsigned) { return {}; }

RegionRuns ApplyOp::getRegionRuns(unsigned index) {
  Builder b(getContext());
  RegionRuns runs;
  runs.rows = RegionRuns::Rows::Entries;
  runs.routing = getRouting();
  int64_t numModules = getRouting().getType().getNumModules();
  if (!hasSharedBody())
    runs.module = index;
  runs.mostRuns = b.getIndexAttr(hasSharedBody() ? numModules : 1);
  return runs;
}

//===----------------------------------------------------------------------===//
// Canonicalization
//===----------------------------------------------------------------------===//

namespace {
/// Drops rows, entries and params that no body reads.
struct DropUnusedOperands : OpRewritePattern<ApplyOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ApplyOp op,
                                PatternRewriter &rewriter) const override {
    unsigned numRows = op.getRows().size();
    unsigned numEntries = op.getEntries().size();
    unsigned numOperands = numRows + numEntries + op.getParams().size();
    llvm::BitVector unused(numOperands);
    for (unsigned i = 0; i < numOperands; ++i)
      if (llvm::all_of(op.getBodies(), [&](Region &body) {
            return body.getArgument(i).use_empty();
          }))
        unused.set(i);
    // Row counts of bodies come from a row-like operand: keep one. Weights may
    // need the one float operand that they multiply.
    unsigned numRowLike = numRows + numEntries;
    if (op.getWeightUse() == WeightUse::Input)
      unused.reset(0, numRowLike);
    else if (numRowLike > 0 && unused.find_first_unset_in(0, numRowLike) == -1)
      unused.reset(0);
    if (unused.none())
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      for (int i = unused.find_last(); i >= 0; i = unused.find_prev(i)) {
        unsigned at = i;
        if (at < numRows)
          op.getRowsMutable().erase(at);
        else if (at < numRows + numEntries)
          op.getEntriesMutable().erase(at - numRows);
        else
          op.getParamsMutable().erase(at - numRows - numEntries);
        for (Region &body : op.getBodies())
          body.eraseArgument(at);
      }
    });
    return success();
  }
};
} // namespace

void ApplyOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *context) {
  patterns.add<DropUnusedOperands>(context);
}
