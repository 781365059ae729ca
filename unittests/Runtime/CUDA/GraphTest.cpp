//===- GraphTest.cpp - calls in CUDA graphs of the stand-in ---------------===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "UnwaitedTest.h"

using namespace condcomp::test;

namespace {
/// Captures on a stream other than that of calls before.
class CUDAGraph : public UnwaitedTest {
protected:
  void begin() {
    condcomp_cuda_set_stream(&capturing);
    fake_cuda_begin_capture(&capturing);
  }
  fake_cuda_graph *end() {
    fake_cuda_graph *graph = fake_cuda_end_capture(&capturing);
    condcomp_cuda_set_stream(&stream);
    return graph;
  }
  /// Ends a capture in which `late` was refused.
  void endRefused(const std::string &why) {
    EXPECT_EQ(error(), why);
    fake_cuda_graph *graph = end();
    ASSERT_NE(graph, nullptr) << "a call that is refused breaks no capture";
    fake_cuda_destroy_graph(graph);
  }
  static constexpr const char *kRefused =
      "kernel 'late$kernel' on GPU 0 (stand-in, sm_90) can't be captured into "
      "a CUDA graph, because the call would wait for it: ";

  char capturing = 0;
};

TEST_F(CUDAGraph, LaunchesOnNewContents) {
  callOnce();
  int64_t live = fake_cuda_live_bytes(), before = launches();
  begin();
  Vector z{};
  ASSERT_NO_FATAL_FAILURE(chain(z));
  fake_cuda_graph *graph = end();
  ASSERT_NE(graph, nullptr) << "something does not go into a graph";
  EXPECT_EQ(launches() - before, 2);
  EXPECT_NE(static_cast<float *>(z.aligned)[8], 80) << "nothing ran yet";
  int64_t waitsBefore = waits();
  for (float scale : {1, 3, 2}) {
    fill(scale);
    fake_cuda_launch_graph(graph, &stream);
    EXPECT_EQ(static_cast<float *>(z.aligned)[8], 80 * scale);
    EXPECT_EQ(static_cast<float *>(z.aligned)[1], 10 * scale);
  }
  EXPECT_EQ(waits(), waitsBefore);
  EXPECT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_SUCCESS) << error();
  fake_cuda_destroy_graph(graph);
  EXPECT_EQ(fake_cuda_live_bytes(), live) << "memory is the graph's";
}

TEST_F(CUDAGraph, BesidesOtherCalls) {
  callOnce();
  begin();
  Vector y{}, z{};
  ASSERT_EQ(late(2, y), CONDCOMP_SUCCESS) << error();
  fake_cuda_graph *graph = end();
  ASSERT_NE(graph, nullptr);
  fake_cuda_configure("lazy");
  char other = 0;
  fake_cuda_launch_graph(graph, &other);
  ASSERT_EQ(late(3, z), CONDCOMP_SUCCESS) << error();
  fake_cuda_configure("");
  EXPECT_EQ(static_cast<float *>(y.aligned)[8], 16);
  EXPECT_EQ(static_cast<float *>(z.aligned)[8], 24);
  condcomp_cuda_free(z.allocated);
  fake_cuda_destroy_graph(graph);
}

TEST_F(CUDAGraph, FailuresAreReportedLater) {
  callOnce();
  begin();
  Vector y{}, z{};
  ASSERT_EQ(late(-1, y), CONDCOMP_SUCCESS) << error();
  fake_cuda_graph *graph = end();
  ASSERT_NE(graph, nullptr);
  EXPECT_EQ(downloaded(2), CONDCOMP_SUCCESS) << "nothing ran yet";
  fake_cuda_launch_graph(graph, &stream);
  EXPECT_TRUE(std::isnan(static_cast<float *>(y.aligned)[8]));
  // A call that is captured says nothing of others.
  begin();
  ASSERT_EQ(late(2, z), CONDCOMP_SUCCESS) << error();
  fake_cuda_graph *second = end();
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(late(2, z), CONDCOMP_CHECK_FAILED);
  EXPECT_EQ(error(), kBadText);
  EXPECT_EQ(downloaded(2), CONDCOMP_SUCCESS) << error();
  fake_cuda_launch_graph(graph, &stream);
  EXPECT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_CHECK_FAILED);
  fake_cuda_destroy_graph(second);
  fake_cuda_destroy_graph(graph);
}

