//===- Prefetching.h - who brings packed weights to caches ------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_CODEGEN_CPU_PREFETCHING_H
#define CONDCOMP_CODEGEN_CPU_PREFETCHING_H

#include "llvm/ADT/StringRef.h"

namespace condcomp {

/// Whether kernels ask for packed weights beforehand on a CPU of LLVM's name.
/// Zen 4 alone, of those that were measured, is faster when it is left to guess
/// (docs/codegen.md).
inline bool wantsPackedPrefetched(llvm::StringRef cpu) {
  return cpu != "znver4";
}

} // namespace condcomp

#endif // CONDCOMP_CODEGEN_CPU_PREFETCHING_H
