//===- Runtime.h - C API of the run-time library ----------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a program that calls compiled functions uses: contexts, error texts,
// result memory and threads. docs/abi.md is the manual.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_RUNTIME_RUNTIME_H
#define CONDCOMP_RUNTIME_RUNTIME_H

#include <stdint.h>

#if defined(_WIN32)
#define CONDCOMP_RUNTIME_EXPORT __declspec(dllexport)
#else
#define CONDCOMP_RUNTIME_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// What a compiled function returns.
enum {
  CONDCOMP_SUCCESS = 0,
  CONDCOMP_CHECK_FAILED = 1,
  CONDCOMP_OUT_OF_MEMORY = 2,
  /// The library was compiled for CPUs with more than this one has.
  CONDCOMP_UNSUPPORTED_CPU = 3,
  /// The GPU or its driver is not there, is not the right one, or failed.
  CONDCOMP_DEVICE_FAILED = 4,
};

/// The state of calls: the text of the last error, the number of threads and
/// memory counters. One thread at a time may use a context; any number of
/// contexts may be in use at once.
typedef struct condcomp_context condcomp_context;

/// Returns a new context, or null when there is no memory for one.
CONDCOMP_RUNTIME_EXPORT condcomp_context *condcomp_context_create(void);

/// Destroys a context. Results of its calls stay valid.
CONDCOMP_RUNTIME_EXPORT void
condcomp_context_destroy(condcomp_context *context);

/// The text of the last call's error, "" after a success. Valid until the next
/// call on the context.
CONDCOMP_RUNTIME_EXPORT const char *
condcomp_context_error(const condcomp_context *context);

/// Sets the number of threads that calls on this context use; 0, the default,
/// leaves it to the threading library.
CONDCOMP_RUNTIME_EXPORT void
condcomp_context_set_threads(condcomp_context *context, int32_t threads);

/// The largest number of bytes that a call on this context held at once since
/// the last reset, results included, scratch memory of worker threads not.
CONDCOMP_RUNTIME_EXPORT int64_t
condcomp_context_peak_bytes(const condcomp_context *context);
CONDCOMP_RUNTIME_EXPORT void
condcomp_context_reset_peak(condcomp_context *context);

/// A routing that a `condcomp.trace` op of a program compiled with traces hands
/// to the sink; valid during that call only.
typedef struct condcomp_trace {
  const char *name;
  /// Number of the call on the context, from 1.
  int64_t call;
  /// Batch dims, rows and modules: `rank` numbers.
  int32_t rank;
  const int64_t *dims;
  /// Entries by row, over all batch dims: those of row i are at row_offsets[i]
  /// up to row_offsets[i + 1] of `modules` and `weights`.
  int64_t num_rows;
  const int64_t *row_offsets;
  int64_t num_entries;
  const int64_t *modules;
  /// float or double, by their size.
  const void *weights;
  int32_t weight_bytes;
  /// Of each row, in a body: which row of the enclosing op it is. May be null.
  const int64_t *ids;
} condcomp_trace;
typedef void (*condcomp_trace_sink)(void *data, const condcomp_trace *trace);

/// Sets who gets the traces of calls on this context; null: nobody. The sink is
/// called on the thread of the call and must not call back into the context.
CONDCOMP_RUNTIME_EXPORT void
condcomp_context_set_trace_sink(condcomp_context *context,
                                condcomp_trace_sink sink, void *data);

/// Frees a result: takes the first pointer (`allocated`) of its descriptor. May
/// be called on any thread. Null is allowed.
CONDCOMP_RUNTIME_EXPORT void condcomp_free(void *allocated);

/// Bytes of the whole process that compiled code allocated and that are not
/// freed yet (results that the caller still holds are among them), and the
/// most there were since the last reset.
CONDCOMP_RUNTIME_EXPORT int64_t condcomp_memory_live_bytes(void);
CONDCOMP_RUNTIME_EXPORT int64_t condcomp_memory_peak_bytes(void);
CONDCOMP_RUNTIME_EXPORT void condcomp_memory_reset_peak(void);

/// Freed blocks are kept for later calls up to a limit (1 GiB at first).
/// Setting a lower limit, or trimming, gives memory back to the system.
CONDCOMP_RUNTIME_EXPORT int64_t condcomp_memory_cached_bytes(void);
CONDCOMP_RUNTIME_EXPORT void condcomp_memory_set_cache_limit(int64_t bytes);
CONDCOMP_RUNTIME_EXPORT void condcomp_memory_trim(void);

/// How parallel loops get threads.
typedef struct condcomp_threading {
  /// The number of threads that a loop of the calling thread uses by default.
  int32_t (*get_threads)(void);
  /// Calls `body(data, i, n)` for all i below n, each on a thread of its own,
  /// the calling one among them, and returns when all are done. n is at most
  /// `threads`.
  void (*run)(void (*body)(void *data, int32_t thread, int32_t threads),
              void *data, int32_t threads);
} condcomp_threading;

/// Replaces the threads; null restores those of the OpenMP library in the
/// process. Not to be called while compiled code runs.
CONDCOMP_RUNTIME_EXPORT void
condcomp_set_threading(const condcomp_threading *threading);

/// The number of threads that a call on `context` would use.
CONDCOMP_RUNTIME_EXPORT int32_t
condcomp_context_get_threads(const condcomp_context *context);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // CONDCOMP_RUNTIME_RUNTIME_H
