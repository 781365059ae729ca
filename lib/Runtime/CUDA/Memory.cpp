//===- Memory.cpp - memory and settings for callers -----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session.h"
#include "condcomp/Runtime/CUDA.h"
#include "condcomp/Runtime/EntryPoints.h"
#include <cstdio>
#include <utility>

using namespace condcomp::runtime::cuda;

//===----------------------------------------------------------------------===//
// Settings
//===----------------------------------------------------------------------===//

int32_t condcomp_cuda_set_device(int32_t device) {
  return std::exchange(Session::get().chosenDevice, device < 0 ? -1 : device);
}

void *condcomp_cuda_set_stream(void *stream) {
  return std::exchange(Session::get().userStream, static_cast<Stream>(stream));
}

int32_t condcomp_cuda_set_results_on_device(int32_t onDevice) {
  return std::exchange(Session::get().resultsOnDevice, onDevice != 0);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static Outcome upload(Session &session, const void *from, int64_t bytes,
                      Address &to) {
  // Empty arrays are somewhere, too.
  Outcome outcome = session.allocate(to, bytes > 0 ? bytes : 1, "an upload");
  if (!outcome.failed())
    outcome = session.copyIn(to, from, bytes, "an upload");
  // Other threads may use it with other streams.
  if (!outcome.failed())
    outcome = session.synchronize("an upload to " +
                                  session.getGPU().describe() + " failed");
  if (outcome.failed())
    session.free(to);
  else
    session.release(to);
  return outcome;
}

static Outcome download(Session &session, void *to, Address from,
                        int64_t bytes) {
  Outcome outcome = session.copyOut(to, from, bytes, "a download");
  return outcome.failed()
             ? outcome
             : session.synchronize("a download from " +
                                   session.getGPU().describe() + " failed");
}

namespace {
/// What a function of the API does on a GPU.
struct Request {
  enum { Upload, Download, Describe } kind;
  void *host;
  Address device;
  int64_t bytes;

  Outcome run(Session &session) {
    switch (kind) {
    case Upload:
      return upload(session, host, bytes, device);
    case Download:
      return download(session, host, device, bytes);
    case Describe:
      device = session.getGPU().device;
      snprintf(static_cast<char *>(host), bytes, "sm_%d%d",
               session.getGPU().major, session.getGPU().minor);
      return {};
    }
    return {};
  }
};
} // namespace

static Outcome runBetween(Session &session, Request &request) {
  Outcome outcome = session.begin();
  if (outcome.failed())
    return outcome;
  outcome = request.run(session);
  session.end();
  return outcome;
}

/// As compiled code is called: what fails has a text in the context.
static int32_t callRequest(condcomp_context *, void **arguments) {
  Session &session = Session::get();
  int32_t status =
      session.keep(runBetween(session, *static_cast<Request *>(arguments[0])));
  session.leaveOnFailure(status);
  return status;
}

static int32_t call(condcomp_context *context, Request &request) {
  void *arguments[] = {&request};
  return condcomp_call(context, callRequest, arguments);
}

int32_t condcomp_cuda_upload(condcomp_context *context, const void *from,
                             int64_t bytes, void **to) {
  Request request{Request::Upload, const_cast<void *>(from), 0, bytes};
  int32_t status = call(context, request);
  if (status == CONDCOMP_SUCCESS)
    *to = reinterpret_cast<void *>(request.device);
  return status;
}

int32_t condcomp_cuda_download(condcomp_context *context, void *to,
                               const void *from, int64_t bytes) {
  Request request{Request::Download, to, reinterpret_cast<Address>(from),
                  bytes};
  return call(context, request);
}

int32_t condcomp_cuda_get_gpu(condcomp_context *context, int32_t *device,
                              char *chip) {
  Request request{Request::Describe, chip, 0, 16};
  int32_t status = call(context, request);
  if (status == CONDCOMP_SUCCESS)
    *device = static_cast<int32_t>(request.device);
  return status;
}

int32_t condcomp_cuda_find_device(const void *address) {
  Session &session = Session::get();
  // Without a driver there is no other memory.
  if (session.begin().failed())
    return -1;
  int32_t device = session.findDevice(address);
  session.end();
  return device;
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
