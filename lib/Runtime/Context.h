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
  /// Calls so far, the one that runs included.
  int64_t calls = 0;
  condcomp_trace_sink traceSink = nullptr;
  void *traceData = nullptr;
  condcomp::runtime::Counter counter;
};

namespace condcomp {
namespace runtime {

/// The context of the call that runs on this thread, null outside of calls.
condcomp_context *getCurrentContext();

} // namespace runtime
} // namespace condcomp

#endif // CONDCOMP_LIB_RUNTIME_CONTEXT_H
