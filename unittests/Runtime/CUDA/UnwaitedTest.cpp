//===- UnwaitedTest.cpp - calls that do not wait for the stand-in ---------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "UnwaitedTest.h"
#include <thread>

using namespace condcomp::test;

namespace {
class CUDAUnwaited : public UnwaitedTest {};

TEST_F(CUDAUnwaited, ReturnsBeforeTheKernelRuns) {
  callOnce();
  EXPECT_EQ(result.back(), 8);
  fake_cuda_configure("lazy");
  int64_t waitsBefore = waits(), launchesBefore = launches();
  int64_t in = copies(), out = fake_cuda_count("cuMemcpyDtoHAsync_v2");
  int64_t within = fake_cuda_count("cuMemcpyDtoDAsync_v2");
  Vector y{};
  ASSERT_EQ(late(3, y), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(launches() - launchesBefore, 1);
  EXPECT_EQ(waits(), waitsBefore);
  EXPECT_EQ(copies(), in);
  EXPECT_EQ(fake_cuda_count("cuMemcpyDtoHAsync_v2"), out);
  EXPECT_EQ(fake_cuda_count("cuMemcpyDtoDAsync_v2"), within)
      << "the kernel writes the result";
  EXPECT_NE(static_cast<float *>(y.aligned)[8], 24) << "ran too early";
  EXPECT_EQ(y.size, 9);
  ASSERT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(static_cast<float *>(y.aligned)[8], 24);
  condcomp_cuda_free(y.allocated);
}

TEST_F(CUDAUnwaited, AreChained) {
  callOnce();
  fake_cuda_configure("lazy");
  int64_t before = waits();
  Vector z{};
  ASSERT_NO_FATAL_FAILURE(chain(z));
  EXPECT_EQ(waits(), before);
  ASSERT_EQ(download(z), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(result.back(), 80);
  condcomp_cuda_free(z.allocated);
}

TEST_F(CUDAUnwaited, WaitsForArgumentsThatAreLargerThanKnown) {
  size = 5;
  callOnce();
  auto waited = [&](int64_t elements) {
    size = elements;
    int64_t before = waits();
    Vector y{};
    EXPECT_EQ(late(2, y), CONDCOMP_SUCCESS) << error();
    condcomp_cuda_free(y.allocated);
    return waits() != before;
  };
  EXPECT_FALSE(waited(5));
  EXPECT_FALSE(waited(3));
  EXPECT_TRUE(waited(6));
  EXPECT_FALSE(waited(6));
  EXPECT_FALSE(waited(0));
  size = 9;
}

TEST_F(CUDAUnwaited, WaitsWhereItHasTo) {
  callOnce();
  auto waited = [&] {
    int64_t before = waits();
    Vector y{};
    EXPECT_EQ(late(2, y), CONDCOMP_SUCCESS) << error();
    bool has = waits() != before;
    fake_cuda_device_of(y.allocated) < 0 ? condcomp_free(y.allocated)
                                         : condcomp_cuda_free(y.allocated);
    return has;
  };
  EXPECT_FALSE(waited());
  condcomp_cuda_set_results_on_device(0);
  EXPECT_TRUE(waited());
  condcomp_cuda_set_results_on_device(1);
  float *mine = std::exchange(onDevice, values.data());
  EXPECT_TRUE(waited()) << "the argument is the host's";
  onDevice = mine;
  condcomp_cuda_set_waiting(1);
  EXPECT_TRUE(waited());
  condcomp_cuda_set_waiting(0);
  EXPECT_FALSE(waited());
  // A kernel whose results only it knows.
  Vector y{};
  Vector argument{onDevice, onDevice, 0, size, 1};
  float factor = 2;
  void *arguments[] = {&kernel, &argument, &factor, &y};
  for (int i = 0; i < 2; ++i) {
    int64_t before = waits();
    EXPECT_EQ(condcomp_call(context, callScale, arguments), CONDCOMP_SUCCESS);
    EXPECT_NE(waits(), before);
    condcomp_cuda_free(y.allocated);
  }
}

TEST_F(CUDAUnwaited, NextCallReportsAFailedCheck) {
  callOnce();
  fake_cuda_configure("lazy");
  Vector y{}, z{};
  ASSERT_EQ(late(-1, y), CONDCOMP_SUCCESS) << error();
  // It fails on the way; the one behind it is right.
  ASSERT_EQ(late(2, z), CONDCOMP_SUCCESS) << error();
  fake_cuda_configure("");
  for (int64_t i = 0; i < y.size; ++i)
    EXPECT_TRUE(std::isnan(static_cast<float *>(y.aligned)[i])) << i;
  int64_t before = launches();
  Vector none{};
  EXPECT_EQ(late(3, none), CONDCOMP_CHECK_FAILED);
  EXPECT_EQ(error(), kBadText);
  EXPECT_EQ(launches(), before);
  EXPECT_EQ(static_cast<float *>(z.aligned)[8], 16);
  EXPECT_EQ(downloaded(3), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(result.back(), 24);
  condcomp_cuda_free(y.allocated);
  condcomp_cuda_free(z.allocated);
}

TEST_F(CUDAUnwaited, TheFirstFailureOfACheckIsReported) {
  callOnce();
  fake_cuda_configure("lazy");
  Vector y{}, z{};
  ASSERT_EQ(late(-1, y), CONDCOMP_SUCCESS) << error();
  size = 5;
  ASSERT_EQ(late(-1, z), CONDCOMP_SUCCESS) << error();
  size = 9;
  EXPECT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_CHECK_FAILED);
  EXPECT_EQ(error(), kBadText);
  EXPECT_TRUE(std::isnan(static_cast<float *>(z.aligned)[4]));
  EXPECT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_SUCCESS) << error();
  condcomp_cuda_free(y.allocated);
  condcomp_cuda_free(z.allocated);
}

TEST_F(CUDAUnwaited, DownloadsReportFailures) {
  callOnce();
  fake_cuda_configure("lazy");
  EXPECT_EQ(downloaded(-1), CONDCOMP_CHECK_FAILED);
  EXPECT_EQ(error(), kBadText);
  EXPECT_EQ(downloaded(3), CONDCOMP_SUCCESS) << error();
}

TEST_F(CUDAUnwaited, CallsThatWaitReportFailuresOfOthers) {
  callOnce();
  fake_cuda_configure("lazy");
  Vector y{}, z{};
  ASSERT_EQ(late(-1, y), CONDCOMP_SUCCESS) << error();
  condcomp_cuda_set_waiting(1);
  EXPECT_EQ(late(2, z), CONDCOMP_CHECK_FAILED);
  EXPECT_EQ(error(), kBadText);
  EXPECT_EQ(late(2, z), CONDCOMP_SUCCESS) << error();
  condcomp_cuda_set_waiting(0);
  condcomp_cuda_free(y.allocated);
  condcomp_cuda_free(z.allocated);
}

TEST_F(CUDAUnwaited, WorkspaceThatDoesNotSuffice) {
  callOnce();
  onDevice[0] = 3 << 20;
  Vector y{};
  ASSERT_EQ(late(2, y), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(),
            "kernel 'late$kernel' on GPU 0 (stand-in, sm_90) needs a larger "
            "workspace, such as one of 3145984 bytes, which the next call gets "
            "(in a call before this one, which was not waited for: its results "
            "are not valid)");
  EXPECT_TRUE(std::isnan(static_cast<float *>(y.aligned)[8]));
  condcomp_cuda_free(y.allocated);
  // The next call finds out whether it does now.
  int64_t waitsBefore = waits();
  ASSERT_EQ(late(2, y), CONDCOMP_SUCCESS) << error();
  EXPECT_NE(waits(), waitsBefore);
  EXPECT_EQ(static_cast<float *>(y.aligned)[8], 16);
  condcomp_cuda_free(y.allocated);
  waitsBefore = waits();
  ASSERT_EQ(late(3, y), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(waits(), waitsBefore);
  EXPECT_EQ(static_cast<float *>(y.aligned)[8], 24);
  condcomp_cuda_free(y.allocated);
}

TEST_F(CUDAUnwaited, StreamsAreApart) {
  callOnce();
  char other = 0;
  fake_cuda_configure("lazy");
  Vector here{}, bad{}, there{};
  ASSERT_EQ(late(2, here), CONDCOMP_SUCCESS) << error();
  ASSERT_EQ(late(-1, bad), CONDCOMP_SUCCESS) << error();
  condcomp_cuda_set_stream(&other);
  ASSERT_EQ(late(3, there), CONDCOMP_SUCCESS) << error();
  // The other one is done first, and hears nothing of this one.
  ASSERT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_SUCCESS) << error();
  EXPECT_EQ(static_cast<float *>(there.aligned)[8], 24);
  EXPECT_NE(static_cast<float *>(here.aligned)[8], 16);
  fake_cuda_configure("");
  EXPECT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_SUCCESS) << error();
  condcomp_cuda_free(there.allocated);
  condcomp_cuda_set_stream(&stream);
  EXPECT_EQ(static_cast<float *>(here.aligned)[8], 16);
  EXPECT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_CHECK_FAILED);
  EXPECT_EQ(error(), kBadText);
  condcomp_cuda_free(here.allocated);
  condcomp_cuda_free(bad.allocated);
}

