//===- Results.cpp - results of kernels -----------------------------------===//
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

/// To `host`, or to new memory of the device if that is null.
static Outcome copy(Session &session, void *host, int64_t offset, int64_t bytes,
                    Address &address) {
  Address from = session.workspace + offset;
  if (host) {
    address = reinterpret_cast<Address>(host);
    return session.copyOut(host, from, bytes, "a result");
  }
  // Empty results are somewhere, too.
  Outcome outcome =
      session.allocate(address, bytes > 0 ? bytes : 1, "a result");
  if (outcome.failed())
    return outcome;
  session.results.push_back(address);
  return session.copyWithin(address, from, bytes, "a result");
}

static Outcome take(Session &session, void *host, int64_t offset, int64_t bytes,
                    Address &address) {
  if (!session.isWaitedFor) {
    address = session.results[session.numTaken++];
    return {};
  }
  Outcome outcome = session.begin();
  if (outcome.failed())
    return outcome;
  if (offset < 0 || bytes < 0 || bytes > session.workspaceBytes - offset)
    outcome = Outcome::failure(
        format("a result of %lld bytes at %lld is not in its workspace of %lld "
               "bytes",
               static_cast<long long>(bytes), static_cast<long long>(offset),
               static_cast<long long>(session.workspaceBytes)));
  else
    outcome = copy(session, host, offset, bytes, address);
  if (outcome.failed())
    session.freeAll();
  session.end();
  return outcome;
}

static Outcome release(Session &session) {
  Outcome outcome = session.begin();
  if (outcome.failed())
    return outcome;
  // On the device all that follows is in the order of the stream.
  if (!session.resultsOnDevice)
    outcome = session.synchronize("results can't be copied from " +
                                  session.getGPU().describe());
  if (!outcome.failed())
    for (Address result : session.results)
      session.release(result);
  session.freeAll();
  session.end();
  return outcome;
}

int64_t condcomp_cuda_take(int64_t offset, int64_t bytes) {
  Session &session = Session::get();
  // First of all: without memory it does not return.
  void *host = session.resultsOnDevice
                   ? nullptr
                   : _mlir_memref_to_llvm_aligned_alloc(64, bytes);
  Address address = 0;
  int32_t status = session.keep(take(session, host, offset, bytes, address));
  session.leaveOnFailure(status);
  return static_cast<int64_t>(address);
}

void condcomp_cuda_release(void) {
  Session &session = Session::get();
  int32_t status = session.keep(release(session));
  session.leaveOnFailure(status);
}
