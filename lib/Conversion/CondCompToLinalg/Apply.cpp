//===- Apply.cpp - lowering of apply -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ApplyBodies.h"
#include "condcomp/Dialect/CondComp/Transforms/RunTimeChoice.h"

using namespace mlir;
using namespace condcomp;

SmallVector<Value> condcomp::inlineBody(Region &region, TensorEmitter &b,
                                        ValueRange arguments,
                                        ConversionPatternRewriter &rewriter) {
  Block *block = &region.front();
  Operation *terminator = block->getTerminator();
  rewriter.inlineBlockBefore(block, b.getInsertionBlock(),
                             b.getInsertionPoint(), arguments);
  auto operands = llvm::to_vector_of<Value>(terminator->getOperands());
  rewriter.eraseOp(terminator);
  return operands;
}

Value condcomp::checkRowCount(TensorEmitter &b, Value tensor, Value numRows,
                              StringRef what) {
  Value count = b.dim(tensor, 0);
  Value equal = b.compare(arith::CmpIPredicate::eq, count, numRows);
  b.check(equal, what + " has {0} rows, expected {1}", {count, numRows});
  return b.select(equal, count, b.index(0));
}

Value condcomp::checkYielded(TensorEmitter &b, Value yielded, Value numRows,
                             Value target) {
  auto type = cast<RankedTensorType>(yielded.getType());
  auto targetType = cast<RankedTensorType>(target.getType());
  int64_t leading = targetType.getRank() - type.getRank();
  for (int64_t dim = 1; dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim) && !targetType.isDynamicDim(leading + dim))
      continue;
    Value size = b.dim(yielded, dim), expected = b.dim(target, leading + dim);
    b.check(b.compare(arith::CmpIPredicate::eq, size, expected),
            "apply C6: a yielded tensor has size {0} in dim " + Twine(dim) +
                ", its outs {1}",
            {size, expected});
  }
  return checkRowCount(b, yielded, numRows, "apply C11: a yielded tensor");
}

ApplyOperands::ApplyOperands(
    ApplyOp op, ApplyOp::GenericAdaptor<ArrayRef<ValueRange>> adaptor,
    const RoutingValue &routing, TensorEmitter &b) {
  RoutingType type = routing.getType();
  int64_t rowDims = type.getNumBatchDims() + 1;
  Value numRows = routing.getNumRows(b);
  for (ValueRange values : adaptor.getRows()) {
    rows.push_back(b.flattenLeading(values.front(), rowDims));
    checkRowCount(b, rows.back(), numRows, "apply C1: a rows operand");
  }
  if (!op.getEntries().empty()) {
    Value numEntries = routing.inForm(b, Form::Compact).getNumEntries(b);
    for (ValueRange values : adaptor.getEntries()) {
      entries.push_back(b.flattenLeading(values.front(), type.getEntryRank()));
      checkRowCount(b, entries.back(), numEntries,
                    "apply C2: an entries operand");
    }
  }
  for (ValueRange values : adaptor.getParams()) {
    params.push_back(values.front());
    Value count = b.dim(params.back(), 0), modules = routing.getNumModules();
    b.check(b.compare(arith::CmpIPredicate::eq, count, modules),
            "apply C3: a params operand has {0} modules, the routing {1}",
            {count, modules});
  }
  for (ValueRange values : adaptor.getOuts()) {
    outs.push_back(b.flattenLeading(values.front(), rowDims));
    checkRowCount(b, outs.back(), numRows, "apply C7: an outs operand");
  }
}

namespace {

/// Of a routing whose type has no entry: outs, or entry tensors of none.
SmallVector<Value> emitNothing(ApplyOp op, const ApplyOperands &operands,
                               TensorEmitter &b) {
  if (op.getCombine() != CombineKind::None)
    return operands.outs;
  SmallVector<Value> results;
  int64_t entryRank = op.getRouting().getType().getEntryRank();
  for (Type type : op.getResultTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    SmallVector<Value> sizes = {b.index(0)};
    for (int64_t size : tensor.getShape().drop_front(entryRank))
      sizes.push_back(b.index(size));
    results.push_back(b.empty(sizes, tensor.getElementType()));
  }
  return results;
}

struct LowerApply : EmitterPattern<ApplyOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(ApplyOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    auto routing = RoutingValue::unpack(b, op.getRouting().getType(),
                                        adaptor.getRouting());
    ApplyOperands operands(op, adaptor, routing, b);
    // Groups run one at a time in either form.
    bool masked = routing.isMasked() && op.getScope() == Scope::Row;
    auto allFrom = op->getAttrOfType<IntegerAttr>(kAllRowsFrom);
    SmallVector<Value> results =
        routing.getType().getRowBound().getStaticMax() == 0
            ? emitNothing(op, operands, b)
        : masked  ? emitMaskedApply(op, routing, operands, b, rewriter)
        : allFrom ? emitChosenApply(op, allFrom.getInt(), routing, operands, b,
                                    rewriter)
                  : emitCompactApply(op, routing, operands, b, rewriter);

    ArrayRef<Value> dims = routing.getDims();
    bool uniform = routing.getType().hasUniformRows();
    for (auto [value, result] : llvm::zip_equal(results, op.getResults())) {
      if (op.getCombine() != CombineKind::None)
        value = b.unflattenLeading(value, dims.drop_back());
      else if (uniform)
        value = b.unflattenLeading(value, routing.getEntrySizes());
      value = b.castTo(result.getType(), value);
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};

} // namespace

void condcomp::populateApplyPatterns(const TypeConverter &converter,
                                     RewritePatternSet &patterns) {
  patterns.add<LowerApply>(converter, patterns.getContext());
}
