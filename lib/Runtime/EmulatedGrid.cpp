//===- EmulatedGrid.cpp - kernels for GPUs, run on a CPU ------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Runtime/EntryPoints.h"
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <ucontext.h>
#include <vector>

namespace {
constexpr size_t kStackBytes = 256 * 1024;
constexpr int64_t kWarpSize = 32;
/// Registers of a thread for both operands of a step of a tensor core.
constexpr int64_t kOperandWords = 6;
/// What a block may have without asking the driver.
constexpr size_t kSharedBytes = 48 * 1024;

/// A copy to shared memory that has been begun.
struct Copy {
  char *target;
  const char *source;
  int64_t bytes, sourceBytes;
};

/// The threads of a grid, which take turns on one thread of the system.
struct Grid {
  enum class State { Runs, WaitsForWarp, WaitsForBlock, WaitsForGrid, Done };
  struct Thread {
    ucontext_t context;
    std::unique_ptr<char[]> stack;
    State state = State::Runs;
    /// What the others of its warp see of it.
    const void *shown = nullptr;
    /// The operands of the last two steps of a tensor core, in turn: while it
    /// is at one step, others of its warp may be at the one before.
    std::array<std::array<uint32_t, kOperandWords>, 2> operands;
    bool turn = false;
    /// Copies that may not have arrived, in groups; the last one is open.
    std::deque<std::vector<Copy>> copies{1};
  };
  struct alignas(128) SharedMemory {
    char bytes[kSharedBytes];
  };

  condcomp_kernel kernel;
  void **arguments;
  int64_t blockSize;
  ucontext_t caller;
  std::vector<Thread> threads;
  std::vector<SharedMemory> shared;
  int64_t running = 0;

