//===- ExportedNames.h - a program's symbols for loaders ------ -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_EXPORTEDNAMES_H
#define CONDCOMP_EXECUTION_EXPORTEDNAMES_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace condcomp {

/// The symbol of the function that takes where the arguments of `name` lie, and
/// then where its result goes: `void (*)(void **)`.
inline std::string getPackedName(llvm::StringRef name) {
  return ("condcomp_packed$" + name).str();
}

/// The symbol of the text of the type of `name`, as formatSignature makes it,
/// in libraries that are compiled ahead of time.
inline std::string getSignatureName(llvm::StringRef name) {
  return ("condcomp_signature$" + name).str();
}

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_EXPORTEDNAMES_H
