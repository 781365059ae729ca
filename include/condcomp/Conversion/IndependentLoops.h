//===- IndependentLoops.h - loops in any order ------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_CONVERSION_INDEPENDENTLOOPS_H
#define CONDCOMP_CONVERSION_INDEPENDENTLOOPS_H

#include "llvm/ADT/StringRef.h"

namespace condcomp {

/// Marks a `scf.for` whose iterations may run in any order, or in parallel.
inline constexpr llvm::StringLiteral kIndependentAttrName =
    "condcomp.independent";

} // namespace condcomp

#endif // CONDCOMP_CONVERSION_INDEPENDENTLOOPS_H
