//===- Passes.h - CPU code generation passes --------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_CODEGEN_CPU_PASSES_H
#define CONDCOMP_CODEGEN_CPU_PASSES_H

#include "condcomp/Codegen/CPU/BF16Unit.h"
#include "mlir/Pass/Pass.h"

namespace condcomp {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "condcomp/Codegen/CPU/Passes.h.inc"

} // namespace condcomp

#endif // CONDCOMP_CODEGEN_CPU_PASSES_H
