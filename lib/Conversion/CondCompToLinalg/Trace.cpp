//===- Trace.cpp - lowering of trace --------------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A trace becomes a call of the run-time library under a test whether somebody
// listens: entries are packed and handed over then only. The library knows the
// call that runs on the thread, so that functions carry no context for it.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace condcomp;

namespace {

constexpr StringLiteral kIsTracing = "condcomp_is_tracing";

/// Declares a function of the run-time library that only reads its arguments.
func::FuncOp declare(Operation *user, StringRef name, FunctionType type,
                     ConversionPatternRewriter &rewriter) {
  auto module = user->getParentOfType<ModuleOp>();
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(module.getBody());
  auto function =
      func::FuncOp::create(rewriter, rewriter.getUnknownLoc(), name, type);
  function.setPrivate();
  for (auto [i, argument] : llvm::enumerate(type.getInputs()))
    if (isa<TensorType>(argument))
      function.setArgAttr(
          i, bufferization::BufferizationDialect::kBufferAccessAttrName,
          rewriter.getStringAttr("read"));
  return function;
}

/// A tensor of one dim of unknown size.
Value withOpenSize(TensorEmitter &b, Value tensor) {
  int64_t shape[] = {ShapedType::kDynamic};
  return b.castTo(RankedTensorType::get(shape, getElementTypeOrSelf(tensor)),
                  tensor);
}

struct LowerTrace : EmitterPattern<TraceOp> {
  using EmitterPattern::EmitterPattern;
  LogicalResult lower(TraceOp op, Adaptor adaptor, TensorEmitter &b,
                      ConversionPatternRewriter &rewriter) const override {
    RoutingType type = op.getRouting().getType();
    auto routing = RoutingValue::unpack(b, type, adaptor.getRouting());
    // As an i64: what is above an i1 in a register is nobody's business.
    Type i64 = b.getI64Type();
    auto isTracing =
        declare(op, kIsTracing, b.getFunctionType({}, i64), rewriter);
    Value on = func::CallOp::create(b, isTracing, ValueRange()).getResult(0);
    on = b.compare(arith::CmpIPredicate::ne, on, b.scalar(i64, 0));
    b.ifElse(
        on,
        [&](TensorEmitter &b) {
          record(op, routing, op.getIds() ? adaptor.getIds().front() : Value(),
                 b, rewriter);
          return SmallVector<Value>();
        },
        [](TensorEmitter &) { return SmallVector<Value>(); });
    rewriter.eraseOp(op);
    return success();
  }

  static void record(TraceOp op, const RoutingValue &routing, Value ids,
                     TensorEmitter &b, ConversionPatternRewriter &rewriter) {
    RoutingValue compact = routing.inForm(b, Form::Compact);
    SmallVector<int8_t> name(op.getName().begin(), op.getName().end());
    auto nameType = RankedTensorType::get(name.size(), b.getI8Type());
    Value text = arith::ConstantOp::create(
        b, DenseElementsAttr::get(nameType, ArrayRef<int8_t>(name)));
    Value dims = tensor::FromElementsOp::create(b, compact.getDims());
    Value hasIds = b.index(ids ? 1 : 0);
    if (ids) {
      Value count = b.dim(ids, 0), rows = compact.getNumRows(b);
      b.check(b.compare(arith::CmpIPredicate::eq, count, rows),
              "trace C2: {0} ids for {1} rows", {count, rows});
    } else {
      ids = b.empty({b.index(0)}, b.getIndexType());
    }
    SmallVector<Value> arguments;
    for (Value tensor : {text, dims, compact.getRowOffsets(b),
                         compact.getModules(), compact.getWeights(), ids})
      arguments.push_back(withOpenSize(b, tensor));
    arguments.push_back(hasIds);
    bool wide = op.getRouting().getType().getElementType().isF64();
    auto recorder = declare(
        op, wide ? "condcomp_trace_f64" : "condcomp_trace_f32",
        b.getFunctionType(ValueRange(arguments).getTypes(), {}), rewriter);
    func::CallOp::create(b, recorder, arguments);
  }
};

} // namespace

void condcomp::populateTracePatterns(const TypeConverter &converter,
                                     RewritePatternSet &patterns) {
  patterns.add<LowerTrace>(converter, patterns.getContext());
}
