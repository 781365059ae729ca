//===- ThreadFunction.h - kernels as functions of threads ----- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_THREADFUNCTION_H
#define CONDCOMP_LIB_CODEGEN_GPU_THREADFUNCTION_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace condcomp {

/// Of what a thread function gets pointers to.
enum class ThreadArguments {
  /// The arguments after the number of threads, memrefs as descriptors.
  Descriptors,
  /// The number of threads and the arguments after it, memrefs in pieces.
  Pieces
};

/// Makes `void name(void **arguments, int64_t thread, int64_t threads)`, which
/// calls the kernel.
mlir::LLVM::LLVMFuncOp makeThreadFunction(
    mlir::func::FuncOp kernel, const mlir::LLVMTypeConverter &converter,
    llvm::StringRef name, mlir::LLVM::Linkage linkage, ThreadArguments kind);

/// An array of pointers to the operands, memrefs as descriptors.
mlir::Value makeArgumentArray(mlir::ImplicitLocOpBuilder &b,
                              const mlir::LLVMTypeConverter &converter,
                              mlir::ValueRange operands);

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_THREADFUNCTION_H
