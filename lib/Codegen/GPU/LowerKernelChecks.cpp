//===- LowerKernelChecks.cpp - checks of kernels into reports -------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace condcomp {
#define GEN_PASS_DEF_LOWERKERNELCHECKS
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// Goes on after `op` if `condition` holds; else reports and returns.
static void lower(func::FuncOp kernel, Operation *op, Value condition,
                  ValueRange values) {
  Block *block = op->getBlock();
  Block *rest = block->splitBlock(std::next(op->getIterator()));
  Block *failed = new Block;
  kernel.getBody().push_back(failed);
  auto b = ImplicitLocOpBuilder::atBlockEnd(op->getLoc(), failed);
  auto store = [&](Value word, int64_t position) {
    Value at = arith::ConstantIndexOp::create(b, position);
    memref::StoreOp::create(b, word, kernel.getArgument(Report), at);
  };
  for (auto [i, value] : llvm::enumerate(values))
    store(toWord(b, value), FirstValue + i);
  store(arith::ConstantOp::create(
            b, op->getAttrOfType<IntegerAttr>(kCheckAttrName)),
        Status);
  func::ReturnOp::create(b);
  b.setInsertionPointToEnd(block);
  cf::CondBranchOp::create(b, condition, rest, ValueRange(), failed,
                           ValueRange());
  op->erase();
}

namespace {
struct LowerKernelChecksPass
    : public condcomp::impl::LowerKernelChecksBase<LowerKernelChecksPass> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!isKernel(kernel))
      return;
    SmallVector<Operation *> checks;
    kernel.walk([&](Operation *op) {
      if (isa<CheckOp, cf::AssertOp>(op))
        checks.push_back(op);
    });
    for (Operation *op : checks) {
      if (op->getParentOp() != kernel) {
        op->emitOpError() << "is inside '" << op->getParentOp()->getName()
                          << "': a kernel can end in its blocks only";
        return signalPassFailure();
      }
      if (auto check = dyn_cast<CheckOp>(op))
        lower(kernel, op, check.getCondition(), check.getValues());
      else
        lower(kernel, op, cast<cf::AssertOp>(op).getArg(), {});
    }
  }
};
} // namespace
