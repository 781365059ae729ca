//===- WaitedLaunch.cpp - calls that wait for their kernel ----------------===//
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

/// One launch, and what the kernel reports.
Outcome Launch::tryWorkspace() {
  report[Status] = report[BarrierCount] = 0;
  Outcome outcome = session.copyIn(reportAddress, report, getReportBytes(),
                                   "the report of " + describe());
  if (!outcome.failed())
    outcome = start(workspace, workspaceBytes, /*record=*/reportAddress);
  if (outcome.failed())
    return outcome;
  // Before anything else is asked for, which would fail for the kernel.
  outcome = session.synchronize(describeGrid() + ", failed");
  if (outcome.failed()) {
    outcome.text += "; a GPU's memory may be unusable after that: if later "
                    "calls fail alike, start the process anew";
    return outcome;
  }
  outcome = session.copyOut(report, reportAddress, getReportBytes(),
                            "the report of " + describe());
  return outcome.failed() ? outcome : session.synchronize(describeGrid());
}

/// Notes what calls that are not waited for have to know.
Outcome Launch::learn() {
  loaded->workspaces.add(workspaceBytes);
  if (session.waits || !kernel.results || report[Status] != 0)
    return {};
  // A capture will find them made.
  for (bool inGraph : {false, true}) {
    Address record;
    Outcome outcome =
        Failures::get().getRecord(session, *loaded, inGraph, /*mayMake=*/true,
                                  kernel.report_words, record);
    if (outcome.failed())
      return outcome;
  }
  loaded->workspaces.add(workspaceBytes, sizes);
  return {};
}

Outcome Launch::runWaited() {
  Outcome outcome = session.allocate(reportAddress, getReportBytes(),
                                     "the report of " + describe());
  if (outcome.failed())
    return outcome;
  workspaceBytes = loaded->workspaces.getBytes();
  for (;;) {
    outcome = session.allocate(workspace, workspaceBytes,
                               "the workspace of " + describe());
    if (!outcome.failed())
      outcome = tryWorkspace();
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
  session.workspace = workspace;
  session.workspaceBytes = workspaceBytes;
  // Its arguments may be what an earlier call failed to make.
  outcome = Failures::get().collect(session);
  return outcome.failed() ? outcome : learn();
}
