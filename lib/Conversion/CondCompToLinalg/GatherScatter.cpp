//===- GatherScatter.cpp - rows of tensors at ids -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// Whether an op gathers or scatters whole rows: one index each, of dim 0.
template <typename OpT>
bool isAlongRows(OpT op, ArrayRef<int64_t> dims) {
  auto indices = cast<RankedTensorType>(op.getIndices().getType());
  return dims == ArrayRef<int64_t>{0} && indices.getRank() == 2 &&
         indices.getDimSize(1) == 1;
}

/// The indices as `[n]` of index, checked to lie below `numRows`.
Value readIndices(TensorEmitter &b, Value indices, Value numRows,
                  StringRef op) {
  Value flat = b.flattenLeading(indices, 2);
  flat =
      b.elementwise(b.getIndexType(), flat, [](TensorEmitter &b, ValueRange e) {
        return e[0].getType().isIndex()
                   ? e[0]
                   : b.createOrFold<arith::IndexCastOp>(b.getIndexType(), e[0]);
      });
  Value zero = b.index(0);
  Value worst =
      b.forLoop(zero, b.dim(flat, 0), zero,
                [&](TensorEmitter &b, Value i, ValueRange carried) {
                  return SmallVector<Value>{b.createOrFold<arith::MaxUIOp>(
                      carried[0], b.extract(flat, i))};
                })[0];
  Value none = b.compare(arith::CmpIPredicate::eq, b.dim(flat, 0), zero);
  Value inside = b.compare(arith::CmpIPredicate::ult, worst, numRows);
  b.check(b.createOrFold<arith::OrIOp>(none, inside),
          op + ": index {0} is not below the number of rows, {1}",
          {worst, numRows});
  return flat;
}

/// `tensor.gather … gather_dims([0])`, which upstream does not lower.
struct LowerGather : EmitterPattern<tensor::GatherOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(tensor::GatherOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    if (!isAlongRows(op, op.getGatherDims()))
      return rewriter.notifyMatchFailure(op, "not a gather of rows");
    Value source = adaptor.getSource().front();
    Value indices = readIndices(b, adaptor.getIndices().front(),
                                b.dim(source, 0), "tensor.gather");
    Value result = b.gatherRows(source, indices);
    auto type = cast<RankedTensorType>(op.getResult().getType());
    // The gathered dim is kept with size 1, or dropped.
    if (type.getRank() != cast<ShapedType>(result.getType()).getRank())
      result = b.unflattenLeading(result, {b.dim(indices, 0), b.index(1)});
    rewriter.replaceOp(op, b.castTo(type, result));
    return success();
  }
};

/// `tensor.scatter … scatter_dims([0]) unique`, which upstream does not lower.
struct LowerScatter : EmitterPattern<tensor::ScatterOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(tensor::ScatterOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    if (!isAlongRows(op, op.getScatterDims()))
      return rewriter.notifyMatchFailure(op, "not a scatter of rows");
    Value dest = adaptor.getDest().front();
    Value source = adaptor.getSource().front();
    Value indices = readIndices(b, adaptor.getIndices().front(), b.dim(dest, 0),
                                "tensor.scatter");
    if (cast<ShapedType>(source.getType()).getRank() !=
        cast<ShapedType>(dest.getType()).getRank())
      source = b.flattenLeading(source, 2);
    Value result =
        b.forEach(b.index(0), b.dim(indices, 0), dest,
                  [&](TensorEmitter &b, Value i, ValueRange carried) {
                    return SmallVector<Value>{b.copyRow(source, i, carried[0],
                                                        b.extract(indices, i))};
                  })[0];
    rewriter.replaceOp(op, b.castTo(op.getResult().getType(), result));
    return success();
  }
};

} // namespace

void condcomp::populateGatherScatterPatterns(const TypeConverter &converter,
                                             RewritePatternSet &patterns) {
  patterns.add<LowerGather, LowerScatter>(converter, patterns.getContext());
}
