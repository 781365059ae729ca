//===- LaunchTest.cpp - kernels on a stand-in for a GPU -------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeDriver.h"
#include "condcomp/Runtime/CUDA.h"
#include "condcomp/Runtime/KernelReport.h"
#include "gtest/gtest.h"
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

using namespace condcomp;

namespace {
struct Vector {
  void *allocated, *aligned;
  int64_t offset, size, stride;
};

/// The parameters of `scale`, as a kernel of a GPU gets them.
struct Parameters {
  explicit Parameters(void **parameters) {
    auto word = [&](int i) { return *static_cast<int64_t *>(parameters[i]); };
    threads = word(0);
    workspace = reinterpret_cast<char *>(word(2));
    workspaceBytes = word(4);
    report = reinterpret_cast<int64_t *>(word(7));
    x = reinterpret_cast<const float *>(word(12));
    size = word(14);
    factor = *static_cast<float *>(parameters[16]);
  }
  int64_t threads;
  char *workspace;
  int64_t workspaceBytes;
  int64_t *report;
  const float *x;
  int64_t size;
  float factor;
};

/// factor * x, but a factor below 0 is refused.
void scale(void **parameters, int64_t thread, int64_t threads) {
  Parameters p(parameters);
  EXPECT_EQ(p.threads, threads);
  for (const void *address :
       {static_cast<const void *>(p.workspace),
        static_cast<const void *>(p.report), static_cast<const void *>(p.x)})
    EXPECT_TRUE(fake_cuda_is_device(address));
  int64_t bytes = 128 + p.size * int64_t(sizeof(float));
  if (bytes > p.workspaceBytes) {
    p.report[FirstValue] = bytes;
    p.report[Status] = kNoSpace;
    return;
  }
  if (p.factor < 0) {
    p.report[FirstValue] = p.size;
    p.report[Status] = 1;
    return;
  }
  auto *y = reinterpret_cast<float *>(p.workspace + 128);
  for (int64_t i = thread; i < p.size; i += threads)
    y[i] = p.factor * p.x[i];
  condcomp_grid_barrier();
  p.report[FirstValue] = 128;
  p.report[FirstValue + 1] = p.size;
}

/// What compiled code does: `scale(x, factor) -> y`.
int32_t callScale(condcomp_context *context, void **arguments) {
  auto *kernel = static_cast<const condcomp_cuda_kernel *>(arguments[0]);
  int64_t report[4];
  condcomp_cuda_launch(kernel, report, arguments + 1);
  if (report[Status] == 1) {
    condcomp_report(context, "test.mlir:1:1", "scale of {0} elements is bad",
                    "i", report + FirstValue);
    return CONDCOMP_CHECK_FAILED;
  }
  auto &y = *static_cast<Vector *>(arguments[3]);
  y.size = report[FirstValue + 1];
  y.allocated = y.aligned = _mlir_memref_to_llvm_alloc(y.size * sizeof(float));
  condcomp_cuda_fetch(reinterpret_cast<int64_t>(y.aligned), report[FirstValue],
                      y.size * int64_t(sizeof(float)));
  condcomp_cuda_release();
  return CONDCOMP_SUCCESS;
}

class CUDALaunch : public ::testing::Test {
protected:
  void SetUp() override {
    setenv("CONDCOMP_CUDA_DRIVER", FAKE_CUDA_LIBRARY, 1);
    unsetenv("FAKE_CUDA");
    fake_cuda_configure("");
    fake_cuda_register("scale$kernel", scale);
    context = condcomp_context_create();
  }
  void TearDown() override {
    fake_cuda_configure("");
    EXPECT_EQ(run(2), CONDCOMP_SUCCESS) << "a failure must leave no trace";
    EXPECT_EQ(fake_cuda_live_bytes(), 0);
    condcomp_context_destroy(context);
  }

  int32_t run(float factor) { return run(context, factor, result); }
  int32_t run(condcomp_context *context, float factor,
              std::vector<float> &result) {
    Vector argument{x, x, 0, size, 1}, y{};
    void *arguments[] = {&kernel, &argument, &factor, &y};
    result.clear();
    int32_t status = condcomp_call(context, callScale, arguments);
    if (status == CONDCOMP_SUCCESS) {
      auto *data = static_cast<float *>(y.aligned);
      result.assign(data, data + y.size);
      condcomp_free(y.allocated);
    }
    return status;
  }
  std::string error() { return condcomp_context_error(context); }

