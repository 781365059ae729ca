//===- DecomposeGates.cpp - gates of other dialects -----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"

namespace condcomp {
#define GEN_PASS_DEF_DECOMPOSEGATES
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Puts what the gate decomposes to in its place, if it does.
static LogicalResult decompose(GateOpInterface gate) {
  OpBuilder builder(gate);
  FailureOr<Value> routing = gate.decomposeGate(builder);
  if (failed(routing))
    return success();
  RoutingType type = gate.getRouting().getType();
  if (routing->getType() != type)
    return gate->emitOpError("decomposes to ")
           << routing->getType() << ", but its routing is " << type;
  gate.getRouting().replaceAllUsesWith(*routing);
  gate->erase();
  return success();
}

namespace {
struct DecomposeGates
    : public condcomp::impl::DecomposeGatesBase<DecomposeGates> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk(
        [](GateOpInterface gate) -> WalkResult { return decompose(gate); });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
