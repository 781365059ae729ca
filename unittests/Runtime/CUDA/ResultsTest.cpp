//===- ResultsTest.cpp - results in memory of a stand-in for a GPU --------===//
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
int64_t waits() { return fake_cuda_count("cuStreamSynchronize"); }

class CUDAResults : public ScaleTest {
protected:
  void SetUp() override {
    ScaleTest::SetUp();
    EXPECT_EQ(condcomp_cuda_set_results_on_device(1), 0);
  }
  void TearDown() override {
    EXPECT_EQ(condcomp_cuda_set_results_on_device(0), 1);
    condcomp_cuda_set_stream(nullptr);
    condcomp_cuda_set_device(-1);
    ScaleTest::TearDown();
  }

  std::vector<float> download(const Vector &y) {
    std::vector<float> values(y.size);
    EXPECT_EQ(condcomp_cuda_download(context, values.data(), y.aligned,
                                     y.size * int64_t(sizeof(float))),
              CONDCOMP_SUCCESS)
        << error();
    return values;
  }
};

TEST_F(CUDAResults, StayOnTheDevice) {
  int64_t toHost = fake_cuda_count("cuMemcpyDtoHAsync_v2");
  Vector y{};
  ASSERT_EQ(call(context, 3, y), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(fake_cuda_device_of(y.aligned), 0);
  EXPECT_EQ(y.allocated, y.aligned);
  // The report alone was copied, and the result alone is left.
  EXPECT_EQ(fake_cuda_count("cuMemcpyDtoHAsync_v2") - toHost, 1);
  EXPECT_EQ(fake_cuda_live_bytes(), size * int64_t(sizeof(float)));
  EXPECT_EQ(download(y), (std::vector<float>{3, 6, 9, 12, 15, 18, 21, 24, 27}));
  condcomp_cuda_free(y.allocated);
}

TEST_F(CUDAResults, AreNotWaitedFor) {
  fake_cuda_configure("lazy");
  int64_t before = waits();
  Vector y{};
  ASSERT_EQ(call(context, 3, y), CONDCOMP_SUCCESS) << error();
  // For the kernel, and for its report.
  EXPECT_EQ(waits() - before, 2);
  EXPECT_NE(*static_cast<float *>(y.aligned), 3) << "copied too early";
  EXPECT_EQ(download(y).back(), 27);
  condcomp_cuda_free(y.allocated);
  condcomp_cuda_set_results_on_device(0);
  EXPECT_EQ(run(4), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(result.back(), 36) << "the host's are there when a call returns";
  condcomp_cuda_set_results_on_device(1);
}

TEST_F(CUDAResults, GoIntoTheNextCall) {
  fake_cuda_configure("lazy");
  char stream = 0;
  condcomp_cuda_set_stream(&stream);
  Vector y{}, z{};
  ASSERT_EQ(call(context, 2, y), CONDCOMP_SUCCESS) << error();
  x = static_cast<float *>(y.aligned);
  int64_t copiesBefore = copies();
  ASSERT_EQ(call(context, 5, z), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(copies() - copiesBefore, 1) << "the report alone";
  // It may be freed before the stream is waited for.
  condcomp_cuda_free(y.allocated);
  EXPECT_EQ(download(z).back(), 90);
  condcomp_cuda_free(z.allocated);
  x = values.data();
  EXPECT_EQ(condcomp_cuda_set_stream(nullptr), &stream);
}

TEST_F(CUDAResults, Empty) {
  size = 0;
  Vector y{};
  ASSERT_EQ(call(context, 3, y), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(y.size, 0);
  EXPECT_NE(y.allocated, nullptr);
  condcomp_cuda_free(y.allocated);
  size = 9;
}

TEST_F(CUDAResults, FailedCheck) {
  Vector y{};
  EXPECT_EQ(call(context, -1, y), CONDCOMP_CHECK_FAILED);
  EXPECT_EQ(error(), "test.mlir:1:1: scale of 9 elements is bad");
  EXPECT_EQ(fake_cuda_live_bytes(), 0);
}

TEST_F(CUDAResults, OutOfMemory) {
  // The argument, the report and the workspace fit.
  fake_cuda_configure("memory=1048670");
  Vector y{};
  EXPECT_EQ(call(context, 1, y), CONDCOMP_OUT_OF_MEMORY);
  EXPECT_EQ(error(), "out of memory on GPU 0 (stand-in, sm_90): 36 bytes were "
                     "asked for, for a result, and 26 of its 1048670 bytes are "
                     "free");
  EXPECT_EQ(fake_cuda_live_bytes(), 0);
}

TEST_F(CUDAResults, ThreadsChooseForThemselves) {
  std::thread other([&] {
    std::vector<float> y;
    condcomp_context *own = condcomp_context_create();
    EXPECT_EQ(run(own, 4, y), CONDCOMP_SUCCESS);
    EXPECT_EQ(y.back(), 36) << "to the host";
    condcomp_context_destroy(own);
  });
  other.join();
}

TEST_F(CUDAResults, OnTheDeviceThatIsChosen) {
  fake_cuda_configure("devices=2");
  EXPECT_EQ(condcomp_cuda_set_device(1), -1);
  Vector y{};
  ASSERT_EQ(call(context, 3, y), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(fake_cuda_device_of(y.aligned), 1);
  EXPECT_EQ(condcomp_cuda_find_device(y.aligned), 1);
  EXPECT_EQ(condcomp_cuda_find_device(&y), -1);
  EXPECT_EQ(download(y).back(), 27);
  condcomp_cuda_free(y.allocated);
  EXPECT_EQ(condcomp_cuda_set_device(2), 1);
  EXPECT_EQ(call(context, 3, y), CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(),
            "no GPU 2: the driver " FAKE_CUDA_LIBRARY " has 2 of them");
  EXPECT_EQ(condcomp_cuda_set_device(-1), 2);
}

TEST_F(CUDAResults, DescribesTheGPU) {
  fake_cuda_configure("devices=2");
  condcomp_cuda_set_device(1);
  char chip[16];
  int32_t device = -1;
  ASSERT_EQ(condcomp_cuda_get_gpu(context, &device, chip), CONDCOMP_SUCCESS)
      << error();
  EXPECT_STREQ(chip, "sm_90");
  EXPECT_EQ(device, 1);
}

TEST_F(CUDAResults, DownloadFails) {
  float value;
  EXPECT_EQ(condcomp_cuda_download(context, &value, &value, sizeof(value)),
            CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(), "4 bytes of a download can't be copied from GPU 0 "
                     "(stand-in, sm_90): CUDA_ERROR_INVALID_VALUE (of the "
                     "stand-in)");
}
} // namespace
