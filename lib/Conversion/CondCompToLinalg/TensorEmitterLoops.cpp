//===- TensorEmitterLoops.cpp - short ways to write scf -------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TensorEmitter.h"
#include "condcomp/Conversion/IndependentLoops.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace condcomp;

SmallVector<Value> TensorEmitter::forLoop(Value from, Value to,
                                          ValueRange inits, LoopFn body) {
  auto loop = scf::ForOp::create(
      *this, from, to, index(1), inits,
      [&](OpBuilder &nested, Location loc, Value i, ValueRange carried) {
        TensorEmitter b(loc, nested);
        scf::YieldOp::create(b, body(b, i, carried));
      });
  return llvm::to_vector_of<Value>(loop.getResults());
}

SmallVector<Value> TensorEmitter::forEach(Value from, Value to,
                                          ValueRange inits, LoopFn body) {
  SmallVector<Value> results = forLoop(from, to, inits, body);
  results.front().getDefiningOp()->setDiscardableAttr(kIndependentAttrName,
                                                      getUnitAttr());
  return results;
}

SmallVector<Value> TensorEmitter::whileLoop(TypeRange types, ValueRange inits,
                                            ConditionFn condition,
                                            StepFn body) {
  auto loop = scf::WhileOp::create(
      *this, types, inits,
      [&](OpBuilder &nested, Location loc, ValueRange carried) {
        TensorEmitter b(loc, nested);
        SmallVector<Value> passed;
        Value holds = condition(b, carried, passed);
        scf::ConditionOp::create(b, holds, passed);
      },
      [&](OpBuilder &nested, Location loc, ValueRange passed) {
        TensorEmitter b(loc, nested);
        scf::YieldOp::create(b, body(b, passed));
      });
  return llvm::to_vector_of<Value>(loop.getResults());
}

SmallVector<Value> TensorEmitter::ifElse(Value condition, RegionFn thenFn,
                                         RegionFn elseFn) {
  auto build = [](RegionFn fn) {
    return [fn](OpBuilder &nested, Location loc) {
      TensorEmitter b(loc, nested);
      scf::YieldOp::create(b, fn(b));
    };
  };
  auto op = scf::IfOp::create(*this, condition, build(thenFn), build(elseFn));
  return llvm::to_vector_of<Value>(op.getResults());
}

SmallVector<Value> TensorEmitter::indexSwitch(
    Value selector, int64_t count, TypeRange types,
    function_ref<SmallVector<Value>(TensorEmitter &, int64_t)> body) {
  SmallVector<int64_t> cases = llvm::to_vector(llvm::seq<int64_t>(1, count));
  auto op =
      scf::IndexSwitchOp::create(*this, types, selector, cases, cases.size());
  for (int64_t i = 0; i < count; ++i) {
    Region &region =
        i == 0 ? op.getDefaultRegion() : op.getCaseRegions()[i - 1];
    OpBuilder nested(*this);
    nested.createBlock(&region);
    TensorEmitter b(getLoc(), nested);
    scf::YieldOp::create(b, body(b, i));
  }
  return llvm::to_vector_of<Value>(op.getResults());
}