  void run();
  void runBlock(int64_t begin, int64_t end, bool ascending);
  void runWarp(int64_t begin, int64_t end, bool ascending);
  /// Lets others run until all of `state` are here.
  void wait(State state) {
    threads[running].state = state;
    swapcontext(&threads[running].context, &caller);
  }
  /// Shows the others of the warp something, and waits for theirs.
  void show(const void *data) {
    threads[running].shown = data;
    wait(State::WaitsForWarp);
  }
  Thread &getThread() { return threads[running]; }
  /// Another one of its warp.
  const Thread &getThread(int64_t lane) const {
    return threads[running / kWarpSize * kWarpSize + lane];
  }
  /// All whole, or one.
  int64_t countBlocks() const {
    return (static_cast<int64_t>(threads.size()) + blockSize - 1) / blockSize;
  }
  /// The number by which a kernel knows a thread: warps are numbered block by
  /// block in turn, as on a GPU.
  int64_t getNumber(int64_t thread) const {
    int64_t width = blockSize % kWarpSize == 0 ? kWarpSize : blockSize;
    int64_t block = thread / blockSize, own = thread % blockSize;
    return (own / width * countBlocks() + block) * width + own % width;
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
  grid.kernel(grid.arguments, grid.getNumber(thread),
              static_cast<int64_t>(grid.threads.size()));
  grid.threads[thread].state = Grid::State::Done;
}

/// Runs the threads of a warp to the next barrier of the block or of the grid,
/// each from one barrier of the warp to the next.
void Grid::runWarp(int64_t begin, int64_t end, bool ascending) {
  for (int64_t waiting = 1; waiting != 0;) {
    waiting = 0;
    for (int64_t i = begin; i < end; ++i) {
      running = ascending ? i : begin + end - 1 - i;
      Thread &thread = threads[running];
      if (thread.state != State::Runs && thread.state != State::WaitsForWarp)
        continue;
      thread.state = State::Runs;
      swapcontext(&caller, &thread.context);
      waiting += thread.state == State::WaitsForWarp;
    }
    if (waiting != 0 && waiting != kWarpSize)
      fail("the threads of a warp have gone different ways, or are not 32");
  }
}

/// Runs the threads of a block to the next barrier of the grid.
void Grid::runBlock(int64_t begin, int64_t end, bool ascending) {
  int64_t warps = (end - begin + kWarpSize - 1) / kWarpSize;
  for (;; ascending = !ascending) {
    for (int64_t i = 0; i < warps; ++i) {
      int64_t first = begin + (ascending ? i : warps - 1 - i) * kWarpSize;
      runWarp(first, std::min(first + kWarpSize, end), ascending);
    }
    int64_t waiting = 0;
    for (int64_t i = begin; i < end; ++i)
      if (threads[i].state == State::WaitsForBlock) {
        threads[i].state = State::Runs;
        ++waiting;
      }
    if (waiting == 0)
      return;
    if (waiting != end - begin)
      fail("the threads of a block have gone different ways");
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
  int64_t count = threads.size();
  int64_t blocks = countBlocks();
  // What was never written is no number.
  shared.resize(blocks);
  for (SharedMemory &memory : shared)
    memset(memory.bytes, 0xFF, kSharedBytes);
  // Up and down in turn: what runs first between two barriers may not matter.
  for (bool ascending = true, alive = true; alive; ascending = !ascending) {
    for (int64_t i = 0; i < blocks; ++i) {
      int64_t begin = (ascending ? i : blocks - 1 - i) * blockSize;
      runBlock(begin, std::min(begin + blockSize, count), ascending);
    }
    alive = false;
    for (Thread &thread : threads)
      if (thread.state != State::Done) {
        thread.state = State::Runs;
        alive = true;
      }
  }
}

float toFloat(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

/// What a register holds, and the terms of a step.
struct BF16 {
  static constexpr int64_t kTerms = 16, kOfRegister = 2;
  static float get(uint32_t word, int64_t position) {
    return toFloat(position ? word & 0xFFFF0000 : word << 16);
  }
};

struct F16 {
  static constexpr int64_t kTerms = 16, kOfRegister = 2;
  static float get(uint32_t word, int64_t position) {
    auto half = static_cast<uint16_t>(position ? word >> 16 : word);
    _Float16 value;
    memcpy(&value, &half, sizeof(value));
    return value;
  }
};

/// Rounded as cvt.rna.tf32.f32 does: to 10 bits behind the point, halves away
/// from zero.
struct TF32 {
  static constexpr int64_t kTerms = 8, kOfRegister = 1;
  static float get(uint32_t word, int64_t) {
    bool isNaN = (word & 0x7FFFFFFF) > 0x7F800000;
    return toFloat(isNaN ? word : (word + 0x1000) & 0xFFFFE000);
  }
};

/// D = A * B + C as the PTX manual lays out mma.m16n8k16 and, with one element
/// where that has two next to each other, mma.m16n8k8 of TF32: with g = lane /
/// 4 and m = lane % 4, register i of A has row g + 8 (i % 2) and terms 2 m + 8
/// (i / 2) and the next; register i of B has column g and terms 2 m + 8 i and
/// the next; number i of C and D has row g + 8 (i / 2) and column 2 m + i % 2.
template <typename Type>
void multiply(uint32_t *registers) {
  Grid &grid = *current;
  int64_t lane = grid.running % kWarpSize;
  bool turn = grid.getThread().turn;
  grid.getThread().turn = !turn;
  std::copy_n(registers, kOperandWords,
              grid.getThread().operands[turn].begin());
  grid.wait(Grid::State::WaitsForWarp);
  auto get = [&](int64_t owner, int64_t word, int64_t position) {
    return Type::get(grid.getThread(owner).operands[turn][word], position);
  };
  float results[4];
  for (int64_t i = 0; i < 4; ++i) {
    int64_t row = lane / 4 + 8 * (i / 2), column = lane % 4 * 2 + i % 2;
    memcpy(&results[i], registers + kOperandWords + i, sizeof(float));
    for (int64_t term = 0; term < Type::kTerms; ++term) {
      int64_t position = term % Type::kOfRegister;
      int64_t member = term / Type::kOfRegister % 4;
      int64_t high = term / (Type::kTerms / 2);
      results[i] += get(row % 8 * 4 + member, row / 8 + 2 * high, position) *
                    get(column * 4 + member, 4 + high, position);
    }
  }
  memcpy(registers + kOperandWords, results, sizeof(results));
}
} // namespace

void condcomp_emulate_grid(int64_t threads, int64_t block_size,
                           condcomp_kernel kernel, void **arguments) {
  Grid grid;
  grid.blockSize = block_size;
  grid.kernel = kernel;
  grid.arguments = arguments;
  grid.threads.resize(threads);
  Grid *before = current;
  current = &grid;
  grid.run();
  current = before;
}

void condcomp_grid_barrier(void) { current->wait(Grid::State::WaitsForGrid); }

void condcomp_emulate_block_barrier(void) {
  current->wait(Grid::State::WaitsForBlock);
}

void *condcomp_emulate_shared_memory(void) {
  return current->shared[current->running / current->blockSize].bytes;
}

void condcomp_emulate_copy(void *target, const void *source, int64_t bytes,
                           int64_t source_bytes) {
  auto isAligned = [&](const void *address) {
    return reinterpret_cast<uintptr_t>(address) % bytes == 0;
  };
  if (source_bytes < 0 || source_bytes > bytes)
    fail("a copy has more bytes than it may have");
  if (!isAligned(target) || !isAligned(source))
    fail("a copy is not aligned");
  current->getThread().copies.back().push_back(
      {static_cast<char *>(target), static_cast<const char *>(source), bytes,
       source_bytes});
}

void condcomp_emulate_commit_copies(void) {
  current->getThread().copies.emplace_back();
}

/// Nothing arrives before somebody waits for it: who does not reads what was
/// there before.
void condcomp_emulate_wait_for_copies(int64_t but) {
  auto &groups = current->getThread().copies;
  for (; static_cast<int64_t>(groups.size()) - 1 > but; groups.pop_front())
    for (const Copy &copy : groups.front()) {
      memcpy(copy.target, copy.source, copy.sourceBytes);
      memset(copy.target + copy.sourceBytes, 0, copy.bytes - copy.sourceBytes);
    }
}

/// As the PTX manual has ldmatrix.m8n8.x4.trans.b16: lane 8 i + r gives the
/// address of row r of matrix i, and lane 4 g + m gets of each matrix the
/// elements of column g in the rows 2 m and 2 m + 1.
void condcomp_emulate_ldmatrix_x4_trans(const void *row, uint32_t *registers) {
  Grid &grid = *current;
  if (reinterpret_cast<uintptr_t>(row) % 16 != 0)
    fail("a row of a matrix is not aligned");
  int64_t lane = grid.running % kWarpSize;
  grid.show(row);
  for (int64_t matrix = 0; matrix < 4; ++matrix) {
    auto get = [&](int64_t row) -> uint32_t {
      return static_cast<const uint16_t *>(
          grid.getThread(8 * matrix + row).shown)[lane / 4];
    };
    int64_t row = lane % 4 * 2;
    registers[matrix] = get(row) | get(row + 1) << 16;
  }
  // The others may still want to know this thread's row.
  grid.wait(Grid::State::WaitsForWarp);
}

void condcomp_emulate_mma_bf16(uint32_t *registers) {
  multiply<BF16>(registers);
}

void condcomp_emulate_mma_f16(uint32_t *registers) { multiply<F16>(registers); }

void condcomp_emulate_mma_tf32(uint32_t *registers) {
  multiply<TF32>(registers);
}