TEST_F(CUDAUnwaited, FailuresOfThreadsThatHaveEnded) {
  callOnce();
  std::thread thread([&] {
    condcomp_cuda_set_results_on_device(1);
    condcomp_cuda_set_waiting(0);
    condcomp_context *own = std::exchange(context, condcomp_context_create());
    callOnce();
    Vector y{};
    EXPECT_EQ(late(-1, y), CONDCOMP_SUCCESS) << error();
    condcomp_cuda_free(y.allocated);
    condcomp_context_destroy(std::exchange(context, own));
  });
  thread.join();
  Vector none{};
  EXPECT_EQ(late(2, none), CONDCOMP_CHECK_FAILED);
  EXPECT_EQ(error(), kBadText);
}

TEST_F(CUDAUnwaited, ResultsOfAnotherSizeThanExpected) {
  callOnce();
  Vector argument{onDevice, onDevice, 0, 5, 1}, y{};
  float factor = 2;
  void *arguments[] = {&lateKernel, &argument, &factor, &y};
  auto expectLess = [](condcomp_context *, void **arguments) -> int32_t {
    int64_t report[4] = {0, 0, 16, 4};
    condcomp_cuda_launch(static_cast<condcomp_cuda_kernel *>(arguments[0]),
                         report, arguments + 1);
    condcomp_cuda_free(reinterpret_cast<void *>(condcomp_cuda_take(0, 16)));
    condcomp_cuda_release();
    return CONDCOMP_SUCCESS;
  };
  ASSERT_EQ(condcomp_call(context, expectLess, arguments), CONDCOMP_SUCCESS);
  EXPECT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_DEVICE_FAILED);
  EXPECT_NE(error().find("has a result of 20 bytes, which its caller did not "
                         "expect"),
            std::string::npos)
      << error();
}

