//===- Memory.cpp - memory and settings for callers -----------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Capture.h"
#include "Failures.h"
#include "condcomp/Runtime/CUDA.h"
#include "condcomp/Runtime/EntryPoints.h"
#include <cstdio>
#include <mutex>
#include <set>
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

int32_t condcomp_cuda_set_waiting(int32_t waiting) {
  return std::exchange(Session::get().waits, waiting != 0);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

namespace {
/// Memory that calls on any stream may read.
struct Uploads {
  std::mutex mutex;
  std::set<Address> addresses;

  static Uploads &get() {
    static auto *uploads = new Uploads;
    return *uploads;
  }
  void add(Address address) {
    std::lock_guard<std::mutex> lock(mutex);
    addresses.insert(address);
  }
  /// Whether it was one.
  bool remove(Address address) {
    std::lock_guard<std::mutex> lock(mutex);
    return addresses.erase(address) != 0;
  }
};
} // namespace

/// What waits for a stream would end its capture.
static Outcome refuseCapture(Session &session) {
  bool captured;
  Outcome outcome = findCapture(session, captured);
  return outcome.failed() || !captured
             ? outcome
             : Outcome::failure("a stream can't be waited for while it is "
                                "captured into a CUDA graph");
}

static Outcome upload(Session &session, const void *from, int64_t bytes,
                      Address &to) {
  Outcome outcome = refuseCapture(session);
  // Empty arrays are somewhere, too.
  if (!outcome.failed())
    outcome = session.allocate(to, bytes > 0 ? bytes : 1, "an upload");
  if (!outcome.failed())
    outcome = session.copyIn(to, from, bytes, "an upload");
  // Other threads may use it with other streams.
  if (!outcome.failed())
    outcome = session.synchronize("an upload to " +
                                  session.getGPU().describe() + " failed");
  if (outcome.failed()) {
    session.free(to);
    return outcome;
  }
  session.release(to);
  Uploads::get().add(to);
  return {};
}

static Outcome download(Session &session, void *to, Address from,
                        int64_t bytes) {
  Outcome outcome = refuseCapture(session);
  if (!outcome.failed())
    outcome = session.copyOut(to, from, bytes, "a download");
  if (!outcome.failed())
    outcome = session.synchronize("a download from " +
                                  session.getGPU().describe() + " failed");
  return outcome.failed() ? outcome : Failures::get().collect(session);
}

static Outcome synchronize(Session &session) {
  Outcome outcome = refuseCapture(session);
  if (!outcome.failed())
    outcome = session.synchronize("calls on " + session.getGPU().describe() +
                                  " failed");
  return outcome.failed() ? outcome : Failures::get().collect(session);
}

template <typename Body>
static Outcome runBetween(Session &session, Body &body) {
  Outcome outcome = session.begin();
  if (outcome.failed())
    return outcome;
  outcome = body(session);
  session.end();
  return outcome;
}

/// Runs `body` on the GPU as compiled code is called: what fails has a text in
/// the context.
template <typename Body>
static int32_t call(condcomp_context *context, Body body) {
  void *arguments[] = {&body};
  return condcomp_call(
      context,
      [](condcomp_context *, void **arguments) -> int32_t {
        Session &session = Session::get();
        int32_t status = session.keep(
            runBetween(session, *static_cast<Body *>(arguments[0])));
        session.leaveOnFailure(status);
        return status;
      },
      arguments);
}

int32_t condcomp_cuda_upload(condcomp_context *context, const void *from,
                             int64_t bytes, void **to) {
  Address address = 0;
  int32_t status = call(context, [&](Session &session) {
    return upload(session, from, bytes, address);
  });
  if (status == CONDCOMP_SUCCESS)
    *to = reinterpret_cast<void *>(address);
  return status;
}

int32_t condcomp_cuda_download(condcomp_context *context, void *to,
                               const void *from, int64_t bytes) {
  return call(context, [&](Session &session) {
    return download(session, to, reinterpret_cast<Address>(from), bytes);
  });
}

int32_t condcomp_cuda_synchronize(condcomp_context *context) {
  return call(context, synchronize);
}

int32_t condcomp_cuda_get_gpu(condcomp_context *context, int32_t *device,
                              char *chip) {
  return call(context, [&](Session &session) {
    *device = session.getGPU().device;
    snprintf(chip, 16, "sm_%d%d", session.getGPU().major,
             session.getGPU().minor);
    return Outcome();
  });
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
  auto memory = reinterpret_cast<Address>(address);
  // Calls that nobody waited for may read it on other streams.
  if (Uploads::get().remove(memory))
    session.getDriver().cuCtxSynchronize();
  freeInOrder(session, memory);
  session.end();
}
