//===- Kernels.h - kernels loaded onto GPUs ------------------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_RUNTIME_CUDA_KERNELS_H
#define CONDCOMP_LIB_RUNTIME_CUDA_KERNELS_H

#include "Session.h"
#include "Workspaces.h"
#include "condcomp/Runtime/CUDA.h"

namespace condcomp {
namespace runtime {
namespace cuda {

/// A kernel on a GPU. Lives as long as the process.
struct LoadedKernel {
  Function function = nullptr;
  /// As many as are on the GPU at once.
  int64_t blocks = 0;
  Workspaces workspaces;
  /// What is said of failures when the program may be gone: "kernel 'f' on GPU
  /// 0 (…)", and the texts of its checks.
  std::string description;
  struct Check {
    std::string place, message, kinds;
  };
  std::vector<Check> checks;
};

/// Loads a kernel, once per context; fails if it would have to and may not.
Outcome loadKernel(const Session &session, const condcomp_cuda_kernel &kernel,
                   bool mayLoad, LoadedKernel *&loaded);

} // namespace cuda
} // namespace runtime
} // namespace condcomp

#endif // CONDCOMP_LIB_RUNTIME_CUDA_KERNELS_H
