//===- ExportThreads.cpp - kernels for a stand-in of a driver -------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "ThreadFunction.h"
#include "condcomp/Codegen/GPU/Passes.h"

namespace condcomp {
#define GEN_PASS_DEF_EXPORTTHREADS
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
struct ExportThreadsPass
    : public condcomp::impl::ExportThreadsBase<ExportThreadsPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    LLVMTypeConverter converter(&getContext());
    SmallVector<func::FuncOp> kernels;
    for (auto function :
         llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
      if (isKernel(function))
        kernels.push_back(function);
      else if (function.getName() != kBarrierName)
        function.erase();
    }
    for (func::FuncOp kernel : kernels) {
      std::string name = kernel.getName().str();
      kernel.setName(name + "$body");
      makeThreadFunction(kernel, converter, name, LLVM::Linkage::External,
                         ThreadArguments::Pieces);
    }
  }
};
} // namespace
