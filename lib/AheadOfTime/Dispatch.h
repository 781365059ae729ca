//===- Dispatch.h - one function for several CPUs ---------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_AHEADOFTIME_DISPATCH_H
#define CONDCOMP_LIB_AHEADOFTIME_DISPATCH_H

#include "condcomp/AheadOfTime/Compile.h"
#include "llvm/IR/Module.h"

namespace condcomp {

/// Adds `name`, which calls the first of `versions` (one per CPU, in order,
/// with one type and the call's context as first argument) that the machine can
/// run.
void emitDispatch(llvm::Module &module, llvm::StringRef name,
                  llvm::ArrayRef<llvm::Function *> versions,
                  const CompileOptions &options);

} // namespace condcomp

#endif // CONDCOMP_LIB_AHEADOFTIME_DISPATCH_H
