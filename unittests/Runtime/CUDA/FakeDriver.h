//===- FakeDriver.h - a stand-in for NVIDIA's driver ---------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A library with the functions that libcondcomp_cuda wants of libcuda.so.1.
// Memory of its device is on the heap, and kernels run on the CPU: functions
// that a test registers, or those of an image of `cc-compile --chip=emulated`.
//
// `fake_cuda_configure`, or the variable FAKE_CUDA when the driver starts, says
// how it behaves, as words separated by commas:
//   no-device      cuInit fails
//   version=12040  the CUDA version it supports (CUDA's number)
//   sm=80          the chip of its device (90)
//   memory=BYTES   of the device (1 GiB)
//   devices=2      the number of devices (1; 8 at most)
//   lazy           kernels, copies and frees wait until somebody waits for
//                  their stream
//   no-cooperative the device can't launch cooperatively
//   load=CODE      cuModuleLoadDataEx fails
//   launch=CODE    cuLaunchCooperativeKernel fails
//   sync=CODE      cuStreamSynchronize fails: what a kernel did
//   log=FILE       calls are written to the end of a file
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_UNITTESTS_RUNTIME_CUDA_FAKEDRIVER_H
#define CONDCOMP_UNITTESTS_RUNTIME_CUDA_FAKEDRIVER_H

#include "condcomp/Runtime/EntryPoints.h"

extern "C" {
CONDCOMP_RUNTIME_EXPORT void fake_cuda_configure(const char *settings);
/// A kernel of every image that is no ELF file.
CONDCOMP_RUNTIME_EXPORT void fake_cuda_register(const char *name,
                                                condcomp_kernel kernel);
/// How often a function of the driver was called.
CONDCOMP_RUNTIME_EXPORT int64_t fake_cuda_count(const char *function);
/// How many operations were put on a stream; null: on all of them.
CONDCOMP_RUNTIME_EXPORT int64_t fake_cuda_count_on(const void *stream);
/// Bytes allocated on the device.
CONDCOMP_RUNTIME_EXPORT int64_t fake_cuda_live_bytes(void);
/// Memory of a device, for tests that have their arguments there.
CONDCOMP_RUNTIME_EXPORT void *fake_cuda_allocate(int64_t bytes, int32_t device);
CONDCOMP_RUNTIME_EXPORT void fake_cuda_free(void *address);
/// The device whose memory it is; -1 for none.
CONDCOMP_RUNTIME_EXPORT int32_t fake_cuda_device_of(const void *address);

/// CUDA graphs. Ending a capture returns null if something was called meanwhile
/// that captures do not allow.
typedef struct fake_cuda_graph fake_cuda_graph;
CONDCOMP_RUNTIME_EXPORT void fake_cuda_begin_capture(void *stream);
CONDCOMP_RUNTIME_EXPORT fake_cuda_graph *fake_cuda_end_capture(void *stream);
/// Does all that was captured, in the order of `stream`; memory that the graph
/// allocates and does not free is there until its next launch.
CONDCOMP_RUNTIME_EXPORT void fake_cuda_launch_graph(fake_cuda_graph *graph,
                                                    void *stream);
CONDCOMP_RUNTIME_EXPORT void fake_cuda_destroy_graph(fake_cuda_graph *graph);
}

#endif // CONDCOMP_UNITTESTS_RUNTIME_CUDA_FAKEDRIVER_H
