//===- Queries.cpp - lowering of queries -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

using namespace mlir;
using namespace condcomp;

namespace {

/// Lowers a query whose result `Emit` computes from the converted routing.
template <typename OpT, Value (*Emit)(TensorEmitter &, const RoutingValue &)>
struct LowerQuery : EmitterPattern<OpT> {
  using EmitterPattern<OpT>::EmitterPattern;
  using typename EmitterPattern<OpT>::Adaptor;
  LogicalResult lower(OpT op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    auto routing = RoutingValue::unpack(b, op.getRouting().getType(),
                                        adaptor.getRouting());
    Value result = Emit(b, routing);
    if (isa<TensorType>(result.getType()))
      result = b.castTo(op.getResult().getType(), result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

Value emitRowSizes(TensorEmitter &b, const RoutingValue &routing) {
  RoutingValue compact = routing.inForm(b, Form::Compact);
  Value sizes =
      b.tabulate(compact.getNumRows(b), b.getIndexType(),
                 [&](TensorEmitter &b, ValueRange i) {
                   return b.sub(compact.getRowStart(b, b.add(i[0], b.index(1))),
                                compact.getRowStart(b, i[0]));
                 });
  return b.unflattenLeading(sizes, compact.getDims().drop_back());
}

Value emitModuleSizes(TensorEmitter &b, const RoutingValue &routing) {
  RoutingValue compact = routing.inForm(b, Form::Compact);
  auto order = ModuleOrder::get(b, compact, /*perBatch=*/true);
  SmallVector<Value> sizes(compact.getDims().drop_back(2));
  sizes.push_back(compact.getNumModules());
  Value counts = b.tabulate(
      b.product(sizes), b.getIndexType(), [&](TensorEmitter &b, ValueRange i) {
        return b.sub(b.extract(order.groupOffsets, b.add(i[0], b.index(1))),
                     b.extract(order.groupOffsets, i[0]));
      });
  return b.unflattenLeading(counts, sizes);
}

Value emitNumEntries(TensorEmitter &b, const RoutingValue &routing) {
  return routing.inForm(b, Form::Compact).getNumEntries(b);
}

Value emitRowOffsets(TensorEmitter &b, const RoutingValue &routing) {
  return routing.inForm(b, Form::Compact).getRowOffsets(b);
}

/// `[entries]` as an entry tensor.
Value shapeEntries(TensorEmitter &b, const RoutingValue &routing,
                   Value entries) {
  return routing.getType().hasUniformRows()
             ? b.unflattenLeading(entries, routing.getEntrySizes())
             : entries;
}

Value emitWeights(TensorEmitter &b, const RoutingValue &routing) {
  RoutingValue compact = routing.inForm(b, Form::Compact);
  return shapeEntries(b, compact, compact.getWeights());
}

Value emitIndices(TensorEmitter &b, const RoutingValue &routing) {
  RoutingValue compact = routing.inForm(b, Form::Compact);
  return shapeEntries(b, compact, compact.getModules());
}

Value emitToDense(TensorEmitter &b, const RoutingValue &routing) {
  RoutingValue masked = routing.inForm(b, Form::Masked);
  Type element = masked.getType().getElementType();
  Value zero = b.scalar(element, 0);
  return b.elementwise(element, {masked.getPresence(), masked.getWeights()},
                       [&](TensorEmitter &b, ValueRange e) {
                         return b.select(e[0], e[1], zero);
                       });
}

Value emitToMask(TensorEmitter &b, const RoutingValue &routing) {
  return routing.inForm(b, Form::Masked).getPresence();
}

} // namespace

void condcomp::populateQueryPatterns(const TypeConverter &converter,
                                     RewritePatternSet &patterns) {
  patterns.add<
      LowerQuery<RowSizesOp, emitRowSizes>,
      LowerQuery<ModuleSizesOp, emitModuleSizes>,
      LowerQuery<NumEntriesOp, emitNumEntries>,
      LowerQuery<RowOffsetsOp, emitRowOffsets>,
      LowerQuery<WeightsOp, emitWeights>, LowerQuery<IndicesOp, emitIndices>,
      LowerQuery<ToDenseOp, emitToDense>, LowerQuery<ToMaskOp, emitToMask>>(
      converter, patterns.getContext());
}
