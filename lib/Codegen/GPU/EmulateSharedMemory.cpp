//===- EmulateSharedMemory.cpp - what a block shares, on a CPU ------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulateSharedMemory.h"
#include "Grid.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace condcomp;

Value condcomp::allocateWords(ImplicitLocOpBuilder &b, Operation *op,
                              int64_t count) {
  // At the beginning of the function: what is allocated in a loop piles up.
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(
      &op->getParentOfType<FunctionOpInterface>().getFunctionBody().front());
  Value size =
      LLVM::ConstantOp::create(b, b.getI64Type(), b.getI64IntegerAttr(count));
  return LLVM::AllocaOp::create(b, LLVM::LLVMPointerType::get(b.getContext()),
                                b.getI32Type(), size);
}

namespace {
class SharedMemoryEmulation {
public:
  explicit SharedMemoryEmulation(ModuleOp module)
      : module(module), converter(module.getContext()),
        b(module.getLoc(), module.getContext()),
        pointer(LLVM::LLVMPointerType::get(b.getContext())),
        nothing(LLVM::LLVMVoidType::get(b.getContext())) {}

  LogicalResult run();

private:
  /// Makes `op` a call, which may give `results` to those that used it.
  LogicalResult emulate(Operation *op);
  FailureOr<LLVM::CallOp> call(StringRef name, ValueRange arguments,
                               Type result);
  Value getAddress(Value buffer, ValueRange indices);
  Value toInteger(Value index) {
    return UnrealizedConversionCastOp::create(b, b.getI64Type(), index)
        .getResult(0);
  }
  Value constant(int64_t value) {
    return LLVM::ConstantOp::create(b, b.getI64Type(),
                                    b.getI64IntegerAttr(value));
  }
  LogicalResult allocate(memref::AllocaOp op);
  LogicalResult copy(nvgpu::DeviceAsyncCopyOp op);
  LogicalResult load(nvgpu::LdMatrixOp op);

  ModuleOp module;
  LLVMTypeConverter converter;
  ImplicitLocOpBuilder b;
  Type pointer, nothing;
};
} // namespace

FailureOr<LLVM::CallOp>
SharedMemoryEmulation::call(StringRef name, ValueRange arguments, Type result) {
  FailureOr<LLVM::LLVMFuncOp> function = LLVM::lookupOrCreateFn(
      b, module, name, llvm::to_vector(arguments.getTypes()), result);
  if (failed(function))
    return failure();
  return LLVM::CallOp::create(b, *function, arguments);
}

/// As an address of the CPU, which has one space.
Value SharedMemoryEmulation::getAddress(Value buffer, ValueRange indices) {
  auto type = cast<MemRefType>(buffer.getType());
  Value descriptor =
      UnrealizedConversionCastOp::create(b, converter.convertType(type), buffer)
          .getResult(0);
  SmallVector<Value> positions;
  for (Value index : indices)
    positions.push_back(toInteger(index));
  Value address = LLVM::getStridedElementPtr(b, b.getLoc(), converter, type,
                                             descriptor, positions);
  return address.getType() == pointer
             ? address
             : LLVM::AddrSpaceCastOp::create(b, pointer, address).getResult();
}

LogicalResult SharedMemoryEmulation::allocate(memref::AllocaOp op) {
  auto memory = call("condcomp_emulate_shared_memory", {}, pointer);
  if (failed(memory))
    return failure();
  MemRefType type = op.getType();
  auto space = LLVM::LLVMPointerType::get(b.getContext(), kSharedMemorySpace);
  Value address = LLVM::AddrSpaceCastOp::create(b, space, memory->getResult());
  Value descriptor = MemRefDescriptor::fromStaticShape(b, b.getLoc(), converter,
                                                       type, address);
  op.replaceAllUsesWith(
      UnrealizedConversionCastOp::create(b, type, descriptor).getResult(0));
  return success();
}

LogicalResult SharedMemoryEmulation::copy(nvgpu::DeviceAsyncCopyOp op) {
  int64_t bytes =
      cast<MemRefType>(op.getSrc().getType()).getElementTypeBitWidth() / 8;
  Value all = constant(op.getDstElements().getSExtValue() * bytes);
  Value inside = all;
  if (Value elements = op.getSrcElements())
    inside = LLVM::MulOp::create(b, toInteger(elements), constant(bytes));
  return call("condcomp_emulate_copy",
              {getAddress(op.getDst(), op.getDstIndices()),
               getAddress(op.getSrc(), op.getSrcIndices()), all, inside},
              nothing);
}

LogicalResult SharedMemoryEmulation::load(nvgpu::LdMatrixOp op) {
  auto type = cast<VectorType>(op.getType());
  if (!op.getTranspose() || op.getNumTiles() != 4)
    return op.emitOpError("is emulated only for four transposed matrices");
  Value words = allocateWords(b, op, op.getNumTiles());
  if (failed(call("condcomp_emulate_ldmatrix_x4_trans",
                  {getAddress(op.getSrcMemref(), op.getIndices()), words},
                  nothing)))
    return failure();
  Value matrices = arith::ConstantOp::create(b, b.getZeroAttr(type));
  auto pair = VectorType::get(2, type.getElementType());
  for (int32_t i = 0; i < 4; ++i) {
    Value word = LLVM::GEPOp::create(b, pointer, b.getI32Type(), words,
                                     ArrayRef<LLVM::GEPArg>{i});
    matrices = vector::InsertOp::create(b, LLVM::LoadOp::create(b, pair, word),
                                        matrices, i);
  }
  op.replaceAllUsesWith(matrices);
  return success();
}

LogicalResult SharedMemoryEmulation::emulate(Operation *op) {
  b.setInsertionPoint(op);
  b.setLoc(op->getLoc());
  LogicalResult result =
      TypeSwitch<Operation *, LogicalResult>(op)
          .Case([&](memref::AllocaOp alloca) { return allocate(alloca); })
          .Case([&](nvgpu::DeviceAsyncCopyOp own) { return copy(own); })
          .Case([&](nvgpu::LdMatrixOp own) { return load(own); })
          .Case([&](gpu::BarrierOp) {
            return call("condcomp_emulate_block_barrier", {}, nothing);
          })
          .Case([&](NVVM::CpAsyncCommitGroupOp) {
            return call("condcomp_emulate_commit_copies", {}, nothing);
          })
          .Case([&](NVVM::CpAsyncWaitGroupOp wait) {
            return call("condcomp_emulate_wait_for_copies",
                        constant(wait.getN()), nothing);
          });
  if (succeeded(result))
    op->erase();
  return result;
}

LogicalResult SharedMemoryEmulation::run() {
  SmallVector<Operation *> ops;
  module.walk([&](Operation *op) {
    auto alloca = dyn_cast<memref::AllocaOp>(op);
    if ((alloca && isShared(alloca)) ||
        isa<nvgpu::DeviceAsyncCopyOp, nvgpu::LdMatrixOp, gpu::BarrierOp,
            NVVM::CpAsyncCommitGroupOp, NVVM::CpAsyncWaitGroupOp>(op))
      ops.push_back(op);
  });
  for (Operation *op : ops)
    if (failed(emulate(op)))
      return failure();
  return success();
}

LogicalResult condcomp::emulateSharedMemory(ModuleOp module) {
  return SharedMemoryEmulation(module).run();
}
