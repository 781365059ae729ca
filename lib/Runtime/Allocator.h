//===- Allocator.h - pooled memory of compiled code -------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_RUNTIME_ALLOCATOR_H
#define CONDCOMP_LIB_RUNTIME_ALLOCATOR_H

#include <atomic>
#include <cstdint>

namespace condcomp {
namespace runtime {

/// A lock for a few instructions. Contention is rare: blocks are allocated and
/// freed between parallel loops, or once per worker inside one.
class SpinLock {
public:
  void lock() {
    while (flag.test_and_set(std::memory_order_acquire)) {
    }
  }
  void unlock() { flag.clear(std::memory_order_release); }

private:
  std::atomic_flag flag = ATOMIC_FLAG_INIT;
};

/// Bytes held now, and the most held since the last reset.
class Counter {
public:
  void add(int64_t bytes) {
    int64_t now = live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    int64_t seen = peak.load(std::memory_order_relaxed);
    while (now > seen &&
           !peak.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
    }
  }
  void subtract(int64_t bytes) {
    live.fetch_sub(bytes, std::memory_order_relaxed);
  }
  void resetPeak() { peak.store(getLive(), std::memory_order_relaxed); }
  int64_t getLive() const { return live.load(std::memory_order_relaxed); }
  int64_t getPeak() const { return peak.load(std::memory_order_relaxed); }

private:
  std::atomic<int64_t> live{0};
  std::atomic<int64_t> peak{0};
};

struct Block;

/// The blocks that one call holds. The call's thread adds to the list; any
/// thread may free a block of it.
class Scope {
public:
  explicit Scope(Counter &counter) : counter(counter) {}

  void insert(Block *block);
  void remove(Block *block);
  /// Hands the blocks over to the caller: a call that ends well.
  void release();
  /// Frees the blocks: a call that fails.
  void freeAll();

private:
  SpinLock lock;
  Block *first = nullptr;
  Counter &counter;
};

/// Returns memory aligned to `alignment` (64 at least), recorded in `scope`
/// when there is one, or null when there is none.
void *allocate(uint64_t size, uint64_t alignment, Scope *scope);

/// Frees what `allocate` returned; null is allowed.
void deallocate(void *pointer);

} // namespace runtime
} // namespace condcomp

#endif // CONDCOMP_LIB_RUNTIME_ALLOCATOR_H
