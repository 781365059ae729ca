//===- EraseTraces.cpp - routings that nobody records ---------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"

namespace condcomp {
#define GEN_PASS_DEF_ERASETRACES
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
struct EraseTraces : condcomp::impl::EraseTracesBase<EraseTraces> {
  void runOnOperation() override {
    getOperation()->walk([](TraceOp op) { op.erase(); });
  }
};
} // namespace
