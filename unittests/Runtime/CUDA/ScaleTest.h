//===- ScaleTest.h - a program on a stand-in for a GPU --------- -*- C++
//-*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_UNITTESTS_RUNTIME_CUDA_SCALETEST_H
#define CONDCOMP_UNITTESTS_RUNTIME_CUDA_SCALETEST_H

#include "FakeDriver.h"
#include "condcomp/Runtime/CUDA.h"
#include "condcomp/Runtime/KernelReport.h"
#include "gtest/gtest.h"
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace condcomp::test {

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
inline void scale(void **parameters, int64_t thread, int64_t threads) {
  Parameters p(parameters);
  EXPECT_EQ(p.threads, threads);
  for (const void *address :
       {static_cast<const void *>(p.workspace),
        static_cast<const void *>(p.report), static_cast<const void *>(p.x)})
    if (address != p.x || p.size > 0)
      EXPECT_GE(fake_cuda_device_of(address), 0);
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

/// What compiled code does after a launch with a vector for its result: reports
/// a check that failed, or takes the result.
inline int32_t finish(condcomp_context *context, const int64_t *report,
                      const char *message, void **arguments) {
  if (report[Status] == 1) {
    condcomp_report(context, "test.mlir:1:1", message, "i",
                    report + FirstValue);
    return CONDCOMP_CHECK_FAILED;
  }
  auto &y = *static_cast<Vector *>(arguments[3]);
  y.size = report[FirstValue + 1];
  y.allocated = y.aligned = reinterpret_cast<void *>(
      condcomp_cuda_take(report[FirstValue], y.size * int64_t(sizeof(float))));
  condcomp_cuda_release();
  return CONDCOMP_SUCCESS;
}

/// What compiled code does: `scale(x, factor) -> y`.
inline int32_t callScale(condcomp_context *context, void **arguments) {
  auto *kernel = static_cast<const condcomp_cuda_kernel *>(arguments[0]);
  int64_t report[4];
  condcomp_cuda_launch(kernel, report, arguments + 1);
  return finish(context, report, "scale of {0} elements is bad", arguments);
}

class ScaleTest : public ::testing::Test {
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
  /// One call, whose result stays as it comes.
  int32_t call(condcomp_context *context, float factor, Vector &y) {
    Vector argument{x, x, 0, size, 1};
    void *arguments[] = {&kernel, &argument, &factor, &y};
    return condcomp_call(context, callScale, arguments);
  }
  int32_t run(condcomp_context *context, float factor,
              std::vector<float> &result) {
    Vector y{};
    result.clear();
    int32_t status = call(context, factor, y);
    if (status == CONDCOMP_SUCCESS) {
      auto *data = static_cast<float *>(y.aligned);
      result.assign(data, data + y.size);
      condcomp_free(y.allocated);
    }
    return status;
  }
  std::string error() { return condcomp_context_error(context); }

  // A kernel is remembered by the id of its image, so each test has its own.
  std::string id =
      ::testing::UnitTest::GetInstance()->current_test_info()->name();
  condcomp_cuda_kernel kernel{
      "scale$kernel", ".version 9.0\n", id.c_str(), "sm_90a",
      "ptx",          "14f4",           4,          4,
      nullptr,        nullptr,          0};
  std::vector<float> values{1, 2, 3, 4, 5, 6, 7, 8, 9};
  float *x = values.data();
  int64_t size = 9;
  std::vector<float> result;
  condcomp_context *context;
};

inline int64_t launches() {
  return fake_cuda_count("cuLaunchCooperativeKernel");
}
inline int64_t copies() { return fake_cuda_count("cuMemcpyHtoDAsync_v2"); }

} // namespace condcomp::test

#endif // CONDCOMP_UNITTESTS_RUNTIME_CUDA_SCALETEST_H
