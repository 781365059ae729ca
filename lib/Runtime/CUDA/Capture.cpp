//===- Capture.cpp - streams that are captured into graphs ----------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Capture.h"
#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

using namespace condcomp::runtime::cuda;

/// The first driver with nodes of graphs for memory.
static constexpr int kLeastVersion = 11040;

namespace {
/// Memory to be freed in the order of streams that were being captured.
struct Postponed {
  std::mutex mutex;
  std::map<Stream, std::vector<Address>> addresses;

  static Postponed &get() {
    static auto *postponed = new Postponed;
    return *postponed;
  }
};
} // namespace

/// Frees what had to wait for the end of a capture.
static void catchUp(const Session &session) {
  std::vector<Address> addresses;
  {
    std::lock_guard<std::mutex> lock(Postponed::get().mutex);
    auto at = Postponed::get().addresses.find(session.getStream());
    if (at == Postponed::get().addresses.end())
      return;
    addresses = std::move(at->second);
    Postponed::get().addresses.erase(at);
  }
  for (Address address : addresses)
    session.getDriver().cuMemFreeAsync(address, session.getStream());
}

Outcome condcomp::runtime::cuda::findCapture(Session &session, bool &captured) {
  captured = false;
  // Nobody else has the thread's own stream.
  if (!session.userStream)
    return {};
  int status = kNotCaptured;
  const Driver &driver = session.getDriver();
  Outcome outcome =
      driver.check(driver.cuStreamIsCapturing(session.userStream, &status),
                   session.getGPU().describe() +
                       ": whether the stream is captured into a CUDA graph "
                       "can't be found out");
  if (outcome.failed()) {
    outcome.text += session.blameEarlierCalls();
    return outcome;
  }
  captured = status != kNotCaptured;
  if (!captured) {
    session.graphMemory.clear();
    catchUp(session);
  }
  return {};
}

Outcome condcomp::runtime::cuda::checkCapture(const Session &session) {
  int version = 0;
  session.getDriver().cuDriverGetVersion(&version);
  if (version >= kLeastVersion)
    return {};
  return Outcome::failure(
      format("the NVIDIA driver is too old for calls in CUDA graphs: it "
             "supports CUDA %s, and 11.4 or later is needed",
             session.getDriver().getVersion().c_str()));
}

void condcomp::runtime::cuda::freeInOrder(Session &session, Address address) {
  bool captured;
  findCapture(session, captured);
  std::vector<Address> &own = session.graphMemory;
  if (!captured || std::find(own.begin(), own.end(), address) != own.end()) {
    session.getDriver().cuMemFreeAsync(address, session.getStream());
    return;
  }
  std::lock_guard<std::mutex> lock(Postponed::get().mutex);
  Postponed::get().addresses[session.getStream()].push_back(address);
}
