//===- Threading.h - the threads that run parallel loops --------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_RUNTIME_THREADING_H
#define CONDCOMP_LIB_RUNTIME_THREADING_H

#include "condcomp/Runtime/Runtime.h"

namespace condcomp {
namespace runtime {

/// The threading functions in force.
const condcomp_threading &getThreading();

/// Those of an OpenMP library.
const condcomp_threading &getOpenMP();

/// Sets how many threads the loops of a call use, while this lives; 0 leaves it
/// to the threading library.
class ThreadsForCall {
public:
  explicit ThreadsForCall(int32_t threads);
  ~ThreadsForCall();

private:
  int32_t before;
};

/// Whether this thread is inside a parallel loop that runs on several.
bool isInParallelLoop();

} // namespace runtime
} // namespace condcomp

#endif // CONDCOMP_LIB_RUNTIME_THREADING_H
