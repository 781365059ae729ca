//===- PerfMap.h - names of compiled code for profilers ---------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_PERFMAP_H
#define CONDCOMP_EXECUTION_PERFMAP_H

#include "llvm/ExecutionEngine/Orc/Layer.h"

namespace condcomp {

/// Where the environment's CONDCOMP_PERF_MAP is 1, has the functions that
/// `layer` links appended to /tmp/perf-<process>.map, where Linux's `perf`
/// looks for the names of code that is in no file.
void writePerfMapIfAsked(llvm::orc::ObjectLayer &layer);

} // namespace condcomp

#endif
