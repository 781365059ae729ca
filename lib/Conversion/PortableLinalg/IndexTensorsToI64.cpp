//===- IndexTensorsToI64.cpp - tensors of indices into tensors of i64 -----===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every tensor changes its type at once, so the ops that only move tensors
// stay valid as they are. What is left are the ops at the border between
// tensors and scalars, which get casts.
//
//===----------------------------------------------------------------------===//

#include "condcomp/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"

namespace condcomp {
#define GEN_PASS_DEF_INDEXTENSORSTOI64
#include "condcomp/Conversion/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {

bool isIndexTensor(Type type) {
  auto tensor = dyn_cast<TensorType>(type);
  return tensor && tensor.getElementType().isIndex();
}

/// The type that takes the place of `type`.
Type convert(Type type) {
  if (!isIndexTensor(type))
    return type;
  return cast<TensorType>(type).clone(IntegerType::get(type.getContext(), 64));
}

SmallVector<Type> convert(TypeRange types) {
  return llvm::map_to_vector(types, [](Type type) { return convert(type); });
}

struct IndexTensorsToI64
    : condcomp::impl::IndexTensorsToI64Base<IndexTensorsToI64> {
  void runOnOperation() override {
    // Only then is it known which linalg ops compute on indices.
    SmallVector<linalg::LinalgOp> linalgOps;
    SmallVector<Operation *> borders;
    WalkResult result = getOperation()->walk([&](Operation *op) {
      bool touches = llvm::any_of(op->getOperandTypes(), isIndexTensor) ||
                     llvm::any_of(op->getResultTypes(), isIndexTensor);
      if (!touches)
        return WalkResult::advance();
      if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
        linalgOps.push_back(linalgOp);
      else if (isa<tensor::ExtractOp, tensor::InsertOp, tensor::SplatOp,
                   tensor::FromElementsOp, tensor::GenerateOp, tensor::PadOp,
                   arith::ConstantOp>(op))
        borders.push_back(op);
      else if (op->getDialect() && isa<arith::ArithDialect>(op->getDialect())) {
        op->emitOpError("computes on tensors of indices; "
                        "condcomp-index-tensors-to-i64 takes linalg ops only");
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();

    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : linalgOps) {
      rewriter.setInsertionPoint(op);
      FailureOr<linalg::GenericOp> generic =
          isa<linalg::GenericOp>(op.getOperation())
              ? cast<linalg::GenericOp>(op.getOperation())
              : linalg::generalizeNamedOp(rewriter, op);
      if (failed(generic)) {
        op.emitOpError("has no form as linalg.generic");
        return signalPassFailure();
      }
      convertBody(rewriter, *generic);
    }
    for (Operation *op : borders)
      convertBorder(rewriter, op);
    convertTypes();
  }

private:
  Value toIndex(OpBuilder &b, Location loc, Value value) {
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), value);
  }
  Value toI64(OpBuilder &b, Location loc, Value value) {
    return arith::IndexCastOp::create(b, loc, b.getI64Type(), value);
  }

  /// Elements come into the body of a generic op, and leave it, as i64.
  void convertBody(IRRewriter &rewriter, linalg::GenericOp op) {
    Block *body = op.getBody();
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isIndexTensor(operand.get().getType()))
        continue;
      BlockArgument argument = op.getMatchingBlockArgument(&operand);
      argument.setType(rewriter.getI64Type());
      if (argument.use_empty())
        continue;
      rewriter.setInsertionPointToStart(body);
      Value index = toIndex(rewriter, op.getLoc(), argument);
      rewriter.replaceAllUsesExcept(argument, index, index.getDefiningOp());
    }
    convertYield(rewriter, body->getTerminator());
  }

  void convertYield(IRRewriter &rewriter, Operation *yield) {
    rewriter.setInsertionPoint(yield);
    for (OpOperand &operand : yield->getOpOperands())
      if (operand.get().getType().isIndex())
        operand.set(toI64(rewriter, yield->getLoc(), operand.get()));
  }

  void convertBorder(IRRewriter &rewriter, Operation *op) {
    Location loc = op->getLoc();
    rewriter.setInsertionPoint(op);
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      auto elements = dyn_cast<DenseIntElementsAttr>(constant.getValue());
      if (!elements)
        return;
      // Indices are stored as 64-bit numbers.
      constant.setValueAttr(elements.mapValues(
          rewriter.getI64Type(), [](const APInt &value) { return value; }));
    } else if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
      Value result = extract.getResult();
      result.setType(rewriter.getI64Type());
      rewriter.setInsertionPointAfter(op);
      Value index = toIndex(rewriter, loc, result);
      rewriter.replaceAllUsesExcept(result, index, index.getDefiningOp());
    } else if (auto insert = dyn_cast<tensor::InsertOp>(op)) {
      insert.getScalarMutable().assign(
          toI64(rewriter, loc, insert.getScalar()));
    } else if (auto splat = dyn_cast<tensor::SplatOp>(op)) {
      splat.getInputMutable().assign(toI64(rewriter, loc, splat.getInput()));
    } else if (isa<tensor::FromElementsOp>(op)) {
      for (OpOperand &operand : op->getOpOperands())
        operand.set(toI64(rewriter, loc, operand.get()));
    } else if (op->getNumRegions() == 1) {
      convertYield(rewriter, op->getRegion(0).front().getTerminator());
    }
  }

  void convertTypes() {
    getOperation()->walk([](Operation *op) {
      for (Value result : op->getResults())
        result.setType(convert(result.getType()));
      for (Region &region : op->getRegions())
        for (Block &block : region)
          for (BlockArgument argument : block.getArguments())
            argument.setType(convert(argument.getType()));
      if (auto function = dyn_cast<FunctionOpInterface>(op))
        function.setFunctionTypeAttr(TypeAttr::get(FunctionType::get(
            op->getContext(), convert(function.getArgumentTypes()),
            convert(function.getResultTypes()))));
    });
  }
};

} // namespace
