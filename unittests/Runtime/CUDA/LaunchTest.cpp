//===- LaunchTest.cpp - kernels on a stand-in for a GPU -------------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScaleTest.h"
#include <thread>

using namespace condcomp::test;

namespace {
class CUDALaunch : public ScaleTest {};

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
  x = static_cast<float *>(fake_cuda_allocate(size * sizeof(float), 0));
  memcpy(x, values.data(), size * sizeof(float));
  int64_t copiesBefore = copies();
  ASSERT_EQ(run(2), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(result.back(), 18);
  EXPECT_EQ(copies() - copiesBefore, 1);
  fake_cuda_free(x);
  x = values.data();
}

TEST_F(CUDALaunch, ArrayOfAnotherDevice) {
  x = static_cast<float *>(fake_cuda_allocate(size * sizeof(float), 1));
  EXPECT_EQ(run(2), CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(), "argument 0 of kernel 'scale$kernel' is in memory of GPU "
                     "1, and the call runs on GPU 0 (stand-in, sm_90)");
  fake_cuda_free(x);
  x = values.data();
}

TEST_F(CUDALaunch, Uploads) {
  void *uploaded = nullptr;
  ASSERT_EQ(condcomp_cuda_upload(context, x, size * sizeof(float), &uploaded),
            CONDCOMP_SUCCESS)
      << error();
  EXPECT_EQ(fake_cuda_device_of(uploaded), 0);
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

TEST_F(CUDALaunch, KernelsAreKnownByTheIdOfTheirImage) {
  int64_t before = fake_cuda_count("cuModuleLoadDataEx");
  EXPECT_EQ(run(2), CONDCOMP_SUCCESS) << error();
  // The same code somewhere else.
  kernel.image = ".version 9.0\n ";
  EXPECT_EQ(run(3), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(fake_cuda_count("cuModuleLoadDataEx") - before, 1);
  // Other code in the same place.
  std::string other = id + " changed";
  kernel.image_id = other.c_str();
  EXPECT_EQ(run(4), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(fake_cuda_count("cuModuleLoadDataEx") - before, 2);
  kernel.image_id = id.c_str();
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
