//===- EmulatedGrid.cpp - kernels for GPUs, run on a CPU ------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Runtime/EntryPoints.h"
#include <memory>
#include <ucontext.h>
#include <vector>

namespace {
constexpr size_t kStackBytes = 256 * 1024;

/// The threads of a grid, which take turns on one thread of the system.
struct Grid {
  struct Thread {
    ucontext_t state;
    std::unique_ptr<char[]> stack;
    bool done = false;
  };

  condcomp_kernel kernel;
  void **arguments;
  ucontext_t caller;
  std::vector<Thread> threads;
  int64_t running = 0;

  void run();
};

thread_local Grid *current = nullptr;

void runThread() {
  Grid &grid = *current;
  int64_t thread = grid.running;
  grid.kernel(grid.arguments, thread,
              static_cast<int64_t>(grid.threads.size()));
  grid.threads[thread].done = true;
}

void Grid::run() {
  for (Thread &thread : threads) {
    thread.stack.reset(new char[kStackBytes]);
    getcontext(&thread.state);
    thread.state.uc_stack.ss_sp = thread.stack.get();
    thread.state.uc_stack.ss_size = kStackBytes;
    thread.state.uc_link = &caller;
    makecontext(&thread.state, runThread, 0);
  }
  // Up and down in turn: what runs first between two barriers may not matter.
  int64_t count = threads.size();
  for (bool ascending = true, alive = true; alive; ascending = !ascending) {
    alive = false;
    for (int64_t i = 0; i < count; ++i) {
      running = ascending ? i : count - 1 - i;
      Thread &thread = threads[running];
      if (thread.done)
        continue;
      swapcontext(&caller, &thread.state);
      alive |= !thread.done;
    }
  }
}
} // namespace

void condcomp_emulate_grid(int64_t threads, condcomp_kernel kernel,
                           void **arguments) {
  Grid grid;
  grid.kernel = kernel;
  grid.arguments = arguments;
  grid.threads.resize(threads);
  Grid *before = current;
  current = &grid;
  grid.run();
  current = before;
}

void condcomp_grid_barrier(void) {
  swapcontext(&current->threads[current->running].state, &current->caller);
}
