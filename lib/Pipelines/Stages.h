//===- Stages.h - what the pipelines share ----------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_PIPELINES_STAGES_H
#define CONDCOMP_LIB_PIPELINES_STAGES_H

#include "mlir/Pass/PassManager.h"

namespace condcomp {

/// From condcomp ops to linalg on tensors.
void addLinalg(mlir::OpPassManager &pm, llvm::StringRef form, bool trace);

/// From linalg on tensors to linalg on memrefs. Nothing is freed.
void addBufferization(mlir::OpPassManager &pm);

/// Frees memory on the heap: callers own the results they get, all else is
/// freed where it dies.
void addDeallocation(mlir::OpPassManager &pm);

/// From loops on memrefs to blocks.
void addControlFlow(mlir::OpPassManager &pm);

/// From blocks on memrefs to the LLVM dialect, with the C ABI.
void addLLVM(mlir::OpPassManager &pm);

} // namespace condcomp

#endif // CONDCOMP_LIB_PIPELINES_STAGES_H
