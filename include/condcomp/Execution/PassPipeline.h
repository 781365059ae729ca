//===- PassPipeline.h - pipelines given as text -----------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_PASSPIPELINE_H
#define CONDCOMP_EXECUTION_PASSPIPELINE_H

#include "mlir/Pass/PassManager.h"

namespace condcomp {

/// Adds the passes of `text` ("builtin.module(condcomp-to-cpu)"), with what the
/// command line says of printing and timing. Errors go to `diagnostics`.
mlir::LogicalResult addPassPipeline(mlir::PassManager &pm, llvm::StringRef text,
                                    llvm::raw_ostream &diagnostics);

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_PASSPIPELINE_H
