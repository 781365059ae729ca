//===- RunTimeChoice.h - what is left to run time to choose -----*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_DIALECT_CONDCOMP_TRANSFORMS_RUNTIMECHOICE_H
#define CONDCOMP_DIALECT_CONDCOMP_TRANSFORMS_RUNTIMECHOICE_H

#include "llvm/ADT/StringRef.h"

namespace condcomp {

/// An attribute of an apply with one module, made by `condcomp-choose-form` and
/// read by `condcomp-to-linalg`: the number of entries per thousand rows from
/// which on the body runs on all rows as they lie.
inline constexpr llvm::StringLiteral kAllRowsFrom("condcomp.all_rows_from");

/// An attribute of a cascade: for each stage, the number of carried rows per
/// thousand that have to be done before the others are gathered. Until then
/// they go along.
inline constexpr llvm::StringLiteral kCompactFrom("condcomp.compact_from");

} // namespace condcomp

#endif // CONDCOMP_DIALECT_CONDCOMP_TRANSFORMS_RUNTIMECHOICE_H
