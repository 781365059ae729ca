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

//===----------------------------------------------------------------------===//
// Where calls of a thread run. Each function returns what was set before.
//===----------------------------------------------------------------------===//

/// Calls of this thread run on GPU `device`, in its primary context, which is
/// the one of CUDA's run-time library and of PyTorch; -1, the default: in the
/// context that is current, without one in that of GPU CONDCOMP_CUDA_DEVICE.
CONDCOMP_RUNTIME_EXPORT int32_t condcomp_cuda_set_device(int32_t device);

/// Calls of this thread run on `stream`, a CUstream (or cudaStream_t) of the
/// context that they run in; CU_STREAM_LEGACY, (void *)1, is the default
/// stream. Null: on a stream of the thread's own, which waits for the default
/// stream and for which that waits.
CONDCOMP_RUNTIME_EXPORT void *condcomp_cuda_set_stream(void *stream);

/// Whether tensors that calls of this thread return lie in memory of the GPU
/// (1) or of the host (0, the default). On the GPU they are there in the order
/// of the stream: a call waits for its kernel, whose report it reads, not for
/// the copies of results. Each is freed with condcomp_cuda_free(allocated), and
/// not with condcomp_free. Programs for CPUs are not concerned.
CONDCOMP_RUNTIME_EXPORT int32_t
condcomp_cuda_set_results_on_device(int32_t on_device);

//===----------------------------------------------------------------------===//
// Memory. A status that is not 0 has its text in the context.
//===----------------------------------------------------------------------===//

/// Copies `bytes` bytes to new memory of the GPU, for arguments that stay:
/// weights. They are there when it returns, for any stream.
CONDCOMP_RUNTIME_EXPORT int32_t condcomp_cuda_upload(condcomp_context *context,
                                                     const void *from,
                                                     int64_t bytes, void **to);

/// Copies `bytes` bytes from the GPU, in the order of this thread's stream.
CONDCOMP_RUNTIME_EXPORT int32_t condcomp_cuda_download(
    condcomp_context *context, void *to, const void *from, int64_t bytes);

/// Frees uploads and results, in the order of this thread's stream. Null is
/// allowed.
CONDCOMP_RUNTIME_EXPORT void condcomp_cuda_free(void *address);

/// The number of the GPU whose memory it is; -1 for memory of the host.
CONDCOMP_RUNTIME_EXPORT int32_t condcomp_cuda_find_device(const void *address);

/// The GPU that calls of this thread run on: its number, and its chip for
/// --chip, such as "sm_90" and a zero, for which there is room for 16
/// characters.
CONDCOMP_RUNTIME_EXPORT int32_t condcomp_cuda_get_gpu(condcomp_context *context,
                                                      int32_t *device,
                                                      char *chip);

//===----------------------------------------------------------------------===//
// Entry points of compiled code
//===----------------------------------------------------------------------===//

/// A kernel in machine code or PTX.
typedef struct condcomp_cuda_kernel {
  const char *name;
  /// Its code and that of other kernels: a cubin, or PTX that ends in a zero.
  const char *image;
  /// Names the image by its contents: what was loaded once is known by it, also
  /// when another program lies where the first one was.
  const char *image_id;
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
/// launch, to new memory of the host or of the device, whose address it
/// returns.
CONDCOMP_RUNTIME_EXPORT int64_t condcomp_cuda_take(int64_t offset,
                                                   int64_t bytes);

/// Waits for copies to the host, and gives the workspace back.
CONDCOMP_RUNTIME_EXPORT void condcomp_cuda_release(void);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // CONDCOMP_RUNTIME_CUDA_H
