//===- CUDA.h - C API of the library for NVIDIA GPUs ---------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// libcondcomp_cuda loads and launches kernels through NVIDIA's driver, which it
// opens at the first call: libcuda.so.1, or what CONDCOMP_CUDA_DRIVER names.
// docs/gpu.md is the manual.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_RUNTIME_CUDA_H
#define CONDCOMP_RUNTIME_CUDA_H

#include "condcomp/Runtime/Runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Calls of this thread run on `stream`, a CUstream (or cudaStream_t) of the
/// context that is current when they begin; null: on a stream of the thread's
/// own, which waits for the default stream. Calls end when their results are
/// there.
CONDCOMP_RUNTIME_EXPORT void condcomp_cuda_set_stream(void *stream);

/// Copies `bytes` bytes to new memory of the GPU, for arguments that stay:
/// weights. Returns a status, whose text the context has.
CONDCOMP_RUNTIME_EXPORT int32_t condcomp_cuda_upload(condcomp_context *context,
                                                     const void *from,
                                                     int64_t bytes, void **to);

/// Frees memory of the GPU, when the calls of this thread that use it are done.
/// Null is allowed.
CONDCOMP_RUNTIME_EXPORT void condcomp_cuda_free(void *address);

//===----------------------------------------------------------------------===//
// Entry points of compiled code
//===----------------------------------------------------------------------===//

/// A kernel in machine code or PTX. Constant, and there as long as the process.
typedef struct condcomp_cuda_kernel {
  const char *name;
  /// Its code and that of other kernels: a cubin, or PTX that ends in a zero.
  const char *image;
  /// "sm_90a"; "cubin" or "ptx".
  const char *chip;
  const char *format;
  /// Two characters per argument: '0' plus its rank, or 's' for a scalar, and
  /// '0' plus the bytes of an element.
  const char *kinds;
  int64_t block_size;
  int64_t report_words;
} condcomp_cuda_kernel;

/// Launches a kernel, with larger workspaces until one suffices, and fills
/// `report`. `arguments[i]` points to a scalar or to the descriptor of a tensor
/// in memory of the host or of the device. What fails ends the call.
CONDCOMP_RUNTIME_EXPORT void
condcomp_cuda_launch(const condcomp_cuda_kernel *kernel, int64_t *report,
                     void **arguments);

/// Copies a result that begins at byte `offset` of the workspace of the last
/// launch to memory of the host.
CONDCOMP_RUNTIME_EXPORT void condcomp_cuda_fetch(int64_t to, int64_t offset,
                                                 int64_t bytes);

/// Waits for the copies, and gives the workspace back.
CONDCOMP_RUNTIME_EXPORT void condcomp_cuda_release(void);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // CONDCOMP_RUNTIME_CUDA_H
