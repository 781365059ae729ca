//===- InitAll.h - registration of everything in condcomp -------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_INITALL_H
#define CONDCOMP_INITALL_H

#include "condcomp/Codegen/CPU/Passes.h"
#include "condcomp/Codegen/GPU/Passes.h"
#include "condcomp/Conversion/Passes.h"
#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "condcomp/Dialect/CondComp/Transforms/Passes.h"
#include "condcomp/Pipelines/Pipelines.h"

namespace condcomp {

/// Adds the condcomp dialect and its interface models to `registry`.
inline void registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<CondCompDialect>();
}

/// Registers every condcomp pass and pipeline.
inline void registerAllPasses() {
  registerCodegenCPUPasses();
  registerCodegenGPUPasses();
  registerCondCompTransformsPasses();
  registerConversionPasses();
  registerPipelines();
}

} // namespace condcomp

#endif // CONDCOMP_INITALL_H
