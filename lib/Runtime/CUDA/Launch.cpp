//===- Launch.cpp - calls of kernels --------------------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"
#include "condcomp/Runtime/EntryPoints.h"
#include "condcomp/Runtime/KernelReport.h"
#include <cstring>

using namespace condcomp;
using namespace condcomp::runtime::cuda;

namespace {
/// One launch, and again with a larger workspace until it suffices.
class Launch {
public:
  Launch(Session &session, const condcomp_cuda_kernel &kernel, int64_t *report,
         void **arguments)
      : session(session), kernel(kernel), report(report), arguments(arguments) {
  }

  Outcome run();

private:
  /// A word that is passed by value.
  void pass(int64_t word) { words.push_back(word); }
  void passMemRef(Address address, int64_t rank, const int64_t *sizes,
                  const int64_t *strides);
  Outcome place(Address &address, const void *data, int64_t bytes,
                const std::string &what);
  Outcome passArguments();
  Outcome launch();
  std::string describe() const {
    return format("kernel '%s' on %s", kernel.name,
                  session.getGPU().describe().c_str());
  }

  Session &session;
  const condcomp_cuda_kernel &kernel;
  int64_t *report;
  void **arguments;
  LoadedKernel *loaded = nullptr;
  Address reportAddress = 0, workspace = 0;
  int64_t workspaceBytes = 0;
  /// The parameters up to the arguments, and the arguments: words, of which the
  /// driver reads as many bytes as the kernel declares.
  std::vector<int64_t> words, argumentWords;
};
} // namespace

/// As MLIR passes a memref: two pointers, the offset, sizes and strides.
void Launch::passMemRef(Address address, int64_t rank, const int64_t *sizes,
                        const int64_t *strides) {
  pass(static_cast<int64_t>(address));
  pass(static_cast<int64_t>(address));
  pass(0);
  words.insert(words.end(), sizes, sizes + rank);
  words.insert(words.end(), strides, strides + rank);
}

/// Tensors in memory of the host are copied.
Outcome Launch::place(Address &address, const void *data, int64_t bytes,
                      const std::string &what) {
  int device = session.findDevice(data);
  if (device == session.getGPU().device)
    return {};
  // The kernel would fault, after which CUDA wants a new process.
  if (device >= 0)
    return Outcome::failure(
        format("%s is in memory of GPU %d, and the call runs on %s",
               what.c_str(), device, session.getGPU().describe().c_str()));
  Outcome outcome = session.allocate(address, bytes, what);
  return outcome.failed() ? outcome
                          : session.copyIn(address, data, bytes, what);
}

Outcome Launch::passArguments() {
  const char *kind = kernel.kinds;
  for (int64_t i = 0; *kind; ++i, kind += 2) {
    int64_t bytes = kind[1] - '0';
    if (kind[0] == 's') {
      int64_t word = 0;
      memcpy(&word, arguments[i], bytes);
      pass(word);
      continue;
    }
    int64_t rank = kind[0] - '0';
    const auto *descriptor = static_cast<const int64_t *>(arguments[i]);
    const int64_t *sizes = descriptor + 3, *strides = sizes + rank;
    auto *data =
        reinterpret_cast<char *>(descriptor[1]) + descriptor[2] * bytes;
    for (int64_t dim = 0; dim < rank; ++dim)
      bytes *= sizes[dim];
    auto address = reinterpret_cast<Address>(data);
    if (bytes > 0) {
      std::string what = format("argument %lld of kernel '%s'",
                                static_cast<long long>(i), kernel.name);
      Outcome outcome = place(address, data, bytes, what);
      if (outcome.failed())
        return outcome;
    }
    passMemRef(address, rank, sizes, strides);
  }
  return {};
}

Outcome Launch::launch() {
  report[Status] = report[BarrierCount] = 0;
  int64_t reportBytes = kernel.report_words * int64_t(sizeof(int64_t));
  Outcome outcome = session.copyIn(reportAddress, report, reportBytes,
                                   "the report of " + describe());
  if (outcome.failed())
    return outcome;
  words.clear();
  pass(loaded->blocks * kernel.block_size);
  const int64_t one = 1;
  passMemRef(workspace, 1, &workspaceBytes, &one);
  passMemRef(reportAddress, 1, &kernel.report_words, &one);
  words.insert(words.end(), argumentWords.begin(), argumentWords.end());
  std::vector<void *> parameters;
  for (int64_t &word : words)
    parameters.push_back(&word);
  std::string grid =
      format("%s, %lld blocks of %lld threads", describe().c_str(),
             static_cast<long long>(loaded->blocks),
             static_cast<long long>(kernel.block_size));
  const Driver &driver = session.getDriver();
  outcome = driver.check(
      driver.cuLaunchCooperativeKernel(
          loaded->function, static_cast<unsigned>(loaded->blocks), 1, 1,
          static_cast<unsigned>(kernel.block_size), 1, 1, /*sharedBytes=*/0,
          session.getStream(), parameters.data()),
      grid + ", can't be launched");
  if (outcome.failed())
    return outcome;
  // Before anything else is asked for, which would fail for the kernel.
  outcome = session.synchronize(grid + ", failed");
  if (outcome.failed()) {
    outcome.text += "; a GPU's memory may be unusable after that: if later "
                    "calls fail alike, start the process anew";
    return outcome;
  }
  outcome = session.copyOut(report, reportAddress, reportBytes,
                            "the report of " + describe());
  return outcome.failed() ? outcome : session.synchronize(grid);
}

Outcome Launch::run() {
  // What an earlier call left behind when it ended early.
  session.freeAll();
  Outcome outcome = loadKernel(session, kernel, loaded);
  if (outcome.failed())
    return outcome;
  outcome = passArguments();
  if (outcome.failed())
    return outcome;
  argumentWords = std::move(words);
  outcome =
      session.allocate(reportAddress, kernel.report_words * sizeof(int64_t),
                       "the report of " + describe());
  if (outcome.failed())
    return outcome;
  workspaceBytes = loaded->workspaceBytes;
  for (;;) {
    outcome = session.allocate(workspace, workspaceBytes,
                               "the workspace of " + describe());
    if (!outcome.failed())
      outcome = launch();
    if (outcome.failed())
      return outcome;
    if (report[Status] != kNoSpace)
      break;
    int64_t next = report[FirstValue];
    if (next <= workspaceBytes)
      return Outcome::failure(
          format("%s asks for a workspace of %lld bytes, and has %lld",
                 describe().c_str(), static_cast<long long>(next),
                 static_cast<long long>(workspaceBytes)));
    session.free(workspace);
    workspaceBytes = next;
  }
  loaded->workspaceBytes = workspaceBytes;
  session.workspace = workspace;
  session.workspaceBytes = workspaceBytes;
  return {};
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
