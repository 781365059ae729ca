//===- DriverAPI.h - the functions of NVIDIA's driver --------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What is used of the CUDA driver API, after its published ABI: nothing of CUDA
// is needed to build.
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_RUNTIME_CUDA_DRIVERAPI_H
#define CONDCOMP_LIB_RUNTIME_CUDA_DRIVERAPI_H

#include <cstddef>
#include <cstdint>

namespace condcomp {
namespace runtime {
namespace cuda {

using Result = int;
using Device = int;
/// An address in the memory of a device.
using Address = unsigned long long;
using Context = struct CUctx_st *;
using Module = struct CUmod_st *;
using Function = struct CUfunc_st *;
using Stream = struct CUstream_st *;
using Pool = struct CUmemPoolHandle_st *;

enum : Result {
  kSuccess = 0,
  kOutOfMemory = 2,
  kNoDevice = 100,
  kInvalidImage = 200,
  kNoBinaryForGPU = 209,
  kInvalidPTX = 218,
  kJITCompilerNotFound = 221,
  kUnsupportedPTXVersion = 222,
  kInvalidSource = 300,
  kNotFound = 500,
  kCooperativeLaunchTooLarge = 720,
};

enum DeviceAttribute : int {
  kMultiprocessorCount = 16,
  kComputeCapabilityMajor = 75,
  kComputeCapabilityMinor = 76,
  kCooperativeLaunch = 95,
  kMemoryPoolsSupported = 115,
};

enum PointerAttribute : int { kMemoryType = 2, kDeviceOrdinal = 9 };
enum MemoryType : unsigned { kHostMemory = 1, kDeviceMemory = 2 };
enum PoolAttribute : int { kReleaseThreshold = 4 };
enum CaptureStatus : int { kNotCaptured = 0 };
enum HostMemoryFlag : unsigned { kPortable = 1, kMapped = 2 };
enum JITOption : int { kErrorLog = 5, kErrorLogBytes = 6 };

} // namespace cuda
} // namespace runtime
} // namespace condcomp

/// Every function as (name, parameters). They return a Result.
#define CONDCOMP_CUDA_FUNCTIONS(X)                                             \
  X(cuInit, (unsigned flags))                                                  \
  X(cuDriverGetVersion, (int *version))                                        \
  X(cuGetErrorName, (Result error, const char **text))                         \
  X(cuGetErrorString, (Result error, const char **text))                       \
  X(cuDeviceGetCount, (int *count))                                            \
  X(cuDeviceGet, (Device * device, int ordinal))                               \
  X(cuDeviceGetName, (char *name, int size, Device device))                    \
  X(cuDeviceGetAttribute, (int *value, int attribute, Device device))          \
  X(cuDevicePrimaryCtxRetain, (Context * context, Device device))              \
  X(cuCtxGetCurrent, (Context * context))                                      \
  X(cuCtxGetDevice, (Device * device))                                         \
  X(cuCtxSynchronize, ())                                                      \
  X(cuCtxPushCurrent_v2, (Context context))                                    \
  X(cuCtxPopCurrent_v2, (Context * context))                                   \
  X(cuModuleLoadDataEx, (Module * module, const void *image, unsigned count,   \
                         int *options, void **values))                         \
  X(cuModuleGetFunction,                                                       \
    (Function * function, Module module, const char *name))                    \
  X(cuOccupancyMaxActiveBlocksPerMultiprocessor,                               \
    (int *blocks, Function function, int blockSize, size_t sharedBytes))       \
  X(cuStreamCreate, (Stream * stream, unsigned flags))                         \
  X(cuStreamDestroy_v2, (Stream stream))                                       \
  X(cuStreamSynchronize, (Stream stream))                                      \
  X(cuStreamIsCapturing, (Stream stream, int *status))                         \
  X(cuDeviceGetDefaultMemPool, (Pool * pool, Device device))                   \
  X(cuMemPoolSetAttribute, (Pool pool, int attribute, void *value))            \
  X(cuMemAllocAsync, (Address * address, size_t bytes, Stream stream))         \
  X(cuMemFreeAsync, (Address address, Stream stream))                          \
  X(cuMemGetInfo_v2, (size_t *free, size_t *total))                            \
  X(cuMemHostAlloc, (void **memory, size_t bytes, unsigned flags))             \
  X(cuMemsetD8Async,                                                           \
    (Address at, unsigned char byte, size_t bytes, Stream stream))             \
  X(cuMemcpyHtoDAsync_v2,                                                      \
    (Address to, const void *from, size_t bytes, Stream stream))               \
  X(cuMemcpyDtoHAsync_v2,                                                      \
    (void *to, Address from, size_t bytes, Stream stream))                     \
  X(cuMemcpyDtoDAsync_v2,                                                      \
    (Address to, Address from, size_t bytes, Stream stream))                   \
  X(cuPointerGetAttribute, (void *value, int attribute, Address address))      \
  X(cuLaunchCooperativeKernel,                                                 \
    (Function function, unsigned gridX, unsigned gridY, unsigned gridZ,        \
     unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedBytes,  \
     Stream stream, void **parameters))

#endif // CONDCOMP_LIB_RUNTIME_CUDA_DRIVERAPI_H
