//===- ThreadFunction.cpp - kernels as functions of threads ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ThreadFunction.h"
#include "Grid.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"

using namespace mlir;
using namespace condcomp;

static Value cast(ImplicitLocOpBuilder &b, Value value, Type type) {
  return value.getType() == type
             ? value
             : UnrealizedConversionCastOp::create(b, type, value).getResult(0);
}

static Value getSlot(ImplicitLocOpBuilder &b, Value array, int32_t position) {
  return LLVM::GEPOp::create(b, array.getType(), array.getType(), array,
                             ArrayRef<LLVM::GEPArg>{position});
}

LLVM::LLVMFuncOp
condcomp::makeThreadFunction(func::FuncOp kernel,
                             const LLVMTypeConverter &converter, StringRef name,
                             LLVM::Linkage linkage, ThreadArguments kind) {
  ImplicitLocOpBuilder b(kernel.getLoc(), kernel.getContext());
  b.setInsertionPointAfter(kernel);
  Type i64 = b.getI64Type();
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(b.getContext()), {pointer, i64, i64});
  auto function = LLVM::LLVMFuncOp::create(b, name, type, linkage);
  Block *body = function.addEntryBlock(b);
  b.setInsertionPointToStart(body);
  bool pieces = kind == ThreadArguments::Pieces;
  int32_t position = pieces ? 1 : 0;
  auto load = [&](Type loaded) -> Value {
    Value address = LLVM::LoadOp::create(
        b, pointer, getSlot(b, body->getArgument(0), position++));
    return LLVM::LoadOp::create(b, loaded, address);
  };
  SmallVector<Value> operands;
  for (int64_t i : {Thread, Threads})
    operands.push_back(cast(b, body->getArgument(1 + i), b.getIndexType()));
  for (Type argument : kernel.getArgumentTypes().drop_front(operands.size())) {
    Value value;
    if (auto memref = dyn_cast<MemRefType>(argument); memref && pieces) {
      SmallVector<Value> parts{load(pointer), load(pointer)};
      for (int64_t i = 0, e = 1 + 2 * memref.getRank(); i < e; ++i)
        parts.push_back(load(i64));
      value = MemRefDescriptor::pack(b, b.getLoc(), converter, memref, parts);
    } else {
      value = load(converter.convertType(argument));
    }
    operands.push_back(cast(b, value, argument));
  }
  func::CallOp::create(b, kernel, operands);
  LLVM::ReturnOp::create(b, ValueRange());
  return function;
}

Value condcomp::makeArgumentArray(ImplicitLocOpBuilder &b,
                                  const LLVMTypeConverter &converter,
                                  ValueRange operands) {
  auto pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto allocate = [&](Type type, int64_t count) -> Value {
    Value size =
        LLVM::ConstantOp::create(b, b.getI64Type(), b.getI64IntegerAttr(count));
    return LLVM::AllocaOp::create(b, pointer, type, size);
  };
  Value array = allocate(pointer, operands.size());
  for (auto [i, value] : llvm::enumerate(operands)) {
    Type type = converter.convertType(value.getType());
    Value address = allocate(type, 1);
    LLVM::StoreOp::create(b, cast(b, value, type), address);
    LLVM::StoreOp::create(b, address, getSlot(b, array, i));
  }
  return array;
}
