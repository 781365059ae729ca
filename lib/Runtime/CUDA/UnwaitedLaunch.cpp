//===- UnwaitedLaunch.cpp - calls that do not wait ------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Failures.h"
#include "Launch.h"
#include "condcomp/Runtime/KernelReport.h"

using namespace condcomp;
using namespace condcomp::runtime::cuda;

/// The workspace begins behind the report, at a multiple of this many bytes.
static constexpr int64_t kAlignment = 256;

/// Why the call has to be waited for; "" if it need not be.
std::string Launch::whyWait() {
  if (session.waits)
    return "calls of this thread wait (condcomp_cuda_set_waiting)";
  if (!session.resultsOnDevice)
    return "its results go to memory of the host";
  if (!kernel.results)
    return "its results are not only arrays, or their sizes follow from data";
  if (!onHost.empty())
    return onHost;
  if (!loaded->workspaces.suffice(sizes))
    return "it was not called before, outside of a graph and with calls that "
           "do not wait, with arguments of these sizes or larger ones";
  const int64_t *expected = report + FirstValue;
  for (const char *kind = kernel.results; *kind; ++kind)
    for (char i = '0' - 1; i < *kind; ++i)
      if (*expected++ < 0)
        return "the size of a result would be negative";
  return "";
}

/// Memory for results, as large as the caller expects them to be.
Outcome Launch::allocateResults() {
  const int64_t *expected = report + FirstValue;
  for (const char *kind = kernel.results; *kind; ++kind) {
    int64_t bytes = *expected;
    expected += 1 + (*kind - '0');
    // Empty results are somewhere, too.
    Address address;
    Outcome outcome =
        session.allocate(address, bytes > 0 ? bytes : 1, "a result");
    if (outcome.failed())
      return outcome;
    results.push_back({address, bytes});
    session.results.push_back(address);
    if (isCaptured)
      session.graphMemory.push_back(address);
  }
  return {};
}

Outcome Launch::runUnwaited() {
  report[Status] = 0;
  Address record;
  Outcome outcome = Failures::get().getRecord(session, *loaded, isCaptured,
                                              /*mayMake=*/!isCaptured,
                                              kernel.report_words, record);
  if (!outcome.failed())
    outcome = allocateResults();
  if (outcome.failed())
    return outcome;
  // Of this call alone, in the order of its stream: others may be under way.
  int64_t head = (static_cast<int64_t>(getReportBytes()) + kAlignment - 1) /
                 kAlignment * kAlignment;
  workspaceBytes = loaded->workspaces.getBytes();
  outcome = session.allocate(reportAddress, head + workspaceBytes,
                             "the workspace of " + describe());
  if (outcome.failed())
    return outcome;
  const Driver &driver = session.getDriver();
  outcome =
      driver.check(driver.cuMemsetD8Async(reportAddress, 0, getReportBytes(),
                                          session.getStream()),
                   "the report of " + describe() + " can't be cleared");
  if (!outcome.failed())
    outcome = start(reportAddress + head, workspaceBytes, record);
  if (outcome.failed())
    return outcome;
  session.free(reportAddress);
  session.numTaken = 0;
  session.hasCallsUnderWay = true;
  return {};
}
