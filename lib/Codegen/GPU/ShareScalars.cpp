//===- ShareScalars.cpp - results of sequential code for all --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace condcomp {
#define GEN_PASS_DEF_SHARESCALARS
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Wraps `op` and what stores its results into one op, after which all threads
/// load them.
static void share(Operation *op, Block &entry) {
  ImplicitLocOpBuilder b(op->getLoc(), op);
  auto section = scf::ExecuteRegionOp::create(b, TypeRange());
  Block *body = b.createBlock(&section.getRegion());
  op->moveBefore(body, body->end());
  for (Value result : op->getResults()) {
    if (result.use_empty())
      continue;
    b.setInsertionPointToStart(&entry);
    Value slot =
        memref::AllocOp::create(b, MemRefType::get({}, result.getType()));
    b.setInsertionPointAfter(section);
    Value shared = memref::LoadOp::create(b, slot);
    result.replaceAllUsesWith(shared);
    b.setInsertionPointToEnd(body);
    memref::StoreOp::create(b, result, slot);
  }
  b.setInsertionPointToEnd(body);
  scf::YieldOp::create(b);
}

namespace {
struct ShareScalarsPass
    : public condcomp::impl::ShareScalarsBase<ShareScalarsPass> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!isKernel(kernel))
      return;
    SmallVector<Operation *> ops;
    walkRunners(kernel.getBody(), [&](Operation *op) {
      if (getRunner(op) == Runner::One && !op->use_empty())
        ops.push_back(op);
    });
    for (Operation *op : ops)
      share(op, kernel.getBody().front());
  }
};
} // namespace
