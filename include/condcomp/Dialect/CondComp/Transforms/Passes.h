//===- Passes.h - passes on the condcomp dialect ----------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_TRANSFORMS_PASSES_H
#define CONDCOMP_TRANSFORMS_PASSES_H

#include "condcomp/Dialect/CondComp/IR/CondComp.h"
#include "mlir/Pass/Pass.h"

namespace condcomp {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "condcomp/Dialect/CondComp/Transforms/Passes.h.inc"

} // namespace condcomp

#endif // CONDCOMP_TRANSFORMS_PASSES_H
