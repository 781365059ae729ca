//===- PackedFunction.h - functions that loaders can call ----- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_PACKEDFUNCTION_H
#define CONDCOMP_EXECUTION_PACKEDFUNCTION_H

#include "llvm/IR/Module.h"

namespace condcomp {

/// Adds the function that ExportedNames.h calls the packed one of `function`.
void addPackedFunction(llvm::Module &module, llvm::Function &function);

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_PACKEDFUNCTION_H
