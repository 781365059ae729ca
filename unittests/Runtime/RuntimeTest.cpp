//===- RuntimeTest.cpp - memory, errors and threads of calls --------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "condcomp/Runtime/EntryPoints.h"
#include "llvm/Support/Compiler.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

int64_t live() { return condcomp_memory_live_bytes(); }

TEST(Allocator, CountsAndAligns) {
  int64_t before = live();
  for (uint64_t size : {0u, 1u, 63u, 64u, 65u, 1024u, 1025u, 5000u, 9000000u}) {
    void *pointer = _mlir_memref_to_llvm_alloc(size);
    ASSERT_NE(pointer, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(pointer) % 64, 0u);
    EXPECT_EQ(live() - before, int64_t(size));
    std::fill_n(static_cast<char *>(pointer), size, 'x');
    _mlir_memref_to_llvm_free(pointer);
    EXPECT_EQ(live(), before);
  }
  _mlir_memref_to_llvm_free(nullptr);
}

TEST(Allocator, LargeAlignments) {
  int64_t before = live();
  for (uint64_t alignment : {8u, 64u, 128u, 4096u}) {
    void *pointer = _mlir_memref_to_llvm_aligned_alloc(alignment, 100);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(pointer) % alignment, 0u);
    condcomp_free(pointer);
  }
  EXPECT_EQ(live(), before);
}

TEST(Allocator, Peak) {
  condcomp_memory_reset_peak();
  int64_t before = live();
  EXPECT_EQ(condcomp_memory_peak_bytes(), before);
  void *a = _mlir_memref_to_llvm_alloc(1000);
  void *b = _mlir_memref_to_llvm_alloc(500);
  condcomp_free(a);
  void *c = _mlir_memref_to_llvm_alloc(200);
  condcomp_free(b);
  condcomp_free(c);
  EXPECT_EQ(condcomp_memory_peak_bytes() - before, 1500);
}

TEST(Allocator, KeepsBlocksUpToALimit) {
  if (LLVM_ADDRESS_SANITIZER_BUILD)
    GTEST_SKIP() << "no block is kept";
  condcomp_memory_trim();
  EXPECT_EQ(condcomp_memory_cached_bytes(), 0);
  void *first = _mlir_memref_to_llvm_alloc(3000);
  condcomp_free(first);
  EXPECT_GE(condcomp_memory_cached_bytes(), 3000);
  void *again = _mlir_memref_to_llvm_alloc(2900);
  EXPECT_EQ(first, again) << "blocks of one size class are used again";
  EXPECT_EQ(condcomp_memory_cached_bytes(), 0);
  condcomp_memory_set_cache_limit(100);
  condcomp_free(again);
  EXPECT_EQ(condcomp_memory_cached_bytes(), 0);
  condcomp_memory_set_cache_limit(int64_t(1) << 30);
}

