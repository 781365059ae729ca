//===- TargetMachine.h - target machines by CPU -----------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_AHEADOFTIME_TARGETMACHINE_H
#define CONDCOMP_LIB_AHEADOFTIME_TARGETMACHINE_H

#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>

namespace condcomp {

/// A target machine for position-independent code; "" is the least CPU of this
/// machine's architecture.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createTargetMachine(llvm::StringRef cpu, llvm::StringRef features);

} // namespace condcomp

#endif // CONDCOMP_LIB_AHEADOFTIME_TARGETMACHINE_H
