//===- Sanitize.h - memory checks in compiled code --------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_SANITIZE_H
#define CONDCOMP_EXECUTION_SANITIZE_H

namespace llvm {
class Module;
} // namespace llvm

namespace condcomp {

/// Makes AddressSanitizer check every access of the module's functions to
/// memory. For optimized code: later passes could not see through the checks.
void sanitizeAddresses(llvm::Module &module);

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_SANITIZE_H
