//===- EmulateGrid.cpp - kernels on a CPU ---------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"
#include "ThreadFunction.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace condcomp {
#define GEN_PASS_DEF_EMULATEGRID
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

namespace {
/// Makes the calls of kernels launches.
class Emulation {
public:
  Emulation(ModuleOp module, int64_t threads, int64_t blockSize)
      : module(module), threads(threads), blockSize(blockSize),
        converter(module.getContext()), b(module.getLoc(), module.getContext()),
        i64(b.getI64Type()),
        pointer(LLVM::LLVMPointerType::get(b.getContext())) {}

  LogicalResult run();

private:
  void launch(func::CallOp call, LLVM::LLVMFuncOp function);
  Value constant(int64_t value) {
    return LLVM::ConstantOp::create(b, i64, b.getI64IntegerAttr(value));
  }

  ModuleOp module;
  int64_t threads, blockSize;
  LLVMTypeConverter converter;
  ImplicitLocOpBuilder b;
  Type i64, pointer;
  LLVM::LLVMFuncOp emulator;
};
} // namespace

void Emulation::launch(func::CallOp call, LLVM::LLVMFuncOp function) {
  b.setInsertionPoint(call);
  b.setLoc(call.getLoc());
  Value array =
      makeArgumentArray(b, converter, call.getOperands().drop_front(Workspace));
  Value code = LLVM::AddressOfOp::create(b, function);
  LLVM::CallOp::create(
      b, emulator,
      ValueRange{constant(threads), constant(blockSize), code, array});
  call.erase();
}

LogicalResult Emulation::run() {
  FailureOr<LLVM::LLVMFuncOp> declared = LLVM::lookupOrCreateFn(
      b, module, "condcomp_emulate_grid", {i64, i64, pointer, pointer},
      LLVM::LLVMVoidType::get(b.getContext()));
  if (failed(declared))
    return failure();
  emulator = *declared;
  for (auto [call, kernel] : getKernelCalls(module))
    launch(call, makeThreadFunction(
                     kernel, converter, (kernel.getName() + "$thread").str(),
                     LLVM::Linkage::Internal, ThreadArguments::Descriptors));
  return success();
}

namespace {
struct EmulateGridPass
    : public condcomp::impl::EmulateGridBase<EmulateGridPass> {
  using EmulateGridBase::EmulateGridBase;

  LogicalResult initialize(MLIRContext *context) override {
    // Each has a stack of its own.
    if (threads < 1 || threads > 4096)
      return emitError(UnknownLoc::get(context))
             << "an emulated grid has 1 to 4096 threads, not "
             << threads.getValue();
    if (failed(checkBlockSize(context, blockSize)))
      return failure();
    if (threads <= blockSize || threads % blockSize == 0)
      return success();
    return emitError(UnknownLoc::get(context))
           << "an emulated grid has whole blocks: " << threads.getValue()
           << " threads are no multiple of " << blockSize.getValue();
  }

  void runOnOperation() override {
    if (failed(Emulation(getOperation(), threads, blockSize).run()))
      signalPassFailure();
  }
};
} // namespace
