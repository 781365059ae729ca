//===- StatusAttr.h - marks functions that return a status ------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_CONVERSION_CHECKSTOSTATUS_STATUSATTR_H
#define CONDCOMP_LIB_CONVERSION_CHECKSTOSTATUS_STATUSATTR_H

#include "llvm/ADT/StringRef.h"

namespace condcomp {

/// Marks functions whose first argument is the call context and whose first
/// result is a status, from `condcomp-lower-checks` to
/// `condcomp-emit-c-entry-points`.
inline constexpr llvm::StringLiteral kStatusAttrName = "condcomp.status";

} // namespace condcomp

#endif // CONDCOMP_LIB_CONVERSION_CHECKSTOSTATUS_STATUSATTR_H
