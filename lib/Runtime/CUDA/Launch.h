//===- Launch.h - one call of a kernel ------------------------ -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_RUNTIME_CUDA_LAUNCH_H
#define CONDCOMP_LIB_RUNTIME_CUDA_LAUNCH_H

#include "Kernels.h"

namespace condcomp {
namespace runtime {
namespace cuda {

/// One call of a kernel: waited for, with larger workspaces until one suffices,
/// or not, if all that it needs is known.
class Launch {
public:
  Launch(Session &session, const condcomp_cuda_kernel &kernel, int64_t *report,
         void **arguments)
      : session(session), kernel(kernel), report(report), arguments(arguments) {
  }

  Outcome run();

private:
  /// A word that is passed by value.
  void pass(int64_t word) { words.push_back(word); }
  void passMemRef(Address address, int64_t rank, const int64_t *sizes,
                  const int64_t *strides);
  void passBytes(Address address, int64_t bytes);
  Outcome place(Address &address, const void *data, int64_t bytes,
                int64_t number);
  Outcome passArguments();
  Outcome start(Address workspace, int64_t workspaceBytes, Address record);

  Outcome runWaited();
  Outcome tryWorkspace();
  Outcome learn();

  std::string whyWait();
  Outcome runUnwaited();
  Outcome allocateResults();

  size_t getReportBytes() const {
    return kernel.report_words * sizeof(int64_t);
  }
  const std::string &describe() const { return loaded->description; }
  std::string describeGrid() const;

  Session &session;
  const condcomp_cuda_kernel &kernel;
  int64_t *report;
  void **arguments;
  /// Whether a CUDA graph is made of the call.
  bool isCaptured = false;
  LoadedKernel *loaded = nullptr;
  Address reportAddress = 0, workspace = 0;
  int64_t workspaceBytes = 0;
  /// The parameters up to the arguments, and the arguments: words, of which the
  /// driver reads as many bytes as the kernel declares.
  std::vector<int64_t> words, argumentWords;
  /// What the size of the workspace depends on: sizes of arguments and numbers.
  std::vector<int64_t> sizes;
  /// Why a call with these arguments has to be waited for, if it has.
  std::string onHost;
  /// Memory for results of a call that is not waited for, by address and size;
  /// none for others.
  struct Result {
    Address address;
    int64_t bytes;
  };
  std::vector<Result> results;
};

} // namespace cuda
} // namespace runtime
} // namespace condcomp

#endif // CONDCOMP_LIB_RUNTIME_CUDA_LAUNCH_H
