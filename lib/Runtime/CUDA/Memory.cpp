//===- Memory.cpp - memory of a GPU for callers ---------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session.h"
#include "condcomp/Runtime/CUDA.h"
#include "condcomp/Runtime/EntryPoints.h"

using namespace condcomp::runtime::cuda;

static Outcome upload(Session &session, const void *from, int64_t bytes,
                      void *&to) {
  Outcome outcome = session.begin();
  if (outcome.failed())
    return outcome;
  Address address = 0;
  // Empty arrays are somewhere, too.
  outcome = session.allocate(address, bytes > 0 ? bytes : 1, "an upload");
  if (!outcome.failed())
    outcome = session.copyIn(address, from, bytes, "an upload");
  // Other threads may use it with other streams.
  if (!outcome.failed())
    outcome = session.synchronize("an upload to " +
                                  session.getGPU().describe() + " failed");
  if (outcome.failed())
    session.free(address);
  else
    session.release(address);
  session.end();
  to = reinterpret_cast<void *>(address);
  return outcome;
}

/// As compiled code is called: what fails has a text in the context.
static int32_t callUpload(condcomp_context *, void **arguments) {
  Session &session = Session::get();
  int32_t status =
      session.keep(upload(session, arguments[0],
                          *static_cast<int64_t *>(arguments[1]), arguments[2]));
  if (status != CONDCOMP_SUCCESS)
    condcomp_fail(status, session.error.c_str());
  return status;
}

int32_t condcomp_cuda_upload(condcomp_context *context, const void *from,
                             int64_t bytes, void **to) {
  void *arguments[] = {const_cast<void *>(from), &bytes, nullptr};
  int32_t status = condcomp_call(context, callUpload, arguments);
  if (status == CONDCOMP_SUCCESS)
    *to = arguments[2];
  return status;
}

void condcomp_cuda_free(void *address) {
  Session &session = Session::get();
  // Without a driver there is nothing to free.
  if (!address || session.begin().failed())
    return;
  session.getDriver().cuMemFreeAsync(reinterpret_cast<Address>(address),
                                     session.getStream());
  session.end();
}
