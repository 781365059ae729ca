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
#include "condcomp/Runtime/CUDA.h"
#include <atomic>

namespace condcomp {
namespace runtime {
namespace cuda {

/// A kernel on a GPU. Lives as long as the process.
struct LoadedKernel {
  Function function = nullptr;
  /// As many as are on the GPU at once.
  int64_t blocks = 0;
  /// The workspace that sufficed last.
  std::atomic<int64_t> workspaceBytes{1 << 20};
};

/// Loads a kernel, once per context.
Outcome loadKernel(const Session &session, const condcomp_cuda_kernel &kernel,
                   LoadedKernel *&loaded);

} // namespace cuda
} // namespace runtime
} // namespace condcomp

#endif // CONDCOMP_LIB_RUNTIME_CUDA_KERNELS_H
