//===- Header.h - C headers of compiled modules -----------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_AHEADOFTIME_HEADER_H
#define CONDCOMP_AHEADOFTIME_HEADER_H

#include "condcomp/Execution/Program.h"

namespace condcomp {

/// The C declarations of functions, as docs/abi.md has them. `name` is the
/// file's name, for the include guard; `source` the module's. Fails for a
/// function that C can't call.
llvm::Expected<std::string> formatHeader(llvm::ArrayRef<Signature> functions,
                                         llvm::StringRef name,
                                         llvm::StringRef source);

} // namespace condcomp

#endif // CONDCOMP_AHEADOFTIME_HEADER_H
