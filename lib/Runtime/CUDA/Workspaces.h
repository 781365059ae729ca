//===- Workspaces.h - how large workspaces have to be --------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_RUNTIME_CUDA_WORKSPACES_H
#define CONDCOMP_LIB_RUNTIME_CUDA_WORKSPACES_H

#include <cstdint>
#include <mutex>
#include <vector>

namespace condcomp {
namespace runtime {
namespace cuda {

/// What is known of the workspaces of a kernel. Any thread may ask.
class Workspaces {
public:
  /// The largest that sufficed.
  int64_t getBytes() const;
  /// A workspace of so many bytes sufficed.
  void add(int64_t bytes);
  /// So did it for arguments of these sizes, numbers included.
  void add(int64_t bytes, std::vector<int64_t> sizes);
  /// Whether the largest sufficed for arguments none of which was smaller.
  bool suffice(const std::vector<int64_t> &sizes) const;
  /// One that was thought to suffice did not, and wants so many bytes: for
  /// which arguments it does is found out again.
  void forget(int64_t bytes);

private:
  mutable std::mutex mutex;
  int64_t bytes = 1 << 20;
  /// None of them has only sizes that another one's are at least.
  std::vector<std::vector<int64_t>> known;
};

} // namespace cuda
} // namespace runtime
} // namespace condcomp

#endif // CONDCOMP_LIB_RUNTIME_CUDA_WORKSPACES_H