TEST_F(CUDAGraph, WorkspaceThatIsTooSmall) {
  callOnce();
  begin();
  Vector y{};
  ASSERT_EQ(late(2, y), CONDCOMP_SUCCESS) << error();
  fake_cuda_graph *graph = end();
  ASSERT_NE(graph, nullptr);
  onDevice[0] = 3 << 20;
  fake_cuda_launch_graph(graph, &stream);
  EXPECT_TRUE(std::isnan(static_cast<float *>(y.aligned)[8]));
  EXPECT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_DEVICE_FAILED);
  EXPECT_NE(error().find("needs a larger workspace"), std::string::npos);
  fake_cuda_destroy_graph(graph);
}

TEST_F(CUDAGraph, RefusesWhatWasNotCalledBefore) {
  begin();
  Vector y{};
  EXPECT_EQ(late(2, y), CONDCOMP_DEVICE_FAILED);
  endRefused("kernel 'late$kernel' can't be loaded while a CUDA graph is "
             "captured: call the function once before");
  // Calls that wait learn nothing for those that do not.
  condcomp_cuda_set_waiting(1);
  callOnce();
  condcomp_cuda_set_waiting(0);
  begin();
  EXPECT_EQ(late(2, y), CONDCOMP_DEVICE_FAILED);
  endRefused(std::string(kRefused) +
             "it was not called before, outside of a graph and with calls that "
             "do not wait, with arguments of these sizes or larger ones");
  callOnce();
  begin();
  EXPECT_EQ(late(2, y), CONDCOMP_SUCCESS) << error();
  endRefused("");
}

TEST_F(CUDAGraph, RefusesWhatWaits) {
  callOnce();
  begin();
  Vector y{};
  condcomp_cuda_set_waiting(1);
  EXPECT_EQ(late(2, y), CONDCOMP_DEVICE_FAILED);
  condcomp_cuda_set_waiting(0);
  endRefused(std::string(kRefused) +
             "calls of this thread wait (condcomp_cuda_set_waiting)");
  begin();
  condcomp_cuda_set_results_on_device(0);
  EXPECT_EQ(late(2, y), CONDCOMP_DEVICE_FAILED);
  condcomp_cuda_set_results_on_device(1);
  endRefused(std::string(kRefused) + "its results go to memory of the host");
  begin();
  float *mine = std::exchange(onDevice, values.data());
  EXPECT_EQ(late(2, y), CONDCOMP_DEVICE_FAILED);
  onDevice = mine;
  endRefused(std::string(kRefused) +
             "argument 0 of kernel 'late$kernel' is in memory of the host");
  begin();
  EXPECT_EQ(download(y), CONDCOMP_DEVICE_FAILED);
  void *uploaded;
  EXPECT_EQ(condcomp_cuda_upload(context, values.data(), 4, &uploaded),
            CONDCOMP_DEVICE_FAILED);
  EXPECT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_DEVICE_FAILED);
  endRefused(
      "a stream can't be waited for while it is captured into a CUDA graph");
}

TEST_F(CUDAGraph, DriverThatIsTooOld) {
  callOnce();
  fake_cuda_configure("version=11030");
  EXPECT_EQ(downloaded(2), CONDCOMP_SUCCESS) << error();
  begin();
  Vector y{};
  EXPECT_EQ(late(2, y), CONDCOMP_DEVICE_FAILED);
  endRefused("the NVIDIA driver is too old for calls in CUDA graphs: it "
             "supports CUDA 11.3, and 11.4 or later is needed");
}

TEST_F(CUDAGraph, WhatOthersFreeWaitsForItsEnd) {
  callOnce();
  condcomp_cuda_set_stream(&capturing);
  Vector before{}, y{};
  ASSERT_EQ(late(2, before), CONDCOMP_SUCCESS) << error();
  int64_t live = fake_cuda_live_bytes();
  begin();
  condcomp_cuda_free(before.allocated);
  ASSERT_EQ(late(2, y), CONDCOMP_SUCCESS) << error();
  fake_cuda_graph *graph = fake_cuda_end_capture(&capturing);
  ASSERT_NE(graph, nullptr) << "a graph frees only what is its own";
  fake_cuda_launch_graph(graph, &capturing);
  EXPECT_EQ(static_cast<float *>(y.aligned)[8], 16);
  // Between launches results may be freed.
  condcomp_cuda_free(y.allocated);
  fake_cuda_destroy_graph(graph);
  EXPECT_EQ(fake_cuda_live_bytes(), live - size * int64_t(sizeof(float)));
  condcomp_cuda_set_stream(&stream);
}
} // namespace
