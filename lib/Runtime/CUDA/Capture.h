//===- Capture.h - streams that are captured into graphs ------ -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_RUNTIME_CUDA_CAPTURE_H
#define CONDCOMP_LIB_RUNTIME_CUDA_CAPTURE_H

#include "Session.h"

namespace condcomp {
namespace runtime {
namespace cuda {

/// Whether the session's stream is being captured into a CUDA graph.
Outcome findCapture(Session &session, bool &captured);

/// Fails if the driver can't capture what calls do.
Outcome checkCapture(const Session &session);

/// Frees memory in the order of the session's stream; while that is captured,
/// memory of others than the graph when it no longer is.
void freeInOrder(Session &session, Address address);

} // namespace cuda
} // namespace runtime
} // namespace condcomp

#endif // CONDCOMP_LIB_RUNTIME_CUDA_CAPTURE_H
