//===- EntryPoints.h - what compiled code calls -----------------*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions of the run-time library that only compiled code calls.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_RUNTIME_ENTRYPOINTS_H
#define CONDCOMP_RUNTIME_ENTRYPOINTS_H

#include "condcomp/Runtime/Runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A compiled function with its arguments and results behind pointers.
typedef int32_t (*condcomp_packed_function)(condcomp_context *context,
                                            void **arguments);

/// Runs one call from outside: clears the error, sets the number of threads,
/// records what is allocated, and frees all of it when the call fails.
/// `context` may be null: then the text of an error is lost.
CONDCOMP_RUNTIME_EXPORT int32_t condcomp_call(condcomp_context *context,
                                              condcomp_packed_function function,
                                              void **arguments);

/// Ends the call from outside that runs on this thread: it returns `status`,
/// with `text` as its error. Does not return. Not for parallel loops, whose
/// threads can't leave alone.
CONDCOMP_RUNTIME_EXPORT void condcomp_fail(int32_t status, const char *text);

/// Runs the iterations from `begin` up to `end` of a loop.
typedef void (*condcomp_loop_body)(void *data, int64_t begin, int64_t end);

/// Runs a loop of `trips` iterations on the threads of the call: in equal
/// shares, or with `dynamic` one by one as threads become free. In a loop that
/// runs on several threads, the calling thread runs all of it.
CONDCOMP_RUNTIME_EXPORT void condcomp_parallel_for(int64_t trips,
                                                   int32_t dynamic,
                                                   condcomp_loop_body body,
                                                   void *data);

/// Records a failed check. `{i}` in `message` stands for `values[i]`, whose
/// kind is `kinds[i]`: 'i' a signed integer, 'b' a truth value, 'f' the bits of
/// a double. The first report of a call wins.
CONDCOMP_RUNTIME_EXPORT void
condcomp_report(condcomp_context *context, const char *location,
                const char *message, const char *kinds, const int64_t *values);

/// A kernel as one of `threads` threads runs it. `arguments[i]` points to the
/// i-th argument; the kernel may wait in `condcomp_grid_barrier`.
typedef void (*condcomp_kernel)(void **arguments, int64_t thread,
                                int64_t threads);

/// Runs a kernel as a GPU would, by `threads` threads in whole blocks of
/// `block_size`, which take turns on the calling one: for tests.
CONDCOMP_RUNTIME_EXPORT void condcomp_emulate_grid(int64_t threads,
                                                   int64_t block_size,
                                                   condcomp_kernel kernel,
                                                   void **arguments);
/// Called by an emulated thread: returns when all threads have called it, or
/// all of its block.
CONDCOMP_RUNTIME_EXPORT void condcomp_grid_barrier(void);
CONDCOMP_RUNTIME_EXPORT void condcomp_emulate_block_barrier(void);

/// The 48 KiB that an emulated thread shares with its block.
CONDCOMP_RUNTIME_EXPORT void *condcomp_emulate_shared_memory(void);
/// PTX's cp.async: begins to copy `bytes` to shared memory, of which
/// `source_bytes` are the source's and the others zero. They arrive as late as
/// they may.
CONDCOMP_RUNTIME_EXPORT void condcomp_emulate_copy(void *target,
                                                   const void *source,
                                                   int64_t bytes,
                                                   int64_t source_bytes);
/// cp.async.commit_group: what this thread has begun to copy is a group.
CONDCOMP_RUNTIME_EXPORT void condcomp_emulate_commit_copies(void);
/// cp.async.wait_group: waits for all groups of this thread but the last ones.
CONDCOMP_RUNTIME_EXPORT void condcomp_emulate_wait_for_copies(int64_t but);
/// ldmatrix.x4.trans of 16-bit elements, called by the 32 threads of a warp:
/// each gives the address of a row of 8 elements, and gets a pair of elements
/// of each of the four matrices.
CONDCOMP_RUNTIME_EXPORT void
condcomp_emulate_ldmatrix_x4_trans(const void *row, uint32_t *registers);

/// One step of a tensor core, called by the 32 emulated threads of a warp:
/// PTX's mma.sync.m16n8k16 with f32 sums. `registers` are a thread's own: four
/// of A and two of B, each a pair of numbers, and four of C, which become those
/// of D.
CONDCOMP_RUNTIME_EXPORT void condcomp_emulate_mma_bf16(uint32_t *registers);
CONDCOMP_RUNTIME_EXPORT void condcomp_emulate_mma_f16(uint32_t *registers);
CONDCOMP_RUNTIME_EXPORT void condcomp_emulate_mma_tf32(uint32_t *registers);

/// The first of `count` CPUs with no more features than this machine's CPU, or
/// -1 after recording an error. `features[i]` are LLVM's names, separated by
/// commas; `library` and `names[i]` are for the error.
CONDCOMP_RUNTIME_EXPORT int32_t condcomp_choose_cpu(
    condcomp_context *context, const char *library, int32_t count,
    const char *const *names, const char *const *features);

/// Whether the call that runs on this thread has a sink for traces.
CONDCOMP_RUNTIME_EXPORT int64_t condcomp_is_tracing(void);

/// The fields of the descriptor of a vector, as compiled code passes it.
#define CONDCOMP_VECTOR(type, name)                                            \
  const type *name##_allocated, const type *name, int64_t name##_offset,       \
      int64_t name##_size, int64_t name##_stride

/// Hands a routing to the sink. `ids` counts if `has_ids` is not 0.
CONDCOMP_RUNTIME_EXPORT void
condcomp_trace_f32(CONDCOMP_VECTOR(char, name), CONDCOMP_VECTOR(int64_t, dims),
                   CONDCOMP_VECTOR(int64_t, offsets),
                   CONDCOMP_VECTOR(int64_t, modules),
                   CONDCOMP_VECTOR(float, weights),
                   CONDCOMP_VECTOR(int64_t, ids), int64_t has_ids);
CONDCOMP_RUNTIME_EXPORT void
condcomp_trace_f64(CONDCOMP_VECTOR(char, name), CONDCOMP_VECTOR(int64_t, dims),
                   CONDCOMP_VECTOR(int64_t, offsets),
                   CONDCOMP_VECTOR(int64_t, modules),
                   CONDCOMP_VECTOR(double, weights),
                   CONDCOMP_VECTOR(int64_t, ids), int64_t has_ids);

/// What `finalize-memref-to-llvm{use-generic-functions}` calls. Memory is
/// aligned to 64 bytes at least.
CONDCOMP_RUNTIME_EXPORT void *_mlir_memref_to_llvm_alloc(uint64_t size);
CONDCOMP_RUNTIME_EXPORT void *
_mlir_memref_to_llvm_aligned_alloc(uint64_t alignment, uint64_t size);
CONDCOMP_RUNTIME_EXPORT void _mlir_memref_to_llvm_free(void *pointer);

/// An unranked memref: the rank and a pointer to the ranked descriptor.
typedef struct condcomp_unranked_memref {
  int64_t rank;
  void *descriptor;
} condcomp_unranked_memref;

/// What memref.copy between other than contiguous memrefs calls.
CONDCOMP_RUNTIME_EXPORT void memrefCopy(int64_t element_size,
                                        condcomp_unranked_memref *source,
                                        condcomp_unranked_memref *target);

/// What LLVM calls to round to bf16 on CPUs without instructions for it.
CONDCOMP_RUNTIME_EXPORT __bf16 __truncsfbf2(float value);
CONDCOMP_RUNTIME_EXPORT __bf16 __truncdfbf2(double value);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // CONDCOMP_RUNTIME_ENTRYPOINTS_H
