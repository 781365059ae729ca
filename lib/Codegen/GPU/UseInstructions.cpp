//===- UseInstructions.cpp - fewer calls of device libraries --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringSwitch.h"

namespace condcomp {
#define GEN_PASS_DEF_USEINSTRUCTIONS
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

template <typename OpTy>
static void replaceBy(LLVM::CallOp call) {
  OpBuilder b(call);
  auto op = OpTy::create(b, call.getLoc(), call.getResultTypes(),
                         call.getArgOperands());
  call.replaceAllUsesWith(op);
  call.erase();
}

/// What a function of CUDA's or ROCm's library is in C, without the type.
static StringRef getFunction(StringRef name) {
  if (name.consume_front("__nv_"))
    name.consume_back("f");
  else if (name.consume_front("__ocml_"))
    name = name.take_front(name.rfind('_'));
  else
    return "";
  return name;
}

namespace {
struct UseInstructionsPass
    : public condcomp::impl::UseInstructionsBase<UseInstructionsPass> {
  void runOnOperation() override {
    using Replacement = void (*)(LLVM::CallOp);
    getOperation()->walk([](LLVM::CallOp call) {
      auto replace = llvm::StringSwitch<Replacement>(
                         getFunction(call.getCallee().value_or("")))
                         .Case("ceil", replaceBy<LLVM::FCeilOp>)
                         .Case("fabs", replaceBy<LLVM::FAbsOp>)
                         .Case("fma", replaceBy<LLVM::FMAOp>)
                         .Case("floor", replaceBy<LLVM::FFloorOp>)
                         .Case("rint", replaceBy<LLVM::RintOp>)
                         .Case("sqrt", replaceBy<LLVM::SqrtOp>)
                         .Case("trunc", replaceBy<LLVM::FTruncOp>)
                         .Default(nullptr);
      if (replace)
        replace(call);
    });
  }
};
} // namespace
