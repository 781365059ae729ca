//===- Passes.h - GPU code generation passes --------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_CODEGEN_GPU_PASSES_H
#define CONDCOMP_CODEGEN_GPU_PASSES_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Pass/Pass.h"

namespace condcomp {

/// Threads that use a tensor core together: neighbors of one block.
inline constexpr int64_t kWarpSize = 32;

/// Whether a chip is AMD's (gfx942), not NVIDIA's (sm_80).
inline bool isAMD(llvm::StringRef chip) { return chip.starts_with("gfx"); }

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "condcomp/Codegen/GPU/Passes.h.inc"

} // namespace condcomp

#endif // CONDCOMP_CODEGEN_GPU_PASSES_H
