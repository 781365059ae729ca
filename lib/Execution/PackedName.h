//===- PackedName.h - what looked-up functions are called -------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_EXECUTION_PACKEDNAME_H
#define CONDCOMP_LIB_EXECUTION_PACKEDNAME_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace condcomp {

/// The symbol of the function that takes the arguments of `name` by pointers.
inline std::string getPackedName(llvm::StringRef name) {
  return ("condcomp_packed$" + name).str();
}

} // namespace condcomp

#endif // CONDCOMP_LIB_EXECUTION_PACKEDNAME_H
