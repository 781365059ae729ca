//===- CallFlags.h - flags of tools that call functions ------- -*- C++ -*-===//
//
// Part of the condcomp project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef CONDCOMP_EXECUTION_CALLFLAGS_H
#define CONDCOMP_EXECUTION_CALLFLAGS_H

#include "condcomp/Execution/RunCall.h"
#include "llvm/Support/CommandLine.h"

namespace condcomp {

/// The flags of one call: what cc-run and cc-run-aot have in common.
struct CallFlags {
  llvm::cl::OptionCategory &category;
  llvm::cl::opt<std::string> function{
      "function", llvm::cl::desc("The public function to call"),
      llvm::cl::cat(category)};
  llvm::cl::list<std::string> inputs{
      "input",
      llvm::cl::desc("An argument: @x.npy, or a value such as 2x3xf32=1,2,…"),
      llvm::cl::cat(category)};
  llvm::cl::list<std::string> outputs{
      "output", llvm::cl::desc("Where to write a result: @y.npy"),
      llvm::cl::cat(category)};
  llvm::cl::list<std::string> expected{
      "expected-output",
      llvm::cl::desc("What a result has to be, within the tolerances"),
      llvm::cl::cat(category)};
  llvm::cl::opt<double> rtol{"rtol",
                             llvm::cl::desc("Relative tolerance (1e-5)"),
                             llvm::cl::init(1e-5), llvm::cl::cat(category)};
  llvm::cl::opt<double> atol{"atol",
                             llvm::cl::desc("Absolute tolerance (1e-8)"),
                             llvm::cl::init(1e-8), llvm::cl::cat(category)};
  llvm::cl::opt<int> threads{
      "threads", llvm::cl::desc("Number of threads (0: as OpenMP decides)"),
      llvm::cl::init(0), llvm::cl::cat(category)};
  llvm::cl::opt<bool> benchmark{
      "benchmark", llvm::cl::desc("Time the call and print minimum and median"),
      llvm::cl::cat(category)};
  llvm::cl::opt<unsigned> warmup{
      "benchmark-warmup",
      llvm::cl::desc("Runs before those that are timed (3)"), llvm::cl::init(3),
      llvm::cl::cat(category)};
  llvm::cl::opt<unsigned> repetitions{
      "benchmark-repetitions", llvm::cl::desc("Timed runs (20)"),
      llvm::cl::init(20), llvm::cl::cat(category)};
  explicit CallFlags(llvm::cl::OptionCategory &category) : category(category) {}

  /// Puts what the flags say into a request.
  llvm::Error fill(CallRequest &request) const;
};

} // namespace condcomp

#endif // CONDCOMP_EXECUTION_CALLFLAGS_H
