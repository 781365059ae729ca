//===- Threading.cpp - parallel loops of compiled code --------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Threading.h"
#include "condcomp/Runtime/EntryPoints.h"
#include <algorithm>
#include <atomic>

using namespace condcomp::runtime;

namespace {
bool replaced = false;
condcomp_threading replacement;

/// Of the call that runs on this thread; 0: as the threading library decides.
thread_local int32_t threadsOfCall = 0;
thread_local bool inLoop = false;

/// A loop that several threads run.
struct Loop {
  int64_t trips;
  bool dynamic;
  condcomp_loop_body body;
  void *data;
  std::atomic<int64_t> next{0};
};

/// What one of the threads does of a loop.
void runShare(void *argument, int32_t thread, int32_t threads) {
  Loop &loop = *static_cast<Loop *>(argument);
  bool before = inLoop;
  inLoop = true;
  if (loop.dynamic) {
    for (int64_t i;
         (i = loop.next.fetch_add(1, std::memory_order_relaxed)) < loop.trips;)
      loop.body(loop.data, i, i + 1);
  } else {
    int64_t share = loop.trips / threads, more = loop.trips % threads;
    int64_t begin = thread * share + std::min<int64_t>(thread, more);
    loop.body(loop.data, begin, begin + share + (thread < more));
  }
  inLoop = before;
}
} // namespace

const condcomp_threading &condcomp::runtime::getThreading() {
  return replaced ? replacement : getOpenMP();
}

bool condcomp::runtime::isInParallelLoop() { return inLoop; }

ThreadsForCall::ThreadsForCall(int32_t threads) : before(threadsOfCall) {
  threadsOfCall = threads;
}

ThreadsForCall::~ThreadsForCall() { threadsOfCall = before; }

void condcomp_set_threading(const condcomp_threading *threading) {
  replaced = threading != nullptr;
  replacement = threading ? *threading : condcomp_threading{};
}

void condcomp_parallel_for(int64_t trips, int32_t dynamic,
                           condcomp_loop_body body, void *data) {
  if (trips <= 0)
    return;
  // Threads are shared out once: at the outermost loop.
  if (trips == 1 || inLoop || threadsOfCall == 1)
    return body(data, 0, trips);
  const condcomp_threading &threading = getThreading();
  int64_t threads = threadsOfCall ? threadsOfCall : threading.get_threads();
  threads = std::min(threads, trips);
  if (threads <= 1)
    return body(data, 0, trips);
  Loop loop{trips, dynamic != 0, body, data};
  threading.run(runShare, &loop, static_cast<int32_t>(threads));
}
