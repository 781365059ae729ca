//===- EmulateSharedMemory.h - what a block shares, on a CPU ----*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CODEGEN_GPU_EMULATESHAREDMEMORY_H
#define CONDCOMP_LIB_CODEGEN_GPU_EMULATESHAREDMEMORY_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace condcomp {

/// Makes what kernels do with shared memory calls of the run-time library: the
/// memory, asynchronous copies to it, matrices read from it, and barriers of
/// blocks.
llvm::LogicalResult emulateSharedMemory(mlir::ModuleOp module);

/// Memory of the function that `op` is in, for `count` words.
mlir::Value allocateWords(mlir::ImplicitLocOpBuilder &b, mlir::Operation *op,
                          int64_t count);

} // namespace condcomp

#endif // CONDCOMP_LIB_CODEGEN_GPU_EMULATESHAREDMEMORY_H