TEST_F(CUDAUnwaited, UploadsAreFreedBehindCallsThatReadThem) {
  callOnce();
  void *uploaded = nullptr;
  ASSERT_EQ(condcomp_cuda_upload(context, values.data(), 9 * sizeof(float),
                                 &uploaded),
            CONDCOMP_SUCCESS)
      << error();
  fake_cuda_configure("lazy");
  float *mine = std::exchange(onDevice, static_cast<float *>(uploaded));
  Vector y{};
  ASSERT_EQ(late(2, y), CONDCOMP_SUCCESS) << error();
  onDevice = mine;
  // On another stream.
  condcomp_cuda_set_stream(nullptr);
  condcomp_cuda_free(uploaded);
  fake_cuda_configure("");
  condcomp_cuda_set_stream(&stream);
  EXPECT_EQ(static_cast<float *>(y.aligned)[8], 18);
  condcomp_cuda_free(y.allocated);
}

TEST_F(CUDAUnwaited, FailuresOfTheDriver) {
  callOnce();
  Vector y{};
  int64_t live = fake_cuda_live_bytes();
  fake_cuda_configure("launch=701");
  EXPECT_EQ(late(2, y), CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(), "kernel 'late$kernel' on GPU 0 (stand-in, sm_90), 2 "
                     "blocks of 4 threads, can't be launched: "
                     "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (of the stand-in)");
  fake_cuda_configure("memory=1000");
  EXPECT_EQ(late(2, y), CONDCOMP_OUT_OF_MEMORY);
  EXPECT_EQ(fake_cuda_live_bytes(), live);
  fake_cuda_configure("");
  // What fails now may have been caused by what nobody waited for.
  ASSERT_EQ(late(2, y), CONDCOMP_SUCCESS) << error();
  condcomp_cuda_free(y.allocated);
  fake_cuda_configure("sync=700");
  EXPECT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(error(), "calls on GPU 0 (stand-in, sm_90) failed: "
                     "CUDA_ERROR_ILLEGAL_ADDRESS (of the stand-in) (the error "
                     "may be of a call before, which was not waited for)");
  fake_cuda_configure("");
}

TEST_F(CUDAUnwaited, SeveralThreads) {
  callOnce();
  std::vector<std::thread> threads;
  for (int number = 1; number <= 3; ++number)
    threads.emplace_back([this, number] {
      condcomp_cuda_set_results_on_device(1);
      condcomp_cuda_set_waiting(0);
      condcomp_context *own = condcomp_context_create();
      for (int i = 0; i < 50; ++i) {
        Vector argument{onDevice, onDevice, 0, size, 1}, y{};
        float factor = static_cast<float>(number), last = 0;
        void *arguments[] = {&lateKernel, &argument, &factor, &y};
        ASSERT_EQ(condcomp_call(own, callLate, arguments), CONDCOMP_SUCCESS)
            << condcomp_context_error(own);
        ASSERT_EQ(condcomp_cuda_download(own, &last,
                                         static_cast<float *>(y.aligned) + 8,
                                         sizeof(last)),
                  CONDCOMP_SUCCESS);
        EXPECT_EQ(last, 8 * number);
        condcomp_cuda_free(y.allocated);
      }
      condcomp_context_destroy(own);
    });
  for (std::thread &thread : threads)
    thread.join();
}
} // namespace
