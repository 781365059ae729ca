//===- Launch.cpp - calls of kernels --------------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Launch.h"
#include "Capture.h"
#include "Failures.h"
#include "condcomp/Runtime/EntryPoints.h"
#include "condcomp/Runtime/KernelReport.h"
#include <cstring>

using namespace condcomp;
using namespace condcomp::runtime::cuda;

void Launch::passMemRef(Address address, int64_t rank, const int64_t *sizes,
                        const int64_t *strides) {
  pass(static_cast<int64_t>(address));
  pass(static_cast<int64_t>(address));
  pass(0);
  words.insert(words.end(), sizes, sizes + rank);
  words.insert(words.end(), strides, strides + rank);
}

void Launch::passBytes(Address address, int64_t bytes) {
  const int64_t one = 1;
  passMemRef(address, 1, &bytes, &one);
}

/// Tensors in memory of the host are copied.
Outcome Launch::place(Address &address, const void *data, int64_t bytes,
                      int64_t number) {
  int device = session.findDevice(data);
  if (device == session.getGPU().device)
    return {};
  std::string what = format("argument %lld of kernel '%s'",
                            static_cast<long long>(number), kernel.name);
  // The kernel would fault, after which CUDA wants a new process.
  if (device >= 0)
    return Outcome::failure(
        format("%s is in memory of GPU %d, and the call runs on %s",
               what.c_str(), device, session.getGPU().describe().c_str()));
  if (onHost.empty())
    onHost = what + " is in memory of the host";
  // Nothing is called that a capture would not allow.
  if (isCaptured)
    return {};
  Outcome outcome = session.allocate(address, bytes, what);
  return outcome.failed() ? outcome
                          : session.copyIn(address, data, bytes, what);
}

Outcome Launch::passArguments() {
  const char *kind = kernel.kinds;
  for (int64_t i = 0; *kind; ++i, kind += 2) {
    int64_t bytes = kind[1] - '0';
    if (kind[0] == 's' || kind[0] == 'f') {
      int64_t word = 0;
      memcpy(&word, arguments[i], bytes);
      pass(word);
      if (kind[0] == 's')
        sizes.push_back(word);
      continue;
    }
    int64_t rank = kind[0] - '0';
    const auto *descriptor = static_cast<const int64_t *>(arguments[i]);
    const int64_t *shape = descriptor + 3, *strides = shape + rank;
    sizes.insert(sizes.end(), shape, shape + rank);
    auto *data =
        reinterpret_cast<char *>(descriptor[1]) + descriptor[2] * bytes;
    for (int64_t dim = 0; dim < rank; ++dim)
      bytes *= shape[dim];
    auto address = reinterpret_cast<Address>(data);
    if (bytes > 0) {
      Outcome outcome = place(address, data, bytes, i);
      if (outcome.failed())
        return outcome;
    }
    passMemRef(address, rank, shape, strides);
  }
  return {};
}

std::string Launch::describeGrid() const {
  return format("%s, %lld blocks of %lld threads", describe().c_str(),
                static_cast<long long>(loaded->blocks),
                static_cast<long long>(kernel.block_size));
}

/// Launches the kernel, which says in the record what fails.
Outcome Launch::start(Address workspace, int64_t workspaceBytes,
                      Address record) {
  words.clear();
  pass(loaded->blocks * kernel.block_size);
  const int64_t one = 1;
  passBytes(workspace, workspaceBytes);
  passMemRef(reportAddress, 1, &kernel.report_words, &one);
  words.insert(words.end(), argumentWords.begin(), argumentWords.end());
  if (kernel.results) {
    for (size_t i = 0, e = strlen(kernel.results); i < e; ++i)
      results.empty() ? passBytes(0, 0)
                      : passBytes(results[i].address, results[i].bytes);
    passMemRef(record, 1, &kernel.report_words, &one);
  }
  std::vector<void *> parameters;
  for (int64_t &word : words)
    parameters.push_back(&word);
  // A stand-in for the driver does not know how many there are.
  parameters.push_back(nullptr);
  const Driver &driver = session.getDriver();
  Outcome outcome = driver.check(
      driver.cuLaunchCooperativeKernel(
          loaded->function, static_cast<unsigned>(loaded->blocks), 1, 1,
          static_cast<unsigned>(kernel.block_size), 1, 1, /*sharedBytes=*/0,
          session.getStream(), parameters.data()),
      describeGrid() + ", can't be launched");
  if (outcome.failed())
    outcome.text += session.blameEarlierCalls();
  return outcome;
}

Outcome Launch::run() {
  // What an earlier call left behind when it ended early.
  session.freeAll();
  Outcome outcome = findCapture(session, isCaptured);
  if (!outcome.failed())
    outcome =
        isCaptured ? checkCapture(session) : Failures::get().collect(session);
  if (!outcome.failed())
    outcome = loadKernel(session, kernel, /*mayLoad=*/!isCaptured, loaded);
  if (!outcome.failed())
    outcome = passArguments();
  if (outcome.failed())
    return outcome;
  argumentWords = std::move(words);
  std::string why = whyWait();
  session.isWaitedFor = !why.empty();
  if (why.empty())
    return runUnwaited();
  if (isCaptured)
    return Outcome::failure(
        format("%s can't be captured into a CUDA graph, because the call would "
               "wait for it: %s",
               describe().c_str(), why.c_str()));
  return runWaited();
}

static Outcome launch(Session &session, const condcomp_cuda_kernel &kernel,
                      int64_t *report, void **arguments) {
  Outcome outcome = session.begin();
  if (outcome.failed())
    return outcome;
  outcome = Launch(session, kernel, report, arguments).run();
  // After a failed check nobody reads the workspace.
  if (outcome.failed() || report[Status] != 0)
    session.freeAll();
  session.end();
  return outcome;
}

void condcomp_cuda_launch(const condcomp_cuda_kernel *kernel, int64_t *report,
                          void **arguments) {
  Session &session = Session::get();
  int32_t status = session.keep(launch(session, *kernel, report, arguments));
  session.leaveOnFailure(status);
}