TEST(Allocator, ManyThreads) {
  int64_t before = live();
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      std::vector<void *> held;
      for (unsigned i = 0; i < 5000; ++i) {
        held.push_back(_mlir_memref_to_llvm_alloc(1 + (i * 37 + t) % 4000));
        *static_cast<char *>(held.back()) = char(t);
        if (held.size() > 20) {
          condcomp_free(held[i % 20]);
          held[i % 20] = held.back();
          held.pop_back();
        }
      }
      for (void *pointer : held)
        condcomp_free(pointer);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(live(), before);
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// Returns a result; leaves nothing else.
int32_t succeed(condcomp_context *, void **arguments) {
  void *scratch = _mlir_memref_to_llvm_alloc(300);
  *static_cast<void **>(arguments[0]) = _mlir_memref_to_llvm_alloc(100);
  _mlir_memref_to_llvm_free(scratch);
  return CONDCOMP_SUCCESS;
}

/// Fails while memory is live.
int32_t fail(condcomp_context *context, void **) {
  _mlir_memref_to_llvm_alloc(300);
  _mlir_memref_to_llvm_free(_mlir_memref_to_llvm_alloc(10));
  _mlir_memref_to_llvm_alloc(5);
  double half = 0.5;
  int64_t values[] = {-3, 1, 0};
  memcpy(&values[2], &half, sizeof(half));
  condcomp_report(context, "f.mlir:1:2", "{0} is {1}, not {2}; {3} {x} {0",
                  "ibf", values);
  condcomp_report(context, "f.mlir:3:4", "the first report wins", "", nullptr);
  return CONDCOMP_CHECK_FAILED;
}

int32_t exhaust(condcomp_context *, void **) {
  _mlir_memref_to_llvm_alloc(300);
  _mlir_memref_to_llvm_alloc(uint64_t(1) << 60);
  ADD_FAILURE() << "the call has ended";
  return CONDCOMP_SUCCESS;
}

/// A call inside a call, which fails; the outer one goes on.
int32_t nest(condcomp_context *context, void **) {
  void *outer = _mlir_memref_to_llvm_alloc(50);
  condcomp_context *inner = condcomp_context_create();
  EXPECT_EQ(condcomp_call(inner, fail, nullptr), CONDCOMP_CHECK_FAILED);
  condcomp_context_destroy(inner);
  _mlir_memref_to_llvm_free(outer);
  return condcomp_call(context, exhaust, nullptr);
}

class Calls : public ::testing::Test {
protected:
  void SetUp() override {
    context = condcomp_context_create();
    before = live();
  }
  void TearDown() override {
    EXPECT_EQ(live(), before);
    condcomp_context_destroy(context);
  }
  std::string error() { return condcomp_context_error(context); }

  condcomp_context *context;
  int64_t before;
};

TEST_F(Calls, ResultsBelongToTheCaller) {
  void *result = nullptr;
  void *arguments[] = {&result};
  EXPECT_EQ(condcomp_call(context, succeed, arguments), CONDCOMP_SUCCESS);
  EXPECT_EQ(error(), "");
  EXPECT_EQ(live() - before, 100);
  EXPECT_EQ(condcomp_context_peak_bytes(context), 400);
  condcomp_free(result);
}

TEST_F(Calls, ResultsOutliveTheContext) {
  void *result = nullptr;
  void *arguments[] = {&result};
  condcomp_context *other = condcomp_context_create();
  EXPECT_EQ(condcomp_call(other, succeed, arguments), CONDCOMP_SUCCESS);
  condcomp_context_destroy(other);
  std::thread([&] { condcomp_free(result); }).join();
}

TEST_F(Calls, FailureFreesAndExplains) {
  EXPECT_EQ(condcomp_call(context, fail, nullptr), CONDCOMP_CHECK_FAILED);
  EXPECT_EQ(error(), "f.mlir:1:2: -3 is true, not 0.5; {3} {x} {0");
  EXPECT_EQ(live(), before);
  // The next call works.
  void *result = nullptr;
  void *arguments[] = {&result};
  EXPECT_EQ(condcomp_call(context, succeed, arguments), CONDCOMP_SUCCESS);
  EXPECT_EQ(error(), "");
  condcomp_free(result);
}

TEST_F(Calls, OutOfMemoryIsAStatus) {
  EXPECT_EQ(condcomp_call(context, exhaust, nullptr), CONDCOMP_OUT_OF_MEMORY);
  EXPECT_NE(error().find("out of memory: 1152921504606846976 bytes"),
            std::string::npos)
      << error();
}

TEST_F(Calls, WithoutAContext) {
  EXPECT_EQ(condcomp_call(nullptr, fail, nullptr), CONDCOMP_CHECK_FAILED);
}

TEST_F(Calls, Nested) {
  EXPECT_EQ(condcomp_call(context, nest, nullptr), CONDCOMP_OUT_OF_MEMORY);
}

TEST_F(Calls, ConcurrentContexts) {
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([] {
      condcomp_context *own = condcomp_context_create();
      for (unsigned i = 0; i < 500; ++i) {
        void *result = nullptr;
        void *arguments[] = {&result};
        EXPECT_EQ(condcomp_call(own, fail, nullptr), CONDCOMP_CHECK_FAILED);
        EXPECT_EQ(condcomp_call(own, succeed, arguments), CONDCOMP_SUCCESS);
        condcomp_free(result);
      }
      condcomp_context_destroy(own);
    });
  for (std::thread &thread : threads)
    thread.join();
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

/// Runs a loop of 10 iterations and counts what ran each, and how many at once.
struct CountedLoop {
  std::atomic<int32_t> runs[10] = {};
  std::atomic<int32_t> ranges{0};
  int32_t dynamic = 0;
};

int32_t runLoop(condcomp_context *, void **arguments) {
  auto *loop = static_cast<CountedLoop *>(arguments[0]);
  condcomp_parallel_for(
      10, loop->dynamic,
      [](void *data, int64_t begin, int64_t end) {
        auto *loop = static_cast<CountedLoop *>(data);
        ++loop->ranges;
        for (int64_t i = begin; i < end; ++i)
          ++loop->runs[i];
      },
      loop);
  return CONDCOMP_SUCCESS;
}

/// Ranges that the body was called with; every iteration has to run once.
int32_t countRanges(condcomp_context *context, bool dynamic) {
  CountedLoop loop;
  loop.dynamic = dynamic;
  void *arguments[] = {&loop};
  EXPECT_EQ(condcomp_call(context, runLoop, arguments), CONDCOMP_SUCCESS);
  for (const std::atomic<int32_t> &runs : loop.runs)
    EXPECT_EQ(runs, 1);
  return loop.ranges;
}

TEST_F(Calls, LoopsRunOnTheThreadsOfTheCall) {
  condcomp_context_set_threads(context, 3);
  EXPECT_EQ(countRanges(context, /*dynamic=*/false), 3);
  EXPECT_EQ(countRanges(context, /*dynamic=*/true), 10);
  condcomp_context_set_threads(context, 1);
  EXPECT_EQ(countRanges(context, /*dynamic=*/false), 1);
  EXPECT_EQ(countRanges(context, /*dynamic=*/true), 1);
  // No more threads than iterations.
  condcomp_context_set_threads(context, 64);
  EXPECT_EQ(countRanges(context, /*dynamic=*/false), 10);
}

int32_t runNested(condcomp_context *, void **arguments) {
  condcomp_parallel_for(
      4, 1,
      [](void *arguments, int64_t, int64_t) {
        runLoop(nullptr, static_cast<void **>(arguments));
      },
      arguments);
  return CONDCOMP_SUCCESS;
}

TEST_F(Calls, LoopsInLoopsRunOnOneThread) {
  CountedLoop loop;
  void *arguments[] = {&loop};
  condcomp_context_set_threads(context, 2);
  EXPECT_EQ(condcomp_call(context, runNested, arguments), CONDCOMP_SUCCESS);
  EXPECT_EQ(loop.ranges, 4);
  for (const std::atomic<int32_t> &runs : loop.runs)
    EXPECT_EQ(runs, 4);
}

TEST_F(Calls, ThreadsCanBeReplaced) {
  static int32_t asked;
  condcomp_threading threading;
  threading.get_threads = [] { return 7; };
  // Fewer than were asked for.
  threading.run = [](void (*body)(void *, int32_t, int32_t), void *data,
                     int32_t threads) {
    asked = threads;
    body(data, 0, 2);
    body(data, 1, 2);
  };
  condcomp_set_threading(&threading);
  EXPECT_EQ(condcomp_context_get_threads(context), 7);
  EXPECT_EQ(countRanges(context, /*dynamic=*/false), 2);
  EXPECT_EQ(asked, 7);
  condcomp_context_set_threads(context, 3);
  EXPECT_EQ(condcomp_context_get_threads(context), 3);
  EXPECT_EQ(countRanges(context, /*dynamic=*/false), 2);
  EXPECT_EQ(asked, 3);
  condcomp_set_threading(nullptr);
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

TEST(MemRefCopy, Strided) {
  float source[] = {1, 2, 3, 4, 5, 6};
  float target[8] = {};
  struct Descriptor {
    float *allocated, *aligned;
    int64_t offset, sizes[2], strides[2];
  };
  // The transpose of a 2x3 array, into every second column.
  Descriptor from = {source, source, 0, {3, 2}, {1, 3}};
  Descriptor to = {target, target, 1, {3, 2}, {2, 1}};
  condcomp_unranked_memref fromUnranked = {2, &from}, toUnranked = {2, &to};
  memrefCopy(sizeof(float), &fromUnranked, &toUnranked);
  EXPECT_EQ(std::vector<float>(target, target + 8),
            (std::vector<float>{0, 1, 4, 2, 5, 3, 6, 0}));
  from.sizes[0] = 0;
  memrefCopy(sizeof(float), &fromUnranked, &toUnranked);
  // Rank 0.
  struct {
    float *allocated, *aligned;
    int64_t offset;
  } one = {source, source, 5}, other = {target, target, 0};
  condcomp_unranked_memref oneUnranked = {0, &one}, otherUnranked = {0, &other};
  memrefCopy(sizeof(float), &oneUnranked, &otherUnranked);
  EXPECT_EQ(target[0], 6);
}

//===----------------------------------------------------------------------===//
// bf16
//===----------------------------------------------------------------------===//

uint16_t bits(__bf16 value) {
  uint16_t result;
  memcpy(&result, &value, sizeof(result));
  return result;
}

TEST(BFloat16, RoundsToNearestEven) {
  EXPECT_EQ(bits(__truncsfbf2(1.0f)), 0x3f80);
  EXPECT_EQ(bits(__truncsfbf2(1.00390625f)), 0x3f80) << "a tie, to even";
  EXPECT_EQ(bits(__truncsfbf2(1.01171875f)), 0x3f82) << "a tie, to even";
  EXPECT_EQ(bits(__truncsfbf2(-1.004f)), 0xbf81);
  EXPECT_EQ(bits(__truncsfbf2(3.4e38f)), 0x7f80) << "overflow";
  EXPECT_EQ(bits(__truncsfbf2(-INFINITY)), 0xff80);
  EXPECT_EQ(bits(__truncsfbf2(NAN)) & 0x7fc0, 0x7fc0);
}

TEST(BFloat16, RoundsDoublesOnce) {
  // Just above a tie: f32 would hide it.
  EXPECT_EQ(bits(__truncdfbf2(1.00390625 + 1e-12)), 0x3f81);
  EXPECT_EQ(bits(__truncdfbf2(1.00390625 - 1e-12)), 0x3f80);
  EXPECT_EQ(bits(__truncdfbf2(1.01171875 - 1e-12)), 0x3f81);
  EXPECT_EQ(bits(__truncdfbf2(-(1.00390625 + 1e-12))), 0xbf81);
  EXPECT_EQ(bits(__truncdfbf2(1e300)), 0x7f80);
  EXPECT_EQ(bits(__truncdfbf2(1e-300)), 0x0000);
  EXPECT_EQ(bits(__truncdfbf2(-0.0)), 0x8000);
  EXPECT_EQ(bits(__truncdfbf2(INFINITY)), 0x7f80);
  EXPECT_EQ(bits(__truncdfbf2(NAN)) & 0x7fc0, 0x7fc0);
}

} // namespace

TEST(ChooseCPU, takesTheFirstThatTheMachineSupports) {
  const char *names[] = {"wonderful", "anything"};
  const char *features[] = {"sse3,telepathy", ""};
  EXPECT_EQ(condcomp_choose_cpu(nullptr, "libf.so", 2, names, features), 1);
}

TEST(ChooseCPU, saysWhatTheMachineLacks) {
  condcomp_context *context = condcomp_context_create();
  const char *names[] = {"wonderful", "good"};
  const char *features[] = {"sse3,telepathy,magic", "luck"};
  EXPECT_EQ(condcomp_choose_cpu(context, "libf.so", 2, names, features), -1);
  EXPECT_STREQ(condcomp_context_error(context),
               "libf.so was compiled for wonderful (this machine lacks "
               "telepathy, magic); good (this machine lacks luck)");
  condcomp_context_destroy(context);
}
