//===- Failures.h - what failed while nobody waited ----------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_LIB_RUNTIME_CUDA_FAILURES_H
#define CONDCOMP_LIB_RUNTIME_CUDA_FAILURES_H

#include "Kernels.h"
#include <memory>
#include <mutex>

namespace condcomp {
namespace runtime {
namespace cuda {

/// Records of what failed in calls that were not waited for: reports in memory
/// of the host, which kernels write when they fail, and only then. A kernel has
/// one for every stream that it is launched on, and one for all CUDA graphs.
class Failures {
public:
  static Failures &get();

  /// The record of a kernel for the session's stream, or for graphs; makes one
  /// unless `mayMake` forbids, as a capture does: then it may be 0.
  Outcome getRecord(const Session &session, LoadedKernel &kernel, bool inGraph,
                    bool mayMake, int64_t words, Address &record);

  /// Fails with what calls on the session's stream, and graphs, have left in
  /// their records, which are empty then.
  Outcome collect(Session &session);

  /// A stream is no more. Who calls next hears of what failed there.
  void disown(Stream stream);

private:
  enum class Owner { Stream, Graphs, Nobody };
  struct Record {
    Owner owner;
    Context context;
    Stream stream;
    LoadedKernel *kernel;
    int64_t *words;
  };

  Outcome allocate(const Session &session, int64_t words, int64_t *&memory);
  bool concerns(const Record &record, const Session &session) const;

  std::mutex mutex;
  std::vector<Record> records;
  /// Memory for more records.
  char *rest = nullptr;
  size_t restBytes = 0;
};

} // namespace cuda
} // namespace runtime
} // namespace condcomp

#endif // CONDCOMP_LIB_RUNTIME_CUDA_FAILURES_H
