//===- EmulateGrid.cpp - kernels on a CPU ---------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Grid.h"
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
  Emulation(ModuleOp module, int64_t threads)
      : module(module), threads(threads), converter(module.getContext()),
        b(module.getLoc(), module.getContext()), i64(b.getI64Type()),
        pointer(LLVM::LLVMPointerType::get(b.getContext())) {}

  LogicalResult run();

private:
  LLVM::LLVMFuncOp makeThreadFunction(func::FuncOp kernel);
  void launch(func::CallOp call, LLVM::LLVMFuncOp function);
  Value cast(Value value, Type type) {
    return UnrealizedConversionCastOp::create(b, type, value).getResult(0);
  }
  Value constant(int64_t value) {
    return LLVM::ConstantOp::create(b, i64, b.getI64IntegerAttr(value));
  }
  Value getSlot(Value array, int32_t position) {
    return LLVM::GEPOp::create(b, pointer, pointer, array,
                               ArrayRef<LLVM::GEPArg>{position});
  }

  ModuleOp module;
  int64_t threads;
  LLVMTypeConverter converter;
  ImplicitLocOpBuilder b;
  Type i64, pointer;
  LLVM::LLVMFuncOp emulator;
};
} // namespace

/// `void thread(void **arguments, int64_t thread, int64_t threads)`: calls the
/// kernel.
LLVM::LLVMFuncOp Emulation::makeThreadFunction(func::FuncOp kernel) {
  b.setInsertionPointAfter(kernel);
  b.setLoc(kernel.getLoc());
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(b.getContext()), {pointer, i64, i64});
  auto function = LLVM::LLVMFuncOp::create(
      b, (kernel.getName() + "$thread").str(), type, LLVM::Linkage::Internal);
  Block *body = function.addEntryBlock(b);
  b.setInsertionPointToStart(body);
  SmallVector<Value> operands;
  for (int64_t i : {Thread, Threads})
    operands.push_back(cast(body->getArgument(1 + i), b.getIndexType()));
  for (auto [i, type] :
       llvm::enumerate(kernel.getArgumentTypes().drop_front(operands.size()))) {
    Value address =
        LLVM::LoadOp::create(b, pointer, getSlot(body->getArgument(0), i));
    Type converted = converter.convertType(type);
    Value value = LLVM::LoadOp::create(b, converted, address);
    operands.push_back(converted == type ? value : cast(value, type));
  }
  func::CallOp::create(b, kernel, operands);
  LLVM::ReturnOp::create(b, ValueRange());
  return function;
}

void Emulation::launch(func::CallOp call, LLVM::LLVMFuncOp function) {
  b.setInsertionPoint(call);
  b.setLoc(call.getLoc());
  ValueRange operands = call.getOperands().drop_front(Workspace);
  Value array =
      LLVM::AllocaOp::create(b, pointer, pointer, constant(operands.size()));
  for (auto [i, value] : llvm::enumerate(operands)) {
    Type type = converter.convertType(value.getType());
    Value address = LLVM::AllocaOp::create(b, pointer, type, constant(1));
    Value converted = type == value.getType() ? value : cast(value, type);
    LLVM::StoreOp::create(b, converted, address);
    LLVM::StoreOp::create(b, address, getSlot(array, i));
  }
  Value code = LLVM::AddressOfOp::create(b, function);
  LLVM::CallOp::create(b, emulator, ValueRange{constant(threads), code, array});
  call.erase();
}

LogicalResult Emulation::run() {
  FailureOr<LLVM::LLVMFuncOp> declared = LLVM::lookupOrCreateFn(
      b, module, "condcomp_emulate_grid", {i64, pointer, pointer},
      LLVM::LLVMVoidType::get(b.getContext()));
  if (failed(declared))
    return failure();
  emulator = *declared;
  SymbolTableCollection symbols;
  SmallVector<std::pair<func::CallOp, func::FuncOp>> calls;
  module.walk([&](func::CallOp call) {
    auto kernel = symbols.lookupNearestSymbolFrom<func::FuncOp>(
        call, call.getCalleeAttr());
    if (kernel && isKernel(kernel))
      calls.emplace_back(call, kernel);
  });
  for (auto [call, kernel] : calls)
    launch(call, makeThreadFunction(kernel));
  return success();
}

namespace {
struct EmulateGridPass
    : public condcomp::impl::EmulateGridBase<EmulateGridPass> {
  using EmulateGridBase::EmulateGridBase;
  void runOnOperation() override {
    if (failed(Emulation(getOperation(), threads).run()))
      signalPassFailure();
  }
};
} // namespace
