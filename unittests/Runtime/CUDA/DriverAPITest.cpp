//===- DriverAPITest.cpp - what we declare is what CUDA declares ----------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../../lib/Runtime/CUDA/DriverAPI.h"
#include "gtest/gtest.h"
#include <type_traits>
#include <vector>

// Where CUDA's header is, our declarations are compared with it.
#ifdef CUDA_INCLUDE_DIR
#include <cuda.h>

namespace {
namespace ours = condcomp::runtime::cuda;

/// The size of a parameter, and whether it is a pointer.
using Shape = std::vector<std::pair<size_t, bool>>;

template <typename ResultT, typename... ParameterT>
Shape getShape(ResultT (*)(ParameterT...)) {
  return {{sizeof(ResultT), false},
          {sizeof(ParameterT), std::is_pointer_v<ParameterT>}...};
}

TEST(CUDADriverAPI, Functions) {
  using namespace condcomp::runtime::cuda;
#define X(name, parameters)                                                    \
  EXPECT_EQ(getShape(static_cast<decltype(&::name)>(nullptr)),                 \
            getShape(static_cast<Result(*) parameters>(nullptr)))              \
      << #name;
  CONDCOMP_CUDA_FUNCTIONS(X)
#undef X
}

TEST(CUDADriverAPI, Numbers) {
  EXPECT_EQ(int(ours::kSuccess), CUDA_SUCCESS);
  EXPECT_EQ(int(ours::kOutOfMemory), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(int(ours::kNoDevice), CUDA_ERROR_NO_DEVICE);
  EXPECT_EQ(int(ours::kInvalidImage), CUDA_ERROR_INVALID_IMAGE);
  EXPECT_EQ(int(ours::kNoBinaryForGPU), CUDA_ERROR_NO_BINARY_FOR_GPU);
  EXPECT_EQ(int(ours::kInvalidPTX), CUDA_ERROR_INVALID_PTX);
  EXPECT_EQ(int(ours::kJITCompilerNotFound), CUDA_ERROR_JIT_COMPILER_NOT_FOUND);
  EXPECT_EQ(int(ours::kUnsupportedPTXVersion),
            CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
  EXPECT_EQ(int(ours::kInvalidSource), CUDA_ERROR_INVALID_SOURCE);
  EXPECT_EQ(int(ours::kNotFound), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(int(ours::kCooperativeLaunchTooLarge),
            CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE);
  EXPECT_EQ(int(ours::kMultiprocessorCount),
            CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  EXPECT_EQ(int(ours::kComputeCapabilityMajor),
            CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
  EXPECT_EQ(int(ours::kComputeCapabilityMinor),
            CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  EXPECT_EQ(int(ours::kCooperativeLaunch),
            CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH);
  EXPECT_EQ(int(ours::kMemoryPoolsSupported),
            CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED);
  EXPECT_EQ(int(ours::kMemoryType), CU_POINTER_ATTRIBUTE_MEMORY_TYPE);
  EXPECT_EQ(int(ours::kDeviceOrdinal), CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL);
  EXPECT_EQ(int(ours::kHostMemory), CU_MEMORYTYPE_HOST);
  EXPECT_EQ(int(ours::kDeviceMemory), CU_MEMORYTYPE_DEVICE);
  EXPECT_EQ(int(ours::kReleaseThreshold), CU_MEMPOOL_ATTR_RELEASE_THRESHOLD);
  EXPECT_EQ(int(ours::kNotCaptured), CU_STREAM_CAPTURE_STATUS_NONE);
  EXPECT_EQ(unsigned(ours::kPortable), CU_MEMHOSTALLOC_PORTABLE);
  EXPECT_EQ(unsigned(ours::kMapped), CU_MEMHOSTALLOC_DEVICEMAP);
  EXPECT_EQ(int(ours::kErrorLog), CU_JIT_ERROR_LOG_BUFFER);
  EXPECT_EQ(int(ours::kErrorLogBytes), CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
}
} // namespace
#endif
