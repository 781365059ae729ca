//===- EmulatedGrid.cpp - kernels for GPUs, run on a CPU ------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Runtime/EntryPoints.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <ucontext.h>
#include <vector>

namespace {
constexpr size_t kStackBytes = 256 * 1024;
constexpr int64_t kWarpSize = 32;

/// The threads of a grid, which take turns on one thread of the system.
struct Grid {
  enum class State { Runs, WaitsForWarp, WaitsForGrid, Done };
  struct Thread {
    ucontext_t context;
    std::unique_ptr<char[]> stack;
    State state = State::Runs;
    /// What the others of its warp see of it.
    const uint32_t *registers = nullptr;
  };

  condcomp_kernel kernel;
  void **arguments;
  ucontext_t caller;
  std::vector<Thread> threads;
  int64_t running = 0;

  void run();
  void runWarp(int64_t begin, int64_t end, bool ascending);
  /// Lets others run until all of `state` are here.
  void wait(State state) {
    threads[running].state = state;
    swapcontext(&threads[running].context, &caller);
  }
};

thread_local Grid *current = nullptr;

void fail(const char *why) {
  fprintf(stderr, "emulated grid: %s\n", why);
  abort();
}

void runThread() {
  Grid &grid = *current;
  int64_t thread = grid.running;
  grid.kernel(grid.arguments, thread,
              static_cast<int64_t>(grid.threads.size()));
  grid.threads[thread].state = Grid::State::Done;
}

/// Runs the threads of a warp to the next barrier of the grid, each from one
/// barrier of the warp to the next.
void Grid::runWarp(int64_t begin, int64_t end, bool ascending) {
  for (int64_t waiting = 1; waiting != 0;) {
    waiting = 0;
    for (int64_t i = begin; i < end; ++i) {
      running = ascending ? i : begin + end - 1 - i;
      Thread &thread = threads[running];
      if (thread.state == State::Done || thread.state == State::WaitsForGrid)
        continue;
      thread.state = State::Runs;
      swapcontext(&caller, &thread.context);
      waiting += thread.state == State::WaitsForWarp;
    }
    if (waiting != 0 && waiting != kWarpSize)
      fail("the threads of a warp have gone different ways, or are not 32");
  }
}

void Grid::run() {
  for (Thread &thread : threads) {
    thread.stack.reset(new char[kStackBytes]);
    getcontext(&thread.context);
    thread.context.uc_stack.ss_sp = thread.stack.get();
    thread.context.uc_stack.ss_size = kStackBytes;
    thread.context.uc_link = &caller;
    makecontext(&thread.context, runThread, 0);
  }
  // Up and down in turn: what runs first between two barriers may not matter.
  int64_t count = threads.size();
  int64_t warps = (count + kWarpSize - 1) / kWarpSize;
  for (bool ascending = true, alive = true; alive; ascending = !ascending) {
    for (int64_t i = 0; i < warps; ++i) {
      int64_t begin = (ascending ? i : warps - 1 - i) * kWarpSize;
      runWarp(begin, std::min(begin + kWarpSize, count), ascending);
    }
    alive = false;
    for (Thread &thread : threads)
      if (thread.state != State::Done) {
        thread.state = State::Runs;
        alive = true;
      }
  }
}

float extendBF16(uint32_t bits) {
  bits <<= 16;
  float value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

float extendF16(uint32_t bits) {
  auto half = static_cast<uint16_t>(bits);
  _Float16 value;
  memcpy(&value, &half, sizeof(value));
  return value;
}

/// D = A * B + C as the PTX manual lays out mma.m16n8k16: with g = lane / 4 and
/// m = lane % 4, register i of A has row g + 8 (i % 2) and terms 2 m + 8 (i /
/// 2) and the next; register i of B has column g and terms 2 m + 8 i and the
/// next; number i of C and D has row g + 8 (i / 2) and column 2 m + i % 2.
template <typename Extend>
void multiply(uint32_t *registers, Extend extend) {
  Grid &grid = *current;
  int64_t lane = grid.running % kWarpSize, first = grid.running - lane;
  grid.threads[grid.running].registers = registers;
  grid.wait(Grid::State::WaitsForWarp);
  auto get = [&](int64_t owner, int64_t word, int64_t half) {
    uint32_t pair = grid.threads[first + owner].registers[word];
    return extend(half ? pair >> 16 : pair & 0xFFFF);
  };
  float results[4];
  for (int64_t i = 0; i < 4; ++i) {
    int64_t row = lane / 4 + 8 * (i / 2), column = lane % 4 * 2 + i % 2;
    memcpy(&results[i], registers + 6 + i, sizeof(float));
    for (int64_t term = 0; term < 16; ++term) {
      int64_t member = term % 8 / 2, high = term / 8;
      results[i] += get(row % 8 * 4 + member, row / 8 + 2 * high, term % 2) *
                    get(column * 4 + member, 4 + high, term % 2);
    }
  }
  // The others may still read what this thread has.
  grid.wait(Grid::State::WaitsForWarp);
  memcpy(registers + 6, results, sizeof(results));
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

void condcomp_grid_barrier(void) { current->wait(Grid::State::WaitsForGrid); }

void condcomp_emulate_mma_bf16(uint32_t *registers) {
  multiply(registers, extendBF16);
}

void condcomp_emulate_mma_f16(uint32_t *registers) {
  multiply(registers, extendF16);
}
