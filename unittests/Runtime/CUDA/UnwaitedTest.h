//===- UnwaitedTest.h - a program that need not be waited for --*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_UNITTESTS_RUNTIME_CUDA_UNWAITEDTEST_H
#define CONDCOMP_UNITTESTS_RUNTIME_CUDA_UNWAITEDTEST_H

#include "ScaleTest.h"
#include <cmath>
#include <utility>

namespace condcomp::test {

/// The parameters of `late`: those of `scale`, memory for the result, and the
/// record of what failed.
struct LateParameters : Parameters {
  explicit LateParameters(void **parameters) : Parameters(parameters) {
    auto word = [&](int i) { return *static_cast<int64_t *>(parameters[i]); };
    result = reinterpret_cast<char *>(word(18));
    resultBytes = word(20);
    record = reinterpret_cast<int64_t *>(word(23));
  }
  char *result;
  int64_t resultBytes;
  int64_t *record;
};

/// What a kernel does with a check that fails.
inline void failLate(const LateParameters &p, int64_t thread, int64_t threads,
                     int64_t status, int64_t value) {
  if (thread == 0 && p.record[Status] == 0) {
    p.record[FirstValue] = value;
    p.record[Status] = status;
  }
  condcomp_grid_barrier();
  for (int64_t i = thread; i < p.resultBytes; i += threads)
    p.result[i] = -1;
}

/// factor * x in a workspace of x[0] bytes at least; a factor below 0 is
/// refused.
inline void late(void **parameters, int64_t thread, int64_t threads) {
  LateParameters p(parameters);
  EXPECT_GE(fake_cuda_device_of(p.workspace), 0);
  EXPECT_GE(fake_cuda_device_of(p.report), 0);
  int64_t bytes = p.size * int64_t(sizeof(float));
  if (p.result && bytes != p.resultBytes)
    return failLate(p, thread, threads, kWrongSize, bytes);
  int64_t needed = 256 + static_cast<int64_t>(p.x[0]) + (p.result ? 0 : bytes);
  if (needed > p.workspaceBytes)
    return failLate(p, thread, threads, kNoSpace, needed);
  if (p.factor < 0)
    return failLate(p, thread, threads, 1, p.size);
  // Threads use memory of the workspace, so that it is seen if others do, too.
  auto *scratch = reinterpret_cast<float *>(p.workspace);
  if (thread == 0)
    *scratch = p.factor;
  condcomp_grid_barrier();
  auto *y = reinterpret_cast<float *>(p.result ? p.result : p.workspace + 256);
  for (int64_t i = thread; i < p.size; i += threads)
    y[i] = *scratch * p.x[i];
  condcomp_grid_barrier();
  p.report[FirstValue] = 256;
  p.report[FirstValue + 1] = p.size;
}

/// What compiled code does: `late(x, factor) -> y`.
inline int32_t callLate(condcomp_context *context, void **arguments) {
  auto *kernel = static_cast<const condcomp_cuda_kernel *>(arguments[0]);
  int64_t expected = static_cast<Vector *>(arguments[1])->size;
  int64_t report[4] = {-1, -1, expected * int64_t(sizeof(float)), expected};
  condcomp_cuda_launch(kernel, report, arguments + 1);
  return finish(context, report, "late of {0} elements is bad", arguments);
}

inline int64_t waits() { return fake_cuda_count("cuStreamSynchronize"); }

/// Calls of `late` with arrays on the device, on a stream of the test's.
class UnwaitedTest : public ScaleTest {
protected:
  static constexpr const char *kBadText =
      "test.mlir:1:1: late of 9 elements is bad (in a call before this one, "
      "which was not waited for: its results are not valid)";

  void SetUp() override {
    ScaleTest::SetUp();
    fake_cuda_register("late$kernel", condcomp::test::late);
    onDevice = static_cast<float *>(
        fake_cuda_allocate(values.size() * sizeof(float), 0));
    fill(1);
    condcomp_cuda_set_results_on_device(1);
    condcomp_cuda_set_stream(&stream);
    EXPECT_EQ(condcomp_cuda_set_waiting(0), 1);
  }
  void TearDown() override {
    EXPECT_EQ(condcomp_cuda_set_waiting(1), 0);
    EXPECT_EQ(condcomp_cuda_synchronize(context), CONDCOMP_SUCCESS) << error();
    condcomp_cuda_set_stream(nullptr);
    condcomp_cuda_set_results_on_device(0);
    fake_cuda_configure("");
    fake_cuda_free(onDevice);
    ScaleTest::TearDown();
  }

  /// The argument becomes 0, scale, 2 scale, …
  void fill(float scale) {
    for (size_t i = 0; i < values.size(); ++i)
      onDevice[i] = scale * static_cast<float>(i);
  }
  int32_t late(float factor, Vector &y) {
    Vector argument{onDevice, onDevice, 0, size, 1};
    void *arguments[] = {&lateKernel, &argument, &factor, &y};
    return condcomp_call(context, callLate, arguments);
  }
  /// Two calls, of which the second one reads what the first one gives; that is
  /// freed.
  void chain(Vector &z) {
    Vector y{};
    ASSERT_EQ(late(2, y), CONDCOMP_SUCCESS) << error();
    float *mine = std::exchange(onDevice, static_cast<float *>(y.aligned));
    ASSERT_EQ(late(5, z), CONDCOMP_SUCCESS) << error();
    onDevice = mine;
    condcomp_cuda_free(y.allocated);
  }
  /// A call whose result is downloaded.
  int32_t downloaded(float factor) {
    Vector y{};
    int32_t status = late(factor, y);
    if (status != CONDCOMP_SUCCESS)
      return status;
    status = download(y);
    condcomp_cuda_free(y.allocated);
    return status;
  }
  int32_t download(const Vector &y) {
    result.assign(y.size, 0);
    return condcomp_cuda_download(context, result.data(), y.aligned,
                                  y.size * int64_t(sizeof(float)));
  }
  /// The workspace is known after it.
  void callOnce() { EXPECT_EQ(downloaded(1), CONDCOMP_SUCCESS) << error(); }

  const char *checks[3] = {"test.mlir:1:1", "late of {0} elements is bad", "i"};
  condcomp_cuda_kernel lateKernel{
      "late$kernel", ".version 9.0\n", id.c_str(), "sm_90a",
      "ptx",         "14f4",           4,          4,
      "1",           checks,           1};
  float *onDevice = nullptr;
  char stream = 0;
};

} // namespace condcomp::test

#endif // CONDCOMP_UNITTESTS_RUNTIME_CUDA_UNWAITEDTEST_H
