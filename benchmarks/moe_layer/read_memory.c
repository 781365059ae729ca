//===- read_memory.c - ways to read memory fast ---------------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads a buffer once, by one of several kernels, on one or more threads. Which
// kernel is the fastest depends on the machine: the benchmark tries them all.
//
//===----------------------------------------------------------------------===//

#include <pthread.h>
#include <stdint.h>

typedef float Vector __attribute__((vector_size(32), aligned(4)));

enum { kLine = 64, kVectors = 8, kStep = kVectors * sizeof(Vector) };

/// Adds up `streams` parts of equal size side by side. Prefetches `distance`
/// bytes ahead into the cache that `locality` (0 to 3) says; 0: leaves it to the
/// hardware.
#define READ(name, streams, distance, locality)                                \
  static float name(const char *data, int64_t bytes) {                         \
    Vector sums[kVectors] = {{0}};                                             \
    int64_t part = bytes / (streams) / kStep * kStep;                          \
    for (int64_t i = 0; i < part; i += kStep)                                  \
      for (int s = 0; s < (streams); ++s) {                                    \
        const char *at = data + s * part + i;                                  \
        if (distance)                                                          \
          for (int line = 0; line < kStep; line += kLine)                      \
            __builtin_prefetch(at + (distance) + line, 0, locality);           \
        _Pragma("GCC unroll 8") for (int v = 0; v < kVectors; ++v) sums[v] +=  \
            ((const Vector *)at)[v];                                           \
      }                                                                        \
    float sum = 0;                                                             \
    for (int v = 0; v < kVectors; ++v)                                         \
      for (int lane = 0; lane < 8; ++lane)                                     \
        sum += sums[v][lane];                                                  \
    return sum;                                                                \
  }

READ(plain, 1, 0, 0)
READ(near, 1, 1024, 3)
READ(far, 1, 4096, 3)
READ(farther, 1, 16384, 3)
READ(second, 1, 4096, 2)
READ(once, 1, 2048, 0)
READ(two, 2, 0, 0)
READ(four, 4, 0, 0)
READ(fourFar, 4, 2048, 3)
READ(eight, 8, 0, 0)

static float (*const kernels[])(const char *, int64_t) = {
    plain, near, far, farther, second, once, two, four, fourFar, eight};

const char *kernel_names(void) {
  return "plain near far farther second once two four fourFar eight";
}

typedef struct {
  const char *data;
  int64_t bytes;
  int kernel;
  float sum;
} Task;

static void *run(void *argument) {
  Task *task = (Task *)argument;
  task->sum = kernels[task->kernel](task->data, task->bytes);
  return 0;
}

/// Reads all but the last 32 KiB, which kernels may prefetch, of the buffer.
float read_memory(int kernel, const char *data, int64_t bytes, int threads) {
  enum { kMostThreads = 256, kSlack = 32768 };
  Task tasks[kMostThreads];
  pthread_t ids[kMostThreads];
  if (threads > kMostThreads)
    threads = kMostThreads;
  int64_t part = (bytes - kSlack) / threads / kStep * kStep;
  for (int i = 0; i < threads; ++i) {
    tasks[i] = (Task){data + i * part, part, kernel, 0};
    if (i && pthread_create(&ids[i], 0, run, &tasks[i]))
      return -1; // counted as no result
  }
  run(&tasks[0]);
  float sum = tasks[0].sum;
  for (int i = 1; i < threads; ++i) {
    pthread_join(ids[i], 0);
    sum += tasks[i].sum;
  }
  return sum;
}