  // A kernel is remembered by where its image is, so each test has its own.
  const char *image = strdup(".version 9.0\n");
  condcomp_cuda_kernel kernel{"scale$kernel", image, "sm_90a", "ptx",
                              "14s4",         4,     4};
  std::vector<float> values{1, 2, 3, 4, 5, 6, 7, 8, 9};
  float *x = values.data();
  int64_t size = 9;
  std::vector<float> result;
  condcomp_context *context;
};

int64_t launches() { return fake_cuda_count("cuLaunchCooperativeKernel"); }
int64_t copies() { return fake_cuda_count("cuMemcpyHtoDAsync_v2"); }

TEST_F(CUDALaunch, CopiesArraysOfTheHost) {
  int64_t launchesBefore = launches(), copiesBefore = copies();
  ASSERT_EQ(run(3), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(result, (std::vector<float>{3, 6, 9, 12, 15, 18, 21, 24, 27}));
  EXPECT_EQ(launches() - launchesBefore, 1);
  // The report is the other one.
  EXPECT_EQ(copies() - copiesBefore, 2);
  EXPECT_EQ(fake_cuda_live_bytes(), 0);
}

TEST_F(CUDALaunch, TakesArraysOfTheDevice) {
  x = static_cast<float *>(fake_cuda_allocate(size * sizeof(float)));
  memcpy(x, values.data(), size * sizeof(float));
  int64_t copiesBefore = copies();
  ASSERT_EQ(run(2), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(result.back(), 18);
  EXPECT_EQ(copies() - copiesBefore, 1);
  fake_cuda_free(x);
  x = values.data();
}

TEST_F(CUDALaunch, ArrayOfAnotherDevice) {
  x = static_cast<float *>(fake_cuda_allocate(size * sizeof(float)));
  fake_cuda_configure("memory-of=1");
  EXPECT_EQ(run(2), CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(), "argument 0 of kernel 'scale$kernel' is in memory of GPU "
                     "1, and the call runs on GPU 0 (stand-in, sm_90)");
  fake_cuda_configure("");
  fake_cuda_free(x);
  x = values.data();
}

TEST_F(CUDALaunch, Uploads) {
  void *uploaded = nullptr;
  ASSERT_EQ(condcomp_cuda_upload(context, x, size * sizeof(float), &uploaded),
            CONDCOMP_SUCCESS)
      << error();
  EXPECT_TRUE(fake_cuda_is_device(uploaded));
  x = static_cast<float *>(uploaded);
  EXPECT_EQ(run(2), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(run(3), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(result.back(), 27);
  x = values.data();
  condcomp_cuda_free(uploaded);
  EXPECT_EQ(fake_cuda_live_bytes(), 0);

  fake_cuda_configure("memory=1000");
  EXPECT_EQ(condcomp_cuda_upload(context, x, 1001, &uploaded),
            CONDCOMP_OUT_OF_MEMORY);
  EXPECT_EQ(error(),
            "out of memory on GPU 0 (stand-in, sm_90): 1001 bytes were "
            "asked for, for an upload, and 1000 of its 1000 bytes are "
            "free");
}

TEST_F(CUDALaunch, WorkspaceGrowsAndStays) {
  std::vector<float> many(1 << 20, 1);
  values = many;
  x = values.data();
  size = values.size();
  int64_t before = launches();
  ASSERT_EQ(run(5), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(launches() - before, 2);
  EXPECT_EQ(result, std::vector<float>(1 << 20, 5));
  ASSERT_EQ(run(6), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(launches() - before, 3);
}

TEST_F(CUDALaunch, ThreadsHaveStreamsOfTheirOwn) {
  int64_t before = fake_cuda_count("cuStreamCreate");
  std::vector<std::thread> threads;
  for (int number = 1; number <= 3; ++number)
    threads.emplace_back([this, number] {
      condcomp_context *own = condcomp_context_create();
      for (int i = 0; i < 20; ++i) {
        std::vector<float> y;
        ASSERT_EQ(run(own, number, y), CONDCOMP_SUCCESS)
            << condcomp_context_error(own);
        EXPECT_EQ(y.back(), 9 * number);
        EXPECT_EQ(run(own, -1, y), CONDCOMP_CHECK_FAILED);
      }
      condcomp_context_destroy(own);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(fake_cuda_count("cuStreamCreate") - before, 3);
}

TEST_F(CUDALaunch, TakesTheStreamOfTheCaller) {
  char stream = 0;
  EXPECT_EQ(run(2), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(fake_cuda_count_on(&stream), 0);
  int64_t before = fake_cuda_count_on(nullptr);
  condcomp_cuda_set_stream(&stream);
  ASSERT_EQ(run(3), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(result.back(), 27);
  int64_t used = fake_cuda_count_on(&stream);
  EXPECT_GT(used, 0);
  EXPECT_EQ(fake_cuda_count_on(nullptr) - before, used)
      << "nothing must be on another one";
  // Other threads keep theirs, and this one gets its own back.
  std::thread other([&] {
    std::vector<float> y;
    condcomp_context *own = condcomp_context_create();
    EXPECT_EQ(run(own, 4, y), CONDCOMP_SUCCESS);
    condcomp_context_destroy(own);
  });
  other.join();
  condcomp_cuda_set_stream(nullptr);
  EXPECT_EQ(run(5), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(fake_cuda_count_on(&stream), used);
}

TEST_F(CUDALaunch, FailedCheck) {
  EXPECT_EQ(run(-1), CONDCOMP_CHECK_FAILED);
  EXPECT_EQ(error(), "test.mlir:1:1: scale of 9 elements is bad");
  EXPECT_EQ(fake_cuda_live_bytes(), 0);
}

TEST_F(CUDALaunch, OutOfMemory) {
  fake_cuda_configure("memory=1000000");
  EXPECT_EQ(run(1), CONDCOMP_OUT_OF_MEMORY);
  // The argument and the report are there already.
  EXPECT_EQ(
      error(),
      "out of memory on GPU 0 (stand-in, sm_90): 1048576 bytes were asked "
      "for, for the workspace of kernel 'scale$kernel' on GPU 0 "
      "(stand-in, sm_90), and 999932 of its 1000000 bytes are free");
  EXPECT_EQ(fake_cuda_live_bytes(), 0);
}

TEST_F(CUDALaunch, CannotLaunch) {
  fake_cuda_configure("launch=701");
  EXPECT_EQ(run(1), CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(), "kernel 'scale$kernel' on GPU 0 (stand-in, sm_90), 2 "
                     "blocks of 4 threads, can't be launched: "
                     "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (of the stand-in)");
}

TEST_F(CUDALaunch, KernelFaults) {
  fake_cuda_configure("sync=700");
  EXPECT_EQ(run(1), CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(), "kernel 'scale$kernel' on GPU 0 (stand-in, sm_90), 2 "
                     "blocks of 4 threads, failed: CUDA_ERROR_ILLEGAL_ADDRESS "
                     "(of the stand-in); a GPU's memory may be unusable after "
                     "that: if later calls fail alike, start the process anew");
}

TEST_F(CUDALaunch, PTXTooNew) {
  fake_cuda_configure("load=222,version=12040");
  EXPECT_EQ(run(1), CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(),
            "kernel 'scale$kernel' (ptx for sm_90a) can't be loaded onto GPU 0 "
            "(stand-in, sm_90): CUDA_ERROR_UNSUPPORTED_PTX_VERSION (of the "
            "stand-in): the driver supports CUDA 12.4 and is too old for PTX "
            "9.0; update it, or compile for an older chip than sm_90a or where "
            "ptxas is");
}

TEST_F(CUDALaunch, OtherChip) {
  fake_cuda_configure("load=209");
  kernel.chip = "sm_80";
  kernel.format = "cubin";
  EXPECT_EQ(run(1), CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(),
            "kernel 'scale$kernel' (cubin for sm_80) can't be loaded onto GPU "
            "0 (stand-in, sm_90): CUDA_ERROR_NO_BINARY_FOR_GPU (of the "
            "stand-in): it was compiled for another chip; compile with "
            "--chip=sm_90");
}

TEST_F(CUDALaunch, DriverTooOldForTheChip) {
  fake_cuda_configure("load=200,version=11080");
  kernel.format = "cubin";
  EXPECT_EQ(run(1), CONDCOMP_DEVICE_FAILED);
  EXPECT_NE(error().find("the driver supports CUDA 11.8, which may be too old "
                         "for this chip"),
            std::string::npos)
      << error();
}

TEST_F(CUDALaunch, NoSuchKernel) {
  condcomp_cuda_kernel other = kernel;
  kernel.name = "other$kernel";
  EXPECT_EQ(run(1), CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(), "the code for sm_90a has no kernel 'other$kernel': "
                     "CUDA_ERROR_NOT_FOUND (of the stand-in)");
  kernel = other;
}

TEST_F(CUDALaunch, BlocksThatDoNotFit) {
  condcomp_cuda_kernel other = kernel;
  kernel.block_size = 2048;
  EXPECT_EQ(run(1), CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(),
            "kernel 'scale$kernel' needs too much of a multiprocessor of GPU 0 "
            "(stand-in, sm_90): no block of 2048 threads fits");
  kernel = other;
}
} // namespace
