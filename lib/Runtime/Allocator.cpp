//===- Allocator.cpp - pooled memory of compiled code ---------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Allocator.h"
#include "condcomp/Runtime/Runtime.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

using namespace condcomp::runtime;

namespace {
/// A cache line and an AVX-512 register.
constexpr uint64_t kAlignment = 64;
/// From here on blocks ask for huge pages: without them, faulting pages in
/// costs more than writing them.
constexpr uint64_t kHugePageThreshold = 4 << 20;
/// The classes hold multiples of 64 bytes up to 1 KiB, then four sizes for each
/// power of two.
constexpr unsigned kSmallClasses = 16;
constexpr unsigned kClasses = kSmallClasses + 4 * 38;
constexpr int64_t kDefaultCacheLimit = int64_t(1) << 30;
/// Whether blocks have their exact size and are not used again, so that
/// AddressSanitizer sees accesses behind their end and after their life.
#ifdef __has_feature
constexpr bool kExact = __has_feature(address_sanitizer);
#else
constexpr bool kExact = false;
#endif

enum class State : uint32_t { Live = 0x4c495645, Free = 0x46524545 };
} // namespace

/// What stands before a block's memory.
struct alignas(kAlignment) condcomp::runtime::Block {
  Block *next;
  Block *previous;
  Scope *scope;
  /// What malloc returned; differs from `this` for large alignments.
  void *start;
  uint64_t size;
  uint32_t sizeClass;
  State state;
};

namespace {
struct FreeList {
  SpinLock lock;
  Block *first = nullptr;
};

/// Never destroyed: results may be freed by destructors of other libraries.
struct Pool {
  FreeList lists[kClasses];
  std::atomic<int64_t> cached{0};
  std::atomic<int64_t> limit{kDefaultCacheLimit};
  Counter counter;
};

Pool &pool() {
  static Pool *instance = new Pool;
  return *instance;
}

/// The class of a size, and the size of its blocks; kClasses when too large.
unsigned classOf(uint64_t size, uint64_t &rounded) {
  size = std::max<uint64_t>(size, 1);
  if (size <= kSmallClasses * kAlignment) {
    unsigned index = (size - 1) / kAlignment;
    rounded = (index + 1) * kAlignment;
    return index;
  }
  // 2^log < size <= 2^(log + 1), in quarters.
  unsigned log = 63 - __builtin_clzll(size - 1);
  uint64_t quarter = uint64_t(1) << (log - 2);
  uint64_t steps = (size - (uint64_t(1) << log) + quarter - 1) / quarter;
  rounded = (uint64_t(1) << log) + steps * quarter;
  return std::min<uint64_t>(kSmallClasses + 4 * (log - 10) + steps - 1,
                            kClasses);
}

/// Memory that the system will not back is refused here: the kernel would
/// promise it, and end the process when it is touched.
bool exceedsPhysicalMemory(uint64_t size) {
  static const uint64_t physical =
      uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
  return size > physical ||
         uint64_t(pool().counter.getLive()) > physical - size;
}

Block *allocateBlock(uint64_t size, uint64_t alignment, unsigned sizeClass) {
  void *start = nullptr;
  uint64_t offset = std::max<uint64_t>(alignment, sizeof(Block));
  if (posix_memalign(&start, std::max(alignment, kAlignment), size + offset))
    return nullptr;
  if (size >= kHugePageThreshold) {
    uint64_t page = sysconf(_SC_PAGESIZE);
    uint64_t begin = (uint64_t(start) + page - 1) / page * page;
    uint64_t end = (uint64_t(start) + size + offset) / page * page;
    // Advice only: nothing depends on the answer.
    (void)madvise(reinterpret_cast<void *>(begin), end - begin, MADV_HUGEPAGE);
  }
  char *memory = static_cast<char *>(start) + offset;
  auto *block = reinterpret_cast<Block *>(memory - sizeof(Block));
  block->start = start;
  block->sizeClass = sizeClass;
  return block;
}

/// Gives a block back to its free list, or to the system when enough is kept.
void recycle(Block *block) {
  block->state = State::Free;
  uint64_t rounded = block->size;
  if (block->sizeClass < kClasses &&
      classOf(block->size, rounded) == block->sizeClass &&
      pool().cached.load(std::memory_order_relaxed) + int64_t(rounded) <=
          pool().limit.load(std::memory_order_relaxed)) {
    pool().cached.fetch_add(rounded, std::memory_order_relaxed);
    FreeList &list = pool().lists[block->sizeClass];
    std::lock_guard<SpinLock> guard(list.lock);
    block->next = list.first;
    list.first = block;
    return;
  }
  free(block->start);
}
} // namespace

