//===- RunCall.h - one call, as a command line gives it ------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_RUNCALL_H
#define CONDCOMP_EXECUTION_RUNCALL_H

#include "condcomp/Execution/Call.h"
#include "condcomp/Execution/Compare.h"
#include <vector>

namespace condcomp {

/// A call of a function: what cc-run and cc-run-aot have in common.
struct CallRequest {
  std::string function;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> expected;
  int32_t threads = 0;
  Tolerance tolerance;
  /// Timed runs after the first, and runs before them that are not timed.
  unsigned repetitions = 0;
  unsigned warmup = 0;
};

struct CallReply {
  /// "2x3xf32" for each result.
  std::vector<std::string> resultTypes;
  /// The results as text, cut when long; only if nothing else takes them.
  std::vector<std::string> resultTexts;
  /// Seconds of each timed run.
  std::vector<double> seconds;
  int32_t threads = 0;

  double getMin() const;
  double getMedian() const;
};

/// Now, in seconds since some time.
double getSeconds();

/// Whether the number of threads is one to be had.
llvm::Error checkThreads(int32_t threads);

/// Reads values such as `@x.npy` and `2x3xf32=1`; `what` is for errors.
llvm::Expected<llvm::SmallVector<Array>>
readArrays(llvm::ArrayRef<std::string> texts, const llvm::Twine &what);

/// Reads the expected outputs, and checks that there are no more of them and of
/// outputs than the function has results.
llvm::Expected<llvm::SmallVector<Array>>
readExpected(const CallRequest &request, const Signature &signature);

/// Runs a call as often as the request says, then writes, compares or formats
/// its results.
llvm::Error runCall(const CallRequest &request, Call &call,
                    condcomp_context *context, llvm::ArrayRef<Array> expected,
                    CallReply &reply);

/// What a human reads after one call.
void printReply(llvm::raw_ostream &os, const CallRequest &request,
                const CallReply &reply);

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_RUNCALL_H
