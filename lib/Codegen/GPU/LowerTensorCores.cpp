//===- LowerTensorCores.cpp - tensor cores as instructions ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulateSharedMemory.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "mlir/Dialect/LLVMIR/FunctionCallUtils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace condcomp {
#define GEN_PASS_DEF_LOWERTENSORCORES
#include "condcomp/Codegen/GPU/Passes.h.inc"
} // namespace condcomp

using namespace mlir;
using namespace condcomp;

/// The rows of a thread's part of a matrix: a register each, of two numbers, or
/// one of f32.
static SmallVector<Value> getRegisters(ImplicitLocOpBuilder &b, Value matrix) {
  SmallVector<Value> registers;
  for (int64_t i = 0, e = cast<VectorType>(matrix.getType()).getDimSize(0);
       i < e; ++i)
    registers.push_back(vector::ExtractOp::create(b, matrix, i));
  return registers;
}

/// The numbers of a thread's part of C or D.
static SmallVector<Value> getNumbers(ImplicitLocOpBuilder &b, Value matrix) {
  SmallVector<Value> numbers;
  for (int64_t row : {0, 1})
    for (int64_t column : {0, 1})
      numbers.push_back(
          vector::ExtractOp::create(b, matrix, ArrayRef<int64_t>{row, column}));
  return numbers;
}

/// What a register holds as one number.
static Value toWord(ImplicitLocOpBuilder &b, Value pair) {
  auto type = VectorType::get(1, b.getI32Type());
  return vector::ExtractOp::create(b, vector::BitCastOp::create(b, type, pair),
                                   0);
}

static Type getElement(nvgpu::MmaSyncOp op) {
  return cast<VectorType>(op.getMatrixA().getType()).getElementType();
}

namespace {
struct LowerTensorCoresPass
    : public condcomp::impl::LowerTensorCoresBase<LowerTensorCoresPass> {
  using LowerTensorCoresBase::LowerTensorCoresBase;
  void runOnOperation() override;

private:
  FailureOr<SmallVector<Value>> useInstruction(ImplicitLocOpBuilder &b,
                                               nvgpu::MmaSyncOp op);
  FailureOr<SmallVector<Value>> callEmulator(ImplicitLocOpBuilder &b,
                                             nvgpu::MmaSyncOp op);
  FailureOr<LLVM::LLVMFuncOp> declare(ImplicitLocOpBuilder &b, Operation *op,
                                      StringRef name, ArrayRef<Type> arguments,
                                      Type result) {
    return LLVM::lookupOrCreateFn(b, SymbolTable::getNearestSymbolTable(op),
                                  name, arguments, result);
  }
};
} // namespace

FailureOr<SmallVector<Value>>
LowerTensorCoresPass::useInstruction(ImplicitLocOpBuilder &b,
                                     nvgpu::MmaSyncOp op) {
  Type element = getElement(op);
  FailureOr<LLVM::LLVMFuncOp> round;
  if (element.isF32()) {
    round =
        declare(b, op, "llvm.nvvm.f2tf32.rna", b.getF32Type(), b.getI32Type());
    if (failed(round))
      return failure();
  }
  SmallVector<Value> operands;
  for (Value matrix : {op.getMatrixA(), op.getMatrixB()})
    for (Value own : getRegisters(b, matrix)) {
      if (element.isF32())
        own = LLVM::CallOp::create(
                  b, *round,
                  ValueRange{vector::ExtractOp::create(b, own, 0).getResult()})
                  .getResult();
      else if (element.isBF16())
        own = toWord(b, own);
      operands.push_back(own);
    }
  llvm::append_range(operands, getNumbers(b, op.getMatrixC()));
  auto result = LLVM::LLVMStructType::getLiteral(
      &getContext(), SmallVector<Type>(4, b.getF32Type()));
  FailureOr<LLVM::LLVMFuncOp> intrinsic =
      declare(b, op,
              element.isF32()    ? "llvm.nvvm.mma.m16n8k8.row.col.tf32"
              : element.isBF16() ? "llvm.nvvm.mma.m16n8k16.row.col.bf16"
                                 : "llvm.nvvm.mma.m16n8k16.row.col.f32.f32",
              llvm::to_vector(ValueRange(operands).getTypes()), result);
  if (failed(intrinsic))
    return failure();
  auto call = LLVM::CallOp::create(b, *intrinsic, operands);
  call.setConvergent(true);
  SmallVector<Value> sums;
  for (int64_t i = 0; i < 4; ++i)
    sums.push_back(LLVM::ExtractValueOp::create(b, call.getResult(), i));
  return sums;
}

FailureOr<SmallVector<Value>>
LowerTensorCoresPass::callEmulator(ImplicitLocOpBuilder &b,
                                   nvgpu::MmaSyncOp op) {
  Type element = getElement(op);
  auto pointer = LLVM::LLVMPointerType::get(&getContext());
  FailureOr<LLVM::LLVMFuncOp> emulator =
      declare(b, op,
              element.isF32()    ? "condcomp_emulate_mma_tf32"
              : element.isBF16() ? "condcomp_emulate_mma_bf16"
                                 : "condcomp_emulate_mma_f16",
              {pointer}, LLVM::LLVMVoidType::get(&getContext()));
  if (failed(emulator))
    return failure();
  SmallVector<Value> registers;
  for (Value matrix : {op.getMatrixA(), op.getMatrixB()})
    for (Value own : getRegisters(b, matrix))
      registers.push_back(toWord(b, own));
  int64_t first = registers.size();
  llvm::append_range(registers, getNumbers(b, op.getMatrixC()));
  Value memory = allocateWords(b, op, registers.size());
  auto getAddress = [&](int32_t position) -> Value {
    return LLVM::GEPOp::create(b, pointer, b.getI32Type(), memory,
                               ArrayRef<LLVM::GEPArg>{position});
  };
  for (auto [i, value] : llvm::enumerate(registers))
    LLVM::StoreOp::create(b, value, getAddress(i));
  LLVM::CallOp::create(b, *emulator, memory);
  SmallVector<Value> sums;
  for (int64_t i = 0; i < 4; ++i)
    sums.push_back(
        LLVM::LoadOp::create(b, b.getF32Type(), getAddress(first + i)));
  return sums;
}

void LowerTensorCoresPass::runOnOperation() {
  WalkResult result = getOperation()->walk([&](nvgpu::MmaSyncOp op) {
    ImplicitLocOpBuilder b(op.getLoc(), op);
    FailureOr<SmallVector<Value>> sums =
        emulate ? callEmulator(b, op) : useInstruction(b, op);
    if (failed(sums))
      return WalkResult::interrupt();
    op.replaceAllUsesWith(
        vector::FromElementsOp::create(b, op.getType(), *sums).getResult());
    op.erase();
    return WalkResult::advance();
  });
  if (result.wasInterrupted() ||
      (emulate && failed(emulateSharedMemory(getOperation()))))
    signalPassFailure();
}
