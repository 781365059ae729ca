//===- Stages.h - what the pipelines share ----------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_PIPELINES_STAGES_H
#define CONDCOMP_LIB_PIPELINES_STAGES_H

#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"

namespace condcomp {

/// Helpers inlined, traces left out if not asked for, rows and sizes verified,
/// gates of other dialects decomposed.
void addVerification(mlir::OpPassManager &pm, bool trace);

/// Each op gets its form; "soft" relaxes what has a relaxation.
void addForm(mlir::OpPassManager &pm, ChooseFormOptions forms);

/// From condcomp ops to linalg on tensors, in a form or relaxed ("soft").
void addLinalg(mlir::OpPassManager &pm, ChooseFormOptions forms);

/// From linalg on tensors to linalg on memrefs. Nothing is freed.
void addBufferization(mlir::OpPassManager &pm);

/// Frees memory on the heap: callers own the results they get, all else is
/// freed where it dies.
void addDeallocation(mlir::OpPassManager &pm);

/// From loops on memrefs to blocks.
void addControlFlow(mlir::OpPassManager &pm, bool expandBF16);

/// From blocks on memrefs to the LLVM dialect, with the C ABI.
void addLLVM(mlir::OpPassManager &pm);

} // namespace condcomp

#endif // CONDCOMP_LIB_PIPELINES_STAGES_H