//===----------------------------------------------------------------------===//
// Scope
//===----------------------------------------------------------------------===//

void Scope::insert(Block *block) {
  std::lock_guard<SpinLock> guard(lock);
  block->scope = this;
  block->previous = nullptr;
  block->next = first;
  if (first)
    first->previous = block;
  first = block;
  counter.add(block->size);
}

void Scope::remove(Block *block) {
  std::lock_guard<SpinLock> guard(lock);
  if (block->previous)
    block->previous->next = block->next;
  else
    first = block->next;
  if (block->next)
    block->next->previous = block->previous;
  counter.subtract(block->size);
}

void Scope::release() {
  for (Block *block = first; block; block = block->next) {
    block->scope = nullptr;
    counter.subtract(block->size);
  }
  first = nullptr;
}

void Scope::freeAll() {
  while (first)
    deallocate(first + 1);
}

//===----------------------------------------------------------------------===//
// Allocation
//===----------------------------------------------------------------------===//

void *condcomp::runtime::allocate(uint64_t size, uint64_t alignment,
                                  Scope *scope) {
  if (exceedsPhysicalMemory(size))
    return nullptr;
  uint64_t rounded;
  unsigned sizeClass = classOf(size, rounded);
  if (kExact)
    rounded = size;
  // Blocks of unusual alignment are not kept.
  if (kExact || alignment > kAlignment)
    sizeClass = kClasses;
  Block *block = nullptr;
  if (sizeClass < kClasses) {
    FreeList &list = pool().lists[sizeClass];
    std::lock_guard<SpinLock> guard(list.lock);
    block = list.first;
    if (block)
      list.first = block->next;
  }
  if (block)
    pool().cached.fetch_sub(rounded, std::memory_order_relaxed);
  else
    block = allocateBlock(rounded, alignment, sizeClass);
  if (!block)
    return nullptr;
  block->size = size;
  block->state = State::Live;
  block->scope = nullptr;
  pool().counter.add(size);
  if (scope)
    scope->insert(block);
  return block + 1;
}

void condcomp::runtime::deallocate(void *pointer) {
  if (!pointer)
    return;
  Block *block = static_cast<Block *>(pointer) - 1;
  if (block->state != State::Live) {
    fprintf(stderr,
            "condcomp: memory at %p was freed twice, or was not "
            "allocated by compiled code\n",
            pointer);
    abort();
  }
  if (block->scope)
    block->scope->remove(block);
  pool().counter.subtract(block->size);
  recycle(block);
}

//===----------------------------------------------------------------------===//
// C API
//===----------------------------------------------------------------------===//

void condcomp_free(void *allocated) { deallocate(allocated); }

int64_t condcomp_memory_live_bytes() { return pool().counter.getLive(); }
int64_t condcomp_memory_peak_bytes() { return pool().counter.getPeak(); }
void condcomp_memory_reset_peak() { pool().counter.resetPeak(); }
int64_t condcomp_memory_cached_bytes() { return pool().cached.load(); }

void condcomp_memory_set_cache_limit(int64_t bytes) {
  pool().limit.store(std::max<int64_t>(bytes, 0));
  if (pool().cached.load() > bytes)
    condcomp_memory_trim();
}

void condcomp_memory_trim() {
  for (FreeList &list : pool().lists) {
    Block *block;
    {
      std::lock_guard<SpinLock> guard(list.lock);
      block = list.first;
      list.first = nullptr;
    }
    while (block) {
      Block *next = block->next;
      uint64_t rounded;
      classOf(block->size, rounded);
      pool().cached.fetch_sub(rounded, std::memory_order_relaxed);
      free(block->start);
      block = next;
    }
  }
}
