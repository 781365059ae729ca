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

/// Whether calls of this thread wait for the GPU (1, the default) or return as
/// soon as their kernel is launched (0), with results that are there in the
/// order of the stream. A call waits all the same
///   - if results do not stay on the device, or a tensor is in memory of the
///     host,
///   - if a result is a number, or has sizes that follow from data: the
///     compiler says so in a remark,
///   - if the function was not called yet by a call of this kind, in this
///     context, with sizes and numbers all of which were at least those of this
///     call: such a call finds out how large the workspace has to be.
///
/// What fails in a call that was not waited for, a check of the program or a
/// workspace that does not suffice after all, is reported with the same status
/// and text, to which is added that it was an earlier call, by whichever of
/// these comes first on the same stream and context: the next call, which does
/// nothing else then; a call that waits, at its end; condcomp_cuda_download;
/// condcomp_cuda_synchronize. A stream of a thread that has ended, and CUDA
/// graphs, concern all streams of the context. Until then the results of the
/// call are invalid: bytes of ones, so that floats are NaN and integers -1. A
/// kernel that faults ends as the driver's error of a later call.
///
/// Calls that need not wait can be captured into CUDA graphs, with a driver for
/// CUDA 11.4 or later; one that would wait fails with a sentence that says why,
/// and does not disturb the capture. Workspaces and results are memory of the
/// graph: a result is there after each launch of it, until the next one, and
/// has to be freed between launches, by condcomp_cuda_free, or by the graph,
/// instantiated with CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH. Arguments
/// have to stay where they are. What fails in a launch of a graph is reported
/// as above, but not to calls that are being captured. What was freed on a
/// stream that is being captured and is not of the graph is freed after that.
CONDCOMP_RUNTIME_EXPORT int32_t condcomp_cuda_set_waiting(int32_t waiting);

/// Waits for this thread's stream, and reports what calls on it that were not
/// waited for have left, as a call would.
CONDCOMP_RUNTIME_EXPORT int32_t
condcomp_cuda_synchronize(condcomp_context *context);

//===----------------------------------------------------------------------===//
// Memory. A status that is not 0 has its text in the context.
//===----------------------------------------------------------------------===//

/// Copies `bytes` bytes to new memory of the GPU, for arguments that stay:
/// weights. They are there when it returns, for any stream.
CONDCOMP_RUNTIME_EXPORT int32_t condcomp_cuda_upload(condcomp_context *context,
                                                     const void *from,
                                                     int64_t bytes, void **to);

/// Copies `bytes` bytes from the GPU, in the order of this thread's stream, and
/// reports what calls on it that were not waited for have left.
CONDCOMP_RUNTIME_EXPORT int32_t condcomp_cuda_download(
    condcomp_context *context, void *to, const void *from, int64_t bytes);

/// Frees a result, in the order of this thread's stream, or an upload, when all
/// that the GPU was asked for is done. Null is allowed.
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
  /// Two characters per argument: '0' plus its rank, 'f' for a float or 's' for
  /// another number, and '0' plus the bytes of an element.
  const char *kinds;
  int64_t block_size;
  int64_t report_words;
  /// One character per result: '0' plus the number of its dynamic sizes. Null
  /// if calls always wait, and then there are no checks.
  const char *results;
  /// Three strings per check: place, message and kinds of condcomp_report.
  const char *const *checks;
  int64_t num_checks;
} condcomp_cuda_kernel;

/// Launches a kernel, with larger workspaces until one suffices, and fills
/// `report`. `arguments[i]` points to a scalar or to the descriptor of a tensor
/// in memory of the host or of the device. What fails ends the call. Where
/// `results` is not null, `report` comes with the bytes and the dynamic sizes
/// of each result, which stay there if the kernel is not waited for.
CONDCOMP_RUNTIME_EXPORT void
condcomp_cuda_launch(const condcomp_cuda_kernel *kernel, int64_t *report,
                     void **arguments);

/// Copies a result that begins at byte `offset` of the workspace of the last
/// launch, to new memory of the host or of the device, whose address it
/// returns; of a kernel that was not waited for, returns where the next result
/// will be.
CONDCOMP_RUNTIME_EXPORT int64_t condcomp_cuda_take(int64_t offset,
                                                   int64_t bytes);

/// Waits for copies to the host, and gives the workspace back.
CONDCOMP_RUNTIME_EXPORT void condcomp_cuda_release(void);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // CONDCOMP_RUNTIME_CUDA_H
