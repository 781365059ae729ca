//===- Context.h - the state of calls ---------------------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_RUNTIME_CONTEXT_H
#define CONDCOMP_LIB_RUNTIME_CONTEXT_H

#include "Allocator.h"
#include "condcomp/Runtime/Runtime.h"
#include <string>

struct condcomp_context {
  std::string error;
  int32_t threads = 0;
  condcomp::runtime::Counter counter;
};

namespace condcomp {
namespace runtime {

/// The threading functions in force; a member is null where the process has
/// none.
const condcomp_threading &getThreading();

} // namespace runtime
} // namespace condcomp

#endif // CONDCOMP_LIB_RUNTIME_CONTEXT_H
