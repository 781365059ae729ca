//===- Driver.h - NVIDIA's driver, opened when needed --------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_RUNTIME_CUDA_DRIVER_H
#define CONDCOMP_LIB_RUNTIME_CUDA_DRIVER_H

#include "DriverAPI.h"
#include "condcomp/Runtime/Runtime.h"
#include <string>

namespace condcomp {
namespace runtime {
namespace cuda {

/// How something ended: CONDCOMP_SUCCESS, or another status with a sentence.
struct Outcome {
  int32_t status = CONDCOMP_SUCCESS;
  std::string text;

  static Outcome failure(std::string text,
                         int32_t status = CONDCOMP_DEVICE_FAILED) {
    return {status, std::move(text)};
  }
  bool failed() const { return status != CONDCOMP_SUCCESS; }
};

/// A text made as by printf.
std::string format(const char *pattern, ...)
    __attribute__((format(printf, 1, 2)));

/// The driver's library.
class Driver {
public:
  /// Opens the library at the first call that can, libcuda.so.1 or what
  /// CONDCOMP_CUDA_DRIVER names.
  static Outcome get(const Driver *&driver);

  /// "CUDA_ERROR_X (what it means)".
  std::string describe(Result error) const;
  /// Fails with "<what>: <error>" if there is one.
  Outcome check(Result result, const std::string &what) const;
  /// The CUDA version that the driver supports, "12.4".
  std::string getVersion() const;
  const std::string &getPath() const { return path; }

#define X(name, parameters) Result(*name) parameters = nullptr;
  CONDCOMP_CUDA_FUNCTIONS(X)
#undef X

private:
  Outcome open();

  std::string path;
};

} // namespace cuda
} // namespace runtime
} // namespace condcomp

#endif // CONDCOMP_LIB_RUNTIME_CUDA_DRIVER_H
